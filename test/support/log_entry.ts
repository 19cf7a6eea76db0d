import { expect } from "bun:test";
import { z } from "zod";
import { SourceEntry } from "#agent/collect/sources/config.ts";
import type { LogSourceInput } from "#agent/integrations/integration.ts";
import { type Labels, metricNameLabel } from "#shared/model/labels.ts";
import { linesBatch } from "./lines_batch.ts";
import { type ProcessedRecord, chainOf } from "./processed.ts";

const Entry = z.looseObject({
  job: z.string(),
  labels: z.record(z.string(), z.string()).default({}),
  processors: z.array(z.unknown()).default([]),
});

/** What lines become on their way through an integration's log source: records, and the series that are made of them, by `name{...}`. */
export function throughLogs(
  entry: LogSourceInput | undefined,
  lines: readonly string[],
  attributes: Labels[] = [],
): { records: ProcessedRecord[]; series: Map<string, number> } {
  // The source's own schema has to take the entry as it is.
  expect(SourceEntry.safeParse(entry).error?.issues ?? []).toEqual([]);
  const { job, labels, processors } = Entry.parse(entry);
  const chain = chainOf(processors);
  const batch = linesBatch(lines, { job, ...labels });
  const { records } = chain.take(attributes.length === 0 ? batch : { ...batch, attributes });
  const collected = chain.metrics.collect(Date.now());
  const values = collected?.rows[0]?.values ?? [];
  const series = new Map(
    (collected?.schema.series ?? []).map((own, i) => [textOf(own), values[i] ?? Number.NaN]),
  );
  return { records, series };
}

/** `name{a="x",b="y"}`, labels by their names. */
function textOf({ [metricNameLabel]: name = "", ...labels }: Labels): string {
  const pairs = Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return `${name}{${pairs.map(([label, value]) => `${label}=${JSON.stringify(value)}`).join(",")}}`;
}
