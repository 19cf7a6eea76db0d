import { z } from "zod";
import type { Labels } from "#shared/model/labels.ts";
import { fetchJson } from "./transport.ts";

export type LogLine = {
  /** Unix time in nanoseconds as text of digits: a double would lose the last three of them. */
  readonly ns: string;
  readonly timeMs: number;
  readonly labels: Labels;
  readonly text: string;
};

export type LogRequest = {
  readonly query: string;
  readonly startNs: string;
  readonly endNs: string;
  readonly limit: number;
  readonly signal?: AbortSignal | undefined;
};

// Not strict, unlike our own files: the format lets servers add members (stats) and a third element to an entry.
const Streams = z.object({
  status: z.literal("success"),
  data: z.object({
    resultType: z.literal("streams"),
    result: z.array(
      z.object({
        stream: z.record(z.string(), z.string()),
        values: z.array(z.tuple([z.string().regex(/^\d{1,19}$/), z.string()]).rest(z.unknown())),
      }),
    ),
  }),
});

/** GET /loki/api/v1/query_range: the newest `limit` lines of the range, oldest first. */
export async function queryLogs(request: LogRequest): Promise<LogLine[]> {
  const { query, startNs, endNs, limit, signal } = request;
  const params = { query, start: startNs, end: endNs, limit: String(limit), direction: "backward" };
  const answer = await fetchJson({ path: "/loki/api/v1/query_range", params, signal }, Streams);
  const lines: LogLine[] = [];
  for (const { stream, values } of answer.data.result) {
    // Newest first within a stream; read from the back so that equal times keep their order of arrival.
    for (const [ns, text] of values.toReversed()) {
      lines.push({ ns, timeMs: Number(ns) / 1_000_000, labels: stream, text });
    }
  }
  return lines.toSorted(compareLines);
}

/** By time; lines of one time keep their order. */
export function compareLines(a: LogLine, b: LogLine): number {
  if (a.ns.length !== b.ns.length) return a.ns.length - b.ns.length;
  if (a.ns === b.ns) return 0;
  return a.ns < b.ns ? -1 : 1;
}
