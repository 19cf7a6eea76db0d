import { readFile, rename, writeFile } from "node:fs/promises";
import { z } from "zod";
import { OperatingError, messageOf } from "#shared/errors.ts";

const Remembered = z.lazy(() =>
  z.strictObject({
    integration: z.string(),
    options: z.record(z.string(), z.unknown()),
    /** Unix milliseconds. */
    found_ms: z.number(),
  }),
);
const Stored = z.lazy(() =>
  z.strictObject({ version: z.literal(1), instances: z.array(Remembered) }),
);

/** An instance that was found and is missed when it is gone. */
export type RememberedInstance = z.output<typeof Remembered>;

/** What the file holds; nothing where there is none. Throws OperatingError("corrupt") where it holds something else. */
export async function readRemembered(path: string): Promise<readonly RememberedInstance[]> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (thrown) {
    if (thrown instanceof Error && "code" in thrown && thrown.code === "ENOENT") return [];
    throw thrown;
  }
  try {
    return Stored.parse(JSON.parse(text)).instances;
  } catch (cause) {
    throw new OperatingError("corrupt", `${path} is not a list of instances: ${messageOf(cause)}`, {
      cause,
    });
  }
}

/** Replaces the file as a whole; only this user may read it. */
export async function writeRemembered(
  path: string,
  instances: readonly RememberedInstance[],
): Promise<void> {
  const text = `${JSON.stringify({ version: 1, instances }, undefined, 2)}\n`;
  await writeFile(`${path}.new`, text, { mode: 0o600 });
  await rename(`${path}.new`, path);
}
