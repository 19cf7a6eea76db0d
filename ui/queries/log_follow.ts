import { keepPreviousData, useQuery, type UseQueryResult } from "@tanstack/react-query";
import { useRef } from "react";
import { assert } from "#shared/assert.ts";
import { toNs } from "../client/logs.ts";
import { compareLines, queryLogs, type LogLine } from "../client/loki.ts";
import { labelsKey } from "#shared/model/labels.ts";
import { intervalOf } from "./query_client.ts";
import { defaultRange, windowOf, type TimeRange } from "../state/time_range.ts";

/** Lines kept; the oldest go first. */
export const linesMax = 5_000;
/** Lines asked for at once. */
const pageMax = 1_000;
const followMs = 1_000;
/** Lines of other files may arrive this much later than newer ones: each poll looks back so far. */
const overlapMs = 5_000;

export type KeyedLine = LogLine & {
  /** One and the same for a line however often it is fetched. */
  readonly key: string;
};

export type LogPicture = {
  /** Oldest first. */
  readonly lines: readonly KeyedLine[];
  /** Polls that came back full: lines between two of them may be missing here (not in the store). */
  readonly gaps: number;
  /** Lines let go because more than `linesMax` came. */
  readonly dropped: number;
};

type Request = {
  readonly query: string;
  readonly range: TimeRange;
  /** Whether new lines are wanted as they come. */
  readonly live: boolean;
  readonly paused: boolean;
};

/** The newest lines of a range; while the range ends now and nothing is paused, new lines every second. */
export function useLogFollow({ query, range, live, paused }: Request): UseQueryResult<LogPicture> {
  const picture = useRef<{ key: string; picture: LogPicture } | undefined>(undefined);
  const key = JSON.stringify([query, range.from, range.to]);
  return useQuery({
    queryKey: ["logs", key],
    queryFn: async ({ signal }) => {
      const known = picture.current?.key === key && live ? picture.current.picture : undefined;
      const next = await fetchNext(query, range, known, signal);
      picture.current = { key, picture: next };
      return next;
    },
    enabled: !paused,
    // While a filter is typed, the lines of the one before stay.
    placeholderData: keepPreviousData,
    refetchInterval: intervalOf(live ? followMs : 0),
    structuralSharing: false,
    staleTime: followMs / 2,
  });
}

async function fetchNext(
  query: string,
  range: TimeRange,
  known: LogPicture | undefined,
  signal: AbortSignal,
): Promise<LogPicture> {
  const nowMs = Date.now();
  const window = windowOf(range, nowMs) ?? windowOf(defaultRange, nowMs);
  assert(window !== undefined, "the default range is a range");
  const last = known?.lines.at(-1)?.timeMs ?? 0;
  const startMs = Math.max(window.startMs, last - overlapMs);
  const fetched = await queryLogs({
    query,
    startNs: toNs(Math.floor(startMs)),
    // The end is outside the range, and a host's clock may lead: a second more loses nothing.
    endNs: toNs(window.endMs + 1_000),
    limit: pageMax,
    signal,
  });
  return mergeLines(known, fetched);
}

/** Adds what is new, in the order of time. Lines of equal time, stream and text are told apart by their count. */
export function mergeLines(known: LogPicture | undefined, fetched: readonly LogLine[]): LogPicture {
  const before = known ?? { lines: [], gaps: 0, dropped: 0 };
  const seen = new Set(before.lines.map((line) => line.key));
  const occurrences = new Map<string, number>();
  const fresh: KeyedLine[] = [];
  for (const line of fetched) {
    const same = `${line.ns}\u0000${labelsKey(line.labels)}\u0000${line.text}`;
    const count = occurrences.get(same) ?? 0;
    occurrences.set(same, count + 1);
    const key = `${same}\u0000${count}`;
    if (!seen.has(key)) fresh.push({ ...line, key });
  }
  const full = known !== undefined && fetched.length >= pageMax && fresh.length === fetched.length;
  if (fresh.length === 0) return before;
  const merged = [...before.lines, ...fresh].toSorted(compareLines);
  const excess = Math.max(0, merged.length - linesMax);
  return {
    lines: excess > 0 ? merged.slice(excess) : merged,
    gaps: before.gaps + (full ? 1 : 0),
    dropped: before.dropped + excess,
  };
}
