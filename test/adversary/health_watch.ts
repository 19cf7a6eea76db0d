/** What a watch has seen of a server's `/-/healthy`. */
export type Health = {
  readonly answers: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  /** Polls without an answer of 200. */
  readonly failures: number;
};

const pollEveryMs = 10;

/** Asks for `/-/healthy` again and again until stop(), one request at a time. A stall of the server shows as one slow answer. */
export function watchHealth(url: string): { stop(): Promise<Health> } {
  const latenciesMs: number[] = [];
  let failures = 0;
  const stopped = new AbortController();
  const run = async (): Promise<void> => {
    while (!stopped.signal.aborted) {
      const startMs = performance.now();
      try {
        const answer = await fetch(`${url}/-/healthy`, { signal: AbortSignal.timeout(60_000) });
        await answer.text();
        if (answer.status !== 200) failures++;
      } catch {
        failures++;
      }
      latenciesMs.push(performance.now() - startMs);
      await Bun.sleep(pollEveryMs);
    }
  };
  const running = run();
  return {
    async stop() {
      stopped.abort();
      await running;
      const sorted = latenciesMs.toSorted((a, b) => a - b);
      const p99Ms = sorted[Math.floor(0.99 * (sorted.length - 1))] ?? 0;
      return { answers: sorted.length - failures, p99Ms, maxMs: sorted.at(-1) ?? 0, failures };
    },
  };
}
