import { pacer } from "#shared/async/pacer.ts";
import type { KnownTexts } from "../series/labels_text.ts";
import type { ReadSeries } from "./metrics_reader.ts";
import type { ColumnChunk, RowGroup } from "../parquet/footer.ts";
import type { PackedColumns } from "../parquet/packed_columns.ts";
import { type TextColumn, decodeTexts } from "../parquet/text_column.ts";
import { UnsupportedParquet } from "../parquet/unsupported.ts";
import type { Selector } from "../series/selector.ts";

/** Rows of a row group that are wanted, ascending, and their series. */
export type WantedRows = {
  readonly rows: readonly number[];
  readonly series: readonly ReadSeries[];
};

/** The columns that say whose samples or buckets a row has. */
export const labelColumns = ["name", "labels"] as const;

/** What was found in a row group, and the bytes that it was found in. */
type Found = {
  readonly rowCount: number;
  readonly packed: readonly Uint8Array[];
  readonly wanted: Promise<WantedRows>;
};

/**
 * Finds the rows of row groups that a selector wants. Lives as long as one read. From block to block the same series stand in the same
 * rows, so their columns are the same bytes: those that were seen before are not even unpacked.
 */
export class RowFinder {
  readonly #selector: Selector;
  readonly #known: KnownTexts;
  /** By name, then the text of the labels. */
  readonly #series = new Map<string, Map<string, ReadSeries>>();
  /** By a hash of the bytes; of two that share it the later stands. */
  readonly #found = new Map<string, Found>();

  constructor(selector: Selector, known: KnownTexts) {
    this.#selector = selector;
    this.#known = known;
  }

  /** Whether a row group may hold a wanted name. */
  mayHold(group: RowGroup): boolean {
    const names = group.columns.get("name");
    return names === undefined || !isOutside(names, this.#selector.name);
  }

  /** Whether all that comes after a row group, in a file without exemplars, has other names. */
  isPast(group: RowGroup): boolean {
    const { name } = this.#selector;
    const min = group.columns.get("name")?.min;
    // Rows are sorted by UTF-16 units, bounds are by bytes: up to the surrogates that is the same order.
    if (name === undefined || min === undefined || !/^[\0-\ud7ff]*$/.test(name)) return false;
    return Buffer.compare(Buffer.from(name), min) < 0;
  }

  /** `columns` has the two labelColumns. Throws UnsupportedParquet. */
  rows(group: RowGroup, columns: PackedColumns): Promise<WantedRows> {
    const packed = labelColumns.map((name) => columns.bytes(name));
    const hash = packed.map((bytes) => Bun.hash(bytes)).join();
    const known = this.#found.get(hash);
    if (
      known?.rowCount === group.rows &&
      known.packed.every((bytes, i) => isSame(bytes, packed[i]))
    )
      return known.wanted;
    const wanted = this.#find(group, columns);
    const copies = packed.map((bytes) => bytes.slice());
    this.#found.set(hash, { rowCount: group.rows, packed: copies, wanted });
    return wanted;
  }

  async #find(group: RowGroup, columns: PackedColumns): Promise<WantedRows> {
    const names = decodeTexts(await columns.pages("name"));
    const labels = decodeTexts(await columns.pages("labels"));
    if (names.count !== group.rows || labels.count !== group.rows)
      throw new UnsupportedParquet("rows without a name or labels");
    return this.#choose(group.rows, names, labels);
  }

  async #choose(count: number, names: TextColumn, labels: TextColumn): Promise<WantedRows> {
    const rows: number[] = [];
    const series: ReadSeries[] = [];
    let name: string | undefined;
    let ofName: Map<string, ReadSeries> | undefined;
    let isNameWanted = false;
    const pause = pacer();
    for (let row = 0; row < count; row++) {
      if (row % rowsAtOnce === 0) await pause();
      const rowName = names.text(row);
      if (rowName !== name) {
        name = rowName;
        isNameWanted = this.#selector.matchesName(name);
        ofName = this.#series.get(name);
        if (ofName === undefined) this.#series.set(name, (ofName = new Map()));
      }
      if (!isNameWanted) continue;
      const text = labels.text(row);
      let one = ofName?.get(text);
      if (one === undefined) {
        const known = this.#known.get(name, text);
        one = { labels: known, isWanted: this.#selector.matches(known.labels) };
        ofName?.set(text, one);
      }
      if (!one.isWanted) continue;
      rows.push(row);
      series.push(one);
    }
    return { rows, series };
  }
}

/** Labels that are read and matched between two looks at the clock. */
const rowsAtOnce = 128;

/** Bounds are of bytes, as UTF-8 sorts them. */
function isOutside({ min, max }: ColumnChunk, name: string | undefined): boolean {
  if (name === undefined || min === undefined || max === undefined) return false;
  const bytes = Buffer.from(name);
  return Buffer.compare(bytes, min) < 0 || Buffer.compare(bytes, max) > 0;
}

function isSame(a: Uint8Array, b: Uint8Array | undefined): boolean {
  return b !== undefined && Buffer.compare(a, b) === 0;
}
