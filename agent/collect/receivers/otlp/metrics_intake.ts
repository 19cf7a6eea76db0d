import { create } from "@bufbuild/protobuf";
import type {
  ExportMetricsServiceRequest,
  ExportMetricsServiceResponse,
} from "#proto/gen/foreign/otlp_metrics_pb.js";
import { ExportMetricsServiceResponseSchema } from "#proto/gen/foreign/otlp_metrics_pb.js";
import { BesideSamples } from "../samples/beside_samples.ts";
import { OneAtATime, inSlices } from "../transport/decode_turns.ts";
import { emitSamples, needsTurns } from "../samples/emit_samples.ts";
import type { PushedSeries } from "../samples/pushed_series.ts";
import type { ReceiverContext } from "../receiver.ts";
import { SampleBuffer } from "../samples/sample_buffer.ts";
import type { OtlpConfig } from "./config.ts";
import { DeltaTotals } from "./delta_totals.ts";
import type { IdEncoding } from "./logs_converter.ts";
import type { LabelNames } from "./label_names.ts";
import { type Converted, convertMetrics, labelNamesOf } from "./metrics_converter.ts";
import { RequestSamples } from "./request_samples.ts";

/** Takes decoded requests for metrics, whatever they came by. */
export class MetricsIntake {
  readonly #config: OtlpConfig;
  readonly #context: ReceiverContext;
  readonly #series: PushedSeries;
  readonly #totals: DeltaTotals;
  readonly #names: LabelNames;
  readonly #samples = new RequestSamples();
  readonly #beside: BesideSamples;
  readonly #buffer = new SampleBuffer();
  /** Who has the series and what is made of a request. */
  readonly #turn = new OneAtATime();

  constructor(config: OtlpConfig, context: ReceiverContext) {
    const { series_max: seriesMax, series_idle: idleMs } = config;
    this.#config = config;
    this.#context = context;
    this.#series = context.newSeries({ seriesMax, idleMs });
    this.#beside = this.#series.lend(new BesideSamples());
    this.#totals = new DeltaTotals(seriesMax);
    this.#names = labelNamesOf(config);
  }

  /** Resolves when what is good of it is in the spool; the answer tells of the rest. Throws OperatingError("unavailable"). */
  async export(
    request: ExportMetricsServiceRequest,
    ids: IdEncoding = "hex",
  ): Promise<ExportMetricsServiceResponse> {
    const { converted, drops, emitted } = await this.#turn.run(async () => {
      const outcome = await this.#convert(request, ids);
      if (outcome.isLarge) await outcome.emitted;
      return outcome;
    });
    await emitted;
    for (const [reason, exemplars] of drops) this.#context.drop("metrics", reason, exemplars);
    return this.#answer(converted);
  }

  /** `emitted` is only begun: it has taken the samples. */
  async #convert(request: ExportMetricsServiceRequest, ids: IdEncoding) {
    const context = this.#context;
    const nowMs = context.clock.now();
    const [series, buffer, totals] = [this.#series, this.#buffer, this.#totals];
    buffer.clear();
    series.begin(nowMs);
    totals.begin(nowMs);
    const [samples, names] = [this.#samples, this.#names];
    const beside = this.#beside;
    beside.begin();
    const parts = { series, buffer, totals, samples, beside, ids, names, nowMs };
    const changes = totals.changes();
    const undo = (): void => {
      totals.undo(changes);
      beside.undo();
    };
    try {
      const converted = await inSlices(convertMetrics(request, parts, this.#config));
      const [besides, drops] = [beside.part(), beside.drops()];
      const isNew = buffer.length > 0 || converted.hasNewFamilies || besides !== undefined;
      const isLarge = needsTurns(series, buffer);
      const emitted = isNew
        ? emitSamples(context, series, buffer, besides).catch((thrown: unknown) => {
            undo();
            throw thrown;
          })
        : undefined;
      return { converted, drops, emitted, isLarge };
    } catch (thrown) {
      undo();
      throw thrown;
    }
  }

  /** Only when the samples are stored: a sender that is told to come again brings the bad points again, too. */
  #answer({ drops, rejected, message, warning }: Converted): ExportMetricsServiceResponse {
    const context = this.#context;
    for (const [reason, points] of drops) context.drop("metrics", reason, points);
    if (rejected === 0 && warning === undefined) return create(ExportMetricsServiceResponseSchema);
    return create(ExportMetricsServiceResponseSchema, {
      partialSuccess: {
        rejectedDataPoints: BigInt(rejected),
        errorMessage: message ?? warning ?? "",
      },
    });
  }
}
