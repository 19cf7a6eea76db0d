import { OperatingError } from "#shared/errors.ts";
import { currentShare } from "../read/memory/query_memory.ts";

/** The labels of one series and what goes with them. */
export const seriesBytes = 500;

/** Reads as part of the query that this runs for, which then holds what `bytesOf` counts. */
export async function inShare<Result>(
  read: () => Promise<Result>,
  bytesOf?: (result: Result) => number,
): Promise<Result> {
  const share = currentShare();
  if (share === undefined) return read();
  const result = await share.read(read);
  if (bytesOf !== undefined) share.hold(bytesOf(result));
  return result;
}

export function refuseIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw new OperatingError("cancelled", "query was cancelled");
}
