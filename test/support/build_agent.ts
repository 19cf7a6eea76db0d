import { join } from "node:path";

const root = join(import.meta.dir, "../..");

/** The agent compiled for this machine into `folder`, as `npm run build` does it; resolves with its path. `release`: the version it tells. Throws where it does not build. */
export async function buildAgent(folder: string, release?: string): Promise<string> {
  console.error("compiling the agent ...");
  const named = release === undefined ? [] : ["--release", release];
  const command = [process.execPath, ".ci/build.ts", "--out", folder, ...named, "linux-x64"];
  const build = Bun.spawn(command, { cwd: root, stdout: "ignore", stderr: "inherit" });
  if ((await build.exited) !== 0) throw new Error("the agent does not build");
  return join(folder, "lapwing-agent-linux-x64");
}
