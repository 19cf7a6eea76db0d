import type { SelectRequest, TierSpan } from "../../read/source.ts";
import type { Block } from "../../read/store.ts";
import type { TierFloors } from "./floors.ts";
import { isIn, reaches, windowMs as windowLengthMs, windowStart } from "./windows.ts";

/** What of a window is read: blocks of one width, and what came late and is in no block of that width yet. */
export type WindowChoice = {
  readonly windowMs: number;
  readonly bucketMs: number;
  readonly blocks: readonly Block[];
  readonly late: readonly Block[];
};

export type TierChoice = {
  readonly spans: readonly TierSpan[];
  /** Windows that are read from a tier, ascending; all other time is read from raw blocks. */
  readonly windows: readonly WindowChoice[];
};

/**
 * From where each window of time is read: from the finest that is still there, or from a coarser tier where that answers the
 * same and lacks nothing. Undefined where all is read from raw blocks. `blocks` are those of the tenant's metrics.
 */
export function chooseSpans(
  blocks: readonly Block[],
  floors: TierFloors,
  request: Pick<SelectRequest, "tenant" | "startMs" | "endMs" | "tiers" | "withStarts">,
): TierChoice | undefined {
  const { tenant, startMs, endMs } = request;
  // Since when a sample counts, buckets do not tell.
  const alignedMs = request.withStarts === true ? 0 : (request.tiers?.alignedMs ?? 0);
  const inTiers = blocks.filter(({ bucketMs }) => bucketMs !== undefined);
  if (inTiers.length === 0) return undefined;
  const widths = [...new Set(inTiers.map(({ bucketMs = 0 }) => bucketMs))].toSorted(
    (a, b) => a - b,
  );
  // Buckets are wide, and a moved window may begin that much earlier.
  const firstMs = startMs - 2 * (widths.at(-1) ?? 0);
  const starts = new Set(
    inTiers
      .filter(({ minMs, maxMs }) => maxMs > firstMs && minMs <= endMs)
      .map(({ maxMs }) => windowStart(maxMs)),
  );
  const levels = [0, ...widths];
  const windows: WindowChoice[] = [];
  for (const windowMs of [...starts].toSorted((a, b) => a - b)) {
    const here = blocks.filter((block) => reaches(block, windowMs));
    const finest = levels.findIndex(
      (width) =>
        floors.of(tenant, width) <= windowMs && here.some(({ bucketMs = 0 }) => bucketMs === width),
    );
    const level = coarsest(here, levels, Math.max(0, finest), windowMs, alignedMs);
    const bucketMs = levels[level] ?? 0;
    if (bucketMs === 0) continue;
    const finer = new Set(levels.slice(0, level));
    windows.push({
      windowMs,
      bucketMs,
      blocks: here.filter((block) => block.bucketMs === bucketMs),
      late: here.filter((block) => finer.has(block.bucketMs ?? 0) && !isIn(block, windowMs)),
    });
  }
  return windows.length === 0 ? undefined : { windows, spans: spansOf(windows) };
}

/** Blocks of one tenant but for those of tiers whose time a finer tier still has. */
export function withoutDoubles(blocks: readonly Block[], floors: TierFloors): readonly Block[] {
  const widths = new Set(blocks.map(({ bucketMs = 0 }) => bucketMs)).add(0);
  return blocks.filter(({ tenant, bucketMs = 0, maxMs }) =>
    [...widths].every(
      (width) => width >= bucketMs || floors.of(tenant, width) > windowStart(maxMs),
    ),
  );
}

/** Index of the level to read; beyond `finest` only where the coarser one holds all of it and answers the same. */
function coarsest(
  here: readonly Block[],
  levels: readonly number[],
  finest: number,
  windowMs: number,
  alignedMs: number,
): number {
  let chosen = finest;
  for (let level = finest + 1; level < levels.length; level++) {
    const width = levels[level] ?? 0;
    if (alignedMs === 0 || alignedMs % width !== 0) continue;
    const finer = here.filter(({ bucketMs = 0 }) => levels.indexOf(bucketMs) < level);
    const isComplete = finer.every((block) => isIn(block, windowMs));
    if (isComplete && here.some(({ bucketMs }) => bucketMs === width)) chosen = level;
  }
  return chosen;
}

function spansOf(windows: readonly WindowChoice[]): TierSpan[] {
  const spans: TierSpan[] = [];
  let untilMs = -Infinity;
  for (const { windowMs, bucketMs } of windows) {
    const endMs = windowMs + windowLengthMs;
    if (windowMs > untilMs) spans.push({ afterMs: untilMs, untilMs: windowMs, bucketMs: 0 });
    const last = spans.at(-1);
    if (last?.bucketMs === bucketMs) spans[spans.length - 1] = { ...last, untilMs: endMs };
    else spans.push({ afterMs: windowMs, untilMs: endMs, bucketMs });
    untilMs = endMs;
  }
  spans.push({ afterMs: untilMs, untilMs: Infinity, bucketMs: 0 });
  return spans;
}
