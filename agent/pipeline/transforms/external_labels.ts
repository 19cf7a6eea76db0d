import type { Labels } from "#shared/model/labels.ts";
import type { LogsBatch } from "#shared/model/logs.ts";
import type { MetricsBatch, MetricsPart, SeriesSchema } from "#shared/model/metrics.ts";
import { withServiceName } from "./service_name.ts";

/** Adds labels to whatever lacks them, and to streams service_name. Mapped schemas are kept, so that one schema in stays one schema out. */
export function externalLabels(labels: Labels) {
  const isEmpty = Object.keys(labels).length === 0;
  const mapped = new WeakMap<SeriesSchema, SeriesSchema>();
  const withLabels = (own: Labels): Labels => ({ ...labels, ...own });
  const withSchema = <Part extends MetricsPart>(part: Part): Part => {
    const schema = mapped.get(part.schema) ?? { series: [], families: part.schema.families };
    mapped.set(part.schema, schema);
    // Schemas grow at their end only, so only the new part is to be mapped.
    for (let i = schema.series.length; i < part.schema.series.length; i++)
      schema.series.push(withLabels(part.schema.series[i] ?? {}));
    return { ...part, schema };
  };
  const streams = new WeakMap<Labels, Labels>();
  const streamOf = (own: Labels): Labels => {
    const known = streams.get(own);
    if (known !== undefined) return known;
    const made = withServiceName(isEmpty ? own : withLabels(own));
    streams.set(own, made);
    return made;
  };
  return {
    metrics(batch: MetricsBatch): MetricsBatch {
      if (isEmpty) return batch;
      const own = withSchema(batch);
      return batch.also === undefined ? own : { ...own, also: batch.also.map(withSchema) };
    },
    logs(batch: LogsBatch): LogsBatch {
      return { ...batch, streams: batch.streams.map(streamOf) };
    },
  };
}
