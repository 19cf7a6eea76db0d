import { link, mkdir, open, readFile, rm } from "node:fs/promises";
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
    await writeWhole(path, `${id}\n`);
    return id;
  }
}

/**
 * The file appears with all its content or not at all, so a full disk or a power cut leaves none that is empty. Fails when it is there
 * already: two agents that start in the same folder must not each believe in an id of their own.
 */
async function writeWhole(path: string, text: string): Promise<void> {
  const fresh = `${path}.${process.pid}`;
  try {
    const file = await open(fresh, "w");
    try {
      await file.writeFile(text);
      await file.datasync();
    } finally {
      await file.close();
    }
    await link(fresh, path);
  } finally {
    await rm(fresh, { force: true });
  }
}
