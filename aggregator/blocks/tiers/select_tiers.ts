import { OperatingError } from "#shared/errors.ts";
import type {
  BucketColumn,
  SelectRequest,
  SeriesSamples,
  TierSpan,
  Windows,
} from "../../read/source.ts";
import type { DecodedCache } from "../file/decoded_cache.ts";
import { MergePlans } from "../metrics/merge_places.ts";
import { othersTurn, sortedKeys } from "../metrics/merge_series.ts";
import type { DecodedSeries } from "../metrics/series_pieces.ts";
import type { Selector } from "../series/selector.ts";
import type { Block } from "../../read/store.ts";
import type { Deleted } from "../deletion/tombstones.ts";
import { assembleBuckets, JoinedColumns, rawPiece, type Piece } from "./assemble.ts";
import { BucketBuffer, bucketColumns, type BucketSeries } from "./bucket_buffer.ts";
import type { TierChoice, WindowChoice } from "./choose_spans.ts";
import { combineBuckets } from "./combine.ts";
import { downsample } from "./downsample.ts";
import { maskBuckets } from "./tier_mask.ts";
import type { DecodedBuckets } from "./tier_reader.ts";
import { neededColumns } from "./tier_rows.ts";
import { windowMs as windowLengthMs } from "./windows.ts";

/** How blocks are read; lent by the view. */
export type TierAccess = {
  readonly selector: Selector;
  readonly deleted: Deleted;
  readonly cache: DecodedCache<readonly DecodedBuckets[]>;
  /** Blocks of tiers, their files in one read. */
  readonly readBuckets: (
    blocks: readonly Block[],
    wanted: readonly BucketColumn[],
    entriesMax: number,
  ) => Promise<readonly (readonly DecodedBuckets[])[]>;
  /** What blocks of samples have in a span. */
  readonly readSamples: (
    blocks: readonly Block[],
    span: { readonly startMs: number; readonly endMs: number },
  ) => Promise<readonly (readonly DecodedSeries[])[]>;
  /** Of raw blocks alone. */
  readonly selectRaw: (request: SelectRequest) => Promise<SeriesSamples[]>;
};

/** Each may have thousands of buckets. */
const seriesBetweenLooks = 16;

/**
 * Series out of samples and buckets, each span from where the choice says. Buckets that a moved window may reach back to
 * are given too, before the start.
 */
export async function selectTiered(
  access: TierAccess,
  choice: TierChoice,
  request: SelectRequest,
): Promise<SeriesSamples[]> {
  const { spans, windows } = choice;
  const columns = request.tiers?.columns ?? [];
  const byKey = new Map<string, Piece[]>();
  for (const [bucketMs, some] of Map.groupBy(windows, (window) => window.bucketMs)) {
    const pieces = await tierPieces(access, some, bucketMs, columns, request.samplesMax);
    for (const [i, piece] of pieces.entries()) {
      if (i % seriesBetweenLooks === 0) await othersTurn(request.signal);
      add(byKey, piece);
    }
  }
  for (const { afterMs, untilMs, bucketMs } of spans) {
    if (bucketMs !== 0) continue;
    const startMs = Math.max(request.startMs, afterMs + 1);
    const endMs = Math.min(request.endMs, untilMs);
    if (startMs > endMs) continue;
    for (const one of await access.selectRaw({ ...request, startMs, endMs }))
      add(byKey, rawPiece(one, columns));
  }
  const plans = new MergePlans(widened(request, spans));
  const joins = new JoinedColumns();
  const answer: SeriesSamples[] = [];
  let entries = 0;
  let series = 0;
  for (const key of await sortedKeys(byKey, request.signal)) {
    if (series++ % seriesBetweenLooks === 0) await othersTurn(request.signal);
    const pieces = byKey.get(key) ?? [];
    const plan = plans.of(pieces);
    entries += plan.timestampsMs.length;
    if (entries > request.samplesMax)
      throw new OperatingError("overloaded", `query reads more than ${request.samplesMax} samples`);
    if (plan.timestampsMs.length > 0)
      answer.push(assembleBuckets(plan, pieces, spans, columns, joins));
  }
  return answer;
}

function add(byKey: Map<string, Piece[]>, piece: Piece): void {
  const known = byKey.get(piece.key);
  if (known === undefined) byKey.set(piece.key, [piece]);
  else known.push(piece);
}

