import { join } from "node:path";
import { transpiled } from "./transpiled.ts";

const program = join(import.meta.dir, "..", "..", "lapwing.ts");

/** Runs `lapwing` to its end, away from the environment's own settings and without a terminal. */
export async function lapwing(
  args: readonly string[],
  options: {
    readonly cwd?: string;
    readonly env?: Readonly<Record<string, string>>;
    readonly input?: string;
  } = {},
): Promise<{ code: number; out: string; err: string }> {
  const child = Bun.spawn([process.execPath, program, ...args], {
    cwd: options.cwd ?? ".",
    stdin: options.input === undefined ? "ignore" : Buffer.from(options.input),
    stdout: "pipe",
    stderr: "pipe",
    env: { PATH: process.env.PATH ?? "", ...transpiled, ...options.env },
  });
  const [out, err, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  return { code, out, err };
}
