// Hot: guarded by `bench scrape`.
import type { MetricType } from "../../model/metrics.ts";
import { PagedList } from "../../collections/paged_list.ts";

/** Label names to values as exposed, `__name__` included, empty values too (honor_labels gives them a meaning). */
export type ExposedLabels = Map<string, string>;

/** What is known of a metric family; changes with the newest body that told of it. */
export type Family = {
  readonly name: string;
  type: MetricType;
  help: string;
  unit: string;
  /** The entry that last told of it, by lineKinds; -1 before any did. */
  readonly tellers: Int32Array;
};

/** What a remembered line is. */
export const lineKinds = { sample: 0, comment: 1, help: 2, type: 3, unit: 4, eof: 5 } as const;

/** Of the arrays by entry, and of the table; of what is known of a family. */
const [entryBytes, familyBytes] = [48, 240];
const capacityMin = 64;
/** Other in every process, so that a target can't choose lines whose hashes are equal. */
const [hashSeed = 1] = crypto.getRandomValues(new Uint32Array(1));

/** A closed index met a line that it does not know. Its reader begins again with one of its own. */
export class ClosedIndexError extends Error {
  constructor() {
    super("an index that is shared can't learn");
    this.name = "ClosedIndexError";
  }
}

/**
 * Remembers the lines of a target's bodies: the text of each series (all before the value) and each comment, and the line
 * that followed it. A repeat scrape then compares bytes with the line that is expected next, and builds no strings or
 * objects; a line that is not the expected one is looked up by its text. Entries are numbered from 0 in order of first
 * sight. Memory is bounded by the owner, who makes a new index when too many entries were not seen of late. Several owners may share a closed
 * one: parsing a body is one step, so what an index remembers of the body under way is never another's.
 */
export class SeriesIndex {
  /** Families that were told of or changed since the owner last took them. */
  readonly changedFamilies = new Set<Family>();
  /** Series entries since the owner last took them, with the labels as exposed. */
  newSeries: { readonly entry: number; readonly labels: ExposedLabels }[] = [];

  /**
   * Set when a family's TYPE is not what it was: labels that were read under the old one may be written otherwise. The
   * owner then makes a new index.
   */
  contradicted = false;
  /** Counts bodies, for checks that concern one body. */
  body = 0;

  /** Entries plus 1 by the hash of their keys, with linear probing; at most half full. */
  #table = new Uint32Array(2 * capacityMin);
  #hashes = new Uint32Array(capacityMin);
  readonly #families = new Map<string, Family>();
  /** Family that a comment is about, or under whose TYPE a series was read. */
  readonly #family = new PagedList<Family | undefined>();
  #keys = new Uint8Array(1_024);
  #keyBytes = 0;
  #starts = new Uint32Array(capacityMin);
  #lengths = new Uint32Array(capacityMin);
  /** Entries plus 1; 0 where none followed. */
  #next = new Uint32Array(capacityMin);
  #kinds = new Uint8Array(capacityMin);
  #isClosed = false;
  #size = 0;
  #first = 0;

  get size(): number {
    return this.#size;
  }

  /** What it holds in memory, roughly. */
  get heldBytes(): number {
    return this.#keyBytes + entryBytes * this.#size + familyBytes * this.#families.size;
  }

  /** Of all lines that it remembers. */
  get keyBytes(): number {
    return this.#keyBytes;
  }

