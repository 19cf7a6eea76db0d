import { stat } from "node:fs/promises";
import { join } from "node:path";
import { buildUi } from "#ui/build.ts";

const ui = join(import.meta.dir, "..", "..", "ui");

/** Sees to it that ui/dist, which `lapwing up` serves, is built from the interface as it is now. */
export async function builtUi(): Promise<void> {
  const built = await changedMs(join(ui, "dist", "index.html"));
  for await (const path of new Bun.Glob("**/*.{ts,tsx,css,html,svg}").scan({ cwd: ui })) {
    if (path.startsWith("dist/") || (await changedMs(join(ui, path))) <= built) continue;
    await buildUi();
    return;
  }
}

async function changedMs(path: string): Promise<number> {
  try {
    return (await stat(path)).mtimeMs;
  } catch {
    return 0;
  }
}
