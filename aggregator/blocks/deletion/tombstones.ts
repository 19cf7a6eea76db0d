import { z } from "zod";
import { OperatingError } from "#shared/errors.ts";
import { SignalName } from "#shared/signal_name.ts";
import type { HistogramColumn } from "#shared/model/histogram.ts";
import { concatenate, lowerBound } from "../../duckdb/columns.ts";
import { withUnknownReset } from "../metrics/histogram_rows.ts";
import type { SeriesExemplars } from "#shared/model/exemplars.ts";
import type { SeriesSamples } from "../../read/source.ts";
import type { DecodedSeries } from "../metrics/series_pieces.ts";
import { compileLogMask, type LogMask } from "../logs/log_mask.ts";
import { compileSelectors, type Selector } from "../series/selector.ts";
import { LineFiltersJson, SelectorsJson, type Tombstone } from "../../catalog/tombstone.ts";
import type { Block } from "../../read/store.ts";

/** A part of a tombstone, ready to be applied: what is deleted of the series that match, both ends inclusive. */
export type SeriesMask = {
  /** The tombstone's id. */
  readonly name: string;
  readonly selector: Pick<Selector, "matches">;
  readonly startMs: number;
  readonly endMs: number;
};

/** What is deleted out of which block, at one moment. */
export class Deleted {
  static readonly nothing = new Deleted([]);
  readonly tombstones: readonly Tombstone[];
  readonly #masks = new Map<string, SeriesMask[]>();
  readonly #logMasks = new Map<string, LogMask[]>();
  /** Why tombstones are not applied, by their ids: what they delete by was read once and can't be read now. */
  readonly faults: ReadonlyMap<string, string>;
  readonly #taken: Map<string, number> | undefined;
  readonly #idsByBlock = new Map<string, string[]>();

