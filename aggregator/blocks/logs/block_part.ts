import { isTurnOver, nextTurn } from "#shared/async/turns.ts";
import { compileMatchers } from "../../read/matching.ts";
import { allRows, compactSlice } from "../../read/log_slices.ts";
import type { LogPart, SpanNs } from "../../read/log_parts.ts";
import type { LogScanRequest, LogSlice } from "../../read/source.ts";
import { throwIfAborted } from "../../duckdb/duckdb.ts";
import { pairText } from "../series/labels_text.ts";
import type { RowGroup } from "../parquet/footer.ts";
import { compileGroupFilters, type GroupFilter, rowsOf } from "./search/group_filter.ts";
import { extractSlice } from "./extract_lines.ts";
import { countRows, panesBetween } from "./count_rows.ts";
import { ofStreams, rowsOfStreams, rowsWithin, sliceColumns } from "./group_rows.ts";
import type { LogFile } from "./log_file.ts";
import { hideMasked, type LogMask } from "./log_mask.ts";
import type { LoadColumns } from "./log_group.ts";
import {
  bodyColumns,
  columnsOfRows,
  lineEndsUpTo,
  rebuildInTurns,
  rebuildUnmined,
  unminedColumns,
} from "./rebuild.ts";

const noBytes = new Uint8Array();
/** Rows that are looked at before others get their turn. */
const rowsBetweenPauses = 200_000;

/** A scan's matchers and filters, compiled once. */
export type CompiledScan = {
  readonly request: LogScanRequest;
  readonly matches: ReturnType<typeof compileMatchers>;
  /** What the text of each stream that matches holds. */
  readonly streamTexts: readonly Uint8Array[];
  readonly filters: readonly GroupFilter[];
  readonly hints: readonly CompiledHint[];
};

/** A hint's filter, and the labels that make it void. */
type CompiledHint = { readonly filter: GroupFilter; readonly unless: readonly string[] };

/** Throws OperatingError("bad_request") for a bad regular expression. */
export function compileScan(request: LogScanRequest): CompiledScan {
  return {
    request,
    matches: compileMatchers(request.matchers),
    streamTexts: request.matchers.flatMap(({ op, name, value }) =>
      op === "=" && value !== "" ? [Buffer.from(pairText(name, value))] : [],
    ),
    filters: compileGroupFilters(request.lineFilters),
    hints: (request.hints ?? []).flatMap(({ texts, unless }) =>
      compileGroupFilters([{ op: "|=", values: texts }]).map((filter) => ({ filter, unless })),
    ),
  };
}

/** A block of logs as a part of a scan. What passes is remembered, so that spans which share a row group search it once. */
export class BlockPart implements LogPart {
  readonly minMs: number;
  readonly maxMs: number;
  readonly items: number;
  readonly #scan: CompiledScan;
  readonly #masks: readonly LogMask[];
  readonly #open: <Result>(use: (file: LogFile) => Promise<Result>) => Promise<Result>;
  /** By row group: rows of wanted streams that pass all filters, of any time. */
  readonly #passing = new Map<number, Uint32Array>();
  #rowsSincePause = 0;

  /** `open` gives the file, which is there until `use` is done; `masks` are what is deleted out of it. */
  constructor(
    block: { readonly minMs: number; readonly maxMs: number; readonly items: number },
    scan: CompiledScan,
    open: <Result>(use: (file: LogFile) => Promise<Result>) => Promise<Result>,
    masks: readonly LogMask[] = [],
  ) {
    this.#masks = masks;
    this.minMs = block.minMs;
    this.maxMs = block.maxMs;
    this.items = block.items;
    this.#scan = scan;
    this.#open = open;
  }