  /** So many entries more are expected, with keys of so many bytes: room is made at once, while little is to be copied and found anew. */
  reserve(entries: number, bytes: number): void {
    this.#reserve(bytes);
    let capacity = this.#starts.length;
    while (capacity < this.#size + entries) capacity *= 2;
    if (capacity > this.#starts.length) this.#growEntries(capacity);
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** From now on what would teach it something throws ClosedIndexError, so that targets can share it. */
  close(): void {
    this.#isClosed = true;
  }

  /** To be called before what is known of a family changes. */
  beforeChange(): void {
    if (this.#isClosed) throw new ClosedIndexError();
  }

  /** Equal for indexes of the same lines in the same order, and rarely for others. */
  linesHash(): bigint {
    return Bun.hash.wyhash(this.#keys.subarray(0, this.#keyBytes), BigInt(this.#size));
  }

  /** Whether the other has met the same lines in the same order. */
  hasLinesOf(other: SeriesIndex): boolean {
    if (this.#size !== other.#size || this.#keyBytes !== other.#keyBytes) return false;
    const lengthBytes = 4 * this.#size;
    return (
      startsAlike(this.#keys, other.#keys, this.#keyBytes) &&
      startsAlike(bytesOf(this.#lengths), bytesOf(other.#lengths), lengthBytes) &&
      startsAlike(this.#kinds, other.#kinds, this.#size)
    );
  }

  /** The entry that followed `previous` (-1: the body's start) last time, or -1. */
  expected(previous: number): number {
    return (previous < 0 ? this.#first : (this.#next[previous] ?? 0)) - 1;
  }

  expectAfter(previous: number, entry: number): void {
    if (previous < 0) this.#first = entry + 1;
    else this.#next[previous] = entry + 1;
  }

  /** Where the key of `entry` ends when bytes at `start` begin with it, else -1. */
  match(entry: number, bytes: Uint8Array, start: number): number {
    const length = this.#lengths[entry] ?? 0;
    if (start + length > bytes.length) return -1;
    const keys = this.#keys;
    const offset = (this.#starts[entry] ?? 0) - start;
    const end = start + length;
    for (let i = start; i < end; i++) if (bytes[i] !== keys[i + offset]) return -1;
    return end;
  }

  kind(entry: number): number {
    return this.#kinds[entry] ?? 0;
  }

  familyOf(entry: number): Family | undefined {
    return this.#family.at(entry);
  }

  /** The entry with exactly this key, or -1. */
  find(bytes: Uint8Array, start: number, end: number): number {
    const hash = hashOf(bytes, start, end);
    const mask = this.#table.length - 1;
    for (let at = hash & mask; ; at = (at + 1) & mask) {
      const entry = (this.#table[at] ?? 0) - 1;
      if (entry < 0) return -1;
      if (this.#hashes[entry] !== hash || this.#lengths[entry] !== end - start) continue;
      if (this.match(entry, bytes, start) === end) return entry;
    }
  }

  /** Adds an entry for a key that has none. */
  add(
    bytes: Uint8Array,
    start: number,
    end: number,
    kind: number,
    family: Family | undefined,
  ): number {
    this.beforeChange();
    const entry = this.#size;
    if (entry === this.#starts.length) this.#growEntries(2 * this.#starts.length);
    this.#reserve(end - start);
    this.#keys.set(bytes.subarray(start, end), this.#keyBytes);
    this.#starts[entry] = this.#keyBytes;
    this.#lengths[entry] = end - start;
    this.#kinds[entry] = kind;
    this.#next[entry] = 0;
    this.#family.push(family);
    this.#keyBytes += end - start;
    this.#hashes[entry] = hashOf(bytes, start, end);
    this.#place(entry);
    this.#size++;
    return entry;
  }

  #place(entry: number): void {
    const mask = this.#table.length - 1;
    let at = (this.#hashes[entry] ?? 0) & mask;
    while (this.#table[at] !== 0) at = (at + 1) & mask;
    this.#table[at] = entry + 1;
  }

  family(name: string): Family {
    let family = this.#families.get(name);
    if (family === undefined) {
      this.beforeChange();
      const tellers = new Int32Array(lineKinds.eof + 1).fill(-1);
      family = { name, type: "unknown", help: "", unit: "", tellers };
      this.#families.set(name, family);
    }
    return family;
  }

  #reserve(bytes: number): void {
    if (this.#keyBytes + bytes <= this.#keys.length) return;
    const grown = new Uint8Array(Math.max(2 * this.#keys.length, this.#keyBytes + bytes));
    grown.set(this.#keys.subarray(0, this.#keyBytes));
    this.#keys = grown;
  }

  #growEntries(capacity: number): void {
    const grow = (array: Uint32Array<ArrayBuffer>) => {
      const grown = new Uint32Array(capacity);
      grown.set(array);
      return grown;
    };
    this.#starts = grow(this.#starts);
    this.#lengths = grow(this.#lengths);
    this.#next = grow(this.#next);
    this.#hashes = grow(this.#hashes);
    this.#table = new Uint32Array(2 * capacity);
    for (let entry = 0; entry < this.#size; entry++) this.#place(entry);
    const kinds = new Uint8Array(capacity);
    kinds.set(this.#kinds);
    this.#kinds = kinds;
  }
}

function hashOf(bytes: Uint8Array, start: number, end: number): number {
  return Bun.hash.xxHash32(bytes.subarray(start, end), hashSeed);
}

function startsAlike(a: Uint8Array, b: Uint8Array, length: number): boolean {
  return Buffer.compare(a.subarray(0, length), b.subarray(0, length)) === 0;
}

function bytesOf(numbers: Uint32Array): Uint8Array {
  return new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength);
}
