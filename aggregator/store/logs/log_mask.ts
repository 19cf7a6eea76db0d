import type { Labels, Matcher } from "#shared/model/labels.ts";
import { compileMatchers } from "../../head/matching.ts";
import type { LineFilter } from "../../query/source.ts";
import { compileGroupFilters, type GroupFilter, type LoadColumns, rowsOf } from "./group_filter.ts";
import { ofStreams, rowsWithin } from "./group_rows.ts";
import type { LogGroup } from "./log_group.ts";
import type { GroupIndex } from "./search_index.ts";

/** Records that are hidden: those of some streams, in a span of time, whose lines pass all filters. */
export type LogMask = {
  /** By which it is counted what it hides. */
  readonly name: string;
  readonly matches: (labels: Labels) => boolean;
  readonly filters: readonly GroupFilter[];
  readonly startNs: bigint;
  /** Exclusive. */
  readonly endNs: bigint;
};

const nanosPerMs = 1_000_000n;

/** `selectors` are alternatives. Times in Unix milliseconds, both inclusive. Throws OperatingError("bad_request") for a bad regular expression. */
export function compileLogMask(given: {
  readonly name: string;
  readonly selectors: readonly (readonly Matcher[])[];
  readonly lineFilters: readonly LineFilter[];
  readonly startMs: number;
  readonly endMs: number;
}): LogMask {
  const alternatives = given.selectors.map((matchers) => compileMatchers(matchers));
  return {
    name: given.name,
    matches: (labels) => alternatives.some((matches) => matches(labels)),
    filters: compileGroupFilters(given.lineFilters),
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
    const rows = rowsWithin(group, rowsOf(masked), mask);
    let count = 0;
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i] ?? 0;
      count += passing[row] ?? 0;
      passing[row] = 0;
    }
    hidden.set(mask.name, (hidden.get(mask.name) ?? 0) + count);
  }
}
