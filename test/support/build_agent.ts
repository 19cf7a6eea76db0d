import { join } from "node:path";

const root = join(import.meta.dir, "../..");

/** The agent compiled for this machine into `folder`, as `npm run build` does it; resolves with its path. Throws where it does not build. */
export async function buildAgent(folder: string): Promise<string> {
  console.error("compiling the agent ...");
  const command = [process.execPath, ".ci/build.ts", "--out", folder, "linux-x64"];
  const build = Bun.spawn(command, { cwd: root, stdout: "ignore", stderr: "inherit" });
  if ((await build.exited) !== 0) throw new Error("the agent does not build");
  return join(folder, "lapwing-agent-linux-x64");
}
