import { Hono } from "hono";
import { z } from "zod";
import { unpackSnappySteps } from "#proto/codec/snappy_block.ts";
import { byteSize } from "#shared/text/byte_size.ts";
import { MultilineConfig } from "../../sources/file_logs/multiline.ts";
import { BodyError, type TakeMemory, unpackedBody, withBody } from "../transport/body.ts";
import { OneAtATime, type Steps, inSlices } from "../transport/decode_turns.ts";
import { LabelNames } from "../otlp/label_names.ts";
import { defineReceiver } from "../receiver.ts";
import { refusalOf, textAnswer } from "../transport/refusal.ts";
import { KnownJsonPush } from "./known_json_push.ts";
import { KnownPush } from "./known_push.ts";
import { addStreams, readJsonPush, readProtobufPush } from "./push_request.ts";
import { PushedLines, type PushedLinesParts } from "./pushed_lines.ts";
import { RecentLines } from "./recent_lines.ts";

const LokiConfig = z.lazy(() =>
  z.strictObject({
    enabled: z.boolean().default(true),
    /** Of a body as sent, and of what it unpacks to. */
    body_size_max: byteSize.prefault("32MiB"),
    /** A longer line is refused; Loki's default. */
    line_size_max: byteSize.prefault("256KiB"),
    /** Entries of a push and stream that belong together become one. */
    multiline: MultilineConfig.optional(),
  }),
);

/** Loki's push API: POST /loki/api/v1/push and /api/prom/push, snappy protobuf or JSON. */
export const loki = defineReceiver({
  type: "loki",
  config: LokiConfig,
  emitsLogs: true,
  open(config, context) {
    const known = { json: new KnownJsonPush(), protobuf: new KnownPush() };
    const names = new LabelNames({
      escapes: true,
      sanitizesUnderscore: false,
      preservesUnderscores: false,
    });
    const limits = { bytesMax: config.body_size_max, memory: context.memory };
    const parts: PushedLinesParts = {
      lineBytesMax: config.line_size_max,
      multiline: config.multiline,
      recent: new RecentLines(),
      names,
      context,
    };
    const { body_size_max: bytesMax } = config;
    // Recent lines are those of one stream at a time.
    const turn = new OneAtATime();
    const answer = async (request: Request): Promise<Response> => {
      try {
        return await withBody(request, limits, async (body, take) => {
          const form = formOf(request);
          const text = form.isJson ? await unpackedBody(body, form.encoding, bytesMax, take) : body;
          const reading = { isJson: form.isJson, bytesMax, take, known, parts };
          const lines = await turn.run(() => inSlices(read(text, reading)));
          return lines.store();
        });
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

/** JSON by its type, with any encoding; everything else is snappy protobuf, whatever its headers say of that. Throws BodyError(400). */
function formOf(request: Request): { readonly isJson: boolean; readonly encoding: string } {
  const mediaType = (request.headers.get("content-type") ?? "").split(";")[0]?.trim().toLowerCase();
  const encoding = (request.headers.get("content-encoding") ?? "").trim().toLowerCase();
  const isJson = mediaType === "application/json";
  const encodings = isJson ? ["", "gzip", "deflate"] : ["", "snappy"];
  if (!encodings.includes(encoding))
    throw new BodyError(400, `unsupported Content-Encoding "${encoding}"`);
  return { isJson, encoding };
}

/** Throws as the readers do. */
function* read(body: Uint8Array, reading: Reading): Steps<PushedLines> {
  const { isJson, bytesMax, take, known, parts } = reading;
  const bytes = isJson ? body : yield* unpackSnappySteps(body, bytesMax);
  if (!isJson) take(bytes.length);
  let lines = new PushedLines(parts);
  try {
    const isRead = isJson
      ? yield* known.json.read(bytes, lines, take)
      : yield* known.protobuf.read(bytes, lines);
    if (isRead) return lines;
    // Its first entries were remembered, and would be taken for ones that came again.
    lines.forget();
    lines = new PushedLines(parts);
    if (isJson) yield* readJsonPush(bytes, lines, take);
    else yield* addStreams(yield* readProtobufPush(bytes, take), lines);
    return lines;
  } catch (thrown) {
    lines.forget();
    throw thrown;
  }
}

type Reading = {
  readonly isJson: boolean;
  readonly bytesMax: number;
  readonly take: TakeMemory;
  readonly known: { readonly json: KnownJsonPush; readonly protobuf: KnownPush };
  readonly parts: PushedLinesParts;
};
