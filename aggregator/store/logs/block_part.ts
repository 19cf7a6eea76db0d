import { setImmediate } from "node:timers/promises";
import { compileMatchers } from "../../head/matching.ts";
import { compactSlice } from "../../query/log_slices.ts";
import type { LogPart, SpanNs } from "../../query/log_parts.ts";
import type { LogScanRequest, LogSlice } from "../../query/source.ts";
import { throwIfAborted } from "../duckdb.ts";
import { noEntry } from "../parquet/flat_columns.ts";
import type { RowGroup } from "../parquet/footer.ts";
import { compileGroupFilters, type GroupFilter, rowsOf } from "./group_filter.ts";
import type { LogFile } from "./log_file.ts";
import type { LogGroup, Times } from "./log_group.ts";
import { bodyColumns, rebuildBodies } from "./rebuild.ts";
import { firstFrom } from "./text_values.ts";

const nanosPerMs = 1_000_000n;
const noBytes = new Uint8Array();
/** Rows that are looked at before others get their turn. */
const rowsBetweenPauses = 200_000;

/** A scan's matchers and filters, compiled once. */
export type CompiledScan = {
  readonly request: LogScanRequest;
  readonly matches: ReturnType<typeof compileMatchers>;
  readonly filters: readonly GroupFilter[];
};

/** Throws OperatingError("bad_request") for a bad regular expression. */
export function compileScan(request: LogScanRequest): CompiledScan {
  return {
    request,
    matches: compileMatchers(request.matchers),
    filters: compileGroupFilters(request.lineFilters),
  };
}

/** A block of logs as a part of a scan. What passes is remembered, so that spans which share a row group search it once. */
export class BlockPart implements LogPart {
  readonly minMs: number;
  readonly maxMs: number;
  readonly items: number;
  readonly #scan: CompiledScan;
  readonly #open: <Result>(use: (file: LogFile) => Promise<Result>) => Promise<Result>;
  /** By row group: rows of wanted streams that pass all filters, of any time. */
  readonly #passing = new Map<number, Uint32Array>();
  #rowsSincePause = 0;

  /** `open` gives the file, which is there until `use` is done. */
  constructor(
    block: { readonly minMs: number; readonly maxMs: number; readonly items: number },
    scan: CompiledScan,
    open: <Result>(use: (file: LogFile) => Promise<Result>) => Promise<Result>,
  ) {
    this.minMs = block.minMs;
    this.maxMs = block.maxMs;
    this.items = block.items;
    this.#scan = scan;
    this.#open = open;
  }

  async *slices(span: SpanNs): AsyncGenerator<LogSlice> {
    const groups = await this.#open((file) => Promise.resolve(file.groups));
    for (const [index, group] of groups.entries()) {
      if (this.#passing.get(index)?.length === 0 || !concerns(group, span)) continue;
      throwIfAborted(this.#scan.request.signal);
      const slice = await this.#open((file) => this.#slice(file, index, group, span));
      if (slice !== undefined) yield slice;
    }
  }

  async #slice(
    file: LogFile,
    index: number,
    bounds: RowGroup,
    span: SpanNs,
  ): Promise<LogSlice | undefined> {
    const passing = await this.#search(file, index);
    if (passing.length === 0) return undefined;
    const { needs } = this.#scan.request;
    const names = ["ts", "stream", "severity", ...(needs.attributes ? ["attributes"] : [])];
    let group = await file.group(index, names);
    const rows = isWithin(bounds, span) ? passing : rowsWithin(group, passing, span);
    if (rows.length === 0) return undefined;
    const columns = sliceColumns(group, needs.attributes);
    if (!needs.bodies) {
      const batch = { ...columns, bodies: noBytes, bodyEnds: new Uint32Array(group.rows) };
      return compactSlice({ batch, rows });
    }
    group = await file.group(index, ["template"]);
    group = await file.group(index, bodyColumns(group));
    const bodies = rebuildBodies(group, rows);
    const { batch } = compactSlice({ batch: { ...columns, ...noBodies }, rows }, true);
    return { batch: { ...batch, ...bodies }, rows: Uint32Array.from(rows, (_, i) => i) };
  }

  async #search(file: LogFile, index: number): Promise<Uint32Array> {
    const known = this.#passing.get(index);
    if (known !== undefined) return known;
    const passing = await this.#searchGroup(file, index);
    this.#passing.set(index, passing);
    return passing;
  }

