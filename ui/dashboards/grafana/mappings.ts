import type { Mapping, Thresholds } from "#shared/dashboards/dashboard.ts";
import type { Note } from "./notes.ts";
import { isRecord, numberOr, recordOf, recordsOf, textOr, type Source } from "./read.ts";

const mappingsMax = 1_000;
const textMax = 100_000;

/** Value mappings in all forms that Grafana has had. */
export function mappingsOf(value: unknown, note: Note): Mapping[] {
  const mappings = recordsOf(value).flatMap((each) => mappingOf(each, note));
  if (mappings.length > mappingsMax)
    note(
      "mappings",
      `${mappings.length} mappings, expected at most ${mappingsMax}: the rest is left out`,
    );
  return mappings.slice(0, mappingsMax);
}

function mappingOf(source: Source, note: Note): Mapping[] {
  const options = recordOf(source["options"]);
  switch (source["type"]) {
    case "value":
      return Object.entries(options)
        .filter(([key]) => key !== "__proto__")
        .toSorted((a, b) => indexOf(a[1]) - indexOf(b[1]))
        .map(([key, result]) => ({ kind: "value", value: key, result: resultOf(result) }));
    case "range":
      return [rangeOf(options["from"], options["to"], resultOf(options["result"]))];
    case "regex":
      return [
        {
          kind: "regex",
          pattern: (textOr(options["pattern"]) ?? "").slice(0, 1_000),
          result: resultOf(options["result"]),
        },
      ];
    case "special":
      return special(textOr(options["match"]), resultOf(options["result"]), note);
    case 1:
    case 2:
    case undefined:
      return oldMapping(source);
    default:
      note("mappings", `the mapping "${textOr(source["type"]) ?? ""}" is not known, and left out`);
      return [];
  }
}

function indexOf(result: unknown): number {
  return numberOr(recordOf(result)["index"]) ?? 0;
}

function resultOf(value: unknown): Mapping["result"] {
  const result = recordOf(value);
  const [text, color, icon] = [result["text"], colorOf(result["color"]), textOr(result["icon"])];
  return {
    ...(typeof text === "string" || typeof text === "number"
      ? { text: String(text).slice(0, textMax) }
      : {}),
    ...(color === undefined ? {} : { color }),
    ...(icon === undefined ? {} : { icon: icon.slice(0, 200) }),
  };
}

function rangeOf(from: unknown, to: unknown, result: Mapping["result"]): Mapping {
  return { kind: "range", from: numberOr(from) ?? null, to: numberOr(to) ?? null, result };
}

const specials = ["true", "false", "null", "nan", "null+nan", "empty"] as const;

function special(match: string | undefined, result: Mapping["result"], note: Note): Mapping[] {
  const known = specials.find((each) => each === match);
  if (known !== undefined) return [{ kind: "special", match: known, result }];
  note("mappings", `the special value "${match ?? ""}" is not known, and left out`);
  return [];
}

/** Before version 8: a value or a range with a text. */
function oldMapping(source: Source): Mapping[] {
  const result = resultOf(source);
  const isRange =
    source["type"] === 2 || (source["from"] !== undefined && source["value"] === undefined);
  if (isRange) return [rangeOf(source["from"], source["to"], result)];
  const value = textOr(source["value"]);
  if (value === undefined) return [];
  if (value === "null") return [{ kind: "special", match: "null", result }];
  return [{ kind: "value", value, result }];
}

/** Colours are names or CSS; what is longer than any of them is none. */
export function colorOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" && value.length <= 64 ? value : undefined;
}

/** Thresholds as steps; undefined where there are none. */
export function thresholdsOf(value: unknown, note: Note): Thresholds | undefined {
  if (!isRecord(value)) return undefined;
  const steps = recordsOf(value["steps"]).flatMap((step, i): Thresholds["steps"] => {
    const color = colorOf(step["color"]);
    const number = numberOr(step["value"]);
    if (color === undefined) {
      note(`thresholds.steps[${i}]`, "has no colour that is one, and is left out");
      return [];
    }
    if (number === undefined && i > 0 && step["value"] !== null)
      note(`thresholds.steps[${i}]`, "has no number: it counts from the least value on");
    return [{ value: number ?? null, color }];
  });
  if (steps.length === 0) return undefined;
  return { mode: value["mode"] === "percentage" ? "percentage" : "absolute", steps };
}
