/** The program that reads large files of YAML: the parser would hold the event loop for as long as it takes. */
import { deserialize, serialize } from "bun:jsc";
import { answerOnce } from "#shared/runtime/process/answer_once.ts";
import { type Part, readYaml } from "./read_yaml.ts";

export type YamlQuestion = { readonly text: string; readonly wanted: readonly Part[] };

await answerOnce((bytes) => {
  const { text, wanted }: YamlQuestion = deserialize(bytes);
  return new Uint8Array(serialize(readYaml(text, wanted)));
});
