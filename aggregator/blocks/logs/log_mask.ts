import { nextTurn } from "#shared/async/turns.ts";
import type { Labels, Matcher } from "#shared/model/labels.ts";
import { compileMatchers } from "../../read/matching.ts";
import { compactSlice } from "../../read/log_slices.ts";
import type { LineFilter } from "../../read/source.ts";
import { recordConditions } from "../../log_pipeline/line_conditions.ts";
import { newRecordState, setRecord } from "../../log_pipeline/record_state.ts";
import type { StageRun } from "../../log_pipeline/stages/stage.ts";
import { compileGroupFilters, type GroupFilter, rowsOf } from "./search/group_filter.ts";
import { ofStreams, rowsWithin, sliceColumns } from "./group_rows.ts";
import type { LoadColumns, LogGroup } from "./log_group.ts";
import { bodyColumns, rebuildBodies } from "./rebuild.ts";
import type { GroupIndex } from "./search/search_index.ts";

/** Records that are hidden: those of some streams, in a span of time, whose lines pass all filters. */
export type LogMask = {
  /** By which it is counted what it hides. */
  readonly name: string;
  readonly matches: (labels: Labels) => boolean;
  readonly filters: readonly GroupFilter[];
  /** What a record that passes the filters must pass, too. */
  readonly run: StageRun | undefined;
  readonly startNs: bigint;
  /** Exclusive. */
  readonly endNs: bigint;
};

const nanosPerMs = 1_000_000n;

/**
 * `selectors` are alternatives; of `logql` only the pipeline counts. Times in Unix milliseconds, both inclusive. Throws
 * OperatingError("bad_request") for a bad regular expression or query.
 */
export function compileLogMask(given: {
  readonly name: string;
  readonly selectors: readonly (readonly Matcher[])[];
  readonly lineFilters: readonly LineFilter[];
  readonly logql?: string | undefined;
  readonly startMs: number;
  readonly endMs: number;
}): LogMask {
  const alternatives = given.selectors.map((matchers) => compileMatchers(matchers));
  return {
    name: given.name,
    matches: (labels) => alternatives.some((matches) => matches(labels)),
    filters: compileGroupFilters(given.lineFilters),
    run: given.logql === undefined ? undefined : recordConditions(given.logql).run,
    startNs: BigInt(given.startMs) * nanosPerMs,
    endNs: (BigInt(given.endMs) + 1n) * nanosPerMs,
  };
}

/** Takes out of `passing`, an entry a row, what a mask hides, and counts that in `hidden`. `group` has its streams, times and templates. */
export async function hideMasked(
  group: LogGroup,
  known: GroupIndex | undefined,
  load: LoadColumns,
  masks: readonly LogMask[],
  passing: Uint8Array,
  hidden: Map<string, number> = new Map(),
): Promise<void> {
  for (const mask of masks) {
    const masked = ofStreams(group, mask.matches);
    if (masked === undefined) continue;
    for (const filter of mask.filters) await filter.filter(group, known, load, masked);
    const within = rowsWithin(group, rowsOf(masked), mask);
    const rows = mask.run === undefined ? within : await runRows(group, load, mask.run, within);
    let count = 0;
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i] ?? 0;
      count += passing[row] ?? 0;
      passing[row] = 0;
    }
    hidden.set(mask.name, (hidden.get(mask.name) ?? 0) + count);
  }
}

/** Lines made at a time: some hundreds of kilobytes. */
const rowsAtOnce = 4_096;

/** Those of the rows, which ascend, whose records pass. `group` has its streams, times and templates. */
async function runRows(
  group: LogGroup,
  load: LoadColumns,
  run: StageRun,
  rows: Uint32Array,
): Promise<Uint32Array> {
  if (rows.length === 0) return rows;
  await load(["severity", "attributes", ...bodyColumns(group)]);
  const columns = sliceColumns(group, true);
  const state = newRecordState();
  const passing = new Uint32Array(rows.length);
  let count = 0;
  for (let from = 0; from < rows.length; from += rowsAtOnce) {
    const some = rows.subarray(from, from + rowsAtOnce);
    const bare = { batch: { ...columns, bodies: noBytes, bodyEnds: noEnds }, rows: some };
    const { batch } = compactSlice(bare, true);
    const slice = { batch: { ...batch, ...rebuildBodies(group, some) }, rows: some };
    for (let i = 0; i < some.length; i++) {
      setRecord(state, slice, i);
      if (run(state)) passing[count++] = some[i] ?? 0;
    }
    await nextTurn();
  }
  return passing.subarray(0, count);
}

const noBytes = new Uint8Array();
const noEnds = new Uint32Array();
