import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { OperatingError } from "#shared/errors.ts";

const againMs = 2_000;
const answerMaxMs = 4_000;

/**
 * Whether the aggregator is away. A request that failed for want of an answer is the first sign; a small request of its own
 * confirms it, so that one query that is refused blames nobody else. When it is back, everything on the page is asked anew.
 */
export function useAway(): boolean {
  const queries = useQueryClient();
  const [away, setAway] = useState(false);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let checking = false;
    let gone = false;
    let stopped = false;
    const check = async (): Promise<void> => {
      checking = true;
      const answers = await isThere();
      checking = false;
      if (stopped) return;
      if (answers && gone) void queries.invalidateQueries();
      gone = !answers;
      setAway(gone);
      timer = gone ? setTimeout(() => void check(), againMs) : undefined;
    };
    const unsubscribe = queries.getQueryCache().subscribe((event) => {
      if (event.type !== "updated" || event.action.type !== "error") return;
      const error: unknown = event.action.error;
      const silent =
        error instanceof OperatingError &&
        (error.code === "unavailable" || error.code === "timeout");
      if (silent && !checking && timer === undefined) void check();
    });
    return () => {
      stopped = true;
      clearTimeout(timer);
      unsubscribe();
    };
  }, [queries]);
  return away;
}

/** Any answer of the aggregator itself will do; those of proxies before it (502, 503, 504) say that it is not there. */
async function isThere(): Promise<boolean> {
  try {
    const signal = AbortSignal.timeout(answerMaxMs);
    const { status } = await fetch("/api/v1/status/buildinfo", { signal });
    return status < 502 || status > 504;
  } catch {
    return false;
  }
}
