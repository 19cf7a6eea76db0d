import type {
  Completion,
  CompletionContext,
  CompletionResult,
  CompletionSource,
} from "@codemirror/autocomplete";
import { queryFacets } from "../client/log_records.ts";
import { logLabelNames, logLabelValues, type SelectionRequest } from "../client/logs.ts";
import type { Window } from "../state/time_range.ts";
import { logqlPlace, type LogqlPlace } from "./logql_place.ts";

const keptMs = 30_000;
const fieldLines = 1_000;
const offeredMax = 500;

/** Where names and values come from; tests give their own. */
export type LogqlNames = {
  readonly labelNames: (request: SelectionRequest) => Promise<string[]>;
  readonly labelValues: (name: string, request: SelectionRequest) => Promise<string[]>;
  readonly fields: (request: SelectionRequest) => Promise<ReadonlyMap<string, readonly string[]>>;
};

const overHttp: LogqlNames = {
  labelNames: logLabelNames,
  labelValues: logLabelValues,
  fields: async (request) => {
    const { fields } = await queryFacets({ ...request, values: 50, lines: fieldLines });
    return new Map(fields.map(({ field, values }) => [field, values.map(({ value }) => value)]));
  },
};

/** Completion of LogQL by what may stand at the cursor: words of the language, and names and values from the data of the range. */
export function logqlCompletion(
  windowOf: () => Window,
  names: LogqlNames = overHttp,
): CompletionSource {
  const ask = remembering();
  return async (context: CompletionContext): Promise<CompletionResult | null> => {
    const text = context.state.doc.toString();
    const place = logqlPlace(text, context.pos);
    if (place === undefined || (place.from === context.pos && !context.explicit && !place.eager))
      return null;
    const options = await optionsOf(place, windowOf(), names, ask);
    if (context.aborted || options.length === 0) return null;
    return {
      from: place.from,
      options,
      validFor: place.kind === "value" ? /^[^"]*$/ : /^[\w|=~!>.]*$/,
    };
  };
}

async function optionsOf(
  place: LogqlPlace,
  window: Window,
  names: LogqlNames,
  ask: ReturnType<typeof remembering>,
): Promise<Completion[]> {
  const { selector } = place;
  const request = { query: selector, ...window };
  switch (place.kind) {
    case "label": {
      const found = await ask(`labels ${selector}`, () => names.labelNames(request));
      return found.map((label) => ({ label, type: "property", apply: `${label}=` }));
    }
    case "value": {
      const { name } = place;
      const isStream = place.of === "label";
      const found = isStream
        ? await ask(`values ${name} ${selector}`, () => names.labelValues(name, request))
        : ((await ask(`fields ${selector}`, () => names.fields(request))).get(name) ?? []);
      return found.slice(0, offeredMax).map((value) => ({
        label: value,
        type: "text",
        apply: place.isQuoted ? JSON.stringify(value).slice(1, -1) : JSON.stringify(value),
      }));
    }
    case "pipe": {
      const found = await ask(`fields ${selector}`, () => names.fields(request));
      return [
        ...parsers,
        ...Array.from(found.keys(), (label) => ({ label, type: "property", boost: -1 })),
      ];
    }
    case "stage":
      return stages;
    case "grouping": {
      const found = await ask(`fields ${selector}`, () => names.fields(request));
      return Array.from(found.keys(), (label) => ({ label, type: "property" }));
    }
    case "range":
      return ranges;
    case "start":
      return [...starts, ...functions];
  }
}

/** Answers are kept for a while: every letter asks. Failures are no completion, and are not kept. */
function remembering() {
  const kept = new Map<string, { readonly atMs: number; readonly answer: Promise<unknown> }>();
  return async <T>(key: string, run: () => Promise<T>): Promise<T> => {
    const known = kept.get(key);
    if (known !== undefined && Date.now() - known.atMs < keptMs) {
      // Put there by the same key, and so of the same type.
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion
      return known.answer as Promise<T>;
    }
    if (kept.size > 100) kept.clear();
    const answer = run();
    kept.set(key, { atMs: Date.now(), answer });
    answer.catch(() => kept.delete(key));
    return answer;
  };
}

const word =
  (type: string) =>
  ([label, detail]: readonly [string, string]): Completion => ({ label, detail, type });

const parsers = (
  [
    ["json", "fields of JSON lines"],
    ["logfmt", "fields written name=value"],
    ["pattern", "fields by a template"],
    ["regexp", "fields by named groups"],
    ["unpack", "labels packed by an agent"],
    ["line_format", "rewrite the line"],
    ["label_format", "rename or rewrite labels"],
    ["decolorize", "take out ANSI colours"],
    ["drop", "leave out labels"],
    ["keep", "keep only these labels"],
    ["unwrap", "use a field as the sample"],
  ] as const
).map(word("keyword"));

const stages = (
  [
    ["|=", "line holds the text"],
    ["!=", "line does not hold the text"],
    ["|~", "line matches the expression"],
    ["!~", "line does not match the expression"],
    ["|>", "line has the pattern"],
    ["!>", "line does not have the pattern"],
    ["|", "parse, filter or format"],
  ] as const
).map(word("keyword"));

const ranges: Completion[] = ["1m", "5m", "10m", "30m", "1h", "1d"].map((label) => ({
  label,
  type: "constant",
}));
const starts: Completion[] = [{ label: "{", detail: "choose streams", type: "keyword" }];

const functions = (
  [
    ["rate", "lines a second"],
    ["count_over_time", "lines in the range"],
    ["bytes_rate", "bytes a second"],
    ["bytes_over_time", "bytes in the range"],
    ["absent_over_time", "1 where there is none"],
    ["sum_over_time", "sum of unwrapped values"],
    ["avg_over_time", "average of unwrapped values"],
    ["min_over_time", "smallest unwrapped value"],
    ["max_over_time", "largest unwrapped value"],
    ["quantile_over_time", "quantile of unwrapped values"],
    ["first_over_time", "first unwrapped value"],
    ["last_over_time", "last unwrapped value"],
    ["stddev_over_time", "deviation of unwrapped values"],
    ["rate_counter", "rate of an unwrapped counter"],
    ["sum", "over series"],
    ["avg", "over series"],
    ["min", "over series"],
    ["max", "over series"],
    ["count", "number of series"],
    ["topk", "largest series"],
    ["bottomk", "smallest series"],
    ["sort_desc", "largest first"],
    ["label_replace", "a label from another"],
  ] as const
).map(([label, detail]): Completion => ({ label, detail, type: "function", apply: `${label}(` }));
