import { create } from "@bufbuild/protobuf";
import type {
  ExportMetricsServiceRequest,
  ExportMetricsServiceResponse,
} from "#proto/gen/foreign/otlp_metrics_pb.js";
import { ExportMetricsServiceResponseSchema } from "#proto/gen/foreign/otlp_metrics_pb.js";
import { emitSamples } from "../emit_samples.ts";
import { PushedSeries } from "../pushed_series.ts";
import type { ReceiverContext } from "../receiver.ts";
import { SampleBuffer } from "../sample_buffer.ts";
import type { OtlpConfig } from "./config.ts";
import { DeltaSums } from "./delta_sums.ts";
import { convertMetrics } from "./metrics_converter.ts";

/** Takes decoded requests for metrics, whatever they came by. */
export class MetricsIntake {
  readonly #config: OtlpConfig;
  readonly #context: ReceiverContext;
  readonly #series: PushedSeries;
  readonly #sums: DeltaSums;
  readonly #buffer = new SampleBuffer();

  constructor(config: OtlpConfig, context: ReceiverContext) {
    const { series_max: seriesMax, series_idle: idleMs } = config;
    this.#config = config;
    this.#context = context;
    this.#series = new PushedSeries({ seriesMax, idleMs });
    this.#sums = new DeltaSums(seriesMax);
  }

  /** Resolves when what is good of it is in the spool; the answer tells of the rest. Throws OperatingError("unavailable"). */
  async export(request: ExportMetricsServiceRequest): Promise<ExportMetricsServiceResponse> {
    const context = this.#context;
    const nowMs = context.clock.now();
    const [series, buffer, sums] = [this.#series, this.#buffer, this.#sums];
    buffer.clear();
    series.begin(nowMs);
    sums.begin(nowMs);
    const promoted = this.#config.promote_resource_attributes;
    const converted = convertMetrics(request, { series, buffer, sums, nowMs }, { promoted });
    const changes = sums.changes();
    try {
      if (buffer.length > 0 || converted.hasNewFamilies)
        await emitSamples(context, series, buffer.take());
    } catch (thrown) {
      sums.undo(changes);
      throw thrown;
    }
    for (const [reason, points] of converted.drops) context.drop("metrics", reason, points);
    if (converted.exemplars > 0) context.notStored("exemplar", converted.exemplars);
    if (converted.rejected === 0) return create(ExportMetricsServiceResponseSchema);
    return create(ExportMetricsServiceResponseSchema, {
      partialSuccess: {
        rejectedDataPoints: BigInt(converted.rejected),
        errorMessage: converted.message ?? "",
      },
    });
  }
}
