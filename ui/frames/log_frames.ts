import { labelsKey, type Labels } from "#shared/model/labels.ts";
import type { Field, Frame } from "./frame.ts";
import type { AnswerLine, LinesAnswer } from "./read_answer.ts";

type Row = AnswerLine & { readonly key: string };

/**
 * One frame of log lines, newest first: `Time`, `line`, `labels`, `ns` (Unix nanoseconds as digits, for a double would lose the last
 * three) and `id`, which stays the same from refresh to refresh.
 */
export function logFrames({ lines }: LinesAnswer, ask: { readonly ref: string }): readonly Frame[] {
  const keys = new Map<Labels, string>();
  const rows = lines.map((line): Row => {
    const key = keys.get(line.labels) ?? hashText(labelsKey(line.labels));
    keys.set(line.labels, key);
    return { ...line, key };
  });
  rows.sort(newestFirst);
  const seen = new Map<string, number>();
  const ids = rows.map(({ ns, text, key }) => {
    const id = `${ns}_${key}_${hashText(text)}`;
    const times = seen.get(id) ?? 0;
    seen.set(id, times + 1);
    return times === 0 ? id : `${id}_${times}`;
  });
  const times = Float64Array.from(rows, ({ ns }) => Number(ns) / 1e6);
  return [
    {
      ref: ask.ref,
      name: ask.ref,
      length: rows.length,
      fields: [
        { name: "Time", type: "time", labels: {}, values: times, options: {} },
        column(
          "line",
          "string",
          rows.map(({ text }) => text),
        ),
        column(
          "labels",
          "other",
          rows.map(({ labels }) => labels),
        ),
        column(
          "ns",
          "string",
          rows.map(({ ns }) => ns),
        ),
        column("id", "string", ids),
      ],
      notices: [],
    },
  ];
}

function column(name: string, type: "string" | "other", values: readonly unknown[]): Field {
  return { name, type, labels: {}, values, options: {} };
}

function newestFirst(a: Row, b: Row): number {
  if (a.ns.length !== b.ns.length) return b.ns.length - a.ns.length;
  return a.ns === b.ns ? 0 : a.ns < b.ns ? 1 : -1;
}

/** FNV-1a, 32 bits. */
function hashText(text: string): string {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  return (h >>> 0).toString(36);
}
