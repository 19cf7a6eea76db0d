import { type Span, positionText, quote } from "#shared/query_language/promql/errors.ts";
import { formatShort } from "#shared/text/go_float_text.ts";

/** Warnings and infos of one evaluation, each once, with the place in the query that they are about. */
export type Annotations = {
  readonly query: string;
  readonly warnings: Set<string>;
  readonly infos: Set<string>;
  readonly monotonicity: Map<string, Monotonicity>;
  /** How often start timestamps overlapped, by text and place. */
  readonly overlaps: Map<string, number>;
};

type Monotonicity = {
  minMs: number;
  maxMs: number;
  minBucket: number;
  maxBucket: number;
  maxDiff: number;
  count: number;
};

/** At most this many of a kind are shown; the rest is one line with their number. */
const shownMax = 10;

export function newAnnotations(query: string): Annotations {
  return {
    query,
    warnings: new Set(),
    infos: new Set(),
    monotonicity: new Map(),
    overlaps: new Map(),
  };
}

export function warn(notes: Annotations, span: Span, text: string): void {
  notes.warnings.add(`PromQL warning: ${text} (${positionText(notes.query, span.start)})`);
}

export function inform(notes: Annotations, span: Span, text: string): void {
  notes.infos.add(`PromQL info: ${text} (${positionText(notes.query, span.start)})`);
}

export function forMetric(text: string, metricName: string): string {
  return metricName === "" ? text : `${text} for metric name ${quote(metricName)}`;
}

/** What a sample is called in messages about operators. */
export type SampleType = "float" | "histogram";

export function informOperands(
  notes: Annotations,
  span: Span,
  op: string,
  lhs: SampleType,
  rhs: SampleType,
): void {
  const text = `incompatible sample types encountered for binary operator "${op}"`;
  inform(notes, span, `${text}: ${lhs} ${op} ${rhs}`);
}

export function informIgnoredHistogram(notes: Annotations, span: Span, aggregation: string): void {
  inform(notes, span, `ignored histogram in ${aggregation} aggregation`);
}

export function informIgnoredInRange(notes: Annotations, span: Span, metricName: string): void {
  const text = "ignored histograms in a range containing both floats and histograms";
  inform(notes, span, forMetric(text, metricName));
}

/** `where` is "aggregation" or names the metric. */
export function warnMixedFloats(notes: Annotations, span: Span, where: string): void {
  warn(notes, span, `encountered a mix of histograms and floats for ${where}`);
}

export function warnMixedBuckets(notes: Annotations, span: Span, metricName: string): void {
  const text = "vector contains a mix of histograms with exponential and custom buckets schemas";
  warn(notes, span, forMetric(text, metricName));
}

type HistogramOperation = "addition" | "subtraction" | "aggregation";

export function warnResetCollision(
  notes: Annotations,
  span: Span,
  operation: HistogramOperation,
): void {
  warn(notes, span, `conflicting counter resets during histogram ${operation}`);
}

export function informReconciled(
  notes: Annotations,
  span: Span,
  operation: HistogramOperation,
): void {
  inform(notes, span, `mismatched custom buckets were reconciled during ${operation}`);
}

export function warnQuantile(notes: Annotations, span: Span, quantile: number): void {
  if (quantile >= 0 && quantile <= 1) return;
  warn(notes, span, `quantile value should be between 0 and 1, got ${formatShort(quantile)}`);
}

/** Buckets that had to be made monotonic: gathered over steps, told once a metric and place. */
export function noteMonotonicity(
  notes: Annotations,
  span: Span,
  metricName: string,
  timeMs: number,
  fix: { readonly minBucket: number; readonly maxBucket: number; readonly maxDiff: number },
): void {
  const text = forMetric(
    "PromQL info: input to histogram_quantile needed to be fixed for monotonicity (see https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile)",
    metricName,
  );
  const key = `${text}\n${positionText(notes.query, span.start)}`;
  const seen = notes.monotonicity.get(key);
  if (seen === undefined) {
    notes.monotonicity.set(key, { ...fix, minMs: timeMs, maxMs: timeMs, count: 1 });
    return;
  }
  seen.minMs = Math.min(seen.minMs, timeMs);
  seen.maxMs = Math.max(seen.maxMs, timeMs);
  seen.minBucket = Math.min(seen.minBucket, fix.minBucket);
  seen.maxBucket = Math.max(seen.maxBucket, fix.maxBucket);
  seen.maxDiff = Math.max(seen.maxDiff, fix.maxDiff);
  seen.count++;
}

function monotonicityTexts(notes: Annotations): string[] {
  return [...notes.monotonicity].map(([key, seen]) => {
    const [text = "", position = ""] = key.split("\n");
    const buckets = `from buckets ${formatShort(seen.minBucket)} to ${formatShort(seen.maxBucket)}`;
    const diff = `with a max diff of ${formatShort(Number(seen.maxDiff.toPrecision(2)))}`;
    const times = `from ${rfc3339(seen.minMs)} to ${rfc3339(seen.maxMs)}`;
    return `${text}, ${buckets}, ${diff}, over ${seen.count} samples ${times} (${position})`;
  });
}

/** Start timestamps that overlap, in `count` windows: told once a metric and place. */
export function warnStartOverlap(
  notes: Annotations,
  span: Span,
  metricName: string,
  count: number,
): void {
  const text = `PromQL warning: sample has start time that overlaps with previous sample timestamp for metric ${quote(metricName)}`;
  const key = `${text}\n${positionText(notes.query, span.start)}`;
  notes.overlaps.set(key, (notes.overlaps.get(key) ?? 0) + count);
}

function overlapTexts(notes: Annotations): string[] {
  return [...notes.overlaps].map(([key, count]) => {
    const [text = "", position = ""] = key.split("\n");
    return `${text}${count > 1 ? ` (${count} occurrences)` : ""} (${position})`;
  });
}

function rfc3339(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, "Z");
}

function shown(texts: readonly string[], kind: string): string[] {
  if (texts.length <= shownMax) return [...texts];
  return [
    ...texts.slice(0, shownMax),
    `${texts.length - shownMax} more ${kind} annotations omitted`,
  ];
}

/** The texts as the API shows them. */
export function annotationTexts(notes: Annotations): { warnings: string[]; infos: string[] } {
  return {
    warnings: shown([...notes.warnings, ...overlapTexts(notes)], "warning"),
    infos: shown([...notes.infos, ...monotonicityTexts(notes)], "info"),
  };
}
