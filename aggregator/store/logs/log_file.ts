import { DecodedCache } from "../decoded_cache.ts";
import { storeError } from "../errors.ts";
import type { Footer, RowGroup } from "../parquet/footer.ts";
import { ParquetFile } from "../parquet/parquet_file.ts";
import { UnsupportedParquet } from "../parquet/unsupported.ts";
import { LogGroup } from "./log_group.ts";

const chunkBytes = 250;
/** Share of the memory for footers. */
const footersShare = 8;

/** What is kept of blocks of logs in memory, in bytes at most: footers, and columns of row groups as they were read. */
export class LogsCache {
  readonly #footers: DecodedCache<Footer>;
  readonly #groups: DecodedCache<LogGroup>;

  constructor(bytesMax: number) {
    this.#footers = new DecodedCache(Math.ceil(bytesMax / footersShare));
    this.#groups = new DecodedCache(bytesMax);
  }

  get bytes(): number {
    return this.#footers.bytes + this.#groups.bytes;
  }

  /** The file of a block, where it lies now. Throws OperatingError. */
  async open(id: string, path: string): Promise<LogFile> {
    let footer = this.#footers.get(id);
    if (footer === undefined) {
      const file = await readingLogs(() => ParquetFile.open(path));
      ({ footer } = file);
      await file.close();
      const chunks = footer.groups.reduce((sum, { columns }) => sum + columns.size, 0);
      this.#footers.set(id, footer, chunkBytes * chunks);
    }
    return new LogFile(this.#groups, id, path, footer);
  }
}

/** A file of logs whose columns are read when they are wanted, and kept for those who come after. */
export class LogFile {
  readonly #cache: DecodedCache<LogGroup>;
  readonly #id: string;
  readonly #path: string;
  readonly #footer: Footer;

  constructor(cache: DecodedCache<LogGroup>, id: string, path: string, footer: Footer) {
    this.#cache = cache;
    this.#id = id;
    this.#path = path;
    this.#footer = footer;
  }

  get groups(): readonly RowGroup[] {
    return this.#footer.groups;
  }

  /** A row group with these columns read, as far as the file has them. Throws OperatingError. */
  async group(index: number, names: Iterable<string>): Promise<LogGroup> {
    const footer = this.groups[index];
    if (footer === undefined) throw new RangeError(`row group ${index}`);
    const key = `${this.#id} ${index}`;
    const group = this.#cache.get(key) ?? new LogGroup(footer);
    const missing = group.missing(names);
    if (missing.length > 0)
      await readingLogs(async () => {
        const file = await ParquetFile.open(this.#path, this.#footer);
        try {
          const chunks = missing.flatMap((name) => footer.columns.get(name) ?? []);
          for (const { chunk, bytes } of await file.nearBytes(chunks))
            group.take(chunk.path, bytes);
        } finally {
          await file.close();
        }
      });
    // Texts take more memory once something was found in them.
    this.#cache.set(key, group, group.bytes);
    return group;
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
