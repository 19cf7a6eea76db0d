import type { Frame } from "../../../frames/frame.ts";
import { matching } from "../user_regex.ts";
import { numberOf, textOf } from "../values.ts";
import {
  fieldNamed,
  isMissing,
  numberOr,
  picked,
  recordOf,
  recordsOf,
  textOr,
  type Options,
  type Transformer,
} from "./parts.ts";

/** Rows by conditions on their values. */
export const filterByValue: Transformer = (frames, options) => {
  const filters = recordsOf(options["filters"]);
  if (filters.length === 0) return frames;
  const isExclude = options["type"] === "exclude";
  const isAny = options["match"] === "any";
  return frames.map((frame) => {
    const tests = filters.flatMap((filter) => testOf(frame, filter));
    if (tests.length === 0) return frame;
    const rows = Array.from({ length: frame.length }, (_, i) => i).filter((row) => {
      const holds = isAny ? tests.some((test) => test(row)) : tests.every((test) => test(row));
      return holds !== isExclude;
    });
    return picked(frame, rows);
  });
};

function testOf(frame: Frame, filter: Options): ((row: number) => boolean)[] {
  const field = fieldNamed(frame, textOr(filter["fieldName"]));
  const config = recordOf(filter["config"]);
  const holds = conditionOf(textOr(config["id"]) ?? "", recordOf(config["options"]));
  return field === undefined || holds === undefined ? [] : [(row) => holds(field.values[row])];
}

type Condition = (value: unknown) => boolean;

function conditionOf(id: string, options: Options): Condition | undefined {
  const { value } = options;
  const bound = numberOf(value);
  switch (id) {
    case "isNull":
      return isMissing;
    case "isNotNull":
      return (each) => !isMissing(each);
    case "greater":
      return (each) => numberOf(each) > bound;
    case "greaterOrEqual":
      return (each) => numberOf(each) >= bound;
    case "lower":
      return (each) => numberOf(each) < bound;
    case "lowerOrEqual":
      return (each) => numberOf(each) <= bound;
    case "between":
    case "range":
      return between(options);
    case "equal":
      return (each) => textOf(each) === textOf(value);
    case "notEqual":
      return (each) => textOf(each) !== textOf(value);
    case "substring":
      return (each) => textOf(each).toLowerCase().includes(textOf(value).toLowerCase());
    case "notSubstring":
      return (each) => !textOf(each).toLowerCase().includes(textOf(value).toLowerCase());
    case "regex": {
      const matches = matching(`/${textOf(value)}/`);
      return (each) => matches(textOf(each));
    }
    default:
      return undefined;
  }
}

function between(options: Options): Condition {
  const from = numberOr(options["from"], Number.NEGATIVE_INFINITY);
  const to = numberOr(options["to"], Number.POSITIVE_INFINITY);
  return (each) => numberOf(each) > from && numberOf(each) < to;
}

/** The first rows. */
export const limit: Transformer = (frames, options) => {
  const count = Math.max(0, Math.floor(numberOr(options["limitField"], 10)));
  return frames.map((frame) =>
    frame.length <= count
      ? frame
      : picked(
          frame,
          Array.from({ length: count }, (_, i) => i),
        ),
  );
};