  constructor(tombstones: readonly Tombstone[], taken?: Map<string, number>) {
    this.tombstones = tombstones;
    this.#taken = taken;
    const faults = new Map<string, string>();
    for (const tombstone of tombstones) {
      for (const block of tombstone.blocks) addTo(this.#idsByBlock, block, tombstone.id);
      try {
        this.#take(tombstone);
      } catch (thrown) {
        if (!(thrown instanceof OperatingError)) throw thrown;
        faults.set(tombstone.id, thrown.message);
      }
    }
    this.faults = faults;
  }

  /** Throws OperatingError("bad_request"). */
  #take({ id: name, blocks, selectors, startMs, endMs, lineFilters, logql }: Tombstone): void {
    if (lineFilters !== undefined) {
      const mask = compileLogMask({ name, selectors, startMs, endMs, lineFilters, logql });
      for (const id of blocks) addTo(this.#logMasks, id, mask);
      return;
    }
    const mask = { name, selector: compileSelectors(selectors, "labels"), startMs, endMs };
    for (const id of blocks) addTo(this.#masks, id, mask);
  }

  /**
   * The same, for one writer of files: mask() and maskExemplars() add to `taken` what they leave out, by tombstone. An item that several
   * delete counts for the first of them.
   */
  countedIn(taken: Map<string, number>): Deleted {
    return new Deleted(this.tombstones, taken);
  }

  /** What was left out so far is written again, from the start. */
  recount(): void {
    this.#taken?.clear();
  }

  concerns({ id }: Block): boolean {
    return this.#masks.has(id) || this.#logMasks.has(id);
  }

  /** What is deleted out of a block of logs. */
  logMasks({ id }: Block): readonly LogMask[] {
    return this.#logMasks.get(id) ?? [];
  }

  /** The series of a block without what is deleted; those of which nothing is left are absent. */
  mask<Series extends MaskedSeries>({ id }: Block, series: readonly Series[]): readonly Series[] {
    const masks = this.#masks.get(id);
    if (masks === undefined) return series;
    return series.flatMap((one) => masked(one, masks, this.#taken));
  }

  /** The exemplars of a block without those that are deleted. */
  maskExemplars({ id }: Block, series: readonly SeriesExemplars[]): readonly SeriesExemplars[] {
    const masks = this.#masks.get(id);
    if (masks === undefined) return series;
    return series.flatMap((one) => {
      const own = masks.filter(({ selector }) => selector.matches(one.labels));
      const exemplars = one.exemplars.filter(({ timestampMs }) => {
        const by = own.find(({ startMs, endMs }) => timestampMs >= startMs && timestampMs <= endMs);
        if (by !== undefined) count(this.#taken, by.name, 1);
        return by === undefined;
      });
      return exemplars.length === 0 ? [] : [{ ...one, exemplars }];
    });
  }

  /** What is deleted out of a block of a tier. */
  masks({ id }: Block): readonly SeriesMask[] {
    return this.#masks.get(id) ?? [];
  }

  /** Ids of a block's tombstones, in their order, those that can't be read among them. */
  idsOf({ id }: Pick<Block, "id">): readonly string[] {
    return this.#idsByBlock.get(id) ?? [];
  }

  /** Tombstones of these blocks. */
  of(blocks: readonly Block[]): Tombstone[] {
    const ids = new Set(blocks.map(({ id }) => id));
    return this.tombstones.filter((tombstone) => tombstone.blocks.some((id) => ids.has(id)));
  }
}

function addTo<Kind>(masks: Map<string, Kind[]>, id: string, mask: Kind): void {
  const known = masks.get(id);
  if (known === undefined) masks.set(id, [mask]);
  else known.push(mask);
}

type MaskedSeries = Pick<DecodedSeries, "labels" | "timestampsMs" | "values"> &
  Pick<SeriesSamples, "histograms" | "starts" | "fine">;

function masked<Series extends MaskedSeries>(
  series: Series,
  masks: readonly SeriesMask[],
  taken: Map<string, number> | undefined,
): Series[] {
  let left = series;
  for (const { name, selector, startMs, endMs } of masks) {
    if (!selector.matches(series.labels)) continue;
    const begin = lowerBound(left.timestampsMs, startMs);
    const end = Math.max(begin, lowerBound(left.timestampsMs, endMs + 1));
    if (begin === end) continue;
    count(taken, name, end - begin);
    const cut = (column: Float64Array) =>
      concatenate([column.subarray(0, begin), column.subarray(end)]);
    const { histograms, starts, fine } = left;
    left = {
      ...left,
      timestampsMs: cut(left.timestampsMs),
      values: cut(left.values),
      ...(starts === undefined ? {} : { starts: cut(starts) }),
      ...(fine === undefined ? {} : { fine: fine.filter((_, i) => i < begin || i >= end) }),
      ...(histograms === undefined
        ? {}
        : { histograms: [...histograms.slice(0, begin), ...restOf(histograms.slice(end))] }),
    };
  }
  return left.timestampsMs.length === 0 ? [] : [left];
}

function count(taken: Map<string, number> | undefined, name: string, items: number): void {
  taken?.set(name, (taken.get(name) ?? 0) + items);
}

/** What stands before the first one is another sample now. */
function restOf(histograms: HistogramColumn): HistogramColumn {
  return histograms.map((one, i) => (one === undefined || i > 0 ? one : withUnknownReset(one)));
}

/** A deletion that is not finished, as an object beside the blocks: what is deleted stays so when the catalog is lost. */
export const TombstoneObject = z
  .object({
    id: z.string(),
    /** Absent in objects from before there were signals beside metrics and logs. */
    signal: SignalName.exactOptional(),
    tenant: z.string(),
    selectors: SelectorsJson,
    startMs: z.number(),
    endMs: z.number(),
    createdMs: z.number(),
    blocks: z.array(z.string()),
    lineFilters: LineFiltersJson.exactOptional(),
    logql: z.string().exactOptional(),
    /** As writerText() gives it; absent in objects that were written before storages had an owner. */
    writer: z.string().exactOptional(),
  })
  .transform((fields) => ({
    ...fields,
    signal: fields.signal ?? (fields.lineFilters === undefined ? "metrics" : "logs"),
  }));

export const tombstonePrefix = "lapwing/deletions/";

export function tombstoneKey(id: string): string {
  return `${tombstonePrefix}${id}.json`;
}
