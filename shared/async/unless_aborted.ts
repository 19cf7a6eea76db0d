/**
 * Waits for work, but no longer than until the signal aborts: true when the work is done. What is left behind then goes on
 * by itself, and nobody hears of its failure. Throws what the work throws.
 */
export async function unlessAborted(work: Promise<void>, signal: AbortSignal): Promise<boolean> {
  const { promise: aborted, resolve } = Promise.withResolvers<boolean>();
  const stop = (): void => resolve(false);
  if (signal.aborted) stop();
  signal.addEventListener("abort", stop, { once: true });
  try {
    return await Promise.race([aborted, work.then(() => true)]);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}
