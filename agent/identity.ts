import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { OperatingError } from "#shared/errors.ts";

const shape = /^[0-9a-f]{16}$/;

/**
 * The agent's identity: random, made once, kept beside its spool. It is never configured, because counts and positions belong to
 * what lies on this disk: a wiped disk is another agent, whatever its host is called.
 */
export async function agentId(folder: string): Promise<string> {
  await mkdir(folder, { recursive: true });
  const path = join(folder, "id");
  try {
    const id = (await readFile(path, "utf8")).trim();
    if (shape.test(id)) return id;
    throw new OperatingError("corrupt", `${path} holds "${id}", expected 16 hexadecimal digits`);
  } catch (thrown) {
    if (thrown instanceof OperatingError) throw thrown;
    const id = Buffer.from(crypto.getRandomValues(new Uint8Array(8))).toString("hex");
    // wx: two agents that start in the same folder must not each believe in an id of their own.
    await writeFile(path, `${id}\n`, { flag: "wx" });
    return id;
  }
}
