import { join } from "node:path";

/**
 * Environment of our programs that tests start with an empty home: Bun keeps what it has transpiled of the source for the next start, as it
 * does for a user of a clone.
 */
export const transpiled = {
  BUN_RUNTIME_TRANSPILER_CACHE_PATH: join(import.meta.dir, "../../node_modules/.cache/transpiled"),
} as const;
