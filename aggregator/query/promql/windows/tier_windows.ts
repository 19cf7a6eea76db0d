import { metricNameLabel } from "#shared/model/labels.ts";
import { formatDuration } from "#shared/text/duration.ts";
import type { SeriesBuckets, TierSpan } from "../../../read/source.ts";
import { forMetric, inform } from "../model/annotations.ts";
import type { CallExpr, Edges } from "#shared/query_language/promql/ast.ts";
import type { EvalContext } from "../model/context.ts";

import { flooredTime, spanAt, widestBucket } from "../model/tier_times.ts";
import type { Grid } from "../model/values.ts";
import type { RangeInput, RangeSeries } from "../model/window.ts";

/**
 * The windows of one call where series are in buckets. A window is moved to whole buckets: its end back to the end of the last
 * whole one, its start from there by the range, and back again. So it is never empty where there are samples, is as long as asked for
 * where that is a multiple of the bucket, and holds what samples would give at the moved end.
 */
export class TierWindows {
  readonly #context: EvalContext;
  readonly #call: CallExpr | undefined;
  readonly #input: RangeInput;
  readonly #grid: Grid;
  readonly #moved = new Map<readonly TierSpan[], Moved>();

  constructor(context: EvalContext, call: CallExpr | undefined, input: RangeInput, grid: Grid) {
    this.#context = context;
    this.#call = call;
    this.#input = input;
    this.#grid = grid;
  }

  /** Of extended selectors. */
  get edges(): Edges | undefined {
    return this.#input.edges;
  }

  /** `isExact`: the function is told all it needs by buckets; else it sees the last sample of each, and needs two. */
  input({ labels }: RangeSeries, { spans }: SeriesBuckets, isExact: boolean): RangeInput {
    if (this.edges !== undefined) return this.#reachingInput(spans, labels[metricNameLabel] ?? "");
    let moved = this.#moved.get(spans);
    if (moved === undefined)
      this.#moved.set(spans, (moved = movedWindows(this.#input, spans, this.#grid, isExact)));
    this.#note(moved, labels[metricNameLabel] ?? "", isExact);
    return { ...this.#input, moved };
  }

  /** Extended selectors find the last sample of each bucket at its own time, so their windows stay; they reach a bucket far. */
  #reachingInput(spans: readonly TierSpan[], metricName: string): RangeInput {
    const input = this.#input;
    const { firstEndMs, endStepMs, rangeMs, beforeMs, afterMs } = input;
    const lastEndMs = firstEndMs + (this.#grid.count - 1) * endStepMs;
    const widestMs = widestBucket(spans, firstEndMs - rangeMs - beforeMs, lastEndMs + afterMs);
    const none = new Float64Array(0);
    this.#note({ startsMs: none, endsMs: none, widestMs, isWidened: false }, metricName, false);
    return {
      ...input,
      beforeMs: Math.max(beforeMs, widestMs),
      afterMs: afterMs === 0 ? 0 : Math.max(afterMs, widestMs),
    };
  }

  #note({ widestMs, isWidened }: Moved, metricName: string, isExact: boolean): void {
    const call = this.#call;
    if (call === undefined || widestMs === 0) return;
    const span = call.args.find(({ kind }) => kind === "matrix")?.span ?? call.span;
    const buckets = `samples of this age are kept in buckets of ${formatDuration(widestMs)}`;
    if (!isExact) {
      const text = `${buckets}, ${call.name}() sees the last one of each`;
      inform(this.#context.notes, span, forMetric(text, metricName));
    } else if (isWidened) {
      const text = `${buckets}, the range was widened to whole ones`;
      inform(this.#context.notes, span, forMetric(text, metricName));
    }
  }
}

type Moved = {
  readonly startsMs: Float64Array;
  readonly endsMs: Float64Array;
  /** Width of the widest buckets that any window reaches into; 0 where none does. */
  readonly widestMs: number;
  readonly isWidened: boolean;
};

function movedWindows(
  { firstEndMs, endStepMs, rangeMs }: RangeInput,
  spans: readonly TierSpan[],
  { count }: Grid,
  isExact: boolean,
): Moved {
  const startsMs = new Float64Array(count);
  const endsMs = new Float64Array(count);
  let widestMs = 0;
  let isWidened = false;
  for (let i = 0; i < count; i++) {
    const endMs = flooredTime(spans, firstEndMs + i * endStepMs);
    const { bucketMs } = spanAt(spans, endMs);
    const backMs = isExact ? rangeMs : Math.max(rangeMs, 2 * bucketMs);
    const startMs = flooredTime(spans, endMs - backMs);
    endsMs[i] = endMs;
    startsMs[i] = startMs;
    widestMs = Math.max(widestMs, bucketMs, spanAt(spans, startMs + 1).bucketMs);
    isWidened ||= endMs - startMs !== rangeMs;
  }
  return { startsMs, endsMs, widestMs, isWidened };
}
