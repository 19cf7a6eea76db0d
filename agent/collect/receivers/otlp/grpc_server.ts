import { createServer } from "node:http2";
import type { AddressInfo } from "node:net";
import { Code, ConnectError, type ConnectRouter } from "@connectrpc/connect";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import { LogsService } from "#proto/gen/foreign/otlp_logs_pb.js";
import { MetricsService } from "#proto/gen/foreign/otlp_metrics_pb.js";
import { OperatingError, messageOf } from "#shared/errors.ts";
import { parseListen } from "#shared/runtime/base_config.ts";
import type { ReceiverContext } from "../receiver.ts";
import { refusalOf } from "../refusal.ts";
import { exportLogs } from "./logs_intake.ts";
import type { MetricsIntake } from "./metrics_intake.ts";

export type GrpcServer = { readonly port: number; stop(): Promise<void> };

/** Takes OTLP over gRPC, gzip or not, on a port of its own. Throws OperatingError("unavailable") when that is taken. */
export async function startGrpc(
  listen: string,
  bytesMax: number,
  metrics: MetricsIntake,
  context: ReceiverContext,
): Promise<GrpcServer> {
  const routes = (router: ConnectRouter): void => {
    router.service(MetricsService, {
      export: (request) => answered(() => metrics.export(request)),
    });
    router.service(LogsService, {
      export: (request) => answered(() => exportLogs(request, "hex", context)),
    });
  };
  const server = createServer(connectNodeAdapter({ routes, readMaxBytes: bytesMax }));
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

function portOf(address: AddressInfo | string | null, wanted: number): number {
  return address === null || typeof address === "string" ? wanted : address.port;
}

/** Trouble of ours is UNAVAILABLE, so that senders come again. */
async function answered<Result>(run: () => Promise<Result>): Promise<Result> {
  try {
    return await run();
  } catch (thrown) {
    const { status, message } = refusalOf(thrown);
    throw new ConnectError(message, status === 503 ? Code.Unavailable : Code.InvalidArgument);
  }
}
