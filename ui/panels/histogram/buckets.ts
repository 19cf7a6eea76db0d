import { fieldName } from "../../plot/display.ts";
import type { Field, Frame } from "../../frames/frame.ts";
import { fieldCalled, isHidden, numberAt, numbersOf } from "../parts/fields.ts";
import type { HistogramOptions } from "./options.ts";

/** Buckets of one picture, whatever the size asked for. */
export const bucketsMax = 500;

export type ValueSource = { readonly field: Field; readonly row: number };

export type Histogram = {
  /** Lower bounds of the buckets, then the upper bound of the last. */
  readonly bounds: readonly number[];
  readonly series: readonly {
    readonly name: string;
    readonly field: Field;
    readonly counts: readonly number[];
    /** A value that is counted in a bucket, the newest: what the bucket's links are filled in with. */
    readonly sourceOf: (bucket: number) => ValueSource | undefined;
  }[];
  /** The size asked for made too many buckets, so they are larger. */
  readonly isCoarser: boolean;
};

const none: Histogram = { bounds: [], series: [], isCoarser: false };

/** How often values lie in which bucket. Frames that hold bucket bounds already are taken as they are. */
export function histogramOf(frames: readonly Frame[], options: HistogramOptions): Histogram {
  const ready =
    frames.map(boundedFrame).find((found) => found !== undefined) ?? bucketFields(frames);
  if (ready !== undefined) return ready;
  const fields = frames.flatMap(numbersOf).filter((field) => !isHidden(field));
  let min = Infinity;
  let max = -Infinity;
  for (const field of fields) {
    for (let i = 0; i < field.values.length; i++) {
      const value = numberAt(field, i);
      if (!Number.isFinite(value)) continue;
      if (value < min) min = value;
      if (value > max) max = value;
    }
  }
  if (min > max) return none;
  const wanted = options.bucket_size ?? roundSize((max - min) / options.buckets);
  const size = Math.max(wanted, (max - min) / (bucketsMax - 2));
  const start = Math.floor((min - options.bucket_offset) / size) * size + options.bucket_offset;
  const count = Math.min(bucketsMax, Math.floor((max - start) / size) + 1);
  const bounds = Array.from({ length: count + 1 }, (_, i) => clean(start + i * size));
  const newestIn = (field: Field, bucket: number): ValueSource | undefined => {
    for (let row = field.values.length - 1; row >= 0; row--)
      if (bucketOf(numberAt(field, row), start, size, count) === bucket) return { field, row };
    return undefined;
  };
  const counted = fields.map((field) => ({
    name: fieldName(field),
    field,
    counts: countsOf(field, start, size, count),
    sourceOf: (bucket: number) => newestIn(field, bucket),
  }));
  const first = counted[0];
  const series =
    options.combine && first !== undefined
      ? [
          {
            ...first,
            name: "All",
            counts: summed(
              counted.map(({ counts }) => counts),
              count,
            ),
            sourceOf: (bucket: number) =>
              fields.map((field) => newestIn(field, bucket)).find((found) => found !== undefined),
          },
        ]
      : counted;
  return { bounds, series, isCoarser: size > wanted };
}

function countsOf(field: Field, start: number, size: number, count: number): number[] {
  const counts = Array.from<number>({ length: count }).fill(0);
  for (let i = 0; i < field.values.length; i++) {
    const at = bucketOf(numberAt(field, i), start, size, count);
    if (at !== undefined) counts[at] = (counts[at] ?? 0) + 1;
  }
  return counts;
}

/** The number of the bucket of a value; undefined for no value. */
function bucketOf(value: number, start: number, size: number, count: number): number | undefined {
  if (!Number.isFinite(value)) return undefined;
  return Math.max(0, Math.min(count - 1, Math.floor((value - start) / size)));
}

function summed(columns: readonly (readonly number[])[], count: number): number[] {
  return Array.from({ length: count }, (_, i) =>
    columns.reduce((sum, counts) => sum + (counts[i] ?? 0), 0),
  );
}

/** The round size at or above: 1, 2, 2.5 or 5 times a power of ten. */
function roundSize(size: number): number {
  if (!(size > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(size));
  const times = [1, 2, 2.5, 5, 10].find((each) => each * power >= size * 0.999) ?? 10;
  return times * power;
}

/** Without the tail that adding up leaves: 0.30000000000000004. */
function clean(value: number): number {
  return Number(value.toPrecision(12));
}

/** What the histogram transformation gives: a row a bucket, with its bounds. */
function boundedFrame(frame: Frame): Histogram | undefined {
  const lower = fieldCalled(frame, ["xMin", "BucketMin"]);
  const upper = fieldCalled(frame, ["xMax", "BucketMax"]);
  if (lower === undefined || upper === undefined || frame.length === 0) return undefined;
  const rows = Math.min(frame.length, bucketsMax);
  const bounds = Array.from({ length: rows }, (_, i) => numberAt(lower, i));
  const fields = numbersOf(frame).filter((field) => field !== lower && field !== upper);
  return {
    bounds: [...bounds, numberAt(upper, rows - 1)],
    series: fields.map((field) => ({
      name: fieldName(field),
      field,
      counts: Array.from({ length: rows }, (_, i) => numberAt(field, i)),
      sourceOf: (bucket) => ({ field, row: bucket }),
    })),
    isCoarser: frame.length > rows,
  };
}

/** What a heatmap query gives: a field a bucket, with its bounds as labels, counted over the range. */
function bucketFields(frames: readonly Frame[]): Histogram | undefined {
  const fields = frames.flatMap(numbersOf).filter(({ labels }) => labels["le"] !== undefined);
  const first = fields[0];
  if (first === undefined || first.labels["gt"] === undefined) return undefined;
  const kept = fields.slice(0, bucketsMax);
  const counts = kept.map((field) => {
    let sum = 0;
    for (let i = 0; i < field.values.length; i++) sum += numberAt(field, i) || 0;
    return sum;
  });
  return {
    bounds: [
      ...kept.map(({ labels }) => boundOf(labels["gt"])),
      boundOf(kept.at(-1)?.labels["le"]),
    ],
    // The bounds have the field's unit; the counts stand for all of its buckets.
    series: [{ name: "Count", field: first, counts, sourceOf: (bucket) => newestOf(kept[bucket]) }],
    isCoarser: fields.length > kept.length,
  };
}

function newestOf(field: Field | undefined): ValueSource | undefined {
  return field === undefined ? undefined : { field, row: field.values.length - 1 };
}

function boundOf(text: string | undefined): number {
  if (text === "+Inf") return Number.POSITIVE_INFINITY;
  return text === "-Inf" ? Number.NEGATIVE_INFINITY : Number(text);
}
