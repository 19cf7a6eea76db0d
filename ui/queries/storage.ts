import {
  keepPreviousData,
  useInfiniteQuery,
  useQuery,
  type InfiniteData,
  type UseInfiniteQueryResult,
  type UseQueryResult,
} from "@tanstack/react-query";
import type {
  BlockPage,
  Cardinality,
  CardinalityRequest,
  Storage,
} from "../client/storage/data_service.ts";
import { listDeletions, type DeletionRow } from "../client/storage/deletions.ts";
import { intervalOf } from "./query_client.ts";
import { useServices } from "./services.ts";
import { windowOf, type TimeRange } from "../state/time_range.ts";

/** What is stored, in which room. */
export function useStorage(everyMs: number): UseQueryResult<Storage> {
  const { data } = useServices();
  return useQuery({
    queryKey: ["storage"],
    queryFn: ({ signal }) => data.storage(signal),
    refetchInterval: intervalOf(everyMs),
  });
}

/** Begins the key of useDeletions(). */
export const deletionsKey = ["deletions"];

/** Requests to delete stored items, the newest first. */
export function useDeletions(everyMs: number): UseQueryResult<readonly DeletionRow[]> {
  return useQuery({
    queryKey: deletionsKey,
    queryFn: ({ signal }) => listDeletions(signal),
    refetchInterval: intervalOf(everyMs),
  });
}

/** Blocks that overlap a window, page after page. The key holds the range as it is written, so that "the last hour" is one list. */
export function useBlocks(asked: {
  readonly signal: string;
  readonly range: TimeRange;
  readonly everyMs: number;
}): UseInfiniteQueryResult<InfiniteData<BlockPage>> {
  const { data } = useServices();
  const { signal: kind, range, everyMs } = asked;
  return useInfiniteQuery({
    queryKey: ["blocks", kind, range.from, range.to, range.timeZone],
    queryFn: ({ signal, pageParam }) => {
      const window = windowOf(range, Date.now()) ?? { startMs: 0, endMs: 0 };
      return data.blocks({ signal: kind, ...window, page: pageParam }, signal);
    },
    initialPageParam: "",
    getNextPageParam: ({ nextPage }) => (nextPage === "" ? undefined : nextPage),
    placeholderData: keepPreviousData,
    refetchInterval: intervalOf(everyMs),
  });
}

/** Of which metrics and labels the series of a time are. */
export function useCardinality(
  asked: Omit<CardinalityRequest, "startMs" | "endMs"> & {
    /** Undefined: what is in memory, with how many are new. */
    readonly range: TimeRange | undefined;
  },
  everyMs: number,
): UseQueryResult<Cardinality> {
  const { data } = useServices();
  return useQuery({
    queryKey: ["cardinality", asked],
    queryFn: ({ signal }) => {
      const { range, ...request } = asked;
      const window = range && windowOf(range, Date.now());
      return data.cardinality({ ...request, ...(window ?? { startMs: 0, endMs: 0 }) }, signal);
    },
    refetchInterval: intervalOf(everyMs),
  });
}
