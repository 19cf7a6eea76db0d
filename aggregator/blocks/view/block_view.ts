import type {
  BucketColumn,
  SelectRequest,
  SeriesRequest,
  SeriesSamples,
} from "../../read/source.ts";
import type { MissingBlocks } from "../../read/missing_blocks.ts";
import type { ReadTrace, TracedBlock } from "../../read/read_trace.ts";
import { OperatingError } from "#shared/errors.ts";
import { lowerBound } from "../../duckdb/columns.ts";
import { eachBlockStream } from "./block_streams.ts";
import { filesWithout, type ReadTools } from "./block_files.ts";
import { throwIfAborted } from "../../duckdb/duckdb.ts";
import type { KnownLabels } from "../series/labels_text.ts";
import { readableBlocks, withReadable } from "../integrity/read_readable.ts";
import { readFiles, readFilesOwnFirst } from "./local_files.ts";
import { blockLogParts, selectBlockLogs } from "./logs_view.ts";
import { mergeSeries } from "../metrics/merge_series.ts";
import { readSeriesOfFiles } from "../metrics/metrics_file.ts";
import { readSeries, type Span } from "../metrics/metrics_reader.ts";
import { markSeries } from "./block_series.ts";
import { selectExemplars } from "./select_exemplars.ts";
import { compileSelector, compileSelectors, type Selector } from "../series/selector.ts";
import type { DecodedSeries } from "../metrics/series_pieces.ts";
import type { Block, BlockView, FoundSeries } from "../../read/store.ts";
import { chooseSpans, withoutDoubles } from "../tiers/choose_spans.ts";
import { TierFloors } from "../tiers/floors.ts";
import { selectTiered } from "../tiers/select_tiers.ts";
import { maskBuckets } from "../tiers/tier_mask.ts";
import { readBucketsOfFiles, type TierBounds } from "../tiers/tier_file.ts";
import { type DecodedBuckets, readBuckets } from "../tiers/tier_reader.ts";
import { Deleted } from "../deletion/tombstones.ts";

/** A block with more samples, of which a small part is asked for, is read only that far, and not kept, unless the metric's name is given. */
const wholeBlockItemsMax = 2_000_000;
/** A still larger one that reaches over the range is read only that far even then: a day of ten hosts is smaller. */
const namedBlockItemsMax = 32_000_000;

export function createBlockView(
  tools: ReadTools,
  blocks: readonly Block[],
  deleted: Deleted = Deleted.nothing,
  floors: TierFloors = TierFloors.none,
): BlockView {
  return {
    blocks,
    files: (some, signal) => filesWithout(tools, some, deleted, signal),
    withFiles: (some, { signal, missing }, use) => {
      const lend = (whole: readonly Block[]) => filesWithout(tools, whole, deleted, signal);
      return withReadable(tools.guard, { blocks: some, signal, missing }, lend, use);
    },
    metrics: {
      select: (request) => selectSamples(tools, blocks, deleted, floors, request),
      exemplars: (request) => selectExemplars(tools, blocks, deleted, request),
      series: (request) => metricSeries(tools, blocks, deleted, floors, request),
    },
    logs: {
      select: (request) => selectBlockLogs(tools, blocks, deleted, request),
      parts: (request) => blockLogParts(tools, blocks, deleted, request),
      eachStream: (request, visit) => eachBlockStream(tools, blocks, deleted, request, visit),
    },
  };
}

