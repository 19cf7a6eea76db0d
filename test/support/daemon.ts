import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

const startMaxMs = 15_000;

/** Where a server's program is; those of the system lie where a user's PATH does not look. Null where it is not installed. */
export function serverProgram(name: string): string | null {
  return Bun.which(name, { PATH: `${process.env.PATH}:/usr/sbin:/usr/local/sbin` });
}

export type Daemon = {
  /** SIGTERM, and SIGKILL where that does not end it; resolves when the process is gone. */
  stop(): Promise<void>;
};

/** A server as a process in the foreground, started until `answers` says so. Throws what it told where it ended or never answered. */
export async function startDaemon(
  command: readonly string[],
  answers: () => Promise<boolean>,
  { cwd = "/", stopMs = 2_000 } = {},
): Promise<Daemon> {
  const child = Bun.spawn([...command], { cwd, stdin: "ignore", stdout: "ignore", stderr: "pipe" });
  const told = new Response(child.stderr).text();
  const stop = async () => {
    child.kill("SIGTERM");
    const killer = setTimeout(() => child.kill("SIGKILL"), stopMs);
    await child.exited;
    clearTimeout(killer);
  };
  const deadline = performance.now() + startMaxMs;
  while (!(await answers().catch(() => false))) {
    if (child.exitCode === null && performance.now() < deadline) {
      await Bun.sleep(20);
      continue;
    }
    await stop();
    throw new Error(`${command[0]} did not start: ${(await told).slice(-2_000)}`);
  }
  return { stop };
}

/** Whether a page answers with status 200. */
export async function pageAnswers(url: string): Promise<boolean> {
  return (await fetch(url)).status === 200;
}

/** A folder for a server's files, which it may enter as another user; removed by the disposer. */
export async function serverFolder(name: string): Promise<{ path: string } & AsyncDisposable> {
  const path = await mkdtemp(join(tmpdir(), `lapwing-${name}-`));
  await Bun.$`chmod 755 ${path}`.quiet();
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}