  async *slices(span: SpanNs): AsyncGenerator<LogSlice> {
    for (const index of await this.#open((file) => this.#searchAll(file, span))) {
      throwIfAborted(this.#scan.request.signal);
      const slice = await this.#open((file) => this.#slice(file, index, span));
      if (slice !== undefined) yield slice;
    }
  }

  /** Row groups of which something passes, and may lie in the span. */
  async #searchAll(file: LogFile, span: SpanNs): Promise<number[]> {
    const found: number[] = [];
    for (const [index, group] of file.groups.entries()) {
      if (!concerns(group, span)) continue;
      throwIfAborted(this.#scan.request.signal);
      if ((await this.#search(file, index)).length > 0) found.push(index);
    }
    return found;
  }

  async #slice(file: LogFile, index: number, span: SpanNs): Promise<LogSlice | undefined> {
    const bounds = file.groups[index];
    const passing = this.#passing.get(index);
    if (bounds === undefined || passing === undefined) return undefined;
    const { needs } = this.#scan.request;
    if (needs.countedWithin !== undefined) {
      const counted = await this.#counted(file, index, span, needs.countedWithin);
      if (counted !== undefined) return counted;
    }
    const names = ["ts", "stream", "severity", ...(needs.attributes ? ["attributes"] : [])];
    let group = await file.group(index, names);
    const rows = isWithin(bounds, span) ? passing : rowsWithin(group, passing, span);
    if (rows.length === 0) return undefined;
    const columns = sliceColumns(group, needs.attributes);
    if (!needs.bodies && needs.lengths === true) {
      const batch = { ...columns, bodies: noBytes, bodyEnds: await lineEnds(file, index) };
      return compactSlice({ batch, rows });
    }
    const isTemplates = !needs.bodies && needs.templates === true;
    if (!needs.bodies && !isTemplates) {
      const batch = { ...columns, bodies: noBytes, bodyEnds: new Uint32Array(group.rows) };
      return compactSlice({ batch, rows });
    }
    group = await file.group(index, ["template"]);
    if (isTurnOver()) await nextTurn();
    const { extract } = needs;
    if (extract !== undefined && group.templates.values.length > 0) {
      group = await file.group(index, columnsOfRows(group, rows), false);
      const load = async (wanted: Iterable<string>) => {
        await file.group(index, wanted);
      };
      return extractSlice(group, columns, rows, {
        extract,
        load,
        withLengths: needs.lengths === true,
      });
    }
    group = await file.group(index, isTemplates ? unminedColumns : columnsOfRows(group, rows));
    const bodies = isTemplates ? rebuildUnmined(group, rows) : await rebuildInTurns(group, rows);
    const { batch } = compactSlice({ batch: { ...columns, ...noBodies }, rows }, true);
    return { batch: { ...batch, ...bodies }, rows: allRows(rows.length) };
  }

  /** Undefined where records have to be looked at: they have metadata of their own, or are few for so many bounds. */
  async #counted(
    file: LogFile,
    index: number,
    span: SpanNs,
    bounds: Float64Array,
  ): Promise<LogSlice | undefined> {
    const footer = file.groups[index];
    const passing = this.#passing.get(index);
    if (footer === undefined || passing === undefined) return undefined;
    const ends = boundsNs(footer);
    if (ends === undefined) return undefined;
    const names = this.#scan.request.needs.attributes ? ["stream", "attributes"] : ["stream"];
    let group = await file.group(index, names);
    if (group.attributes.values.length > 0) return undefined;
    const panes = panesBetween(bounds, ends);
    const isWhole = isWithin(footer, span);
    if (!isWhole || panes[0] !== panes[1]) group = await file.group(index, ["ts"]);
    const rows = isWhole ? passing : rowsWithin(group, passing, span);
    return countRows(group, rows, bounds, panes);
  }

  async #search(file: LogFile, index: number): Promise<Uint32Array> {
    const known = this.#passing.get(index);
    if (known !== undefined) return known;
    const passing = await this.#searchGroup(file, index);
    this.#passing.set(index, passing);
    return passing;
  }

  async #searchGroup(file: LogFile, index: number): Promise<Uint32Array> {
    const { matches, streamTexts, filters } = this.#scan;
    const known = file.index(index);
    if (known !== undefined && !filters.every((filter) => filter.mayPass(known)))
      return new Uint32Array();
    let group = await file.group(index, ["stream"]);
    await this.#pause(group.rows);
    if (!group.mayHaveStreams(streamTexts)) return new Uint32Array();
    if (filters.length + this.#scan.hints.length + this.#masks.length === 0)
      return rowsOfStreams(group, matches);
    const passing = ofStreams(group, matches);
    if (passing === undefined) return new Uint32Array();
    if (filters.length > 0) group = await file.group(index, ["template"]);
    const load = async (names: Iterable<string>, withDigits?: boolean) => {
      group = await file.group(index, names, withDigits);
    };
    for (const filter of filters) await filter.filter(group, known, load, passing);
    await this.#heed(file, index, load, passing);
    if (this.#masks.length > 0) {
      await load(["ts", "template"]);
      await hideMasked(group, known, load, this.#masks, passing);
    }
    return rowsOf(passing);
  }

  /** Takes out of `passing` what hints let go, where there is anything left. */
  async #heed(file: LogFile, index: number, load: LoadColumns, passing: Uint8Array): Promise<void> {
    const { hints } = this.#scan;
    if (hints.length === 0 || !passing.includes(1)) return;
    const group = await file.group(index, ["attributes", "template"]);
    const sets = [...group.streams.values, ...group.attributes.values];
    for (const { filter, unless } of hints)
      if (!sets.some((labels) => unless.some((name) => (labels[name] ?? "") !== "")))
        await filter.filter(group, file.index(index), load, passing);
  }

  async #pause(rows: number): Promise<void> {
    this.#rowsSincePause += rows;
    if (this.#rowsSincePause < rowsBetweenPauses) return;
    this.#rowsSincePause = 0;
    await nextTurn();
  }
}

/** Ends of all lines of a row group; its columns are read for it once. */
async function lineEnds(file: LogFile, index: number): Promise<Uint32Array> {
  const group = await file.group(index, ["template"]);
  const known = group.lineEnds(group.variables);
  if (known !== undefined) return known;
  await file.group(index, bodyColumns(group), false);
  return lineEndsUpTo(group, group.variables);
}

const noBodies = { bodies: noBytes, bodyEnds: new Uint32Array() };

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
