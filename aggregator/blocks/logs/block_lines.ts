import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { checkVersion } from "../file/format_version.ts";
import { type Footer, parseFooter } from "../parquet/footer.ts";
import { footerLength } from "../parquet/parquet_file.ts";
import { UnsupportedParquet } from "../parquet/unsupported.ts";
import { LogGroup } from "./log_group.ts";
import { bodyColumns, rebuildBodies } from "./rebuild.ts";

/** Row groups that are kept: one for each thread that asks, and some for those that read two at once. */
const groupsMax = 4;
const tailBytes = 12;

/** Lines of files of logs by place, made when they are asked for and not before. Reads at once: who asks is a thread that waits. */
export class BlockLines {
  readonly #paths: readonly string[];
  readonly #files = new Map<number, OpenFile>();
  /** By file and row group, the one used last at the end. */
  readonly #groups = new Map<string, LogGroup>();

  constructor(paths: readonly string[]) {
    this.#paths = paths;
  }

  /** Hands each line to `take` with its index; they are good until it returns. Throws UnsupportedParquet, and what the filesystem says. */
  forEach(
    files: Int32Array,
    rows: Int32Array,
    take: (line: Uint8Array, index: number) => void,
  ): void {
    for (let from = 0; from < rows.length;) {
      const file = this.#file(files[from] ?? 0);
      const { group, start, end } = file.place(rows[from] ?? 0);
      let to = from + 1;
      while (to < rows.length && files[to] === files[from] && isIn(rows[to] ?? 0, start, end)) to++;
      const wanted = rows.subarray(from, to);
      const order = Uint32Array.from(wanted, (_, i) => i);
      // Lines are made by ascending rows; a join or a sort asks for them in another order.
      order.sort((a, b) => (wanted[a] ?? 0) - (wanted[b] ?? 0));
      const within = order.map((i) => (wanted[i] ?? 0) - start);
      const { bodies, bodyEnds } = rebuildBodies(
        this.#group(files[from] ?? 0, file, group),
        within,
      );
      for (let i = 0; i < order.length; i++)
        take(bodies.subarray(bodyEnds[i - 1] ?? 0, bodyEnds[i]), from + (order[i] ?? 0));
      from = to;
    }
  }

  close(): void {
    for (const { handle } of this.#files.values()) closeSync(handle);
    this.#files.clear();
    this.#groups.clear();
  }

  #file(index: number): OpenFile {
    let file = this.#files.get(index);
    const path = this.#paths[index];
    if (path === undefined) throw new RangeError(`file ${index} of ${this.#paths.length}`);
    if (file === undefined) this.#files.set(index, (file = OpenFile.open(path)));
    return file;
  }

  #group(index: number, file: OpenFile, number: number): LogGroup {
    const key = `${index} ${number}`;
    const known = this.#groups.get(key);
    this.#groups.delete(key);
    const group = known ?? file.read(number);
    this.#groups.set(key, group);
    const [oldest] = this.#groups.keys();
    if (this.#groups.size > groupsMax && oldest !== undefined) this.#groups.delete(oldest);
    return group;
  }
}

class OpenFile {
  readonly handle: number;
  readonly #footer: Footer;
  /** The first row of each row group, and the number of all rows. */
  readonly #starts: Uint32Array;

  private constructor(handle: number, footer: Footer) {
    this.handle = handle;
    this.#footer = footer;
    let start = 0;
    this.#starts = Uint32Array.from([0, ...footer.groups.map(({ rows }) => (start += rows))]);
  }

  static open(path: string): OpenFile {
    const handle = openSync(path, "r");
    try {
      const { size } = fstatSync(handle);
      const at = Math.max(0, size - tailBytes);
      const length = footerLength(readAt(handle, at, size - at), size);
      const footer = parseFooter(readAt(handle, size - 8 - length, length));
      checkVersion(footer.pairs);
      return new OpenFile(handle, footer);
    } catch (error) {
      closeSync(handle);
      throw error;
    }
  }

  /** The row group that a row is in, and the rows [start, end) of that. */
  place(row: number): { readonly group: number; readonly start: number; readonly end: number } {
    const group = this.#starts.findLastIndex((start) => start <= row);
    const [start, end] = [this.#starts[group], this.#starts[group + 1]];
    if (start === undefined || end === undefined) throw new RangeError(`no row ${row}`);
    return { group, start, end };
  }

  read(number: number): LogGroup {
    const footer = this.#footer.groups[number];
    if (footer === undefined) throw new RangeError(`no row group ${number}`);
    const group = new LogGroup(footer);
    for (const names of [() => ["template"], () => bodyColumns(group)])
      for (const name of group.missing(names())) {
        const chunk = footer.columns.get(name);
        if (chunk !== undefined) group.take(name, readAt(this.handle, chunk.offset, chunk.bytes));
      }
    return group;
  }
}

function isIn(row: number, start: number, end: number): boolean {
  return row >= start && row < end;
}

function readAt(handle: number, at: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let read = 0; read < length;) {
    const more = readSync(handle, bytes, read, length - read, at + read);
    if (more === 0) throw new UnsupportedParquet("the file is cut off");
    read += more;
  }
  return bytes;
}
