import { create } from "@bufbuild/protobuf";
import type { ConnectRouter } from "@connectrpc/connect";
import {
  DamagedBlockSchema,
  DataService,
  type GetCardinalityRequest,
  GetCardinalityResponseSchema,
  GetStorageResponseSchema,
  StoredBlockSchema,
} from "#proto/gen/v1/data_pb.js";
import type { Labels } from "#shared/model/labels.ts";
import type { Clock } from "#shared/runtime/clock.ts";
import type { AggregatorConfig } from "../config/config.ts";
import type { Head } from "../read/head.ts";
import { blockPage } from "../inventory/block_pages.ts";
import { countSeries, newSeries, selectedSeries } from "../inventory/cardinality.ts";
import {
  pendingDeletions,
  storageShares,
  storageUrl,
  storageVolumes,
  trashSize,
} from "../inventory/storage.ts";
import { parseMetricSelector } from "#shared/query_language/promql/parse.ts";
import type { Sources } from "../query/sources.ts";
import type { Catalog } from "../catalog/catalog.ts";
import { removedItems } from "../catalog/removed_items.ts";
import type { StoredSignals } from "../blocks/signals/stored_signal.ts";
import type { MaintenanceState } from "../blocks/maintenance.ts";
import type { Block } from "../read/store.ts";
import { guarded } from "./connect_routes.ts";
import { limitOf, timeOf } from "./rpc_values.ts";

export type DataRpcParts = {
  readonly config: AggregatorConfig;
  readonly clock: Clock;
  /** Those that are stored. */
  readonly signals: StoredSignals;
  readonly catalog: Pick<Catalog, "transaction">;
  readonly head: Pick<Head, "overview" | "size">;
  readonly metrics: Pick<Sources["metrics"], "series">;
  /** Those that are visible now. */
  readonly blocks: () => readonly Block[];
  readonly cacheBytes: () => number;
  readonly maintenance: () => MaintenanceState;
  /** Why blocks can't be written now. */
  readonly trouble: () => string | undefined;
};

const listLimits = { default: 20, max: 1_000 } as const;
const pageLimits = { default: 100, max: 1_000 } as const;
/** Beyond so many series, what is new is not looked for: it takes both hours in memory. */
const growthSeriesMax = 200_000;
const [hourMs, dayMs] = [3_600_000, 86_400_000];
const selectorsMax = 20;
/** Damaged blocks of one answer; their number is of all. */
const damagedMax = 1_000;

/** lapwing.v1.DataService (proto/v1/data.proto). */
export function registerDataService(router: ConnectRouter, parts: DataRpcParts): void {
  const { config, clock, blocks, signals } = parts;
  router.service(DataService, {
    getStorage: () => guarded(() => storageAnswer(parts)),
    listBlocks: ({ signal, startMs, endMs, page, limit }) =>
      guarded(async () => {
        const search = {
          tenant: config.tenant,
          signal,
          startMs: timeOf("start_ms", startMs),
          endMs: endMs === 0 ? clock.now() : timeOf("end_ms", endMs),
          page,
          limit: limitOf(limit, pageLimits),
        };
        const found = blockPage(blocks(), search, signals.names);
        return { ...found, blocks: found.blocks.map(wireBlock) };
      }),
    getCardinality: (request, { signal }) =>
      guarded(() => cardinalityAnswer(parts, request, signal)),
  });
}

async function storageAnswer(parts: DataRpcParts) {
  const { config, clock, catalog, head, blocks, cacheBytes, maintenance, trouble } = parts;
  const { tenant } = config;
  const all = blocks();
  const blockBytes = all.reduce((sum, { bytes }) => sum + bytes, 0);
  const { files, bytes } = await pendingDeletions(catalog);
  const removed = await removedItems(catalog, tenant);
  const items = head.size().items.entries.map(([signal, count]) => {
    const unit = parts.signals.find(signal)?.descriptor.unit ?? signal;
    return { signal, unit, items: count };
  });
  const { series, minMs = 0, maxMs = 0 } = head.overview(tenant);
  const { endedMs, fault, deletionStopped, damages, scrub } = maintenance();
  const trash = await trashSize(catalog);
  return create(GetStorageResponseSchema, {
    shares: storageShares(all, tenant, config.storage, clock.now(), parts.signals),
    head: { series: series.length, items, oldestMs: minMs, newestMs: maxMs },
    volumes: await storageVolumes(config, { blockBytes, cacheBytes: cacheBytes() }),
    url: storageUrl(config),
    trouble: trouble() ?? "",
    deletions: files,
    deletionBytes: bytes,
    maintainedMs: endedMs,
    maintenanceFault: fault,
    deletionStopped,
    trashFiles: trash.files,
    trashBytes: trash.bytes,
    damaged: damages
      .slice(0, damagedMax)
      .map(({ block, reason, detail, foundMs }) =>
        create(DamagedBlockSchema, { block: wireBlock(block), reason, detail, foundMs }),
      ),
    damagedCount: damages.length,
    damagedItems: damages.reduce((sum, { block }) => sum + block.items, 0),
    scrubbedMs: scrub.lastPassMs,
    scrubDoneBytes: scrub.doneBytes,
    scrubTotalBytes: scrub.totalBytes,
    removed: [...removed],
  });
}

async function cardinalityAnswer(
  { config: { tenant }, clock, head, metrics }: DataRpcParts,
  request: GetCardinalityRequest,
  signal: AbortSignal,
) {
  const limit = limitOf(request.limit, listLimits);
  const selectors = request.match.slice(0, selectorsMax).map(parseMetricSelector);
  const within = (startMs: number, endMs: number) =>
    // A selector that fits all series.
    metrics.series({
      tenant,
      selectors: selectors.length === 0 ? [[]] : selectors,
      startMs,
      endMs,
      signal,
    });
  const isHead = request.startMs === 0 && request.endMs === 0;
  const nowMs = clock.now();
  const endMs = request.endMs === 0 ? nowMs : timeOf("end_ms", request.endMs);
  const series = isHead
    ? selectedSeries(head.overview(tenant).series, selectors)
    : await within(timeOf("start_ms", request.startMs), endMs);
  const counted = await countSeries(series, { label: request.label, limit });
  const growth = (ms: number) => (isHead ? newWithin(within, series.length, nowMs, ms) : -1);
  return create(GetCardinalityResponseSchema, {
    ...counted,
    metricsBySeries: [...counted.metricsBySeries],
    labelsByValues: [...counted.labelsByValues],
    pairsBySeries: [...counted.pairsBySeries],
    valuesBySeries: [...counted.valuesBySeries],
    newInHour: await growth(hourMs),
    newInDay: await growth(dayMs),
  });
}

/** Series of the newest `ms` that were not there in the same time before; -1 where they are too many to say. */
async function newWithin(
  within: (startMs: number, endMs: number) => Promise<readonly Labels[]>,
  series: number,
  nowMs: number,
  ms: number,
): Promise<number> {
  if (series > growthSeriesMax) return -1;
  const now = await within(nowMs - ms, nowMs);
  const before = await within(nowMs - 2 * ms, nowMs - ms - 1);
  return newSeries(now, before);
}

function wireBlock({ bucketMs = 0, exemplars, ...block }: Block) {
  const { id, tenant, signal, key, bytes, rows, items, minMs, maxMs, createdMs } = block;
  return create(StoredBlockSchema, {
    id,
    tenant,
    signal,
    key,
    bucketMs,
    bytes,
    rows,
    items,
    minMs,
    maxMs,
    createdMs,
    exemplars: exemplars?.count ?? 0,
  });
}
