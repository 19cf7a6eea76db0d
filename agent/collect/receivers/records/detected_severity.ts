import type { Labels } from "#shared/model/labels.ts";
import { severityOf } from "../../sources/file_logs/severity.ts";

/** Names of fields that hold a level, in the order in which Loki asks for them. */
const levelFields = [
  "level",
  "LEVEL",
  "Level",
  "log.level",
  "severity",
  "SEVERITY",
  "Severity",
  "SeverityText",
  "lvl",
  "LVL",
  "Lvl",
  "severity_text",
  "Severity_Text",
  "SEVERITY_TEXT",
] as const;
/** A word of the language of levels is short. */
const wordMax = 32;

/** The severity that fields tell, or else the stream's labels; 0 where only a line may. */
export function severityOfLabels(metadata: Labels | undefined, labels: Labels): number {
  return (metadata === undefined ? 0 : severityOfFields(metadata)) || severityOfFields(labels);
}

function severityOfFields(labels: Labels): number {
  for (const name of levelFields) {
    const word = labels[name];
    if (word === undefined) continue;
    const found = severityOfWord(word);
    if (found > 0) return found;
  }
  return 0;
}

/** The severity that a word or number means as the value of a level field; 0 where it means none. */
export function severityOfWord(word: string): number {
  if (word === "" || word.length > wordMax) return 0;
  const bytes = Buffer.from(`level=${word}`);
  return severityOf(bytes, 0, bytes.length);
}
