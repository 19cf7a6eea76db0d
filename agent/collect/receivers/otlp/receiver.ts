import { Hono } from "hono";
import {
  ExportLogsServiceRequestSchema,
  ExportLogsServiceResponseSchema,
} from "#proto/gen/foreign/otlp_logs_pb.js";
import {
  ExportMetricsServiceRequestSchema,
  ExportMetricsServiceResponseSchema,
} from "#proto/gen/foreign/otlp_metrics_pb.js";
import { defineReceiver } from "../receiver.ts";
import { OtlpConfig } from "./config.ts";
import type { GrpcServer } from "./grpc_server.ts";
import { answerExport } from "./http_export.ts";
import { LogsIntake } from "./logs_intake.ts";
import { MetricsIntake } from "./metrics_intake.ts";

const metricsPaths = ["/v1/metrics", "/api/v1/otlp/v1/metrics"];
const logsPaths = ["/v1/logs", "/otlp/v1/logs"];

/** OpenTelemetry's protocol: metrics and logs, over HTTP (protobuf, JSON) and gRPC. */
export const otlp = defineReceiver({
  type: "otlp",
  config: OtlpConfig,
  emitsLogs: true,
  open(config, context) {
    const metrics = new MetricsIntake(config, context);
    const logs = new LogsIntake(context, config.multiline);
    const limits = { bytesMax: config.body_size_max, memory: context.memory };
    const routes = new Hono();
    const paths = [...metricsPaths, ...logsPaths];
    routes.on("POST", metricsPaths, (c) =>
      answerExport(c.req.raw, {
        request: ExportMetricsServiceRequestSchema,
        response: ExportMetricsServiceResponseSchema,
        limits,
        run: (request, format) => metrics.export(request, format === "json" ? "base64" : "hex"),
      }),
    );
    routes.on("POST", logsPaths, (c) =>
      answerExport(c.req.raw, {
        request: ExportLogsServiceRequestSchema,
        response: ExportLogsServiceResponseSchema,
        limits,
        run: (request, format) => logs.export(request, format === "json" ? "base64" : "hex"),
        runBytes: (bytes) => logs.exportBytes(bytes),
        runJson: (json) => logs.exportJson(json),
      }),
    );
    for (const path of paths) routes.all(path, (c) => c.text("expected POST\n", 405));
    let grpc: GrpcServer | undefined;
    return {
      routes,
      origins: (path) => (paths.includes(path) ? config.cors_origins : []),
      async start() {
        if (config.grpc_listen === undefined) return;
        const { grpc_listen: listen, body_size_max: bytesMax } = config;
        // With it comes HTTP/2 and Connect: memory that only those pay who listen.
        const { startGrpc } = await import("./grpc_server.ts");
        grpc = await startGrpc(listen, bytesMax, metrics, context, logs);
        context.log.info("OTLP is taken over gRPC", { port: grpc.port });
      },
      async stop() {
        await grpc?.stop();
        grpc = undefined;
      },
    };
  },
});
