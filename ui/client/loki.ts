import type { Labels } from "#shared/model/labels.ts";
import { askLogql } from "./columns.ts";
import { linesIn } from "./logs.ts";

export type LogLine = {
  /** Unix time in nanoseconds as text of digits: a double would lose the last three of them. */
  readonly ns: string;
  readonly timeMs: number;
  readonly labels: Labels;
  readonly text: string;
};

export type LogRequest = {
  readonly query: string;
  readonly startNs: bigint;
  readonly endNs: bigint;
  readonly limit: number;
  readonly signal?: AbortSignal | undefined;
};

/** The newest `limit` lines of the range, oldest first. */
export async function queryLogs({ signal, ...question }: LogRequest): Promise<LogLine[]> {
  const answer = await askLogql({ ...question, direction: "backward" }, { signal });
  // Read from the back so that equal times keep their order of arrival.
  return linesIn(answer)
    .toReversed()
    .map(({ timestampNs, text, stream, metadata, parsed }) => ({
      ns: String(timestampNs),
      timeMs: Number(timestampNs) / 1_000_000,
      labels: { ...stream, ...metadata, ...parsed },
      text,
    }));
}

/** By time; lines of one time keep their order. */
export function compareLines(a: LogLine, b: LogLine): number {
  if (a.ns.length !== b.ns.length) return a.ns.length - b.ns.length;
  if (a.ns === b.ns) return 0;
  return a.ns < b.ns ? -1 : 1;
}
