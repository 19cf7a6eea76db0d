import { deserialize, serialize } from "bun:jsc";
import { join } from "node:path";
import { askProcess } from "#shared/runtime/process/ask_process.ts";
import type { Part, YamlFile } from "./read_yaml.ts";
import type { YamlQuestion } from "./yaml_process.ts";

const limits = {
  timeoutMs: 60_000,
  memoryBytes: 1_024 ** 3,
  answerBytesMax: 256 * 1_024 ** 2,
} as const;

/** readYaml() in a process of its own. Throws OperatingError where a file takes too much time or memory. */
export async function readLargeYaml(text: string, wanted: readonly Part[] = []): Promise<YamlFile> {
  const question: YamlQuestion = { text, wanted };
  const script = join(import.meta.dir, "yaml_process.ts");
  const answer = await askProcess(script, new Uint8Array(serialize(question)), limits);
  const file: YamlFile = deserialize(answer);
  return file;
}
