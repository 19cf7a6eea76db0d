import type { Labels } from "#shared/model/labels.ts";
import { levelOf } from "../parts/log_level.ts";
import type { Field, Frame } from "../../frames/frame.ts";
import { textOf } from "../parts/text_of.ts";
import { isRecord } from "../parts/grafana_reader.ts";
import type { LogsOptions } from "./options.ts";

/** Lines that a panel holds; a page for logs is there for more. */
export const linesMax = 5_000;

export type PanelLine = {
  readonly timeMs: number;
  readonly text: string;
  readonly labels: Labels;
  readonly level: string | undefined;
  /** How many lines it stands for. */
  readonly count: number;
};

export type PanelLines = {
  readonly lines: readonly PanelLine[];
  /** Labels with one value in all lines. */
  readonly common: Labels;
  /** Lines that were left out. */
  readonly left: number;
};

/** The lines of all frames in the order that the options ask for. */
export function panelLines(
  frames: readonly Frame[],
  { order, dedup }: Pick<LogsOptions, "order" | "dedup">,
): PanelLines {
  const direction = order === "newest" ? -1 : 1;
  const all = frames
    .flatMap(linesOf)
    .map((line, i) => ({ line, i }))
    .toSorted((a, b) => direction * (a.line.timeMs - b.line.timeMs) || a.i - b.i)
    .map(({ line }) => line);
  const merged = dedup === "none" ? all : merge(all, dedup);
  const lines = merged.slice(0, linesMax);
  return { lines, common: commonLabels(lines), left: merged.length - lines.length };
}

function linesOf(frame: Frame): PanelLine[] {
  const times = frame.fields.find((field) => field.type === "time");
  const body = bodyOf(frame);
  if (body === undefined) return [];
  const labels = frame.fields.find((field) => field.type === "other" && field.name === "labels");
  const lines: PanelLine[] = [];
  for (let i = 0; i < frame.length; i++) {
    const own = labelsOf(labels?.values[i]) ?? body.labels;
    const text = textOf(body.values[i]);
    const timeMs = Number(times?.values[i] ?? Number.NaN);
    lines.push({ timeMs, text, labels: own, level: levelOf(own, text), count: 1 });
  }
  return lines;
}

function bodyOf(frame: Frame): Field | undefined {
  const texts = frame.fields.filter((field) => field.type === "string");
  return texts.find(({ name }) => /^(?:line|body|message)$/i.test(name)) ?? texts[0];
}

function labelsOf(value: unknown): Labels | undefined {
  if (!isRecord(value)) return undefined;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, String(each)]));
}

/** Neighbours that are equal in what the way of merging looks at become one. */
function merge(lines: readonly PanelLine[], dedup: "exact" | "numbers" | "signature"): PanelLine[] {
  const merged: PanelLine[] = [];
  let lastKey: string | undefined;
  for (const line of lines) {
    const key = mergeKey(line.text, dedup);
    const last = merged.at(-1);
    if (last !== undefined && key === lastKey) {
      merged[merged.length - 1] = { ...last, count: last.count + 1 };
    } else {
      merged.push(line);
    }
    lastKey = key;
  }
  return merged;
}

/** As Grafana does: without ISO times, without numbers, or with nothing but spaces and signs. */
function mergeKey(text: string, dedup: "exact" | "numbers" | "signature"): string {
  switch (dedup) {
    case "exact":
      return text.replace(
        /\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?/g,
        "",
      );
    case "numbers":
      return text.replace(/\d/g, "");
    case "signature":
      return text.replace(/\w/g, "");
  }
}

function commonLabels(lines: readonly PanelLine[]): Labels {
  const first = lines[0];
  if (first === undefined) return {};
  const seen = new Set(lines.map(({ labels }) => labels));
  return Object.fromEntries(
    Object.entries(first.labels).filter(([name, value]) =>
      [...seen].every((labels) => labels[name] === value),
    ),
  );
}

/** A line that is JSON over several lines; any other as it is. */
export function prettyJson(text: string): string {
  if (!/^\s*[{[]/.test(text) || text.length > 100_000) return text;
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}
