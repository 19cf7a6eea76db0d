import { isUtf8 } from "node:buffer";
import { Hono } from "hono";
import { z } from "zod";
import type { DropReason } from "#shared/model/account.ts";
import { type Labels, metricNameLabel } from "#shared/model/labels.ts";
import { byteSize } from "#shared/text/byte_size.ts";
import { duration } from "#shared/text/duration.ts";
import { BodyError, unpackedBody, withBody } from "../transport/body.ts";
import { OneAtATime, type Steps, inSlices } from "../transport/decode_turns.ts";
import { emitSamples, needsTurns } from "../samples/emit_samples.ts";
import { type PushedSeries, noRoom } from "../samples/pushed_series.ts";
import { type ReceiverContext, defineReceiver } from "../receiver.ts";
import { refusalOf } from "../transport/refusal.ts";
import { SampleBuffer } from "../samples/sample_buffer.ts";
import { addInfluxRoutes, influxHeaders } from "./influx_routes.ts";
import { type InfluxLine, parseInfluxLine } from "./line_protocol.ts";

const InfluxConfig = z.lazy(() =>
  z.strictObject({
    enabled: z.boolean().default(true),
    /** Of a body as sent, and of what it unpacks to. */
    body_size_max: byteSize.prefault("32MiB"),
    /** Series remembered; new ones over it are refused until others were idle. */
    series_max: z.number().int().min(1).default(500_000),
    /** After so long without a sample a series gives up its place where room is wanted. */
    series_idle: duration.prefault("1h"),
  }),
);

/** InfluxDB's line protocol: POST /write (1.x) and /api/v2/write. A field becomes the metric `measurement_field`. */
export const influx = defineReceiver({
  type: "influx",
  config: InfluxConfig,
  emitsLogs: false,
  open(config, context) {
    const intake = new InfluxIntake(config, context);
    const paths = ["/write", "/api/v2/write"];
    const routes = new Hono().on("POST", paths, (c) =>
      intake.answer(c.req.raw, c.req.query("precision") ?? "ns"),
    );
    for (const path of paths) routes.all(path, (c) => c.json({ error: "expected POST" }, 405));
    addInfluxRoutes(routes);
    return { routes };
  },
});

/** Nanoseconds of one unit of `precision`, in the names of both versions. */
const precisions: ReadonlyMap<string, bigint> = new Map([
  ["n", 1n],
  ["ns", 1n],
  ["u", 1_000n],
  ["us", 1_000n],
  ["µ", 1_000n],
  ["ms", 1_000_000n],
  ["s", 1_000_000_000n],
  ["m", 60_000_000_000n],
  ["h", 3_600_000_000_000n],
]);
const aheadMaxMs = 600_000;
const faultsToldMax = 10;
const malformed: DropReason = "invalid_sample";
const labelCharsMax = 64 * 1024;
/** Room for ten thousand fields; every field of a line is an object until the line is done. */
const lineCharsMax = 256 * 1024;

class InfluxIntake {
  readonly #config: z.output<typeof InfluxConfig>;
  readonly #context: ReceiverContext;
  readonly #series: PushedSeries;
  readonly #buffer = new SampleBuffer();
  /** Who has the series and the buffer. */
  readonly #turn = new OneAtATime();

  constructor(config: z.output<typeof InfluxConfig>, context: ReceiverContext) {
    const { series_max: seriesMax, series_idle: idleMs } = config;
    this.#config = config;
    this.#context = context;
    this.#series = context.newSeries({ seriesMax, idleMs });
  }

  async answer(request: Request, precision: string): Promise<Response> {
    const { body_size_max: bytesMax } = this.#config;
    try {
      const unitNanos = precisions.get(precision);
      if (unitNanos === undefined)
        throw new BodyError(
          400,
          `precision ${JSON.stringify(precision)}: expected ns, us, ms or s`,
        );
      return await withBody(
        request,
        { bytesMax, memory: this.#context.memory },
        async (packed, take) => {
          const encoding = request.headers.get("content-encoding") ?? undefined;
          const body = await unpackedBody(packed, encoding, bytesMax, take);
          return this.#take(body, unitNanos);
        },
      );
    } catch (thrown) {
      const { status, message, retryAfterSeconds } = refusalOf(thrown);
      const headers = new Headers(influxHeaders);
      if (retryAfterSeconds !== undefined) headers.set("Retry-After", String(retryAfterSeconds));
      return Response.json({ error: message }, { status, headers });
    }
  }

  /** The good lines are stored; the bad ones are told by their numbers, counted from 1. */
  async #take(body: Uint8Array, unitNanos: bigint): Promise<Response> {
    const context = this.#context;
    const [buffer, series] = [this.#buffer, this.#series];
    const outcome = await this.#turn.run(async () => {
      buffer.clear();
      const read = await inSlices(this.#read(body, unitNanos));
      const isLarge = needsTurns(series, buffer);
      const emitted = buffer.length > 0 ? emitSamples(context, series, buffer) : undefined;
      if (isLarge) await emitted;
      return { read, emitted };
    });
    await outcome.emitted;
    const { faults, drops, textFields } = outcome.read;
    for (const [reason, items] of drops) context.drop("metrics", reason, items);
    if (textFields > 0) context.notStored("text_field", textFields);
    if (faults.length === 0) return new Response(null, { status: 204, headers: influxHeaders });
    const dropped = [...drops.values()].reduce((sum, items) => sum + items, 0);
    const message = `partial write: ${faults.join("; ")} dropped=${dropped}`;
    // `error` is 1.x's key, the others are 2.x's.
    const answer = { error: message, code: "invalid", message };
    return Response.json(answer, { status: 400, headers: influxHeaders });
  }

