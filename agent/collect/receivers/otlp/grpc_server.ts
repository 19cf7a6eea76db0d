import { createServer } from "node:http2";
import type { AddressInfo } from "node:net";
import type { DescMessage } from "@bufbuild/protobuf";
import {
  Code,
  ConnectError,
  createConnectRouter,
  createContextKey,
  createContextValues,
} from "@connectrpc/connect";
import {
  compressionGzip,
  universalRequestFromNodeRequest,
  universalResponseToNodeResponse,
} from "@connectrpc/connect-node";
import { type ExportLogsServiceResponse, LogsService } from "#proto/gen/foreign/otlp_logs_pb.js";
import { MetricsService } from "#proto/gen/foreign/otlp_metrics_pb.js";
import { OperatingError, messageOf } from "#shared/errors.ts";
import { parseListen } from "#shared/runtime/config/base_config.ts";
import type { TakeMemory } from "../transport/body.ts";
import type { ReceiverContext } from "../receiver.ts";
import { refusalOf } from "../transport/refusal.ts";
import { takeJsonParts, takeProtobufParts } from "../transport/request_parts.ts";
import { grpcFrame, readGrpcMessage } from "./grpc_body.ts";
import { LogsIntake } from "./logs_intake.ts";
import type { MetricsIntake } from "./metrics_intake.ts";

export type GrpcServer = { readonly port: number; stop(): Promise<void> };

/** Takes OTLP over gRPC, gzip or not, on a port of its own. Throws OperatingError("unavailable") when that is taken. */
export async function startGrpc(
  listen: string,
  bytesMax: number,
  metrics: MetricsIntake,
  context: ReceiverContext,
  logs = new LogsIntake(context, undefined),
): Promise<GrpcServer> {
  const server = createServer(grpcListener(bytesMax, { metrics, logs }, context));
  const listening = Promise.withResolvers<void>();
  server.once("error", (cause) =>
    listening.reject(
      new OperatingError("unavailable", `cannot listen on ${listen} (${messageOf(cause)})`, {
        cause,
      }),
    ),
  );
  const { hostname, port } = parseListen(listen);
  server.listen(port, hostname, () => listening.resolve());
  const sessions = new Set<{ destroy(): void }>();
  server.on("session", (session) => {
    sessions.add(session);
    session.once("close", () => sessions.delete(session));
  });
  await listening.promise;
  return {
    port: portOf(server.address(), port),
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const session of sessions) session.destroy();
      }),
  };
}

type Request = Parameters<typeof universalRequestFromNodeRequest>[0];
type Response = Parameters<typeof universalResponseToNodeResponse>[1];

type Intakes = { readonly metrics: MetricsIntake; readonly logs: LogsIntake };
type EarlyAnswer = { promise: Promise<ExportLogsServiceResponse> | undefined };
/** Of a request that was taken by its bytes: what is decoded instead of it is empty. */
const earlyAnswer = createContextKey<EarlyAnswer>({ promise: undefined });

