import { searchingRegex } from "#shared/text/linear_regex.ts";
import { compileMatchers } from "../read/matching.ts";
import { streamLists } from "./stream_lists.ts";
import { scanBySelect } from "../read/record_slices.ts";
import type { LineFilter, LogRecord, LogsSource, SeriesRequest } from "../read/source.ts";

/** A source of records in memory, given in the order of time. */
export function memoryLogs(records: readonly LogRecord[]): LogsSource {
  const select: LogsSource["select"] = async (request) => {
    const matches = compileMatchers(request.matchers);
    const found = records
      .filter(({ timestampNs }) => timestampNs >= request.startNs && timestampNs < request.endNs)
      .filter(({ stream }) => matches(stream))
      .filter(({ body }) => request.lineFilters.every((filter) => passes(body, filter)));
    return (request.direction === "forward" ? found : found.toReversed()).slice(0, request.limit);
  };
  const streams = async ({ selectors, startMs, endMs }: SeriesRequest) => {
    const tests = selectors.map((matchers) => compileMatchers(matchers));
    const found = records
      .filter(({ timestampNs }) => {
        const ms = Number(timestampNs / 1_000_000n);
        return ms >= startMs && ms <= endMs;
      })
      .map(({ stream }) => stream)
      .filter((stream) => tests.length === 0 || tests.some((test) => test(stream)));
    return [...new Map(found.map((stream) => [JSON.stringify(stream), stream])).values()];
  };
  return {
    select,
    scan: (request) => scanBySelect(select, request),
    ...streamLists(async (request, visit) => {
      for (const stream of await streams(request)) visit(stream);
    }),
  };
}

function passes(body: string, { op, values }: LineFilter): boolean {
  if (op === "|=" || op === "!=") return values.some((v) => body.includes(v)) === (op === "|=");
  return values.some((v) => searchingRegex(v).test(body)) === (op === "|~");
}
