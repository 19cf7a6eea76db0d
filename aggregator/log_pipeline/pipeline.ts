// Hot: guarded by `bench search`.
import type { LineFilter, LineHint } from "../read/source.ts";
import type { LabelFilter, LogQuery, Stage, Unwrap } from "#shared/query_language/logql/ast.ts";
import { type Prefilter, hintsOf, prefilterOf } from "./prefilter.ts";
import { watchCost } from "./record_cost.ts";
import { errorDetailsLabel, errorLabel, resetState } from "./record_state.ts";
import { compileStage } from "./stages/compile.ts";
import { looksAtErrors, namesOfFilter } from "./stages/label_filter.ts";
import { pushedFilters } from "./stages/line_filter.ts";
import { type StageRun, type Wanted } from "./stages/stage.ts";
import { compileTemplate } from "#shared/template/template.ts";

/** A log query made ready: what the store is asked, and what then is done with each record. */
export type Pipeline = {
  /** Line filters for the store: those before the first stage that changes the line. */
  readonly lineFilters: readonly LineFilter[];
  /** The stages that run() is made of. */
  readonly stages: readonly Stage[];
  /** Which records need not be given to run(). */
  readonly hints: readonly LineHint[];
  /** Whether a record is in the result; the state then holds its line and labels. */
  readonly run: StageRun;
  /** Drops most of the records that run() would drop, without parsing their lines. */
  readonly prefilter: Prefilter | undefined;
  /** Whether stages or the result look at lines or at structured metadata. */
  readonly needs: { readonly bodies: boolean; readonly attributes: boolean };
  /** Whether there is nothing to be done: all that the store gives is in the result, as it is. */
  readonly isEmpty: boolean;
  /** Whether labels may be other than those of stream and metadata. */
  readonly changesLabels: boolean;
};

/** Labels that the result has to have: undefined for all of them. */
export type NamesNeeded = ReadonlySet<string> | undefined;

const changesLine: ReadonlySet<Stage["type"]> = new Set(["line_format", "unpack", "decolorize"]);
const parsers: ReadonlySet<Stage["type"]> = new Set([
  "json",
  "logfmt",
  "regexp",
  "pattern",
  "unpack",
]);

/** Compiles the stages of a query. `unwrapped` is the label without which a record is not wanted. Throws LogqlError. */
export function compilePipeline(query: LogQuery, names: NamesNeeded, unwrapped?: string): Pipeline {
  const { lineFilters, stages } = pushDown(query.stages);
  const runs = compileStages(stages, names);
  const full = sequence(runs);
  return {
    lineFilters,
    stages,
    hints: hintsOf(stages, unwrapped),
    prefilter: prefilterOf(stages),
    run: names === undefined ? probing(stages, full) : full,
    needs: {
      bodies: stages.some(readsLine),
      attributes: names === undefined || [...names].length > 0 || stages.length > 0,
    },
    isEmpty: runs.length === 0,
    changesLabels: stages.some(({ type }) => type !== "line_filter" && type !== "label_filter"),
  };
}

function readsLine(stage: Stage): boolean {
  if (stage.type === "label_format")
    return stage.formats.some((f) => f.kind === "template" && f.template.includes("__line__"));
  return !["label_filter", "drop", "keep"].includes(stage.type);
}

/** Line filters that can be asked of the store, and the stages that remain. */
function pushDown(all: readonly Stage[]): {
  readonly lineFilters: readonly LineFilter[];
  readonly stages: readonly Stage[];
} {
  const lineFilters: LineFilter[] = [];
  const stages: Stage[] = [];
  let isChanged = false;
  for (const stage of all) {
    isChanged ||= changesLine.has(stage.type);
    if (stage.type === "line_filter" && !isChanged) {
      const { filters, isWhole } = pushedFilters(stage);
      lineFilters.push(...filters);
      if (isWhole) continue;
    }
    stages.push(stage);
  }
  return { lineFilters, stages };
}

function sequence(runs: readonly StageRun[]): StageRun {
  const [first, second] = runs;
  if (first === undefined) return () => true;
  if (second === undefined) return first;
  if (runs.length === 2) return (state) => first(state) && second(state);
  return (state) => {
    for (const run of runs) {
      if (!run(state)) return false;
      watchCost(state);
    }
    return true;
  };
}

function compileStages(stages: readonly Stage[], names: NamesNeeded): StageRun[] {
  const runs: StageRun[] = [];
  let needed: Wanted = { names, isExact: false };
  if (names?.has(errorLabel) === true || names?.has(errorDetailsLabel) === true)
    needed = { names, isExact: true };
  // From the last to the first, since what a parser has to find is what comes after it asks for.
  for (const stage of stages.toReversed()) {
    runs.unshift(compileStage(stage, needed));
    needed = neededBefore(stage, needed);
  }
  return runs;
}

function neededBefore(stage: Stage, { names, isExact }: Wanted): Wanted {
  const isNowExact = isExact || looksAtErrorsOf(stage);
  const read = namesReadBy(stage);
  if (names === undefined || read === undefined) return { names: undefined, isExact: isNowExact };
  return { names: new Set([...names, ...read]), isExact: isNowExact };
}

function looksAtErrorsOf(stage: Stage): boolean {
  if (stage.type === "label_filter") return looksAtErrors(stage.filter);
  if (stage.type === "drop")
    return stage.labels.some(({ name }) => name === errorLabel || name === errorDetailsLabel);
  return false;
}

/** Labels that a stage looks at, or undefined where it may look at any. */
function namesReadBy(stage: Stage): readonly string[] | undefined {
  switch (stage.type) {
    case "label_filter":
      return namesOfFilter(stage.filter);
    case "line_format":
      return namesOfTemplates([stage.template]);
    case "label_format": {
      const templates = stage.formats.flatMap((f) => (f.kind === "template" ? [f.template] : []));
      const sources = stage.formats.flatMap((f) => (f.kind === "rename" ? [f.source] : []));
      const read = namesOfTemplates(templates);
      return read === undefined ? undefined : [...sources, ...read];
    }
    case "drop":
    case "keep":
      return stage.labels.flatMap(({ name, matcher }) => (matcher === undefined ? [] : [name]));
    default:
      return [];
  }
}

function namesOfTemplates(templates: readonly string[]): readonly string[] | undefined {
  const names: string[] = [];
  for (const template of templates) {
    const read = compileTemplate(template).names;
    if (read === undefined) return undefined;
    names.push(...read);
  }
  return names;
}

/**
 * A log query shows all labels, but most records are dropped by a condition on a few: those are read first, and the rest only of
 * records that pass.
 */
function probing(stages: readonly Stage[], full: StageRun): StageRun {
  const last = stages.findLastIndex(
    ({ type }) => type === "label_filter" || type === "line_filter",
  );
  const first = stages.findIndex(({ type }) => parsers.has(type));
  if (first < 0 || last < first) return full;
  const checked = stages.slice(0, last + 1);
  const probe = sequence(compileStages(checked, new Set()));
  const keepsLine = !checked.some(({ type }) => changesLine.has(type));
  return (state) => {
    if (!probe(state)) return false;
    const { text } = state;
    resetState(state);
    if (keepsLine) state.text = text;
    return full(state);
  };
}

/** The conditions after an unwrap, in one. */
export function compileFilters({ filters }: Unwrap): StageRun {
  return sequence(
    filters.map((filter: LabelFilter) =>
      compileStage({ type: "label_filter", filter }, { names: undefined, isExact: true }),
    ),
  );
}
