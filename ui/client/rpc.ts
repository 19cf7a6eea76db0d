import { Code, ConnectError, type CallOptions } from "@connectrpc/connect";
import { OperatingError, type ErrorCode } from "#shared/errors.ts";

/** Someone else changed the thing since it was read: what was to be saved is not saved. */
export class ConflictError extends OperatingError {
  constructor(message: string, given?: ErrorOptions) {
    super("bad_request", message, given);
  }
}

export function options(signal: AbortSignal | undefined): CallOptions {
  return signal === undefined ? {} : { signal };
}

/** Calls the aggregator; what it refuses is thrown as an OperatingError in its own words. */
export async function call<T>(
  request: () => Promise<T>,
  signal: AbortSignal | undefined,
): Promise<T> {
  try {
    return await request();
  } catch (thrown) {
    if (signal?.aborted === true || thrown instanceof OperatingError) throw thrown;
    const error = ConnectError.from(thrown);
    if (error.code === Code.Aborted) throw new ConflictError(failure(error), { cause: error });
    throw new OperatingError(codes.get(error.code) ?? "unavailable", failure(error), {
      cause: error,
    });
  }
}

/** The longest that one request may take before it counts as failed. */
const requestTimeoutMs = 15_000;

/** The same with a bound on its time. */
export async function callWithin<T>(
  request: (signal: AbortSignal) => Promise<T>,
  how: { readonly signal?: AbortSignal | undefined; readonly timeoutMs?: number | undefined },
): Promise<T> {
  const { signal, timeoutMs = requestTimeoutMs } = how;
  const timeout = AbortSignal.timeout(timeoutMs);
  const until = signal === undefined ? timeout : AbortSignal.any([signal, timeout]);
  try {
    return await call(() => request(until), signal);
  } catch (cause) {
    if (!timeout.aborted || signal?.aborted === true) throw cause;
    const text = `the aggregator gave no answer within ${timeoutMs / 1_000} s`;
    throw new OperatingError("timeout", text, { cause });
  }
}

const codes: ReadonlyMap<Code, ErrorCode> = new Map([
  [Code.NotFound, "not_found"],
  [Code.InvalidArgument, "bad_request"],
  [Code.FailedPrecondition, "bad_request"],
  [Code.ResourceExhausted, "overloaded"],
  [Code.DeadlineExceeded, "timeout"],
]);

function failure(error: ConnectError): string {
  if (error.cause instanceof TypeError) return "the aggregator does not answer";
  // An answer that is no RPC at all, of a proxy for example, leaves us its status alone.
  const status = /^HTTP (\d+)$/.exec(error.rawMessage)?.[1];
  return status === undefined ? error.rawMessage : `the aggregator answered status ${status}`;
}
