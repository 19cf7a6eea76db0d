import type { DropReason } from "#shared/model/account.ts";
import type { MetricsPart } from "#shared/model/metrics.ts";
import { Hono } from "hono";
import { z } from "zod";
import { messageOf } from "#shared/errors.ts";
import { byteSize } from "#shared/text/byte_size.ts";
import { duration } from "#shared/text/duration.ts";
import { ExpositionError } from "#shared/text/exposition/exposition_error.ts";
import { type TakeMemory, withBody } from "../transport/body.ts";
import { BodyError } from "../transport/body.ts";
import { OneAtATime, inSlices } from "../transport/decode_turns.ts";
import { ByteAliases } from "../records/byte_aliases.ts";
import { BesideSamples } from "../samples/beside_samples.ts";
import { emitSamples, needsTurns } from "../samples/emit_samples.ts";
import type { PushedSeries } from "../samples/pushed_series.ts";
import { type ReceiverContext, defineReceiver } from "../receiver.ts";
import { type Refusal, refusalOf } from "../transport/refusal.ts";
import { SampleBuffer } from "../samples/sample_buffer.ts";
import { SnappyMemory, unpackSnappy, unpackSnappySteps } from "#proto/codec/snappy_block.ts";
import { type WriteVersion, versionOf } from "./content_type.ts";
import { type KnownSeries, decodeV1 } from "./decode_v1.ts";
import { decodeV2 } from "./decode_v2.ts";
import type { DecodedWrite } from "./decoded_write.ts";
import { ExpectedSeries } from "./expected_series.ts";
import { SymbolNumbers } from "./symbols.ts";

const RemoteWriteConfig = z.lazy(() =>
  z.strictObject({
    enabled: z.boolean().default(true),
    /** Of a body as sent, and of what it unpacks to; Prometheus's own limit. */
    body_size_max: byteSize.prefault("32MiB"),
    /** Series remembered; new ones over it are refused until others were idle. About 0.6 KB each. */
    series_max: z.number().int().min(1).default(500_000),
    /** After so long without a sample a series gives up its place where room is wanted. */
    series_idle: duration.prefault("1h"),
  }),
);

/** Prometheus remote write 1.0 and 2.0: POST /api/v1/write. Specifications: prometheus.io/docs/specs/prw. */
export const remoteWrite = defineReceiver({
  type: "remote_write",
  config: RemoteWriteConfig,
  emitsLogs: false,
  open(config, context) {
    const intake = new WriteIntake(config, context);
    return {
      routes: new Hono().all("/api/v1/write", (c) => intake.answer(c.req.raw)),
    };
  },
});

type Written = {
  readonly samples: number;
  readonly histograms: number;
  readonly exemplars: number;
};
const nothing: Written = { samples: 0, histograms: 0, exemplars: 0 };

function writtenOf({ written, histogramsWritten, exemplarsWritten }: DecodedWrite): Written {
  return {
    samples: written - histogramsWritten,
    histograms: histogramsWritten,
    exemplars: exemplarsWritten,
  };
}

/** Packed, and so 1.4 MB unpacked at most. */
const atOnceMaxBytes = 64 * 1024;

class WriteIntake {
  readonly #config: z.output<typeof RemoteWriteConfig>;
  readonly #context: ReceiverContext;
  readonly #series: PushedSeries;
  readonly #known: KnownSeries;
  readonly #symbols: SymbolNumbers;
  readonly #buffer = new SampleBuffer();
  readonly #unpacked = new SnappyMemory();
  /** Who has the series, the buffer and the unpacked bytes. */
  readonly #turn = new OneAtATime();

