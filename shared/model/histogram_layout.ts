import {
  type Buckets,
  bucketsOf,
  customSchema,
  exponentialBound,
  type Histogram,
  sameCustomValues,
  sameNumber,
} from "./histogram.ts";

/**
 * Where the observations of a histogram lie, with one or more numbers a bucket: before two histograms can be added or
 * compared, both are brought to one layout, a sum together with its rounding errors.
 */
export type Layout = {
  readonly schema: number;
  readonly zeroThreshold: number;
  /** One number a column. */
  readonly zero: readonly number[];
  readonly positive: Side;
  readonly negative: Side;
  readonly customValues: readonly number[];
};

type Side = { readonly indices: Int32Array; readonly columns: readonly Float64Array[] };

function sideOf({ indices, counts }: Buckets): Side {
  return { indices, columns: [counts] };
}

export function layoutOf(histogram: Histogram): Layout {
  const { schema, zeroThreshold, zeroCount, positive, negative, customValues } = histogram;
  return {
    schema,
    zeroThreshold,
    zero: [zeroCount],
    positive: sideOf(positive),
    negative: sideOf(negative),
    customValues,
  };
}

/** The observations of `histogram` as they lie in a layout of one column that was made of it. */
export function histogramFromLayout(histogram: Histogram, layout: Layout): Histogram {
  const { schema, zeroThreshold, zero, customValues } = layout;
  return {
    ...histogram,
    schema,
    zeroThreshold,
    zeroCount: zero[0] ?? 0,
    positive: bucketsAt(layout.positive),
    negative: bucketsAt(layout.negative),
    customValues,
  };
}

function bucketsAt({ indices, columns }: Side): Buckets {
  return bucketsOf(indices, columns[0] ?? new Float64Array(0));
}

/** Moves every bucket to another index; `target` is called in ascending order and must not descend. */
function regroup({ indices, columns }: Side, target: (index: number) => number): Side {
  const moved = new Int32Array(indices.length);
  let length = 0;
  const places = new Int32Array(indices.length);
  for (let i = 0; i < indices.length; i++) {
    const index = target(indices[i] ?? 0);
    if (length === 0 || moved[length - 1] !== index) moved[length++] = index;
    places[i] = length - 1;
  }
  const regrouped = columns.map((column) => {
    const sums = new Float64Array(length);
    for (let i = 0; i < column.length; i++) {
      const place = places[i] ?? 0;
      sums[place] = (sums[place] ?? 0) + (column[i] ?? 0);
    }
    return sums;
  });
  return { indices: moved.slice(0, length), columns: regrouped };
}

/** Brings an exponential layout to a schema of at most its own resolution. */
export function reduceResolution(layout: Layout, schema: number): Layout {
  const halvings = layout.schema - schema;
  if (halvings <= 0) return layout;
  const target = (index: number): number => ((index - 1) >> halvings) + 1;
  return {
    ...layout,
    schema,
    positive: regroup(layout.positive, target),
    negative: regroup(layout.negative, target),
  };
}

/** Brings custom buckets to some of their own bounds: each goes to the first bound that is not below its own. */
export function reduceBounds(layout: Layout, customValues: readonly number[]): Layout {
  const { positive, customValues: bounds } = layout;
  if (sameCustomValues(bounds, customValues)) return layout;
  let at = 0;
  // Called with ascending indices, so one walk over the bounds is enough.
  const target = (index: number): number => {
    const bound = bounds[index] ?? Infinity;
    while (at < customValues.length && (customValues[at] ?? Infinity) < bound) at++;
    return at;
  };
  return { ...layout, customValues, positive: regroup(positive, target) };
}

export function commonBounds(a: readonly number[], b: readonly number[]): readonly number[] {
  if (sameCustomValues(a, b)) return a;
  const others = new Set(b);
  return a.filter((value) => others.has(value));
}

/**
 * Widens the zero bucket to at least `threshold`. Where that falls inside a populated bucket, the zero bucket takes in the
 * whole of it.
 */
export function widenZero(layout: Layout, threshold: number): Layout {
  if (threshold <= layout.zeroThreshold || Number.isNaN(threshold)) return layout;
  let wide = threshold;
  for (let before = Number.NaN; before !== wide;) {
    before = wide;
    wide = swallowed(
      layout.negative,
      layout.schema,
      swallowed(layout.positive, layout.schema, wide),
    );
  }
  const zero = [...layout.zero];
  return {
    ...layout,
    zeroThreshold: wide,
    positive: beyond(layout.positive, layout.schema, wide, zero),
    negative: beyond(layout.negative, layout.schema, wide, zero),
    zero,
  };
}

function swallowed({ indices, columns }: Side, schema: number, threshold: number): number {
  for (let i = 0; i < indices.length; i++) {
    const index = indices[i] ?? 0;
    if (exponentialBound(index - 1, schema) >= threshold) return threshold;
    const upper = exponentialBound(index, schema);
    if (upper > threshold && columns[0]?.[i] !== 0) return upper;
  }
  return threshold;
}

/** The buckets beyond a threshold; those within are added to `zero`. */
function beyond({ indices, columns }: Side, schema: number, threshold: number, zero: number[]) {
  let within = 0;
  while (within < indices.length && exponentialBound(indices[within] ?? 0, schema) <= threshold) {
    for (const [c, column] of columns.entries()) zero[c] = (zero[c] ?? 0) + (column[within] ?? 0);
    within++;
  }
  return {
    indices: indices.subarray(within),
    columns: columns.map((column) => column.subarray(within)),
  };
}

/** Two layouts of one kind (exponential or custom) in the finest layout that both can be brought to. */
export function commonLayout(
  a: Layout,
  b: Layout,
): { readonly a: Layout; readonly b: Layout; readonly reconciledBounds: boolean } {
  if (a.schema === customSchema) {
    const bounds = commonBounds(a.customValues, b.customValues);
    const reconciledBounds = !sameCustomValues(a.customValues, b.customValues);
    return { a: reduceBounds(a, bounds), b: reduceBounds(b, bounds), reconciledBounds };
  }
  let [left, right] = [a, b];
  while (!sameNumber(left.zeroThreshold, right.zeroThreshold)) {
    left = widenZero(left, right.zeroThreshold);
    right = widenZero(right, left.zeroThreshold);
  }
  const schema = Math.min(a.schema, b.schema);
  return {
    a: reduceResolution(left, schema),
    b: reduceResolution(right, schema),
    reconciledBounds: false,
  };
}