  /** Puts the fields of a line a step into the buffer. */
  *#read(body: Uint8Array, unitNanos: bigint): Steps<Read> {
    if (!isUtf8(body)) throw new BodyError(400, "body is not UTF-8");
    const nowMs = this.#context.clock.now();
    this.#series.begin(nowMs);
    const faults: string[] = [];
    const drops = new Map<DropReason, number>();
    let [number, textFields] = [0, 0];
    for (const raw of linesOf(body)) {
      yield;
      number++;
      const line = raw.trim();
      if (line === "" || line.startsWith("#")) continue;
      const parsed =
        line.length > lineCharsMax
          ? { fault: `is longer than ${lineCharsMax} characters` }
          : parseInfluxLine(line);
      const refused =
        "fault" in parsed
          ? { reason: malformed, items: 1, fault: parsed.fault }
          : this.#add(parsed, unitNanos, nowMs);
      if (!("fault" in parsed)) textFields += parsed.textFields;
      if (refused === undefined) continue;
      drops.set(refused.reason, (drops.get(refused.reason) ?? 0) + refused.items);
      if (faults.length < faultsToldMax) faults.push(`line ${number} ${refused.fault}`);
    }
    return { faults, drops, textFields };
  }

  #add(line: InfluxLine, unitNanos: bigint, nowMs: number): Refused | undefined {
    const { measurement, tags, fields, timestamp } = line;
    const items = Math.max(1, fields.length);
    const timestampMs =
      timestamp === undefined ? nowMs : Number((timestamp * unitNanos) / 1_000_000n);
    if (timestampMs > nowMs + aheadMaxMs || !Number.isSafeInteger(timestampMs))
      return { reason: "out_of_bounds_timestamp", items, fault: `has the time ${timestamp}` };
    const labels = labelsOf(tags);
    if (labels === undefined) return { reason: "invalid_sample", items, fault: "has a tag twice" };
    let size = measurement.length;
    for (const [name, value] of tags) size += name.length + value.length;
    if (size > labelCharsMax) return { reason: "label_limit", items, fault: "has too large tags" };
    let [refused, late] = [0, 0];
    for (const [field, value] of fields) {
      const name = nameOf(`${measurement}_${field}`);
      const column = this.#series.columnOf({ ...labels, [metricNameLabel]: name });
      if (column === noRoom) refused++;
      else if (this.#series.isTooOld(column, timestampMs)) late++;
      else this.#buffer.push(column, timestampMs, value);
    }
    if (late > 0)
      return {
        reason: "too_old_sample",
        items: late,
        fault: `has the time ${timestamp}, too late`,
      };
    return refused === 0
      ? undefined
      : { reason: "series_limit", items: refused, fault: "has series over the limit" };
  }
}

type Read = {
  /** Of the first bad lines. */
  readonly faults: readonly string[];
  readonly drops: ReadonlyMap<DropReason, number>;
  readonly textFields: number;
};
type Refused = { readonly reason: DropReason; readonly items: number; readonly fault: string };

/** Bytes that become text at once: less than a millisecond; a whole body takes up to a quarter of a second. */
const textBytes = 128 * 1024;
const lineFeed = 0x0a;

/** One by one: a list of all lines of a body can be many times its size. `body` is UTF-8; a mark at its start is no part of a line. */
function* linesOf(body: Uint8Array): Generator<string> {
  let decoder = new TextDecoder();
  for (let from = 0; from <= body.length;) {
    const end = body.indexOf(lineFeed, Math.min(from + textBytes, body.length));
    const text = decoder.decode(body.subarray(from, end < 0 ? body.length : end));
    yield* linesOfText(text);
    if (end < 0) return;
    from = end + 1;
    decoder = laterDecoder;
  }
}
const laterDecoder = new TextDecoder("utf-8", { ignoreBOM: true });

function* linesOfText(text: string): Generator<string> {
  for (let from = 0; from <= text.length;) {
    const end = text.indexOf("\n", from);
    yield text.slice(from, end < 0 ? text.length : end);
    if (end < 0) return;
    from = end + 1;
  }
}

/** Undefined where two tags become one label. */
function labelsOf(tags: InfluxLine["tags"]): Labels | undefined {
  const labels = new Map<string, string>();
  for (const [tag, value] of tags) {
    const name = nameOf(tag).replaceAll(":", "_");
    if (labels.has(name) || name === metricNameLabel) return undefined;
    labels.set(name, value);
  }
  return Object.fromEntries(labels);
}

function nameOf(text: string): string {
  const name = text.replaceAll(/[^a-zA-Z0-9_:]/g, "_");
  return /^\d/.test(name) ? `_${name}` : name;
}
