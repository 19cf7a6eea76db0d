/** Lets so many run at once; the others wait in their order. One whose signal ends while it waits never runs. */
export function createTurns(
  atOnce: number,
): <T>(run: () => Promise<T>, signal: AbortSignal) => Promise<T> {
  let running = 0;
  const waiting = new Set<() => void>();
  const next = (): void => {
    for (const start of waiting) {
      if (running >= atOnce) return;
      waiting.delete(start);
      running++;
      start();
    }
  };
  return async (run, signal) => {
    await new Promise<void>((resolve, reject) => {
      if (signal.aborted) {
        reject(signal.reason);
        return;
      }
      const start = (): void => {
        signal.removeEventListener("abort", leave);
        resolve();
      };
      const leave = (): void => {
        waiting.delete(start);
        reject(signal.reason);
      };
      signal.addEventListener("abort", leave, { once: true });
      waiting.add(start);
      next();
    });
    try {
      return await run();
    } finally {
      running--;
      next();
    }
  };
}