function grpcListener(bytesMax: number, { metrics, logs }: Intakes, context: ReceiverContext) {
  const router = createConnectRouter({
    connect: false,
    grpcWeb: false,
    readMaxBytes: bytesMax,
    acceptCompression: [compressionGzip],
  });
  router.service(MetricsService, {
    export: (request) => answered(() => metrics.export(request)),
  });
  router.service(LogsService, {
    export: (request, { values }) =>
      answered(() => values.get(earlyAnswer).promise ?? logs.export(request, "hex")),
  });
  const handlers = new Map(router.handlers.map((handler) => [handler.requestPath, handler]));
  const serve = async (request: Request, response: Response): Promise<void> => {
    const handler = handlers.get(request.url?.split("?", 1)[0] ?? "");
    if (handler === undefined) {
      response.writeHead(404);
      response.end();
      return;
    }
    const early: EarlyAnswer = { promise: undefined };
    const values = createContextValues().set(earlyAnswer, early);
    const call = universalRequestFromNodeRequest(request, response, undefined, values);
    let taken = 0;
    const take: TakeMemory = (bytes) => {
      context.memory.take(bytes);
      taken += bytes;
    };
    const isJson = call.header.get("content-type")?.includes("json") === true;
    const input = isJson ? undefined : handler.method.input;
    const isOfLogs = input === LogsService.method.export.input;
    const takesBytes = async (message: Uint8Array): Promise<boolean> => {
      if (!isOfLogs) return false;
      try {
        const answer = await logs.exportBytes(message);
        if (answer !== undefined) early.promise = Promise.resolve(answer);
      } catch (thrown) {
        early.promise = Promise.reject(asError(thrown));
        // The call's answer reports it, a moment later.
        early.promise.catch(() => {});
      }
      return early.promise !== undefined;
    };
    try {
      const body = counted(call.body, { bytesMax, take, input, takesBytes });
      // Resolves with the first bytes of the answer: what was sent is stored or refused by then.
      const answer = await handler({ ...call, body }).finally(() => context.memory.giveBack(taken));
      await universalResponseToNodeResponse(answer, response);
    } catch (thrown) {
      // The caller has gone; what it sent is stored or it comes again.
      context.log.debug("a call over gRPC ended early", { error: messageOf(thrown) });
    }
  };
  return (request: Request, response: Response): void => {
    if ("origin" in request.headers || "sec-fetch-site" in request.headers) refusePage(response);
    else void serve(request, response);
  };
}

/** No browser speaks gRPC by itself: what carries a browser's headers is a page that tries. */
function refusePage(response: Response): void {
  const grpc = { "grpc-status": String(Code.PermissionDenied), "grpc-message": "sent by a page" };
  response.writeHead(200, { "content-type": "application/grpc", ...grpc });
  response.end();
}

/** The frame of a body, unpacked and counted: nothing is decoded of one that is refused. */
async function* counted(
  body: unknown,
  call: {
    readonly bytesMax: number;
    readonly take: TakeMemory;
    readonly input: DescMessage | undefined;
    /** Whether a message was taken as it is. */
    readonly takesBytes: (message: Uint8Array) => Promise<boolean>;
  },
): AsyncGenerator<Uint8Array> {
  yield await answered(async () => {
    if (!isByteStream(body)) throw new OperatingError("bad_request", "body is not a stream");
    const message = await readGrpcMessage(body, call.bytesMax, call.take);
    if (await call.takesBytes(message)) return grpcFrame(new Uint8Array());
    if (call.input === undefined) takeJsonParts(message, call.take);
    else takeProtobufParts(message, call.input, call.take);
    return grpcFrame(message);
  });
}

function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(messageOf(thrown));
}

function isByteStream(body: unknown): body is AsyncIterable<Uint8Array> {
  return typeof body === "object" && body !== null && Symbol.asyncIterator in body;
}

function portOf(address: AddressInfo | string | null, wanted: number): number {
  return address === null || typeof address === "string" ? wanted : address.port;
}

/** google.rpc.RetryInfo, retry_delay (1) of one second: without it senders may wait as long as they like. */
const retryInfo = {
  type: "google.rpc.RetryInfo",
  value: Uint8Array.of(0x0a, 0x02, 0x08, 0x01),
};

/** Trouble of ours is UNAVAILABLE, so that senders come again; what is too large is not asked for again. */
async function answered<Result>(run: () => Promise<Result>): Promise<Result> {
  try {
    return await run();
  } catch (thrown) {
    const { status, message } = refusalOf(thrown);
    const error = new ConnectError(message, codes.get(status) ?? Code.InvalidArgument);
    if (status === 503) error.details.push(retryInfo);
    throw error;
  }
}

const codes: ReadonlyMap<number, Code> = new Map([
  [413, Code.ResourceExhausted],
  [503, Code.Unavailable],
]);