  async #searchGroup(file: LogFile, index: number): Promise<Uint32Array> {
    const { matches, filters } = this.#scan;
    const known = file.index(index);
    if (known !== undefined && !filters.every((filter) => filter.mayPass(known)))
      return new Uint32Array();
    let group = await file.group(index, ["stream"]);
    await this.#pause(group.rows);
    const passing = ofStreams(group, matches);
    if (passing === undefined) return new Uint32Array();
    if (filters.length > 0) group = await file.group(index, ["template"]);
    for (const filter of filters) {
      const load = async (names: Iterable<string>) => {
        group = await file.group(index, names);
      };
      await filter.filter(group, known, load, passing);
    }
    return rowsOf(passing);
  }

  async #pause(rows: number): Promise<void> {
    this.#rowsSincePause += rows;
    if (this.#rowsSincePause < rowsBetweenPauses) return;
    this.#rowsSincePause = 0;
    await setImmediate();
  }
}

const noBodies = { bodies: noBytes, bodyEnds: new Uint32Array() };

/** An entry a row; undefined where none is of a wanted stream. */
function ofStreams(group: LogGroup, matches: CompiledScan["matches"]): Uint8Array | undefined {
  const { values, numbers } = group.streams;
  const isWanted = Uint8Array.from(values, (labels) => Number(matches(labels)));
  if (!isWanted.includes(1)) return undefined;
  const passing = new Uint8Array(group.rows);
  if (!isWanted.includes(0)) return passing.fill(1);
  for (let row = 0; row < passing.length; row++) passing[row] = isWanted[numbers[row] ?? 0] ?? 0;
  return passing;
}

/** Those of the rows, which ascend, whose time is in the span: a stretch of each stream. */
function rowsWithin(group: LogGroup, rows: Uint32Array, { startNs, endNs }: SpanNs): Uint32Array {
  const pieces: Uint32Array[] = [];
  let [count, from, at] = [0, 0, 0];
  for (const end of group.runEnds) {
    const first = firstAt(group.times, startNs, from, end);
    const last = firstAt(group.times, endNs, first, end);
    from = end;
    if (last === first || at >= rows.length) continue;
    at = firstFrom(rows, first, at);
    const until = firstFrom(rows, last, at);
    if (until > at) pieces.push(rows.subarray(at, until));
    count += until - at;
    at = until;
  }
  const [only] = pieces;
  if (only !== undefined && pieces.length === 1) return only;
  const within = new Uint32Array(count);
  let to = 0;
  for (const piece of pieces) {
    within.set(piece, to);
    to += piece.length;
  }
  return within;
}

/** The first row of [from, end), whose times ascend, that is not before a time. */
function firstAt({ ms, nanos }: Times, timeNs: bigint, from: number, end: number): number {
  // Rounds down, also before 1970.
  const wantedNanos = Number(((timeNs % nanosPerMs) + nanosPerMs) % nanosPerMs);
  const wantedMs = Number((timeNs - BigInt(wantedNanos)) / nanosPerMs);
  let [low, high] = [from, end];
  while (low < high) {
    const middle = (low + high) >>> 1;
    const at = ms[middle] ?? 0;
    if (at < wantedMs || (at === wantedMs && (nanos[middle] ?? 0) < wantedNanos)) low = middle + 1;
    else high = middle;
  }
  return low;
}

function sliceColumns(group: LogGroup, withAttributes: boolean) {
  const { times, streams, severities } = group;
  const columns = {
    streams: [...streams.values],
    streamOf: streams.numbers,
    timestampsMs: times.ms,
    nanos: times.nanos,
    severities,
  };
  const { values, numbers } = group.attributes;
  if (!withAttributes || values.length === 0) return columns;
  const attributes = Array.from(numbers, (number) =>
    number === noEntry ? undefined : values[number],
  );
  return { ...columns, attributes };
}

/** Whether a record of the row group may lie in the span, by the bounds of its times. */
function concerns(group: RowGroup, { startNs, endNs }: SpanNs): boolean {
  const bounds = boundsNs(group);
  return bounds === undefined || (bounds.max >= startNs && bounds.min < endNs);
}

function isWithin(group: RowGroup, { startNs, endNs }: SpanNs): boolean {
  const bounds = boundsNs(group);
  return bounds !== undefined && bounds.min >= startNs && bounds.max < endNs;
}

function boundsNs(group: RowGroup): { readonly min: bigint; readonly max: bigint } | undefined {
  const { min, max } = group.columns.get("ts") ?? {};
  if (min?.length !== 8 || max?.length !== 8) return undefined;
  return { min: wordOf(min), max: wordOf(max) };
}

function wordOf(bytes: Uint8Array): bigint {
  return new DataView(bytes.buffer, bytes.byteOffset, 8).getBigInt64(0, true);
}
