import { Hono } from "hono";
import { z } from "zod";
import { byteSize } from "#shared/text/byte_size.ts";
import { labelsKey } from "#shared/model/labels.ts";
import { MultilineConfig } from "../../sources/file_logs/multiline.ts";
import type { Labels } from "#shared/model/labels.ts";
import { BodyError, type TakeMemory, unpackBody, withBody } from "../body.ts";
import { detectedSeverity } from "../detected_severity.ts";
import { LogBatchBuilder, type RecordFault } from "../log_batch_builder.ts";
import { type ReceiverContext, defineReceiver } from "../receiver.ts";
import { LabelNames } from "../otlp/label_names.ts";
import { refusalOf, textAnswer } from "../refusal.ts";
import { takeJsonParts } from "../request_parts.ts";
import { type PushedStream, readJsonPush, readProtobufPush } from "./push_request.ts";
import { RecentLines } from "./recent_lines.ts";
import { withServiceName } from "./stream_labels.ts";

const LokiConfig = z.strictObject({
  enabled: z.boolean().default(true),
  /** Of a body as sent, and of what it unpacks to. */
  body_size_max: byteSize.prefault("32MiB"),
  /** A longer line is refused; Loki's default. */
  line_size_max: byteSize.prefault("256KiB"),
  /** Entries of a push and stream that belong together become one. */
  multiline: MultilineConfig.optional(),
});

const aheadMaxMs = 600_000;

/** Loki's push API: POST /loki/api/v1/push and /api/prom/push, snappy protobuf or JSON. */
export const loki = defineReceiver({
  type: "loki",
  config: LokiConfig,
  open(config, context) {
    const recent = new RecentLines();
    const names = new LabelNames({
      escapes: true,
      sanitizesUnderscore: false,
      preservesUnderscores: false,
    });
    const limits = { bytesMax: config.body_size_max, memory: context.memory };
    const answer = async (request: Request): Promise<Response> => {
      try {
        return await withBody(request, limits, async (body, take) =>
          store(read(request, body, config.body_size_max, take), {
            lineBytesMax: config.line_size_max,
            multiline: config.multiline,
            recent,
            names,
            context,
          }),
        );
      } catch (thrown) {
        return textAnswer(refusalOf(thrown));
      }
    };
    const paths = ["/loki/api/v1/push", "/api/prom/push"];
    const routes = new Hono().on("POST", paths, (c) => answer(c.req.raw));
    for (const path of paths) routes.all(path, (c) => c.text("expected POST\n", 405));
    return { routes };
  },
});

/** JSON by its type, with any encoding; everything else is snappy protobuf, whatever its headers say of that. */
function read(
  request: Request,
  body: Uint8Array,
  bytesMax: number,
  take: TakeMemory,
): PushedStream[] {
  const mediaType = (request.headers.get("content-type") ?? "").split(";")[0]?.trim().toLowerCase();
  const encoding = (request.headers.get("content-encoding") ?? "").trim().toLowerCase();
  if (mediaType !== "application/json") {
    if (encoding !== "" && encoding !== "snappy")
      throw new BodyError(400, `unsupported Content-Encoding "${encoding}"`);
    return readProtobufPush(body, bytesMax, take);
  }
  if (encoding !== "" && encoding !== "gzip" && encoding !== "deflate")
    throw new BodyError(400, `unsupported Content-Encoding "${encoding}"`);
  const unpacked = unpackBody(body, encoding, bytesMax);
  if (unpacked !== body) take(unpacked.length);
  takeJsonParts(unpacked, take);
  return readJsonPush(unpacked);
}

type Storing = {
  readonly lineBytesMax: number;
  readonly multiline: MultilineConfig | undefined;
  readonly recent: RecentLines;
  /** Names of metadata, as queries can name them. */
  readonly names: LabelNames;
  readonly context: ReceiverContext;
};

/** Good entries are stored, and the first fault of the others is told by 400. Entries that were pushed before are no fault, as by Loki. */
async function store(
  streams: readonly PushedStream[],
  { lineBytesMax, multiline, recent, names, context }: Storing,
): Promise<Response> {
  if (streams.length === 0) return textAnswer({ status: 422, message: "push without streams" });
  const latestMs = context.clock.now() + aheadMaxMs;
  const builder = new LogBatchBuilder({ lineBytesMax, latestMs, multiline });
  const drops: (() => void)[] = [];
  let told: string | undefined;
  let refused = 0;
  const refuse = (reason: RecordFault["reason"], message: string, count: number) => {
    told ??= message;
    refused += count;
    if (count > 0) drops.push(() => context.drop("logs", reason, count));
  };
  let duplicates = 0;
  for (const { labels: given, entries } of streams) {
    if (given instanceof Error) {
      refuse("label_limit", given.message, entries.length);
      continue;
    }
    const labels = withServiceName(given);
    const key = labelsKey(labels);
    const stream = builder.stream(labels);
    for (const { unixNanos, line, metadata: pushed } of entries) {
      const body = Buffer.from(line);
      const metadata = namedMetadata(pushed, names);
      const severity = detectedSeverity(body, metadata, labels);
      if (recent.isKnown(key, unixNanos, body)) duplicates++;
      else {
        const fault = builder.add(stream, { unixNanos, severity, body, attributes: metadata });
        if (fault !== undefined)
          refuse(
            fault.reason,
            `stream ${JSON.stringify(labels).slice(0, 500)}: ${fault.message}`,
            1,
          );
      }
    }
  }
  if (builder.length > 0) await emit(builder, recent, context);
  if (duplicates > 0) context.notStored("duplicate_entry", duplicates);
  for (const count of drops) count();
  if (told === undefined) return new Response(null, { status: 204 });
  const entries = streams.reduce((sum, stream) => sum + stream.entries.length, 0);
  const message = `${told}; ${refused} of ${entries} entries are refused`;
  return textAnswer({ status: 400, message });
}

const plainName = /^(?!.*__)[a-zA-Z_][a-zA-Z0-9_]*$/;

/** Names that queries can't name are written as Loki writes them ("http.method" is http_method). */
function namedMetadata(metadata: Labels, names: LabelNames): Labels {
  let isPlain = true;
  for (const name in metadata) isPlain &&= plainName.test(name);
  if (isPlain) return metadata;
  return Object.fromEntries(
    Object.entries(metadata).map(([name, value]) => [
      /[^_]/.test(name) ? names.of(name) : name,
      value,
    ]),
  );
}

async function emit(
  builder: LogBatchBuilder,
  recent: RecentLines,
  context: ReceiverContext,
): Promise<void> {
  try {
    await context.emitLogs(builder.build());
  } catch (thrown) {
    // The sender comes again with the same entries, and this time they are to be taken.
    recent.clear();
    throw thrown;
  }
}
