import type { SeriesExemplars } from "#shared/model/exemplars.ts";
import type { LogsBatch } from "#shared/model/logs.ts";
import { type BuiltInSignal, PerSignal, type Signal } from "#shared/signals.ts";
import type { CutMetrics } from "./cut_metrics.ts";

/** What a cut has of a tenant and a signal; the signal's own writer knows more of it. */
export type CutItems = { readonly items: number };

/** `items` counts samples and exemplars. */
export type CutSeries = CutItems & {
  readonly samples: CutMetrics;
  readonly exemplars: readonly SeriesExemplars[];
};

/** In order of arrival; the writer sorts. */
export type CutLines = CutItems & { readonly batches: readonly LogsBatch[] };

/** What each built-in signal hands over of a tenant: a new one begins with a line here. */
type BuiltInItems = { readonly metrics: CutSeries; readonly logs: CutLines };

type ByTenant<Items extends CutItems> = ReadonlyMap<string, Items>;

/** What the head hands over to become blocks, by signal, then by tenant. */
export type CutContent = {
  readonly [Name in BuiltInSignal]: ByTenant<BuiltInItems[Name]>;
} & {
  /** Of signals beside the built-in ones. */
  readonly added: ReadonlyMap<Signal, ByTenant<CutItems>>;
};

/** A content of samples, exemplars and batches of lines. */
export function cutContentOf({
  metrics = new Map(),
  exemplars = new Map(),
  logs = new Map(),
  added = new Map(),
}: {
  readonly metrics?: ReadonlyMap<string, CutMetrics>;
  readonly exemplars?: ReadonlyMap<string, readonly SeriesExemplars[]>;
  readonly logs?: ReadonlyMap<string, readonly LogsBatch[]>;
  readonly added?: CutContent["added"];
}): CutContent {
  const tenants = new Set([...metrics.keys(), ...exemplars.keys()]);
  const series = Array.from(tenants, (tenant) => {
    const samples = metrics.get(tenant) ?? noMetrics;
    return [tenant, seriesOf(samples, exemplars.get(tenant) ?? [])] as const;
  });
  return {
    metrics: new Map(series),
    logs: new Map(Array.from(logs, ([tenant, batches]) => [tenant, linesOf(batches)])),
    added,
  };
}

/** Items of all signals and tenants. */
export function itemsIn(content: CutContent): number {
  let sum = 0;
  for (const tenants of PerSignal.of<ByTenant<CutItems>>(content, content.added).all)
    for (const { items } of tenants.values()) sum += items;
  return sum;
}

function seriesOf(samples: CutMetrics, exemplars: readonly SeriesExemplars[]): CutSeries {
  const count = exemplars.reduce((sum, one) => sum + one.exemplars.length, 0);
  return { items: samples.items + count, samples, exemplars };
}

function linesOf(batches: readonly LogsBatch[]): CutLines {
  return { items: batches.reduce((sum, { streamOf }) => sum + streamOf.length, 0), batches };
}

const noMetrics: CutMetrics = {
  items: 0,
  size: 0,
  labels: () => ({}),
  read: () => ({ count: 0, timestampsMs: new Float64Array(), values: new Float64Array() }),
};
