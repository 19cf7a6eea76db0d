import { Hono } from "hono";
import { z } from "zod";
import { OperatingError } from "#shared/errors.ts";
import type { Labels } from "#shared/model/labels.ts";
import { byteSize } from "#shared/text/byte_size.ts";
import { MultilineConfig } from "../../sources/file_logs/multiline.ts";
import { BodyError, type TakeMemory, unpackedBody, withBody } from "../transport/body.ts";
import {
  type CommonLabels,
  DocumentIntake,
  type DocumentShape,
  isObject,
  linesOf,
} from "../records/json_documents.ts";
import { type Steps, inSlices } from "../transport/decode_turns.ts";
import { jsonText } from "../records/json_record.ts";
import { jsonBodySteps } from "../transport/json_steps.ts";
import { KeptRecords } from "../records/kept_records.ts";
import { boundedLabels, parseStreamLabels } from "../loki/stream_labels.ts";
import { type ReceiverContext, defineReceiver } from "../receiver.ts";
import { refusalOf } from "../transport/refusal.ts";

const JsonLogsConfig = z.lazy(() =>
  z.strictObject({
    enabled: z.boolean().default(true),
    /** Of a body as sent, and of what it unpacks to. */
    body_size_max: byteSize.prefault("32MiB"),
    /** A longer line is cut there, and its end is not stored. */
    line_size_max: byteSize.prefault("256KiB"),
    /** Records of a request and stream that belong together become one. */
    multiline: MultilineConfig.optional(),
    message_keys: z.array(z.string()).default(["message", "msg", "log", "_msg"]),
    time_keys: z.array(z.string()).default(["time", "timestamp", "@timestamp", "ts", "_time"]),
    level_keys: z.array(z.string()).default(["level", "severity", "lvl", "log.level"]),
    /** Fields that become labels, nested ones with dots, and the labels' names. */
    label_keys: z
      .record(z.string(), z.string())
      .default({ service: "service", app: "app", host: "host", job: "job" }),
  }),
);
type JsonLogsConfig = z.output<typeof JsonLogsConfig>;

/** Log records as plain JSON, one object a line or a list of them: POST /api/v1/monitoring/logs. */
export const jsonLogs = defineReceiver({
  type: "json_logs",
  config: JsonLogsConfig,
  emitsLogs: true,
  open(config, context) {
    const intake = new JsonLogsIntake(config, context);
    const path = "/api/v1/monitoring/logs";
    return { routes: new Hono().post(path, (c) => intake.answer(c.req.raw)) };
  },
});

const faultsToldMax = 10;
const recordsMax = 100_000;
const openBracket = 0x5b;
const keyLists = ["message_keys", "time_keys", "level_keys", "label_keys"] as const;
/** Ways to name keys that are remembered, with what is known of their documents. */
const intakesMax = 8;

class JsonLogsIntake {
  readonly #config: JsonLogsConfig;
  readonly #context: ReceiverContext;
  /** By the keys that requests name. */
  readonly #intakes = new Map<string, DocumentIntake>();

  constructor(config: JsonLogsConfig, context: ReceiverContext) {
    this.#config = config;
    this.#context = context;
  }

  async answer(request: Request): Promise<Response> {
    const { body_size_max: bytesMax } = this.#config;
    const { memory } = this.#context;
    try {
      const query = new URL(request.url).searchParams;
      const labels = labelsOf(query.get("labels") ?? request.headers.get("x-lapwing-labels") ?? "");
      const documents = this.#intakeOf(query);
      return await withBody(request, { bytesMax, memory }, async (packed, take) => {
        const encoding = request.headers.get("content-encoding") ?? undefined;
        const body = await unpackedBody(packed, encoding, bytesMax, take);
        return this.#store(body, { documents, common: documents.common(labels), take });
      });
    } catch (thrown) {
      const { status, message, retryAfterSeconds } = refusalOf(thrown);
      const headers = new Headers();
      if (retryAfterSeconds !== undefined) headers.set("Retry-After", String(retryAfterSeconds));
      return Response.json({ error: message }, { status, headers });
    }
  }

