import type { LogRow } from "../../../client/logs.ts";

export const dedups = ["none", "exact", "numbers", "signature"] as const;
/** What makes lines that follow each other the same: nothing, their text without times, without numbers, or its punctuation alone. */
export type Dedup = (typeof dedups)[number];

/** A line, and how many more of the same followed it. */
export type ShownRow = { readonly row: LogRow; readonly repeats: number };

/** Longer texts are compared by their beginning. */
const comparedChars = 4_000;
const times = /\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?/g;

/** Each run of lines that are the same as its first line, with their count. */
export function deduplicated(rows: readonly LogRow[], dedup: Dedup): ShownRow[] {
  if (dedup === "none") return rows.map((row) => ({ row, repeats: 0 }));
  const shown: { row: LogRow; repeats: number }[] = [];
  let before: string | undefined;
  for (const row of rows) {
    const signature = signatureOf(row.text.slice(0, comparedChars), dedup);
    const last = shown.at(-1);
    if (signature === before && last !== undefined) last.repeats++;
    else shown.push({ row, repeats: 0 });
    before = signature;
  }
  return shown;
}

function signatureOf(text: string, dedup: Dedup): string {
  if (dedup === "exact") return text.replace(times, "");
  return dedup === "numbers" ? text.replace(/\d+/g, "0") : text.replace(/[\p{L}\p{N}]+/gu, "");
}