  constructor(config: z.output<typeof RemoteWriteConfig>, context: ReceiverContext) {
    const { series_max: seriesMax, series_idle: idleMs } = config;
    this.#config = config;
    this.#context = context;
    this.#series = context.newSeries({ seriesMax, idleMs });
    this.#known = {
      series: this.#series,
      aliases: this.#series.lend(new ByteAliases()),
      expected: this.#series.lend(new ExpectedSeries()),
      beside: this.#series.lend(new BesideSamples()),
    };
    this.#symbols = new SymbolNumbers(this.#series.lend(new ByteAliases()), 2 * seriesMax);
  }

  /** The checks stand in the order of Prometheus's receiver, so that a sender sees the same status. */
  async answer(request: Request): Promise<Response> {
    const version = versionOf(request.headers.get("content-type"));
    try {
      const encoding = request.headers.get("content-encoding") ?? "";
      if (encoding !== "" && encoding.toLowerCase() !== "snappy")
        throw new BodyError(415, `unsupported Content-Encoding "${encoding}": expected snappy`);
      const limits = { bytesMax: this.#config.body_size_max, memory: this.#context.memory };
      return await withBody(request, limits, (body, take) =>
        this.#take(request, version, body, take),
      );
    } catch (thrown) {
      const refusal: Refusal =
        thrown instanceof ExpositionError
          ? { status: 400, message: `request is not a valid message: ${messageOf(thrown)}` }
          : refusalOf(thrown);
      return this.#answer(version, refusal, nothing);
    }
  }

  async #take(
    request: Request,
    version: WriteVersion | undefined,
    packed: Uint8Array,
    take: TakeMemory,
  ): Promise<Response> {
    const outcome = await this.#turn.run(() => this.#decode(request, version, packed, take));
    if (outcome === undefined)
      return this.#answer(version, { status: 405, message: "expected POST" }, nothing);
    const { decoded, drops, isRolledBack, emitted } = outcome;
    await emitted;
    this.#count(decoded, drops, isRolledBack);
    const fault = decoded.faults.first ?? (decoded.isPartial ? decoded.skipped.first : undefined);
    const answer =
      fault === undefined ? { status: 204, message: "" } : { status: 400, message: fault };
    return this.#answer(version, answer, isRolledBack ? nothing : writtenOf(decoded));
  }

  /**
   * Unpacked bytes, buffer and columns are this request's until `emitted`, which is only begun, has taken the samples. Undefined
   * where it is no POST.
   */
  async #decode(
    { method }: Request,
    version: WriteVersion | undefined,
    packed: Uint8Array,
    take: TakeMemory,
  ) {
    const bytesMax = this.#config.body_size_max;
    const bytes =
      packed.length <= atOnceMaxBytes
        ? unpackSnappy(packed, bytesMax, this.#unpacked)
        : await inSlices(unpackSnappySteps(packed, bytesMax, this.#unpacked));
    take(bytes.length);
    if (method !== "POST") return undefined;
    if (version === undefined)
      throw new BodyError(
        415,
        "unsupported Content-Type: expected application/x-protobuf of remote write 1.0 or 2.0",
      );
    const nowMs = this.#context.clock.now();
    this.#buffer.clear();
    this.#series.begin(nowMs);
    const decoded = await inSlices(
      version === 1
        ? decodeV1(bytes, this.#known, this.#buffer, nowMs)
        : decodeV2(bytes, this.#series, this.#symbols, this.#buffer, this.#known.beside, nowMs),
    );
    const isRolledBack = version === 1 && decoded.faults.first !== undefined;
    const beside = decoded.beside.part();
    const drops = decoded.beside.drops();
    if (isRolledBack) decoded.beside.undo();
    const isNew = this.#buffer.length > 0 || decoded.hasNewFamilies || beside !== undefined;
    const isLarge = needsTurns(this.#series, this.#buffer);
    const emitted = isNew && !isRolledBack ? this.#emit(beside) : undefined;
    if (isLarge) await emitted;
    return { decoded, drops, isRolledBack, emitted };
  }

  async #emit(beside: MetricsPart | undefined): Promise<void> {
    try {
      await emitSamples(this.#context, this.#series, this.#buffer, beside);
    } catch (thrown) {
      this.#known.beside.undo();
      throw thrown;
    }
  }

  /** Only when the samples are stored: a sender that retries sends the faulty ones again, too. */
  #count(
    decoded: DecodedWrite,
    exemplarDrops: ReadonlyMap<DropReason, number>,
    isRolledBack: boolean,
  ): void {
    const context = this.#context;
    const { faults, skipped } = decoded;
    for (const [reason, items] of faults.counts) context.drop("metrics", reason, items);
    for (const [reason, items] of skipped.counts) context.drop("metrics", reason, items);
    if (isRolledBack)
      context.drop("metrics", faults.firstReason ?? "invalid_sample", decoded.written);
    if (!isRolledBack)
      for (const [reason, items] of exemplarDrops) context.drop("metrics", reason, items);
  }

  #answer(version: WriteVersion | undefined, refusal: Refusal, written: Written): Response {
    const headers = new Headers();
    if (version === 2) {
      headers.set("X-Prometheus-Remote-Write-Samples-Written", String(written.samples));
      headers.set("X-Prometheus-Remote-Write-Histograms-Written", String(written.histograms));
      headers.set("X-Prometheus-Remote-Write-Exemplars-Written", String(written.exemplars));
    }
    if (refusal.status === 204) return new Response(null, { status: 204, headers });
    headers.set("Content-Type", "text/plain; charset=utf-8");
    if (refusal.retryAfterSeconds !== undefined)
      headers.set("Retry-After", String(refusal.retryAfterSeconds));
    return new Response(`${refusal.message}\n`, { status: refusal.status, headers });
  }
}
