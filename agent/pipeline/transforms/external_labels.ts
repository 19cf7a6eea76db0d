import type { Labels } from "#shared/model/labels.ts";
import type { LogsBatch } from "#shared/model/logs.ts";
import type { MetricsBatch, SeriesSchema } from "#shared/model/metrics.ts";

/** Adds labels to whatever lacks them. Mapped schemas are kept, so that one schema in stays one schema out. */
export function externalLabels(labels: Labels) {
  const isEmpty = Object.keys(labels).length === 0;
  const mapped = new WeakMap<SeriesSchema, SeriesSchema>();
  const withLabels = (own: Labels): Labels => ({ ...labels, ...own });
  return {
    metrics(batch: MetricsBatch): MetricsBatch {
      if (isEmpty) return batch;
      const schema = mapped.get(batch.schema) ?? { series: [], families: batch.schema.families };
      mapped.set(batch.schema, schema);
      // Schemas grow at their end only, so only the new part is to be mapped.
      for (let i = schema.series.length; i < batch.schema.series.length; i++)
        schema.series.push(withLabels(batch.schema.series[i] ?? {}));
      return { ...batch, schema };
    },
    logs(batch: LogsBatch): LogsBatch {
      return isEmpty ? batch : { ...batch, streams: batch.streams.map(withLabels) };
    },
  };
}
