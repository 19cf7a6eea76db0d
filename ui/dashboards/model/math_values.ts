import { OperatingError } from "#shared/errors.ts";
import type { Labels } from "#shared/model/labels.ts";
import type { MathNode } from "./math.ts";
import type { Series } from "./series.ts";

export function truth(value: boolean): number {
  return value ? 1 : 0;
}

const operators: Readonly<Record<string, (a: number, b: number) => number>> = {
  "+": (a, b) => a + b,
  "-": (a, b) => a - b,
  "*": (a, b) => a * b,
  "/": (a, b) => a / b,
  "%": (a, b) => a % b,
  "**": (a, b) => a ** b,
  "==": (a, b) => truth(a === b),
  "!=": (a, b) => truth(a !== b),
  ">": (a, b) => truth(a > b),
  "<": (a, b) => truth(a < b),
  ">=": (a, b) => truth(a >= b),
  "<=": (a, b) => truth(a <= b),
  "&&": (a, b) => truth(a !== 0 && b !== 0),
  "||": (a, b) => truth(a !== 0 || b !== 0),
};
const functions: Readonly<Record<string, (value: number) => number>> = {
  abs: Math.abs,
  log: Math.log,
  round: Math.round,
  ceil: Math.ceil,
  floor: Math.floor,
  is_nan: (value) => truth(Number.isNaN(value)),
  is_inf: (value) => truth(Math.abs(value) === Number.POSITIVE_INFINITY),
  is_number: (value) => truth(Number.isFinite(value)),
  is_null: (value) => truth(Number.isNaN(value)),
};
const constants: Readonly<Record<string, number>> = {
  nan: Number.NaN,
  null: Number.NaN,
  inf: Number.POSITIVE_INFINITY,
  infn: Number.NEGATIVE_INFINITY,
};

/** Series of one side meet those of the other where the labels of one are among those of the other. */
export function evaluateMath(
  node: MathNode,
  inputs: (ref: string) => readonly Series[],
): readonly Series[] {
  switch (node.kind) {
    case "number":
      return [scalar(node.value)];
    case "ref":
      return inputs(node.ref);
    case "unary": {
      const compute =
        node.op === "-" ? (value: number) => -value : (value: number) => truth(value === 0);
      return evaluateMath(node.of, inputs).map((series) => mapped(series, compute));
    }
    case "call":
      return called(node.name, node.of === undefined ? undefined : evaluateMath(node.of, inputs));
    case "binary":
      return joined(
        evaluateMath(node.left, inputs),
        evaluateMath(node.right, inputs),
        operators[node.op] ?? (() => Number.NaN),
      );
  }
}

function scalar(value: number): Series {
  return { labels: {}, times: undefined, values: Float64Array.of(value) };
}

function mapped(series: Series, compute: (value: number) => number): Series {
  return { ...series, values: series.values.map(compute) };
}

function called(name: string, of: readonly Series[] | undefined): readonly Series[] {
  const constant = Object.hasOwn(constants, name) ? constants[name] : undefined;
  if (of === undefined && constant !== undefined) return [scalar(constant)];
  const compute = Object.hasOwn(functions, name) ? functions[name] : undefined;
  if (of !== undefined && compute !== undefined) return of.map((series) => mapped(series, compute));
  const names = [...Object.keys(functions), ...Object.keys(constants)].join(", ");
  throw new OperatingError(
    "bad_request",
    `"${name}" is no function of expressions, expected one of ${names}`,
  );
}

function joined(
  left: readonly Series[],
  right: readonly Series[],
  compute: (a: number, b: number) => number,
): readonly Series[] {
  // One on each side belongs together whatever their labels are.
  const isPair = left.length === 1 && right.length === 1;
  return left.flatMap((a) =>
    right
      .filter((b) => isPair || within(a.labels, b.labels) || within(b.labels, a.labels))
      .map((b) => combined(a, b, compute)),
  );
}

function within(few: Labels, many: Labels): boolean {
  return Object.entries(few).every(([name, value]) => many[name] === value);
}

function combined(a: Series, b: Series, compute: (a: number, b: number) => number): Series {
  const labels = Object.keys(a.labels).length >= Object.keys(b.labels).length ? a.labels : b.labels;
  if (a.times === undefined && b.times === undefined)
    return {
      labels,
      times: undefined,
      values: Float64Array.of(compute(a.values[0] ?? Number.NaN, b.values[0] ?? Number.NaN)),
    };
  if (a.times === undefined)
    return {
      labels,
      times: b.times,
      values: b.values.map((value) => compute(a.values[0] ?? Number.NaN, value)),
    };
  if (b.times === undefined)
    return {
      labels,
      times: a.times,
      values: a.values.map((value) => compute(value, b.values[0] ?? Number.NaN)),
    };
  const others = new Map(Array.from(b.times, (time, i) => [time, b.values[i] ?? Number.NaN]));
  const rows = Array.from(a.times, (time, i) => ({
    time,
    own: a.values[i] ?? Number.NaN,
    other: others.get(time),
  }));
  const shared = rows.filter(({ other }) => other !== undefined);
  return {
    labels,
    times: Float64Array.from(shared, ({ time }) => time),
    values: Float64Array.from(shared, ({ own, other }) => compute(own, other ?? Number.NaN)),
  };
}