async function selectSamples(
  tools: ReadTools,
  blocks: readonly Block[],
  deleted: Deleted,
  floors: TierFloors,
  request: SelectRequest,
): Promise<SeriesSamples[]> {
  const { tenant, missing } = request;
  const own = blocks.filter((block) => block.signal === "metrics" && block.tenant === tenant);
  const metrics = tools.guard.readable(own);
  if (metrics.length < own.length)
    readableBlocks(tools.guard, within(own, "metrics", request), missing);
  const selectRaw = (some: SelectRequest) => selectRawSamples(tools, metrics, deleted, some);
  const { trace } = request;
  if (trace !== undefined) trace.blocksVisible = metrics.length;
  const choice = chooseSpans(metrics, floors, request);
  if (choice === undefined) return selectRaw(request);
  const selector = compileSelector(request.matchers, "labels");
  const { signal, samplesMax } = request;
  const isLocal = (block: TracedBlock) => tools.files.isLocal(block.key, block.bytes);
  const access = {
    selector,
    deleted,
    cache: tools.buckets,
    selectRaw,
    readBuckets: (some: readonly Block[], wanted: readonly BucketColumn[], max: number) => {
      trace?.opens(some, isLocal);
      const bounds = { span: undefined, entriesMax: max, signal, missing };
      return readTiers(tools, some, selector, wanted, bounds);
    },
    readSamples: (some: readonly Block[], span: { startMs: number; endMs: number }) => {
      trace?.opens(some, isLocal);
      return readSamples(tools, some, selector, {
        span,
        max: samplesMax,
        withStarts: false,
        presence: false,
        signal,
        trace,
        missing,
      });
    },
  };
  trace?.wants(choice.windows.flatMap((window) => window.blocks));
  const answer = await selectTiered(access, choice, request);
  // Of histograms a tier keeps the last of each bucket: good enough where nothing else is left.
  const isChosen = (request.tiers?.alignedMs ?? 0) > 0;
  if (!isChosen || answer.every(({ histograms }) => histograms === undefined)) return answer;
  const tiers = { columns: request.tiers?.columns ?? [], alignedMs: 0 };
  return selectSamples(tools, blocks, deleted, floors, { ...request, tiers });
}

async function selectRawSamples(
  tools: ReadTools,
  blocks: readonly Block[],
  deleted: Deleted,
  request: SelectRequest,
): Promise<SeriesSamples[]> {
  throwIfAborted(request.signal);
  const selector = compileSelector(request.matchers, "labels");
  const hasName = request.matchers.some(({ name, op }) => name === "__name__" && op === "=");
  const found = new Map<Block, readonly DecodedSeries[]>();
  const whole: Block[] = [];
  const large: Block[] = [];
  const parts: Block[] = [];
  const { withStarts = false, trace, missing } = request;
  const wanted = readableBlocks(
    tools.guard,
    within(blocks, "metrics", request).filter(({ bucketMs }) => bucketMs === undefined),
    missing,
  );
  trace?.wants(wanted);
  const presence = request.presence === true && !withStarts;
  const kind = `${selector.key}${withStarts ? " starts" : ""}${presence ? " presence" : ""}`;
  for (const block of wanted) {
    const known =
      tools.decoded.get(`${block.id} ${kind}`) ??
      (presence ? tools.decoded.get(`${block.id} ${selector.key}`) : undefined);
    if (known !== undefined) found.set(block, known);
    else if (block.items <= wholeBlockItemsMax || isWithin(block, request)) whole.push(block);
    else if (block.items <= namedBlockItemsMax && (hasName || isMostly(block, request)))
      large.push(block);
    else parts.push(block);
  }
  const read = async (some: readonly Block[], span: SelectRequest | undefined, max: number) => {
    const { signal } = request;
    const reading = { span, max, withStarts, presence, signal, trace, missing };
    trace?.opens(some, ({ key, bytes }) => tools.files.isLocal(key, bytes));
    const files = await readSamples(tools, some, selector, reading);
    for (const [i, block] of some.entries()) found.set(block, files[i] ?? []);
  };
  // A whole block may hold more than was asked for; the bound is there so that a query can't take all memory.
  await read(whole, undefined, request.samplesMax + wholeBlockItemsMax * 4);
  try {
    await read(large, undefined, wholeBlockItemsMax * 4);
    whole.push(...large);
  } catch (error) {
    if (!(error instanceof OperatingError) || error.code !== "overloaded") throw error;
    // They hold much more of it than is asked for.
    parts.push(...large);
  }
  await read(parts, request, request.samplesMax + wholeBlockItemsMax);
  for (const block of tools.guard.readable(whole))
    keepDecoded(tools, block, kind, found.get(block) ?? []);
  return mergeSeries(
    wanted.map((block) => deleted.mask(block, found.get(block) ?? [])),
    request,
    request.samplesMax,
  );
}

type Reading = {
  /** Chunks outside of it are left out. */
  readonly span: Span | undefined;
  /** Samples that are decoded at most. */
  readonly max: number;
  readonly withStarts: boolean;
  /** As in SelectRequest. */
  readonly presence: boolean;
  readonly signal: AbortSignal | undefined;
  readonly trace: ReadTrace | undefined;
  readonly missing: MissingBlocks | undefined;
};

