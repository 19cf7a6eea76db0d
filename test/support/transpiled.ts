import { join } from "node:path";

/**
 * Environment of our programs that tests start, which have no home of their user: what Bun makes of each file of the source is kept for the next start, as it is for whoever runs a clone.
 */
export const transpiled = {
  BUN_RUNTIME_TRANSPILER_CACHE_PATH: join(import.meta.dir, "../../node_modules/.cache/transpiled"),
} as const;