/** All that windows of one width have, a piece a series and block; series with late samples in one piece. */
async function tierPieces(
  access: TierAccess,
  windows: readonly WindowChoice[],
  bucketMs: number,
  columns: readonly BucketColumn[],
  entriesMax: number,
): Promise<readonly Piece[]> {
  const late = await lateBuckets(access, windows, bucketMs, entriesMax);
  // To be joined, buckets must be whole.
  const wanted = late.size > 0 ? bucketColumns : columns;
  const blocks = windows.flatMap((window) => window.blocks);
  const read = await decodedOf(access, blocks, wanted, entriesMax);
  const pieces: Piece[] = [];
  const joined = new Map<string, BucketSeries[]>();
  for (const series of read.flat()) {
    if (!late.has(series.key)) pieces.push(series);
    else joined.set(series.key, [...(joined.get(series.key) ?? []), filled(series)]);
  }
  const buffer = new BucketBuffer();
  for (const [key, some] of late) {
    const [first] = some;
    if (first === undefined) continue;
    buffer.clear();
    combineBuckets([...(joined.get(key) ?? []), ...some], bucketMs, buffer);
    pieces.push({ ...buffer.copy(first.labels), key });
  }
  return pieces;
}

async function decodedOf(
  { cache, selector, deleted, readBuckets }: TierAccess,
  blocks: readonly Block[],
  columns: readonly BucketColumn[],
  entriesMax: number,
): Promise<readonly (readonly DecodedBuckets[])[]> {
  const isMasked = blocks.some((block) => deleted.concerns(block));
  const wanted = neededColumns(isMasked ? [...columns, "firstMs"] : columns);
  const keyOf = ({ id }: Block) => `${id} ${wanted.join()} ${selector.key}`;
  const known = new Map<Block, readonly DecodedBuckets[]>();
  for (const block of blocks) {
    const found = cache.get(keyOf(block));
    if (found !== undefined) known.set(block, found);
  }
  const missing = blocks.filter((block) => !known.has(block));
  const read = await readBuckets(missing, wanted, entriesMax);
  for (const [i, block] of missing.entries()) {
    const series = read[i] ?? [];
    known.set(block, series);
    cache.set(
      keyOf(block),
      series,
      series.reduce((sum, { bytes }) => sum + bytes, 100),
    );
  }
  return blocks.map((block) => {
    const series = known.get(block) ?? [];
    if (!deleted.concerns(block)) return series;
    const masks = deleted.masks(block);
    return series.flatMap((one) => maskBuckets(one, masks) ?? []);
  });
}

/** What came late, and is in no block of the tier yet: made into buckets now, by series. */
async function lateBuckets(
  { readSamples, readBuckets, deleted }: TierAccess,
  windows: readonly WindowChoice[],
  bucketMs: number,
  entriesMax: number,
): Promise<Map<string, BucketSeries[]>> {
  const found = new Map<string, BucketSeries[]>();
  const keep = (key: string, series: BucketSeries) => {
    if (series.values.length === 0) return;
    found.set(key, [...(found.get(key) ?? []), series]);
  };
  const buffer = new BucketBuffer();
  for (const { windowMs, late } of windows) {
    if (late.length === 0) continue;
    const span = { afterMs: windowMs, untilMs: windowMs + windowLengthMs };
    const raw = late.filter((block) => block.bucketMs === undefined);
    const bounds = { startMs: span.afterMs + 1, endMs: span.untilMs };
    for (const [i, all] of (await readSamples(raw, bounds)).entries()) {
      const block = raw[i];
      if (block === undefined) continue;
      for (const series of deleted.mask(block, all)) {
        buffer.clear();
        downsample(series, bucketMs, span, buffer);
        keep(series.key, buffer.copy(series.labels, series.key));
      }
    }
    const finer = late.filter((block) => block.bucketMs !== undefined);
    for (const [i, all] of (await readBuckets(finer, bucketColumns, entriesMax)).entries()) {
      const block = finer[i];
      if (block === undefined) continue;
      for (const one of all) {
        const series = maskBuckets(filled(one), deleted.masks(block));
        if (series !== undefined) keep(one.key, series);
      }
    }
  }
  return found;
}

function filled({ columns, ...series }: DecodedBuckets): BucketSeries {
  const { values, timestampsMs } = series;
  return {
    ...series,
    columns: {
      count: columns.count ?? values,
      fine: columns.fine ?? values,
      sum: columns.sum ?? values,
      min: columns.min ?? values,
      max: columns.max ?? values,
      first: columns.first ?? values,
      firstMs: columns.firstMs ?? timestampsMs,
      resets: columns.resets ?? values,
    },
  };
}

/** The request as buckets are to be cut to it. */
function widened(
  { startMs, endMs, newest }: SelectRequest,
  spans: readonly TierSpan[],
): { readonly startMs: number; readonly endMs: number; readonly newest?: Windows } {
  const widestMs = Math.max(...spans.map(({ bucketMs }) => bucketMs));
  // Two: what looks at neighbours needs two buckets.
  const cut = { startMs: startMs - 2 * widestMs, endMs };
  if (newest === undefined) return cut;
  // The newest before a step is the newest of the bucket before it only where steps stand on ends of buckets.
  const { firstEndMs, stepMs, lengthMs } = newest;
  if (firstEndMs % widestMs !== 0 || stepMs % widestMs !== 0) return cut;
  return { ...cut, newest: { ...newest, lengthMs: Math.max(lengthMs, widestMs) } };
}
