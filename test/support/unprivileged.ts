import { test } from "bun:test";
import { join } from "node:path";

const repository = join(import.meta.dir, "../..");
/** "nobody" and its group on every Linux. */
const nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
const childTimeoutMs = 60_000;

const isRoot = process.getuid?.() === 0;

/**
 * Declares a test of what permissions forbid. They don't hold for root, so as root the test runs in a second process as the user
 * "nobody"; where that user can't read the repository, it is skipped with the reason in its name. `file`: import.meta.path.
 */
export function testUnprivileged(file: string, name: string, body: () => Promise<void>): void {
  if (!isRoot) {
    test(name, body);
    return;
  }
  const reason = whyNot(file);
  if (reason !== undefined) test.skip(`${name} (skipped: ${reason})`, body);
  else test(`${name} (as nobody)`, () => runAsNobody(file, name), childTimeoutMs);
}

function whyNot(file: string): string | undefined {
  if (Bun.which("setpriv") === null) return "runs as root, and there is no setpriv";
  const reads = Bun.spawnSync(
    [...nobody, "sh", "-c", 'test -r "$1" && test -x "$2"', "sh"].concat(file, process.execPath),
  );
  return reads.exitCode === 0 ? undefined : "runs as root, and nobody can't read the repository";
}

async function runAsNobody(file: string, name: string): Promise<void> {
  const pattern = `${name.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}$`;
  const command = [
    process.execPath,
    "test",
    file,
    "-t",
    pattern,
    "--timeout",
    String(childTimeoutMs),
  ];
  const child = Bun.spawn([...nobody, ...command], {
    cwd: repository,
    env: { ...process.env, HOME: "/nonexistent", BUN_RUNTIME_TRANSPILER_CACHE_PATH: "0" },
    stdout: "pipe",
    stderr: "pipe",
  });
  const [, said] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
  ]);
  if ((await child.exited) !== 0 || !/^\s*1 pass$/m.test(said))
    throw new Error(`as nobody: ${said}`);
}
