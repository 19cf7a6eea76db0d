import type { ValueType } from "./ast.ts";

/** How a function is called. `variadic`: how many more arguments than the listed, less one; -1 is any number. */
export type FunctionSignature = {
  readonly args: readonly ValueType[];
  readonly variadic: number;
  readonly returns: ValueType;
};

const vector: ValueType = "vector";
const matrix: ValueType = "matrix";
const scalar: ValueType = "scalar";
const text: ValueType = "string";

function returning(
  returns: ValueType,
  args: readonly ValueType[],
  variadic = 0,
): FunctionSignature {
  return { args, variadic, returns };
}

const mapped = returning(vector, [vector]);
const dated = returning(vector, [vector], 1);
const windowed = returning(vector, [matrix]);
const constant = returning(scalar, []);

const named = (
  names: string,
  signature: FunctionSignature,
): (readonly [string, FunctionSignature])[] =>
  names.split(" ").map((name) => [name, signature] as const);

/** Every function by name. */
export const functionTable: ReadonlyMap<string, FunctionSignature> = new Map([
  ...named(
    "abs absent acos acosh asin asinh atan atanh ceil cos cosh deg exp floor ln log10 log2 rad sgn sin sinh sort sort_desc sqrt tan tanh timestamp histogram_avg histogram_count histogram_sum histogram_stddev histogram_stdvar start_timestamp",
    mapped,
  ),
  ...named("days_in_month day_of_month day_of_week day_of_year hour minute month year", dated),
  ...named(
    "absent_over_time avg_over_time changes count_over_time delta deriv first_over_time idelta increase irate last_over_time mad_over_time max_over_time min_over_time present_over_time rate resets stddev_over_time stdvar_over_time sum_over_time ts_of_first_over_time ts_of_last_over_time ts_of_max_over_time ts_of_min_over_time",
    windowed,
  ),
  ...named("start end range step pi time", constant),
  ...named("max_of min_of", returning(scalar, [scalar, scalar])),
  ["scalar", returning(scalar, [vector])],
  ["vector", returning(vector, [scalar])],
  ["clamp", returning(vector, [vector, scalar, scalar])],
  ["clamp_max", returning(vector, [vector, scalar])],
  ["clamp_min", returning(vector, [vector, scalar])],
  ["round", returning(vector, [vector, scalar], 1)],
  ["histogram_fraction", returning(vector, [scalar, scalar, vector])],
  ["histogram_quantile", returning(vector, [scalar, vector])],
  ["histogram_quantiles", returning(vector, [vector, text, scalar, scalar], 9)],
  ["double_exponential_smoothing", returning(vector, [matrix, scalar, scalar])],
  ["predict_linear", returning(vector, [matrix, scalar])],
  ["quantile_over_time", returning(vector, [scalar, matrix])],
  ["info", returning(vector, [vector, vector], 1)],
  ["label_replace", returning(vector, [vector, text, text, text, text])],
  ["label_join", returning(vector, [vector, text, text, text], -1)],
  ["sort_by_label", returning(vector, [vector, text], -1)],
  ["sort_by_label_desc", returning(vector, [vector, text], -1)],
]);
