import type { Labels } from "#shared/model/labels.ts";
import type { Affected } from "./affected.ts";
import type { Missing } from "./missing_data.ts";

/** An alert that fired while data were missing, as late data have shown. Times are Unix milliseconds. */
export type LearnedAlert = {
  readonly labels: Labels;
  readonly firedMs: number;
  /** undefined where it goes on. */
  readonly endedMs: number | undefined;
  readonly learnedMs: number;
};

/** Since when a rule does not know what an agent's data say, Unix milliseconds. */
type UnknownSpan = { readonly sinceMs: number; readonly affected: Affected };
/** By agent, until its data have arrived. */
export type UnknownSpans = ReadonlyMap<string, UnknownSpan>;

/** Spans of agents that were missing before, and of those that are missing now. */
export function widened(spans: UnknownSpans, missing: Missing | undefined): UnknownSpans {
  if (missing === undefined) return spans;
  const all = new Map(spans);
  for (const [name, { agent, affected }] of missing) {
    const sinceMs = Math.min(agent.sinceMs, spans.get(name)?.sinceMs ?? Infinity);
    all.set(name, { sinceMs, affected });
  }
  return all;
}

/** Such as "fired at 2026-01-31T14:03:00Z, learned at 2026-01-31T15:10:00Z". */
export function learnedText({ firedMs, endedMs, learnedMs }: LearnedAlert): string {
  const ended = endedMs === undefined ? "" : `, resolved at ${timeText(endedMs)}`;
  return `fired at ${timeText(firedMs)}${ended}, learned at ${timeText(learnedMs)}`;
}

/** RFC 3339, to the second. */
function timeText(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, "Z");
}
