/** What a function does, as the end of the sentence "the series become …"; {range} and {0}, {1} are its arguments. */
export type FunctionWords = {
  readonly group: "rate" | "over time" | "histogram" | "maths" | "labels" | "order" | "time";
  readonly words: string;
  /** What its further arguments are, for the builder's fields: a name, and what stands there at first. */
  readonly parameters?: readonly (readonly [name: string, first: string])[];
};

/** Functions that the builder offers: over a range, in the order of the menu. */
export const rangeFunctions: Readonly<Record<string, FunctionWords>> = {
  rate: { group: "rate", words: "per-second rate over {range}" },
  increase: { group: "rate", words: "increase over {range}" },
  irate: { group: "rate", words: "per-second rate of the last two samples within {range}" },
  delta: { group: "rate", words: "difference over {range}" },
  idelta: { group: "rate", words: "difference of the last two samples within {range}" },
  deriv: { group: "rate", words: "per-second slope over {range}" },
  changes: { group: "rate", words: "number of changes over {range}" },
  resets: { group: "rate", words: "number of resets of the counter over {range}" },
  predict_linear: {
    group: "rate",
    words: "value that a line through the last {range} has {0} seconds from now",
    parameters: [["Seconds ahead", "3600"]],
  },
  avg_over_time: { group: "over time", words: "mean over {range}" },
  min_over_time: { group: "over time", words: "least value over {range}" },
  max_over_time: { group: "over time", words: "greatest value over {range}" },
  sum_over_time: { group: "over time", words: "sum of all samples over {range}" },
  count_over_time: { group: "over time", words: "number of samples over {range}" },
  quantile_over_time: {
    group: "over time",
    words: "{0} quantile of the samples over {range}",
    parameters: [["Quantile", "0.95"]],
  },
  stddev_over_time: { group: "over time", words: "standard deviation over {range}" },
  stdvar_over_time: { group: "over time", words: "variance over {range}" },
  last_over_time: { group: "over time", words: "last sample within {range}" },
  first_over_time: { group: "over time", words: "first sample within {range}" },
  present_over_time: { group: "over time", words: "1 where there is any sample within {range}" },
  absent_over_time: { group: "over time", words: "1 where there is no sample within {range}" },
  mad_over_time: { group: "over time", words: "median absolute deviation over {range}" },
};

/** Functions of the values at one moment. */
export const instantFunctions: Readonly<Record<string, FunctionWords>> = {
  histogram_quantile: {
    group: "histogram",
    words: "{0} quantile estimated from the buckets",
    parameters: [["Quantile", "0.95"]],
  },
  histogram_avg: { group: "histogram", words: "mean of the histogram" },
  histogram_count: { group: "histogram", words: "number of observations of the histogram" },
  histogram_sum: { group: "histogram", words: "sum of the observations of the histogram" },
  histogram_fraction: {
    group: "histogram",
    words: "share of observations between {0} and {1}",
    parameters: [
      ["From", "0"],
      ["To", "0.5"],
    ],
  },
  abs: { group: "maths", words: "without the sign" },
  ceil: { group: "maths", words: "rounded up" },
  floor: { group: "maths", words: "rounded down" },
  round: { group: "maths", words: "rounded to multiples of {0}", parameters: [["To", "1"]] },
  clamp: {
    group: "maths",
    words: "kept between {0} and {1}",
    parameters: [
      ["Least", "0"],
      ["Greatest", "100"],
    ],
  },
  clamp_min: { group: "maths", words: "at least {0}", parameters: [["Least", "0"]] },
  clamp_max: { group: "maths", words: "at most {0}", parameters: [["Greatest", "100"]] },
  sqrt: { group: "maths", words: "square root" },
  exp: { group: "maths", words: "e to the power of the value" },
  ln: { group: "maths", words: "natural logarithm" },
  log2: { group: "maths", words: "logarithm to base 2" },
  log10: { group: "maths", words: "logarithm to base 10" },
  sgn: { group: "maths", words: "sign: -1, 0 or 1" },
  label_replace: {
    group: "labels",
    words: "with the label {0} set to {1}, taken from {2} where it matches {3}",
    parameters: [
      ["Label", '"host"'],
      ["Value", '"$1"'],
      ["From label", '"instance"'],
      ["Pattern", '"(.*)"'],
    ],
  },
  label_join: {
    group: "labels",
    words: "with the label {0} joined by {1} from other labels",
    parameters: [
      ["Label", '"joined"'],
      ["Separator", '"/"'],
      ["From label", '"job"'],
      ["And label", '"instance"'],
    ],
  },
  sort: { group: "order", words: "sorted, the least first" },
  sort_desc: { group: "order", words: "sorted, the greatest first" },
  absent: { group: "time", words: "1 where there is no series" },
  timestamp: { group: "time", words: "time of the sample, in Unix seconds" },
  scalar: { group: "maths", words: "a single number, if there is exactly one series" },
  vector: { group: "maths", words: "a series without labels" },
  time: { group: "time", words: "time of the evaluation, in Unix seconds" },
};

/** Aggregations; {0} is the parameter. */
export const aggregations: Readonly<
  Record<string, { readonly words: string; readonly parameter?: readonly [string, string] }>
> = {
  sum: { words: "added up" },
  avg: { words: "averaged" },
  max: { words: "the greatest" },
  min: { words: "the least" },
  count: { words: "counted" },
  topk: { words: "the {0} greatest", parameter: ["How many", "5"] },
  bottomk: { words: "the {0} least", parameter: ["How many", "5"] },
  quantile: { words: "the {0} quantile", parameter: ["Quantile", "0.95"] },
  stddev: { words: "the standard deviation" },
  stdvar: { words: "the variance" },
  group: { words: "1 for each group" },
  count_values: { words: "counted by value into the label {0}", parameter: ["Label", '"value"'] },
  limitk: { words: "any {0} of them", parameter: ["How many", "10"] },
  limit_ratio: { words: "a share of {0} of them", parameter: ["Share", "0.1"] },
};

/** Operators between numbers, as verbs. */
export const operatorWords: Readonly<Record<string, string>> = {
  "+": "plus",
  "-": "minus",
  "*": "times",
  "/": "divided by",
  "%": "modulo",
  "^": "to the power of",
  atan2: "as the angle to",
  "==": "where equal to",
  "!=": "where not equal to",
  ">": "where greater than",
  "<": "where less than",
  ">=": "where at least",
  "<=": "where at most",
  and: "where there is also",
  or: "or else",
  unless: "where there is no",
};
