import { unmined } from "#shared/model/line_template.ts";
import type { LogsBatch } from "#shared/model/logs.ts";

/** Lines that no agent has taken apart are looked at so far: what tells them apart stands at their head. */
const textMax = 512;
/** Words with a digit hold something that varies, as in the agent's templates. */
const wordsWithDigits = /[^\s=:,;()[\]{}"']*\d[^\s,;()[\]{}"']*/g;

/** What stands for the template of a line that was not taken apart: its words without those that hold digits. */
export function templateOfLine(line: string): string {
  return line.slice(0, textMax).replaceAll(wordsWithDigits, "<0>");
}

/** The text of the template of a record, from what the agent has found or else from its line. */
export function templateTextOf(batch: LogsBatch, row: number): string {
  const { mined } = batch;
  const at = mined?.templateOf[row] ?? unmined;
  const template = at === unmined ? undefined : mined?.templates[at];
  if (template !== undefined) return template.text;
  // Of a batch that has its lines as columns, these are made only when they are named.
  const { bodies, bodyEnds } = batch;
  const start = row === 0 ? 0 : (bodyEnds[row - 1] ?? 0);
  const end = Math.min(bodyEnds[row] ?? 0, start + 4 * textMax);
  return templateOfLine(
    Buffer.from(bodies.buffer, bodies.byteOffset + start, end - start).toString("utf8"),
  );
}