/** By block. What is not of the form that we read ourselves (histograms among numbers, say), and start timestamps, are read by DuckDB. */
function readSamples(
  tools: ReadTools,
  blocks: readonly Block[],
  selector: Selector,
  { span, max, withStarts, presence, signal, trace, missing }: Reading,
): Promise<(readonly DecodedSeries[])[]> {
  const bounds = { span, samplesMax: max, presence, signal, trace };
  return readFilesOwnFirst(
    tools,
    { blocks, signal, missing },
    async (paths) =>
      withStarts
        ? paths.map(() => undefined)
        : readSeriesOfFiles(paths, selector, bounds, tools.texts),
    (connection, paths) =>
      readSeries(connection, paths, selector, span, max, tools.texts, withStarts),
  );
}

/** As readSamples(), of blocks of a tier. */
function readTiers(
  tools: ReadTools,
  blocks: readonly Block[],
  selector: Selector,
  wanted: readonly BucketColumn[],
  bounds: TierBounds & Pick<Reading, "missing">,
): Promise<(readonly DecodedBuckets[])[]> {
  const { span, entriesMax, signal, missing } = bounds;
  return readFilesOwnFirst(
    tools,
    { blocks, signal, missing },
    (paths) => readBucketsOfFiles(paths, selector, bounds, wanted, tools.texts),
    (connection, paths) =>
      readBuckets(connection, paths, selector, span, wanted, entriesMax, tools.texts),
  );
}

/** Whether all of a block's time is asked for. */
function isWithin({ minMs, maxMs }: Block, { startMs, endMs }: SelectRequest): boolean {
  return minMs >= startMs && maxMs <= endMs;
}

/** Whether at least half of a block's time is asked for. */
function isMostly({ minMs, maxMs }: Block, { startMs, endMs }: SelectRequest): boolean {
  return Math.min(maxMs, endMs) - Math.max(minMs, startMs) >= (maxMs - minMs) / 2;
}

function keepDecoded(
  tools: ReadTools,
  block: Block,
  kind: string,
  series: readonly DecodedSeries[],
): void {
  const bytes = series.reduce((sum, { bytes: one }) => sum + one, 100);
  tools.decoded.set(`${block.id} ${kind}`, series, bytes);
}

async function metricSeries(
  tools: ReadTools,
  blocks: readonly Block[],
  deleted: Deleted,
  floors: TierFloors,
  request: SeriesRequest,
): Promise<FoundSeries> {
  const selector = compileSelectors(request.selectors, "labels");
  const wanted = withoutDoubles(
    readableBlocks(tools.guard, within(blocks, "metrics", request), request.missing),
    floors,
  );
  const left = await labelsLeft(tools, wanted, deleted, selector, request);
  const whole = wanted.filter((block) => !deleted.concerns(block));
  return markSeries(tools, whole, left, request);
}

/** Of blocks that something is deleted from: label sets that have a sample left, told by the samples. */
async function labelsLeft(
  tools: ReadTools,
  blocks: readonly Block[],
  deleted: Deleted,
  selector: Selector,
  { startMs, endMs, signal, missing }: SeriesRequest,
): Promise<KnownLabels[]> {
  const concerned = blocks.filter((block) => deleted.concerns(block));
  const raw = concerned.filter(({ bucketMs }) => bucketMs === undefined);
  const tiers = concerned.filter(({ bucketMs }) => bucketMs !== undefined);
  const span = { startMs, endMs };
  const max = wholeBlockItemsMax * 4;
  const files = await readFiles(tools, { blocks: raw, signal, missing }, (connection, paths) =>
    readSeries(connection, paths, selector, span, max, tools.texts),
  );
  const bounds = { span, entriesMax: max, signal, missing };
  const buckets = await readTiers(tools, tiers, selector, ["firstMs"], bounds);
  const hasSample = ({ timestampsMs }: Pick<DecodedSeries, "timestampsMs">) =>
    (timestampsMs[lowerBound(timestampsMs, startMs)] ?? Infinity) <= endMs;
  return [
    ...raw.flatMap((block, i) => deleted.mask(block, files[i] ?? []).filter(hasSample)),
    ...tiers.flatMap((block, i) =>
      (buckets[i] ?? []).filter((series) => {
        const left = maskBuckets(series, deleted.masks(block));
        return left !== undefined && hasSample(left);
      }),
    ),
  ];
}

function within(
  blocks: readonly Block[],
  signal: Block["signal"],
  request: { readonly tenant: string; readonly startMs: number; readonly endMs: number },
): Block[] {
  return blocks.filter(
    (block) =>
      block.signal === signal &&
      block.tenant === request.tenant &&
      block.maxMs >= request.startMs &&
      block.minMs <= request.endMs,
  );
}
