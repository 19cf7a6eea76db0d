import { mkdirSync, mkdtempSync, readFileSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LapwingProcess } from "./lapwing_process.ts";

type StartOptions = Omit<Parameters<typeof LapwingProcess.start>[0], "folder">;

/** A folder and processes for one test, all gone after stop(), whatever the test did. */
export class Stage {
  readonly folder = mkdtempSync(join(tmpdir(), "lapwing-stage-"));
  readonly #processes = new Set<LapwingProcess>();
  readonly #mounts: string[] = [];
  readonly #cleanups: (() => Promise<void> | void)[] = [];

  path(...names: string[]): string {
    return join(this.folder, ...names);
  }

  async start(options: StartOptions): Promise<LapwingProcess> {
    const process = await LapwingProcess.start({ ...options, folder: this.folder });
    this.#processes.add(process);
    return process;
  }

  /** What a process of that name has written to its log so far, over restarts. */
  log(name: string): string {
    return readFileSync(this.path(`${name}.log`), "utf8");
  }

  /** A disk of memory of that size at `name`; see canMount(). */
  mount(name: string, megabytes: number): string {
    const path = this.path(name);
    mkdirSync(path, { recursive: true });
    if (!mountMemory(path, megabytes)) throw new Error(`cannot mount at ${path}`);
    this.#mounts.push(path);
    return path;
  }

  /** Called by stop(), the last first, after all processes have ended. */
  after(cleanup: () => Promise<void> | void): void {
    this.#cleanups.push(cleanup);
  }

  /** What one cleanup throws keeps none of the others from running. */
  async stop(): Promise<void> {
    for (const process of this.#processes) await process.end("SIGKILL");
    const failures: unknown[] = [];
    for (const cleanup of this.#cleanups.toReversed()) {
      try {
        await cleanup();
      } catch (thrown) {
        failures.push(thrown);
      }
    }
    for (const mount of this.#mounts) Bun.spawnSync(["umount", "-l", mount]);
    rmSync(this.folder, { recursive: true, force: true });
    if (failures.length > 0) throw new AggregateError(failures, "not all is cleaned up");
  }
}

/** Writes zeros until the disk takes no more. Returns how to make room again. */
export function fillDisk(disk: string): () => void {
  const filler = join(disk, "filler");
  const { bavail, bsize } = statfsSync(disk);
  try {
    writeFileSync(filler, new Uint8Array(bavail * bsize + 1));
  } catch {
    // It is meant not to fit: what could be written stays, and the disk is full.
  }
  return () => rmSync(filler);
}

/** Whether this process may mount: root may, but not in every container. */
export function canMount(): boolean {
  if (process.getuid?.() !== 0) return false;
  const path = mkdtempSync(join(tmpdir(), "lapwing-mount-"));
  const isMounted = mountMemory(path, 1);
  if (isMounted) Bun.spawnSync(["umount", path]);
  rmSync(path, { recursive: true });
  return isMounted;
}

function mountMemory(path: string, megabytes: number): boolean {
  const command = ["mount", "-t", "tmpfs", "-o", `size=${megabytes}m`, "tmpfs", path];
  return Bun.spawnSync(command).exitCode === 0;
}
