import { OperatingError } from "#shared/errors.ts";

/** Runs work until a request is over, or for so long. Throws OperatingError("timeout") with what to narrow. */
export async function withinTime<Result>(
  requestSignal: AbortSignal,
  timeoutMs: number,
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const late = new AbortController();
  const text = `the backtest took longer than ${timeoutMs / 1_000} s: take a shorter span, a longer interval, or fewer rules`;
  const timer = setTimeout(() => late.abort(new OperatingError("timeout", text)), timeoutMs);
  try {
    return await work(AbortSignal.any([requestSignal, late.signal]));
  } finally {
    clearTimeout(timer);
  }
}
