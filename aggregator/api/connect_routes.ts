import { Code, ConnectError, type ConnectRouter, createConnectRouter } from "@connectrpc/connect";
import {
  universalServerRequestFromFetch,
  universalServerResponseToFetch,
} from "@connectrpc/connect/protocol";
import { Hono } from "hono";
import { type ErrorCode, OperatingError } from "#shared/errors.ts";

/** Requests hold a dashboard at most. */
const requestBytesMax = 16 * 1_024 * 1_024;

const codes = {
  bad_request: Code.InvalidArgument,
  not_found: Code.NotFound,
  conflict: Code.Aborted,
  read_only: Code.FailedPrecondition,
  overloaded: Code.ResourceExhausted,
  corrupt: Code.DataLoss,
  unavailable: Code.Unavailable,
  timeout: Code.DeadlineExceeded,
  cancelled: Code.Canceled,
  no_space: Code.ResourceExhausted,
} as const satisfies Record<ErrorCode, Code>;

/** Services as Connect, gRPC-Web and gRPC. */
export function connectRoutes(register: (router: ConnectRouter) => void): Hono {
  const router = createConnectRouter({ readMaxBytes: requestBytesMax });
  register(router);
  const app = new Hono();
  for (const handler of router.handlers) {
    app.all(handler.requestPath, async (c) => {
      const request = universalServerRequestFromFetch(c.req.raw, {});
      return universalServerResponseToFetch(await handler(request));
    });
  }
  return app;
}

/** An operating error of `work` becomes the code that a client decides by. */
export async function guarded<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    if (thrown instanceof OperatingError)
      throw new ConnectError(thrown.message, codes[thrown.code]);
    throw thrown;
  }
}
