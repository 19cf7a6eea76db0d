import { Hono } from "hono";
import { z } from "zod";
import type { DropReason } from "#shared/model/account.ts";
import { metricNameLabel } from "#shared/model/labels.ts";
import {
  PostedMetric,
  PostedMetrics,
  type PostedMetricsAnswer,
  postedTimeMs,
  postedValue,
} from "#shared/model/posted_metrics.ts";
import { wordsOf } from "#shared/model/special_values.ts";
import { byteSize } from "#shared/text/byte_size.ts";
import { duration } from "#shared/text/duration.ts";
import { BodyError, type TakeMemory, unpackedBody, withBody } from "../transport/body.ts";
import { OneAtATime, type Steps, inSlices } from "../transport/decode_turns.ts";
import { emitSamples, needsTurns } from "../samples/emit_samples.ts";
import { jsonBodySteps } from "../transport/json_steps.ts";
import { type PushedSeries, noRoom } from "../samples/pushed_series.ts";
import { type ReceiverContext, defineReceiver } from "../receiver.ts";
import { refusalOf } from "../transport/refusal.ts";
import { SampleBuffer } from "../samples/sample_buffer.ts";

const JsonMetricsConfig = z.lazy(() =>
  z.strictObject({
    enabled: z.boolean().default(true),
    /** Of a body as sent, and of what it unpacks to: JSON takes ten times its size while it is read. */
    body_size_max: byteSize.prefault("8MiB"),
    /** Series remembered; new ones over it are refused until others were idle. */
    series_max: z.number().int().min(1).default(500_000),
    /** After so long without a sample a series gives up its place where room is wanted. */
    series_idle: duration.prefault("1h"),
  }),
);

/** Samples as plain JSON: POST /api/v1/monitoring/metrics, as /api/docs describes it. */
export const jsonMetrics = defineReceiver({
  type: "json_metrics",
  config: JsonMetricsConfig,
  emitsLogs: false,
  open(config, context) {
    const intake = new JsonMetricsIntake(config, context);
    const path = "/api/v1/monitoring/metrics";
    return { routes: new Hono().post(path, (c) => intake.answer(c.req.raw)) };
  },
});

const aheadMaxMs = 600_000;
const faultsToldMax = 10;
const labelCharsMax = 64 * 1024;

type Added = {
  readonly stored: number;
  readonly refused: PostedMetricsAnswer["refused"];
  readonly drops: ReadonlyMap<DropReason, number>;
};
type Refused = { readonly reason: DropReason; readonly error: string };

class JsonMetricsIntake {
  readonly #config: z.output<typeof JsonMetricsConfig>;
  readonly #context: ReceiverContext;
  readonly #series: PushedSeries;
  readonly #buffer = new SampleBuffer();
  /** Who has the series and the buffer. */
  readonly #turn = new OneAtATime();
  /** Samples of the request that is being read, by column and time, to find those that are sent twice. */
  readonly #seen = new Map<string, number>();

  constructor(config: z.output<typeof JsonMetricsConfig>, context: ReceiverContext) {
    const { series_max: seriesMax, series_idle: idleMs } = config;
    this.#config = config;
    this.#context = context;
    this.#series = context.newSeries({ seriesMax, idleMs });
  }

  async answer(request: Request): Promise<Response> {
    const { body_size_max: bytesMax } = this.#config;
    try {
      const { memory } = this.#context;
      return await withBody(request, { bytesMax, memory }, async (packed, take) => {
        const encoding = request.headers.get("content-encoding") ?? undefined;
        const body = await unpackedBody(packed, encoding, bytesMax, take);
        return this.#take(await inSlices(entriesOf(body, take)));
      });
    } catch (thrown) {
      const { status, message, retryAfterSeconds } = refusalOf(thrown);
      const headers = new Headers();
      if (retryAfterSeconds !== undefined) headers.set("Retry-After", String(retryAfterSeconds));
      return Response.json({ error: message }, { status, headers });
    }
  }