  /** The good records are stored; the bad ones are told by their places, counted from 0. */
  async #store(body: Uint8Array, reading: Reading): Promise<Response> {
    const { line_size_max: lineBytesMax, multiline } = this.#config;
    const records = new KeptRecords(this.#context, lineBytesMax, multiline);
    const { index, faults, refused } = await inSlices(addAll(body, reading, records));
    if (records.length > 0) await records.emit((batch) => this.#context.emitLogs(batch));
    this.#context.drop("logs", "invalid_record", faults);
    const answer = { stored: records.lines, refused };
    if (faults === 0) return Response.json(answer);
    const error = `${faults} of ${index} records are invalid`;
    return Response.json({ error, ...answer }, { status: 400 });
  }

  #intakeOf(query: URLSearchParams): DocumentIntake {
    const named = keyLists.map((name) => query.get(name));
    const key = JSON.stringify(named);
    const known = this.#intakes.get(key);
    if (known !== undefined) return known;
    const intake = new DocumentIntake(this.#shapeOf(query));
    if (this.#intakes.size >= intakesMax) this.#intakes.clear();
    this.#intakes.set(key, intake);
    return intake;
  }

  /** A request may name other keys than the configuration. */
  #shapeOf(query: URLSearchParams): DocumentShape {
    const config = this.#config;
    const list = (name: string): string[] | undefined => query.get(name)?.split(",");
    const labelKeys = list("label_keys");
    return {
      messageKeys: list("message_keys") ?? config.message_keys,
      timeKeys: list("time_keys") ?? config.time_keys,
      levelKeys: list("level_keys") ?? config.level_keys,
      labelKeys: new Map(
        labelKeys === undefined
          ? Object.entries(config.label_keys)
          : labelKeys.map((key) => [key, key.replaceAll(/[^a-zA-Z0-9_]/gu, "_")]),
      ),
    };
  }
}

type Reading = {
  readonly documents: DocumentIntake;
  readonly common: CommonLabels;
  readonly take: TakeMemory;
};
type Add = (common: CommonLabels, records: KeptRecords) => void;
/** Undefined: a step in which no record was read. */
type Adders = Generator<Add | undefined, void, undefined>;
type Refused = { readonly index: number; readonly error: string };

/** Adds the records of a body, one a step. */
function* addAll(
  body: Uint8Array,
  { documents, common, take }: Reading,
  records: KeptRecords,
): Steps<{ index: number; faults: number; refused: Refused[] }> {
  const refused: Refused[] = [];
  let [index, faults] = [0, 0];
  for (const add of addersOf(body, documents, take)) {
    yield;
    if (add === undefined) continue;
    if (index >= recordsMax)
      throw new BodyError(400, `expected at most ${recordsMax} records in a request`);
    try {
      add(common, records);
    } catch (thrown) {
      if (!(thrown instanceof OperatingError) || thrown.code !== "bad_request") throw thrown;
      faults++;
      if (refused.length < faultsToldMax) refused.push({ index, error: thrown.message });
    }
    index++;
  }
  return { index, faults, refused };
}

/** What adds each record of the body, one by one, so that a bad one costs no other. Throws BodyError for a list that is none. */
function* addersOf(body: Uint8Array, documents: DocumentIntake, take: TakeMemory): Adders {
  if (firstByte(body) !== openBracket) {
    for (const line of linesOf(body))
      yield (common, records) => documents.addText(line, common, records, take);
    return;
  }
  for (const document of yield* listOf(body, take))
    yield (common, records) => {
      if (!isObject(document)) throw new OperatingError("bad_request", "not a JSON object");
      documents.add(document, () => Buffer.from(jsonText(document)), common, records);
    };
}

function firstByte(body: Uint8Array): number | undefined {
  return body.find((byte) => byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09);
}

function* listOf(body: Uint8Array, take: TakeMemory): Steps<readonly unknown[]> {
  const json = yield* jsonBodySteps(body, { take, isFatal: false }, "body is not JSON");
  if (Array.isArray(json)) return json;
  throw new BodyError(400, "body is not a list");
}

/** Labels of a request: `{a="b"}`, or `a=b,c=d`. Throws BodyError(400). */
function labelsOf(text: string): Labels {
  if (text.trim().startsWith("{")) return parseStreamLabels(text);
  const pairs = text.split(",").filter((pair) => pair.trim() !== "");
  return boundedLabels(
    pairs.map((pair) => {
      const equals = pair.indexOf("=");
      if (equals < 0)
        throw new BodyError(400, `labels ${JSON.stringify(pair)}: expected name=value`);
      return [pair.slice(0, equals).trim(), pair.slice(equals + 1).trim()];
    }),
  );
}
