import { createServer } from "node:http2";
import type { AddressInfo } from "node:net";
import type { DescMessage } from "@bufbuild/protobuf";
import { Code, ConnectError, createConnectRouter } from "@connectrpc/connect";
import {
  compressionGzip,
  universalRequestFromNodeRequest,
  universalResponseToNodeResponse,
} from "@connectrpc/connect-node";
import { LogsService } from "#proto/gen/foreign/otlp_logs_pb.js";
import { MetricsService } from "#proto/gen/foreign/otlp_metrics_pb.js";
import { OperatingError, messageOf } from "#shared/errors.ts";
import { parseListen } from "#shared/runtime/base_config.ts";
import type { MultilineConfig } from "../../sources/file_logs/multiline.ts";
import type { TakeMemory } from "../body.ts";
import type { ReceiverContext } from "../receiver.ts";
import { refusalOf } from "../refusal.ts";
import { takeJsonParts, takeProtobufParts } from "../request_parts.ts";
import { grpcFrame, readGrpcMessage } from "./grpc_body.ts";
import { exportLogs } from "./logs_intake.ts";
import type { MetricsIntake } from "./metrics_intake.ts";

export type GrpcServer = { readonly port: number; stop(): Promise<void> };

/** Takes OTLP over gRPC, gzip or not, on a port of its own. Throws OperatingError("unavailable") when that is taken. */
export async function startGrpc(
  listen: string,
  bytesMax: number,
  metrics: MetricsIntake,
  context: ReceiverContext,
  multiline?: MultilineConfig,
): Promise<GrpcServer> {
  const server = createServer(grpcListener(bytesMax, metrics, context, multiline));
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

function grpcListener(
  bytesMax: number,
  metrics: MetricsIntake,
  context: ReceiverContext,
  multiline: MultilineConfig | undefined,
) {
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
    export: (request) => answered(() => exportLogs(request, "hex", context, multiline)),
  });
  const handlers = new Map(router.handlers.map((handler) => [handler.requestPath, handler]));
  const serve = async (request: Request, response: Response): Promise<void> => {
    const handler = handlers.get(request.url?.split("?", 1)[0] ?? "");
    if (handler === undefined) {
      response.writeHead(404);
      response.end();
      return;
    }
    const call = universalRequestFromNodeRequest(request, response, undefined, undefined);
    let taken = 0;
    const take: TakeMemory = (bytes) => {
      context.memory.take(bytes);
      taken += bytes;
    };
    const isJson = call.header.get("content-type")?.includes("json") === true;
    const input = isJson ? undefined : handler.method.input;
    try {
      const body = counted(call.body, { bytesMax, take, input });
      // Resolves with the first bytes of the answer: what was sent is stored or refused by then.
      const answer = await handler({ ...call, body }).finally(() => context.memory.giveBack(taken));
      await universalResponseToNodeResponse(answer, response);
    } catch (thrown) {
      // The caller has gone; what it sent is stored or it comes again.
      context.log.debug("a call over gRPC ended early", { error: messageOf(thrown) });
    }
  };
  return (request: Request, response: Response): void => {
    void serve(request, response);
  };
}

/** The frame of a body, unpacked and counted: nothing is decoded of one that is refused. */
async function* counted(
  body: unknown,
  call: {
    readonly bytesMax: number;
    readonly take: TakeMemory;
    readonly input: DescMessage | undefined;
  },
): AsyncGenerator<Uint8Array> {
  yield await answered(async () => {
    if (!isByteStream(body)) throw new OperatingError("bad_request", "body is not a stream");
    const message = await readGrpcMessage(body, call.bytesMax, call.take);
    if (call.input === undefined) takeJsonParts(message, call.take);
    else takeProtobufParts(message, call.input, call.take);
    return grpcFrame(message);
  });
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
