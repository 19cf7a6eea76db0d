import type { Field, Frame } from "../../../frames/frame.ts";
import { isReducer, reduceNumber } from "../../../frames/reduce.ts";
import { numberOf } from "../values.ts";
import { joined } from "./join.ts";
import {
  column,
  fieldName,
  fieldNamed,
  isRecord,
  numberOr,
  recordOf,
  reducerColumn,
  textOr,
  textsOf,
  timeFieldOf,
  type Options,
  type Transformer,
} from "./parts.ts";

/** A field computed from others: of a row, of two fields, of one, or over a window. Series are joined by their time before. */
export const calculateField: Transformer = (frames, options) => {
  const wide =
    options["timeSeries"] === false || frames.length < 2 || !frames.every(timeFieldOf)
      ? frames
      : joined(frames, undefined, "outer");
  return wide.map((frame) => calculated(frame, options));
};

function calculated(frame: Frame, options: Options): Frame {
  const made = computed(frame, options);
  if (made.length === 0) return frame;
  const alias = textOr(options["alias"]);
  const [first] = made;
  const fields =
    made.length === 1 && alias !== undefined && first !== undefined
      ? [{ ...first, name: alias }]
      : made;
  if (options["replaceFields"] !== true) return { ...frame, fields: [...frame.fields, ...fields] };
  const time = timeFieldOf(frame);
  return { ...frame, fields: [...(time === undefined ? [] : [time]), ...fields] };
}

function computed(frame: Frame, options: Options): readonly Field[] {
  switch (options["mode"]) {
    case "binary":
      return binary(frame, recordOf(options["binary"]));
    case "unary":
      return unary(frame, recordOf(options["unary"]));
    case "index":
      return [indexField(frame, recordOf(options["index"]))];
    case "cumulativeFunctions":
      return cumulative(frame, recordOf(options["cumulative"]));
    case "windowFunctions":
      return windowed(frame, recordOf(options["window"]));
    default:
      return [ofRows(frame, recordOf(options["reduce"]))];
  }
}

function ofRows(frame: Frame, options: Options): Field {
  const include = new Set(textsOf(options["include"]));
  const reducer = textOr(options["reducer"]) ?? "sum";
  const fields = frame.fields.filter(
    (field) => field.type === "number" && (include.size === 0 || include.has(fieldName(field))),
  );
  const values = Array.from({ length: frame.length }, (_, row) =>
    reduceNumber(
      fields.map((field) => field.values[row]),
      reducer,
    ),
  );
  return column(reducerColumn(reducer), "number", values);
}

type Operand = { readonly name: string; readonly at: (row: number) => number };
const operators: Readonly<Record<string, (a: number, b: number) => number>> = {
  "+": (a, b) => a + b,
  "-": (a, b) => a - b,
  "*": (a, b) => a * b,
  "/": (a, b) => a / b,
  "%": (a, b) => a % b,
  "**": (a, b) => a ** b,
};

/** One field for each that the left side names: it may name all numbers. */
function binary(frame: Frame, options: Options): readonly Field[] {
  const operator = textOr(options["operator"]) ?? "+";
  const compute = Object.hasOwn(operators, operator) ? operators[operator] : undefined;
  if (compute === undefined) return [];
  const rights = operandsOf(frame, options["right"]);
  return operandsOf(frame, options["left"]).flatMap((left) =>
    rights.map((right) =>
      column(
        `${left.name} ${operator} ${right.name}`,
        "number",
        Array.from({ length: frame.length }, (_, row) => compute(left.at(row), right.at(row))),
      ),
    ),
  );
}

/** A name, a number, {fixed: "5"}, or {matcher: {id, options}}. */
function operandsOf(frame: Frame, value: unknown): readonly Operand[] {
  if (isRecord(value) && isRecord(value["matcher"])) {
    const { id, options } = value["matcher"];
    if (id === "byType") return frame.fields.filter(({ type }) => type === options).map(operand);
    return operandsOf(frame, options);
  }
  const text = isRecord(value) ? value["fixed"] : value;
  const field = typeof text === "string" ? fieldNamed(frame, text) : undefined;
  if (field !== undefined) return [operand(field)];
  const number = numberOf(text);
  return Number.isNaN(number) ? [] : [{ name: String(number), at: () => number }];
}

function operand(field: Field): Operand {
  return { name: fieldName(field), at: (row) => numberOf(field.values[row]) };
}

const unaries: Readonly<Record<string, (value: number) => number>> = {
  abs: Math.abs,
  exp: Math.exp,
  ln: Math.log,
  floor: Math.floor,
  ceil: Math.ceil,
  round: Math.round,
};

function unary(frame: Frame, options: Options): readonly Field[] {
  const operator = textOr(options["operator"]) ?? "abs";
  const compute = Object.hasOwn(unaries, operator) ? unaries[operator] : undefined;
  const field = fieldNamed(frame, textOr(options["fieldName"]));
  if (compute === undefined || field === undefined) return [];
  return [
    column(
      `${operator}(${fieldName(field)})`,
      "number",
      Array.from(field.values, (value) => compute(numberOf(value))),
    ),
  ];
}

function indexField(frame: Frame, options: Options): Field {
  const isShare = options["asPercentile"] === true;
  const values = Array.from({ length: frame.length }, (_, i) => (isShare ? i / frame.length : i));
  const made = column("Row", "number", values);
  return isShare ? { ...made, options: { unit: "percentunit" } } : made;
}

function cumulative(frame: Frame, options: Options): readonly Field[] {
  const field = fieldNamed(frame, textOr(options["field"]));
  if (field === undefined) return [];
  const isMean = options["reducer"] === "mean";
  let [total, count] = [0, 0];
  const values = Array.from(field.values, (each) => {
    const value = numberOf(each);
    if (Number.isNaN(value)) return isMean ? total / Math.max(1, count) : total;
    total += value;
    count += 1;
    return isMean ? total / count : total;
  });
  return [column(`cumulative ${isMean ? "mean" : "sum"} ${fieldName(field)}`, "number", values)];
}

function windowed(frame: Frame, options: Options): readonly Field[] {
  const field = fieldNamed(frame, textOr(options["field"]));
  if (field === undefined) return [];
  const given = textOr(options["reducer"]) ?? "mean";
  const reducer = isReducer(given) ? given : "mean";
  const size = numberOr(options["windowSize"], 0.1);
  const rows = Math.max(
    1,
    Math.floor(options["windowSizeMode"] === "fixed" ? size : size * frame.length),
  );
  const isCentered = options["windowAlignment"] === "centered";
  const after = isCentered ? Math.floor(rows / 2) : 0;
  const before = rows - 1 - after;
  const { values } = field;
  const made = Array.from({ length: frame.length }, (_, i) =>
    reduceNumber(values.slice(Math.max(0, i - before), i + after + 1), reducer),
  );
  return [
    column(
      `${isCentered ? "centered" : "trailing"} moving ${reducer} ${fieldName(field)}`,
      "number",
      made,
    ),
  ];
}