  /** The good entries are stored; the bad ones are told by their places, counted from 0. */
  async #take(entries: readonly unknown[]): Promise<Response> {
    const context = this.#context;
    const [buffer, series] = [this.#buffer, this.#series];
    const outcome = await this.#turn.run(async () => {
      buffer.clear();
      const read = await inSlices(this.#addAll(entries));
      const isLarge = needsTurns(series, buffer);
      const emitted = buffer.length > 0 ? emitSamples(context, series, buffer) : undefined;
      if (isLarge) await emitted;
      return { read, emitted };
    });
    await outcome.emitted;
    const { stored, refused, drops } = outcome.read;
    for (const [reason, items] of drops) context.drop("metrics", reason, items);
    const answer: PostedMetricsAnswer = { stored, refused };
    if (stored === entries.length) return Response.json(answer);
    const error = `${entries.length - stored} of ${entries.length} samples are invalid`;
    return Response.json({ error, ...answer }, { status: 400 });
  }

  *#addAll(entries: readonly unknown[]): Steps<Added> {
    const nowMs = this.#context.clock.now();
    this.#seen.clear();
    this.#series.begin(nowMs);
    const refused: PostedMetricsAnswer["refused"] = [];
    const drops = new Map<DropReason, number>();
    let stored = 0;
    for (const [index, entry] of entries.entries()) {
      yield;
      const fault = this.#add(entry, nowMs);
      if (fault === undefined) {
        stored++;
        continue;
      }
      drops.set(fault.reason, (drops.get(fault.reason) ?? 0) + 1);
      if (refused.length < faultsToldMax) refused.push({ index, error: fault.error });
    }
    return { stored, refused, drops };
  }

  #add(entry: unknown, nowMs: number): Refused | undefined {
    const parsed = PostedMetric.safeParse(entry);
    if (!parsed.success) return { reason: "invalid_sample", error: z.prettifyError(parsed.error) };
    const { name, labels, value, time, type, help, unit } = parsed.data;
    const timestampMs = postedTimeMs(time, nowMs);
    if (timestampMs > nowMs + aheadMaxMs || !Number.isSafeInteger(timestampMs))
      return { reason: "out_of_bounds_timestamp", error: `time is ${String(time)}` };
    const own = Object.entries(labels).filter(([, text]) => text !== "");
    let size = name.length;
    for (const [label, text] of own) size += label.length + text.length;
    if (size > labelCharsMax) return { reason: "label_limit", error: "labels are too large" };
    const column = this.#series.columnOf({ ...Object.fromEntries(own), [metricNameLabel]: name });
    if (column === noRoom)
      return { reason: "series_limit", error: "the limit of series is reached" };
    if (this.#series.isTooOld(column, timestampMs))
      return { reason: "too_old_sample", error: `time is ${String(time)}, too late` };
    const relation = this.#relation(column, timestampMs, postedValue(value));
    if (relation === "conflict")
      return { reason: "duplicate_timestamp", error: "another value at this time" };
    if (relation === "new") this.#buffer.push(column, timestampMs, postedValue(value));
    if (type !== undefined || help !== undefined || unit !== undefined)
      this.#series.describe({ name, type: type ?? "unknown", help: help ?? "", unit: unit ?? "" });
    return undefined;
  }

  /** What is sent again is taken in silence; another value for the same time is not. */
  #relation(column: number, timestampMs: number, value: number): "new" | "same" | "conflict" {
    const [low = 0, high = 0] = wordsOf(Float64Array.of(value));
    const relation = this.#series.compareWithLast(column, timestampMs, low, high);
    if (relation !== "new") return relation;
    const key = `${column} ${timestampMs}`;
    const earlier = this.#seen.get(key);
    this.#seen.set(key, earlier ?? value);
    if (earlier === undefined) return "new";
    return Object.is(earlier, value) ? "same" : "conflict";
  }
}

function* entriesOf(body: Uint8Array, take: TakeMemory): Steps<readonly unknown[]> {
  const json = yield* jsonBodySteps(body, { take, isFatal: true }, "body is not JSON in UTF-8");
  yield;
  const posted = PostedMetrics.safeParse(json);
  if (posted.success) return posted.data.metrics;
  throw new BodyError(400, z.prettifyError(posted.error));
}
