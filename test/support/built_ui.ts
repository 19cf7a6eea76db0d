import { mkdir, rmdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { buildUi } from "#ui/build.ts";

const ui = join(import.meta.dir, "..", "..", "ui");
/** A build takes seconds, so that whoever holds this for longer was killed. */
const lock = join(ui, "dist.lock");
const heldMaxMs = 120_000;

/** The folder ui/dist, which `lapwing up` serves, built from the interface as it is now; tests side by side build it once. */
export async function builtUi(): Promise<string> {
  const dist = join(ui, "dist");
  // What is held is being built, and only there in part.
  while ((await isHeld()) || (await isStale())) {
    if (!(await taken())) await Bun.sleep(200);
    else {
      try {
        if (await isStale()) await buildUi();
      } finally {
        await rmdir(lock);
      }
    }
  }
  return dist;
}

async function isHeld(): Promise<boolean> {
  const since = await changedMs(lock);
  const isLeft = since > 0 && Date.now() - since > heldMaxMs;
  if (isLeft) await rmdir(lock).catch(() => {});
  return since > 0 && !isLeft;
}

async function isStale(): Promise<boolean> {
  const built = await changedMs(join(ui, "dist", "index.html"));
  for await (const path of new Bun.Glob("**/*.{ts,tsx,css,html,svg}").scan({ cwd: ui })) {
    if (!path.startsWith("dist/") && (await changedMs(join(ui, path))) > built) return true;
  }
  return false;
}

async function taken(): Promise<boolean> {
  try {
    await mkdir(lock);
    return true;
  } catch {
    return false;
  }
}

async function changedMs(path: string): Promise<number> {
  try {
    return (await stat(path)).mtimeMs;
  } catch {
    return 0;
  }
}
