import { DecodedCache } from "../file/decoded_cache.ts";
import { Churn } from "#shared/runtime/process/churn.ts";
import { storeError } from "../../read/storage_error.ts";
import { UnknownFormat } from "../file/format_version.ts";
import type { Footer, RowGroup } from "../parquet/footer.ts";
import { ParquetFile } from "../parquet/parquet_file.ts";
import { UnsupportedParquet } from "../parquet/unsupported.ts";
import { LogGroup } from "./log_group.ts";
import { type GroupIndex, readSearchIndex, searchIndexKey } from "./search/search_index.ts";

const chunkBytes = 250;
/** Share of the memory for footers. */
const footersShare = 8;

/** What is kept of blocks of logs in memory, in bytes at most: footers, and columns of row groups as they were read. */
export class LogsCache {
  readonly #footers: DecodedCache<LogFooter>;
  readonly #groups: DecodedCache<LogGroup>;
  /** Columns of row groups that were wanted since the start: those that were there, and those that had to be read. */
  readonly columns = { hits: 0, misses: 0 };
  /** Files that were not read because a newer version wrote them, time and again. */
  refused = 0;

  /**
   * Where more is searched than there is room for, row groups go as fast as others come, and the runtime would let them lie until its heap has doubled.
   * Ten million lines searched for "77" or by regular expressions, peak of RSS: 1,100 to 1,300 MB, and 570 with this, for a tenth more CPU.
   */
  constructor(bytesMax: number, churn: Pick<Churn, "add"> = new Churn()) {
    this.#footers = new DecodedCache(Math.ceil(bytesMax / footersShare));
    this.#groups = new DecodedCache(bytesMax, {
      onEvicted: (bytes) => churn.add(bytes),
      evictsAny: true,
    });
  }

  get bytes(): number {
    return this.#footers.bytes + this.#groups.bytes;
  }

  /** Lets go of all that was read of a block. */
  forget(id: string): void {
    this.#footers.deleteAll(id);
    this.#groups.deleteAll(`${id} `);
  }

  /** Lends the file of a block, where it lies now. Throws OperatingError. */
  async use<Result>(
    id: string,
    path: string,
    use: (file: LogFile) => Promise<Result>,
  ): Promise<Result> {
    const file = await this.open(id, path);
    try {
      return await use(file);
    } finally {
      await file.close();
    }
  }

  /** To be closed. Throws OperatingError. */
  async open(id: string, path: string): Promise<LogFile> {
    let footer = this.#footers.get(id);
    if (footer === undefined) {
      footer = await this.#readFooter(path);
      this.#footers.set(id, footer, footer.bytes);
    }
    return new LogFile(this.#groups, this.columns, id, path, footer);
  }

  async #readFooter(path: string): Promise<LogFooter> {
    try {
      return await readingLogs(() => readFooter(path));
    } catch (error) {
      if (error instanceof UnknownFormat) this.refused++;
      throw error;
    }
  }
}

/** What is read of a file at first, and the memory it takes. */
type LogFooter = {
  readonly footer: Footer;
  readonly index: readonly GroupIndex[];
  readonly bytes: number;
};

async function readFooter(path: string): Promise<LogFooter> {
  const file = await ParquetFile.open(path);
  try {
    const { footer } = file;
    const [at, length] = (footer.pairs.get(searchIndexKey) ?? "").split(" ").map(Number);
    const chunks = footer.groups.reduce((sum, { columns }) => sum + columns.size, 0);
    const bytes = chunkBytes * chunks;
    if (at === undefined || length === undefined) return { footer, index: [], bytes };
    const index = readSearchIndex(await file.bytesAt(at, length));
    return { footer, index, bytes: bytes + length };
  } finally {
    await file.close();
  }
}

/** A file of logs whose columns are read when they are wanted, and kept for those who come after. It is used by one at a time, and then closed. */
export class LogFile {
  readonly #cache: DecodedCache<LogGroup>;
  readonly #columns: LogsCache["columns"];
  readonly #id: string;
  readonly #path: string;
  readonly #footer: LogFooter;
  /** The row group asked for last: what was read of it stays there, even when the cache has no room for it. */
  #held: { readonly index: number; readonly group: LogGroup } | undefined;
  #file: ParquetFile | undefined;

  constructor(
    cache: DecodedCache<LogGroup>,
    columns: LogsCache["columns"],
    id: string,
    path: string,
    footer: LogFooter,
  ) {
    this.#cache = cache;
    this.#columns = columns;
    this.#id = id;
    this.#path = path;
    this.#footer = footer;
  }

  get groups(): readonly RowGroup[] {
    return this.#footer.footer.groups;
  }

  /** What the file says of a row group for searches; undefined where it says nothing. */
  index(group: number): GroupIndex | undefined {
    return this.#footer.index[group];
  }

  /** A row group with these columns read, as far as the file has them; `withDigits`: variables with theirs. Throws OperatingError. */
  async group(index: number, wanted: Iterable<string>, withDigits = true): Promise<LogGroup> {
    const footer = this.groups[index];
    if (footer === undefined) throw new RangeError(`row group ${index}`);
    if (this.#held?.index !== index) this.#keepHeld();
    this.#held ??= { index, group: this.#cache.get(this.#keyOf(index)) ?? new LogGroup(footer) };
    const { group } = this.#held;
    const names = group.named(wanted, withDigits);
    const missing = group.missing(names, false);
    this.#columns.misses += missing.length;
    this.#columns.hits += names.length - missing.length;
    if (missing.length > 0)
      await readingLogs(async () => {
        this.#file ??= await ParquetFile.open(this.#path, this.#footer.footer);
        const chunks = missing.flatMap((name) => footer.columns.get(name) ?? []);
        for (const { chunk, bytes } of await this.#file.nearBytes(chunks))
          group.take(chunk.path, bytes);
        this.#keep(index, group);
      });
    return group;
  }

  /** Once more when it was used: it takes more memory then. */
  #keepHeld(): void {
    if (this.#held !== undefined) this.#keep(this.#held.index, this.#held.group);
    this.#held = undefined;
  }

  #keep(index: number, group: LogGroup): void {
    this.#cache.set(this.#keyOf(index), group, group.bytes);
  }

  #keyOf(index: number): string {
    return `${this.#id} ${index}`;
  }

  async close(): Promise<void> {
    this.#keepHeld();
    await this.#file?.close();
    this.#file = undefined;
  }
}

async function readingLogs<Result>(read: () => Promise<Result>): Promise<Result> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof UnsupportedParquet) throw storeError("read logs", error);
    throw error;
  }
}
