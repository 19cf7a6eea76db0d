import { OperatingError } from "#shared/errors.ts";
import { matchesEmpty } from "#shared/query_language/matchers.ts";
import { parseMetricSelector } from "#shared/query_language/promql/parse.ts";
import { signalDescriptors } from "#shared/signals.ts";
import { throwIfAborted } from "../../duckdb/duckdb.ts";
import { runOf } from "../../read/cut_metrics.ts";
import type { Block } from "../../read/store.ts";
import { writeMetricsFile, writeMetricsRows } from "../block_writer.ts";
import { mergeBlocks } from "../compaction/merge_blocks.ts";
import type { CopiedFile, CopyTools } from "../deletion/deleted_copies.ts";
import type { MaintenanceDeps } from "../deps.ts";
import { SeriesTexts } from "../series/labels_text.ts";
import { exemplarsInOrder } from "../metrics/exemplar_rows.ts";
import type { MetricsWriter } from "../metrics/metrics_writer.ts";
import { seriesInOrder } from "../metrics/series_in_order.ts";
import { copyTier } from "../tiers/copy_tier.ts";
import { deletedItems } from "../retention/removals_of.ts";
import { tierPlan } from "../tiers/plan.ts";
import { expiredMetrics } from "../downsampling/plan_tier.ts";
import type { Replacing, StoredSignal, WritePart } from "./stored_signal.ts";

export const storedMetrics: StoredSignal = {
  descriptor: signalDescriptors.metrics,
  *parts({ metrics }) {
    for (const [tenant, { samples, exemplars }] of metrics) {
      if (samples.items === 0 && exemplars.length === 0) continue;
      const parts = samples.parts ?? [samples];
      const writes = parts.map(
        (part, i): WritePart =>
          ({ writer, staging, tools }, note) =>
            writeMetricsFile(writer, staging, part, {
              collected: tools.series.collect(tenant),
              note,
              exemplars: i === parts.length - 1 ? exemplars : [],
            }),
      );
      yield [tenant, writes];
    }
  },
  contentSql: (from) => `SELECT count(*)::DOUBLE, coalesce(sum(n), 0)::DOUBLE,
      coalesce(min(t_min) FILTER (n > 0), min(t_min))::DOUBLE,
      coalesce(max(t_max) FILTER (n > 0), max(t_max))::DOUBLE,
      count(*) FILTER (len(t) <> n OR len(v) NOT IN (0, n))::DOUBLE,
      max(length(name) + length(labels)), max(list_max(t)), max(list_max(v)) FROM ${from}`,
  replace: replaceMetrics,
  copyWithout: (tools, from, signal) =>
    from.block.bucketMs === undefined
      ? copySamples(tools, from, signal)
      : copyTier(tools.writer, tools.staging, tools.texts, from, signal),
  deletionOf(queries) {
    const selectors = queries.map(parseMetricSelector);
    if (selectors.length === 0 || selectors.some((matchers) => matchers.every(matchesEmpty)))
      throw new OperatingError(
        "bad_request",
        "expected selectors of series, each with a matcher that does not match the empty text",
      );
    return { selectors, query: seriesQuery(queries) };
  },
  expired: expiredMetrics,
  keptMs(config, { tenant, bucketMs = 0 }) {
    const { rawKeepMs, tiers } = tierPlan(config, tenant);
    if (bucketMs === 0) return rawKeepMs;
    return tiers.find((tier) => tier.bucketMs === bucketMs)?.keepMs ?? config.retention.metrics;
  },
};

/** Selectors of series as the one query that they are together. */
export function seriesQuery(selectors: readonly string[]): string {
  return selectors.join(" or ");
}

async function replaceMetrics(
  deps: MaintenanceDeps,
  removed: readonly Block[],
  { tiered, streamed }: Replacing,
  signal: AbortSignal,
): Promise<void> {
  const taken = new Map<string, number>();
  const without = deps.deleted().countedIn(taken);
  const added = await mergeBlocks(deps, removed, without, signal, tiered, streamed);
  const deleteAfterMs = deps.clock.now() + deps.config.delete_after;
  const removals = deletedItems(removed, taken);
  await deps.apply({ added, removed, deleteAfterMs, without, removals });
}

function copySamples(
  { writer: duckdb, staging, texts: known }: CopyTools,
  { block, path, deleted }: CopiedFile,
  signal: AbortSignal | undefined,
): Promise<string> {
  const texts = new SeriesTexts();
  return duckdb.use(
    "leave out deleted series",
    async (connection) => {
      const fill = async (writer: Pick<MetricsWriter, "add" | "addExemplars">) => {
        for await (const series of seriesInOrder(connection, [path], known)) {
          throwIfAborted(signal);
          for (const left of deleted.mask(block, [series]))
            writer.add(texts.get(left.labels), runOf(left));
        }
        for await (const one of exemplarsInOrder(connection, [path], known))
          for (const left of deleted.maskExemplars(block, [one]))
            writer.addExemplars(texts.get(left.labels), left);
      };
      return (await writeMetricsRows(duckdb, staging, fill, "fast")).path;
    },
    signal,
  );
}
