import type { Field, Frame } from "../../../frames/frame.ts";
import { durationOf, roundedStep } from "../interval.ts";
import {
  column,
  fieldName,
  frameOf,
  numberOr,
  recordOf,
  timeFieldOf,
  type Options,
  type Transformer,
} from "./parts.ts";

const bucketsMax = 10_000;

/** How many values fall into each bucket, for each field or for all of them together. */
export const histogram: Transformer = (frames, options) => {
  const fields = frames.flatMap((frame) => frame.fields.filter(({ type }) => type === "number"));
  const numbers = fields.map(({ values }) => Array.from(values, Number).filter(Number.isFinite));
  const all = numbers.flat();
  if (all.length === 0) return [];
  const [least, most] = boundsOf(all);
  const size = Math.max(bucketSize(options, least, most), (most - least) / bucketsMax);
  const offset = numberOr(options["bucketOffset"], 0);
  const first = Math.floor((least - offset) / size);
  const count = Math.floor((most - offset) / size) - first + 1;
  const starts = Array.from({ length: count }, (_, i) => (first + i) * size + offset);
  const counted = (values: readonly number[]) => {
    const counts = new Float64Array(count);
    for (const value of values) {
      const bucket = Math.floor((value - offset) / size) - first;
      counts[bucket] = (counts[bucket] ?? 0) + 1;
    }
    return counts;
  };
  const isCombined = options["combine"] === true;
  const columns = isCombined
    ? [column("Count", "number", [...counted(all)])]
    : fields.map((field, i): Field => ({
        ...field,
        name: fieldName(field),
        values: counted(numbers[i] ?? []),
        options: {},
      }));
  const unit = fields[0]?.options.unit;
  const bounds = [
    column("xMin", "number", starts),
    column(
      "xMax",
      "number",
      starts.map((each) => each + size),
    ),
  ];
  return [
    frameOf(
      [
        ...bounds.map((each) => (unit === undefined ? each : { ...each, options: { unit } })),
        ...columns,
      ],
      frames,
    ),
  ];
};

function boundsOf(values: readonly number[]): readonly [number, number] {
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of values) {
    if (value < least) least = value;
    if (value > most) most = value;
  }
  return [least, most];
}

function bucketSize(options: Options, least: number, most: number): number {
  const size = numberOr(options["bucketSize"], 0);
  if (size > 0) return size;
  return niceStep((most - least) / Math.max(1, numberOr(options["bucketCount"], 30)));
}

/** 1, 2, 2.5 or 5 times a power of ten, at least `wanted`. */
function niceStep(wanted: number): number {
  if (!(wanted > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(wanted));
  return ([1, 2, 2.5, 5, 10].find((each) => each * power >= wanted) ?? 10) * power;
}

/** How many values of all series fall into each cell of time and value, as buckets of a heatmap. */
export const heatmap: Transformer = (frames, options) => {
  const points = pointsOf(frames);
  if (points.length === 0) return [];
  const [startMs, endMs] = boundsOf(points.map(([time]) => time));
  const [least, most] = boundsOf(points.map(([, value]) => value));
  const stepMs = cellStep(recordOf(options["xBuckets"]), startMs, endMs, true);
  const size = cellStep(recordOf(options["yBuckets"]), least, most, false);
  const firstMs = Math.floor(startMs / stepMs) * stepMs;
  const first = Math.floor(least / size) * size;
  const columns = Math.floor((endMs - firstMs) / stepMs) + 1;
  const rows = Math.floor((most - first) / size) + 1;
  if (columns * rows > 1_000_000) return frames;
  const counts = Array.from({ length: rows }, () => new Float64Array(columns));
  for (const [time, value] of points) {
    const row = counts[Math.floor((value - first) / size)];
    const at = Math.floor((time - firstMs) / stepMs);
    if (row !== undefined) row[at] = (row[at] ?? 0) + 1;
  }
  const times = Array.from({ length: columns }, (_, i) => firstMs + i * stepMs);
  const fields = counts.map((values, i): Field => {
    const [gt, le] = [String(first + i * size), String(first + (i + 1) * size)];
    return { name: le, type: "number", labels: { gt, le }, values, options: {} };
  });
  return [frameOf([column("Time", "time", times), ...fields], frames)];
};

function pointsOf(frames: readonly Frame[]): readonly (readonly [number, number])[] {
  return frames.flatMap((frame) => {
    const time = timeFieldOf(frame);
    if (time === undefined) return [];
    return frame.fields
      .filter(({ type }) => type === "number")
      .flatMap(({ values }) =>
        Array.from(values, (value, i) => [Number(time.values[i]), Number(value)] as const),
      )
      .filter((point) => point.every(Number.isFinite));
  });
}

function cellStep(options: Options, least: number, most: number, isTime: boolean): number {
  const given = options["value"];
  const spanMs = isTime && typeof given === "string" ? durationOf(given) : undefined;
  const value = numberOr(given, spanMs ?? 0);
  if (options["mode"] === "size" && value > 0) return value;
  const wanted = (most - least) / (value > 0 ? value : isTime ? 40 : 20);
  return isTime ? roundedStep(wanted) : niceStep(wanted);
}
