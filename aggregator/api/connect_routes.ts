import { Code, ConnectError, type ConnectRouter, createConnectRouter } from "@connectrpc/connect";
import {
  universalServerRequestFromFetch,
  universalServerResponseToFetch,
} from "@connectrpc/connect/protocol";
import { Hono } from "hono";
import { type ErrorCode, OperatingError } from "#shared/errors.ts";
import { isFromElsewhere } from "./other_sites.ts";

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

/** Services as Connect, gRPC-Web and gRPC. Pages of other sites must not change anything: of services that can they are refused. */
export function connectRoutes(
  register: (router: ConnectRouter) => void,
  { sameSite = false }: { readonly sameSite?: boolean } = {},
): Hono {
  const router = createConnectRouter({ readMaxBytes: requestBytesMax });
  register(router);
  const app = new Hono();
  for (const handler of router.handlers) {
    app.all(handler.requestPath, async (c) => {
      if (sameSite && isFromElsewhere(c))
        return c.json({ code: "permission_denied", message: "asked by another site" }, 403);
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
