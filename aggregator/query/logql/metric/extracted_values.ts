import { pacer } from "#shared/async/pacer.ts";
import { labelsKey } from "#shared/model/labels.ts";
import { bodyLength } from "#shared/model/logs.ts";
import {
  type ExtractedLines,
  type LineExtractor,
  type LinesAtHand,
  type LogSlice,
  wantsLine,
} from "../../../read/source.ts";
import type { Grouping, RangeQuery } from "#shared/query_language/logql/ast.ts";
import type { Pipeline } from "../../../log_pipeline/pipeline.ts";
import {
  clashSuffix,
  errorDetailsLabel,
  errorLabel,
  labelOf,
  newRecordState,
  type RecordState,
  resetState,
  setRecord,
} from "../../../log_pipeline/record_state.ts";
import { looksAtErrors, namesOfFilter } from "../../../log_pipeline/stages/label_filter.ts";
import { candidatesOf } from "../../../log_pipeline/stages/stage.ts";
import { inVariable, type Steps } from "../templates/follow_template.ts";
import { type FieldsOf, fieldsOfTemplates } from "../templates/template_labels.ts";
import { recordPace } from "../limits.ts";
import { decimalAt } from "./decimal.ts";
import {
  type Case,
  lineOfCase,
  standInsOf,
  type TextPlace,
  textOf,
  textPlace,
} from "./line_case.ts";

/** A record that is not in the result. */
const notWanted = -2;
const severitiesMax = 256;
/** Lines between two looks at the clock. */
const linesAtOnce = 256;
/** Steps over templates for a row group: some 50 ms. */
const stepsMax = 60_000;
/** Sets of values that cases are kept for. */
const valuesMax = 50_000;

/** What becomes of the lines of a template, stream and severity. */
type Plan = {
  /** A case, or what is below zero for all of them. */
  readonly number: number;
  /** Where the unwrapped value stands. */
  readonly value: TextPlace | undefined;
  /** Variables by whose texts the lines are of one case or another, ascending; none where all are of `number`. */
  readonly variables: readonly number[];
  readonly template: Omit<Case, "texts" | "id">;
  readonly byTexts: Map<string, number>;
};

/** How values are taken out of texts; undefined where one is none. */
type ReadValue = (text: string) => number | undefined;
type Cursors = (variable: number) => ReturnType<LinesAtHand["cursorOf"]>;

/** Where records go to; `plain` is for those whose line was made. */
export type ExtractedSink = {
  readonly plain: (state: RecordState) => void;
  /** Below zero for a record that is in no window. */
  readonly paneOf: (timeMs: number, nanos: number) => number;
  readonly idOf: (state: RecordState) => number;
  readonly add: (state: RecordState, id: number, pane: number, value: number) => void;
  readonly breathe: () => Promise<void> | undefined;
};

/**
 * What a query counts or unwraps of parsed lines, without making them: where a parser finds the same fields at the same places of all lines of a
 * template, its stages are run over one line for each set of values that the result or a condition looks at, and the unwrapped value is read where
 * it stands. Lines of which this can't be said are made and go through all stages, as does a value that is no number.
 */
export class ExtractedValues {
  readonly #pipeline: Pipeline;
  readonly #label: string | undefined;
  readonly #read: ReadValue;
  readonly #isFloat: boolean;
  readonly #isBytes: boolean;
  readonly #shown: ReadonlySet<string>;
  readonly #fieldsOf: FieldsOf;
  readonly #cases: Case[] = [];
  readonly #plans = new Map<Case["template"], Map<string, Plan>>();
  readonly #state = newRecordState();
  #values = 0;

  /** Undefined for a query of another kind. `grouping` is the result's: only its labels may be extracted. */
  static of(
    { unwrap, op }: RangeQuery,
    pipeline: Pipeline,
    grouping: Grouping | undefined,
    read: ReadValue,
  ): ExtractedValues | undefined {
    if (grouping === undefined || grouping.without) return undefined;
    if (unwrap !== undefined && unwrap.filters.length > 0) return undefined;
    const label = unwrap?.label;
    const shown = new Set(grouping.names);
    const parsers = pipeline.stages.filter(({ type }) => type !== "label_filter");
    for (const stage of pipeline.stages) {
      if (stage.type !== "label_filter") continue;
      if (looksAtErrors(stage.filter)) return undefined;
      if (label !== undefined && isOfAllValues(stage.filter, label)) continue;
      for (const name of namesOfFilter(stage.filter)) shown.add(name);
    }
    const hasOthers = [...shown].every(
      (name) =>
        name !== errorLabel &&
        name !== errorDetailsLabel &&
        (label === undefined || baseOf(name) !== baseOf(label)),
    );
    const [parser] = parsers;
    if (parser === undefined || parsers.length > 1 || !hasOthers) return undefined;
    const names = new Set(label === undefined ? shown : [...shown, label]);
    const fieldsOf = fieldsOfTemplates(parser, { names, isExact: false });
    if (fieldsOf === undefined) return undefined;
    const kinds = { isFloat: unwrap?.conversion === undefined, isBytes: op.startsWith("bytes") };
    return new ExtractedValues(pipeline, { label, shown, read, ...kinds }, fieldsOf);
  }

  private constructor(
    pipeline: Pipeline,
    asked: {
      readonly label: string | undefined;
      readonly shown: ReadonlySet<string>;
      readonly read: ReadValue;
      readonly isFloat: boolean;
      readonly isBytes: boolean;
    },
    fieldsOf: FieldsOf,
  ) {
    this.#pipeline = pipeline;
    this.#label = asked.label;
    this.#read = asked.read;
    this.#isFloat = asked.isFloat;
    this.#isBytes = asked.isBytes && asked.label === undefined;
    this.#shown = candidatesOf({ names: asked.shown, isExact: false }) ?? new Set();
    this.#fieldsOf = fieldsOf;
  }

  readonly extract: LineExtractor = (lines) => {
    const { rows, templates, templateOf, streams, streamOf, severities, attributes } = lines;
    const steps = { left: stepsMax };
    const numbers = new Map<number, number>();
    const plans: (Plan | undefined)[] = [undefined];
    const planOf = new Uint32Array(rows.length);
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i] ?? 0;
      const template = templateOf[row] ?? templates.length;
      if (template >= templates.length || attributes?.[row] !== undefined) continue;
      const stream = streamOf[row] ?? 0;
      const severity = severities[row] ?? 0;
      const key = (template * streams.length + stream) * severitiesMax + severity;
      let number = numbers.get(key);
      if (number === undefined) {
        number = plans.push(this.#planOf(lines, template, stream, severity, steps)) - 1;
        numbers.set(key, number);
      }
      planOf[i] = number;
    }
    const variables = new Set<number>();
    for (const plan of plans) {
      for (const variable of plan?.variables ?? []) variables.add(variable);
      for (const variable of plan?.value?.variables ?? []) variables.add(variable);
    }
    return { variables, take: () => this.#take(lines, plans, planOf) };
  };

  async #take(
    lines: LinesAtHand,
    plans: readonly (Plan | undefined)[],
    planOf: Uint32Array,
  ): Promise<ExtractedLines> {
    const { rows } = lines;
    const pause = pacer();
    const cases = new Int32Array(rows.length).fill(wantsLine);
    const values = new Float64Array(rows.length);
    const cursorOf = cursorsOf(lines);
    for (let i = 0; i < rows.length; i++) {
      if (i % linesAtOnce === 0) await pause();
      const plan = plans[planOf[i] ?? 0];
      if (plan === undefined) continue;
      const row = rows[i] ?? 0;
      const number = plan.variables.length === 0 ? plan.number : this.#caseOf(plan, row, cursorOf);
      cases[i] = number;
      if (number < 0 || plan.value === undefined) continue;
      const value = this.#valueAt(plan, plan.value, row, cursorOf);
      if (value === undefined) cases[i] = wantsLine;
      else if (value === "none") cases[i] = notWanted;
      else values[i] = value;
    }
    return { cases, values };
  }

  #valueAt(
    { template: { template } }: Plan,
    place: TextPlace,
    row: number,
    cursorOf: Cursors,
  ): number | "none" | undefined {
    const { variables, isVariable } = place;
    const cursor = cursorOf(variables[0] ?? 0);
    if (isVariable && this.#isFloat) {
      if (cursor?.seek(row) !== true) return undefined;
      const value = decimalAt(cursor.bytes, cursor.start, cursor.end);
      if (value !== undefined) return value;
    }
    const text = textOf(template, place, (variable) => variableText(cursorOf, variable, row));
    if (text === undefined) return undefined;
    return text === "" ? "none" : this.#read(text);
  }

  /** The case of a line by the texts of its variables. */
  #caseOf(plan: Plan, row: number, cursorOf: Cursors): number {
    const { variables, byTexts } = plan;
    let key = "";
    const texts: string[] = [];
    for (const variable of variables) {
      const text = variableText(cursorOf, variable, row);
      if (text === undefined) return wantsLine;
      texts.push(text);
      key = variables.length === 1 ? text : `${key}${text.length} ${text}`;
    }
    let number = byTexts.get(key);
    if (number === undefined) {
      if (++this.#values > valuesMax) return wantsLine;
      const known = new Map(variables.map((variable, i) => [variable, texts[i] ?? ""]));
      number = this.#numberOf({ ...plan.template, texts: known, id: -1 }, plan.value);
      byTexts.set(key, number);
    }
    return number;
  }

  #planOf(
    lines: LinesAtHand,
    number: number,
    streamNumber: number,
    severity: number,
    steps: Steps,
  ): Plan | undefined {
    const template = lines.templates[number];
    const stream = lines.streams[streamNumber] ?? {};
    if (template === undefined) return undefined;
    const bytes = lines.bytesOf(number);
    const found = this.#fieldsOf(template, bytes, steps);
    if (found === undefined) return undefined;
    let known = this.#plans.get(template);
    if (known === undefined) this.#plans.set(template, (known = new Map()));
    const standIns = standInsOf(bytes);
    const key = `${severity} ${labelsKey(stream)} ${standIns.join(" ")} ${found.key}`;
    const before = known.get(key);
    if (before !== undefined) return before;
    const shown = found.fields.filter(({ name }) => this.#shown.has(name));
    const unwrapped = found.fields.filter(
      ({ name }) => this.#label !== undefined && baseOf(name) === baseOf(this.#label),
    );
    if ([...shown, ...unwrapped].some(({ from, to }) => from === inVariable || to === inVariable))
      return undefined;
    // Two groups of one name do not say which is the value.
    if (unwrapped.length > 1) return undefined;
    const value = unwrapped[0] && textPlace(unwrapped[0]);
    const variables = [...new Set(shown.flatMap((field) => textPlace(field).variables))].toSorted(
      (a, b) => a - b,
    );
    const one = { template, stream, severity, standIns };
    const own =
      variables.length > 0 ? wantsLine : this.#numberOf({ ...one, texts: noTexts, id: -1 }, value);
    const plan = {
      number: own,
      value,
      variables,
      template: one,
      byTexts: new Map<string, number>(),
    };
    known.set(key, plan);
    return plan;
  }

  /** The number of a case that is new. */
  #numberOf(one: Case, value: TextPlace | undefined): number {
    const state = this.#state;
    const isWanted = this.#run(one, state);
    if (state.error !== "") return wantsLine;
    if (!isWanted) return notWanted;
    const label = this.#label;
    if (label !== undefined) {
      const text = labelOf(state, label) ?? "";
      if (value === undefined || value.variables.length === 0)
        return text === "" ? notWanted : wantsLine;
      const expected = textOf(
        one.template,
        value,
        (v) => one.texts.get(v) ?? one.standIns[v] ?? "",
      );
      if (expected === "" || state.parsed.get(label) !== expected) return wantsLine;
    }
    return this.#cases.push(one) - 1;
  }

  /** Runs the stages over the line of a case. */
  #run(one: Case, state: RecordState): boolean {
    const line = lineOfCase(one);
    state.bodies = line;
    state.bodyStart = 0;
    state.bodyEnd = line.length;
    state.mined = undefined;
    state.stream = one.stream;
    state.severity = one.severity;
    state.attributes = undefined;
    resetState(state);
    return this.#pipeline.run(state);
  }

  /** Adds the records of a slice in their order. */
  async add(slice: LogSlice, state: RecordState, sink: ExtractedSink): Promise<void> {
    const { batch, rows, extracted } = slice;
    if (extracted === undefined) return;
    const { cases, values, withLines } = extracted;
    const lines = withLines && { batch: withLines, rows };
    let line = 0;
    // A record may be the first of its series, which has room for all steps.
    const breathe = recordPace(sink);
    for (let i = 0; i < rows.length; i++) {
      const pause = breathe();
      if (pause !== undefined) await pause;
      const number = cases[i] ?? notWanted;
      if (number === wantsLine) {
        setRecord(state, lines, line++);
        sink.plain(state);
      }
      const one = this.#cases[number];
      if (one === undefined) continue;
      const row = rows[i] ?? 0;
      state.timeMs = batch.timestampsMs[row] ?? 0;
      state.nanos = batch.nanos[row] ?? 0;
      const pane = sink.paneOf(state.timeMs, state.nanos);
      if (pane < 0) continue;
      // Numbered when the first record comes, as series stand in this order.
      if (one.id < 0) {
        this.#run(one, this.#state);
        one.id = sink.idOf(this.#state);
      }
      sink.add(state, one.id, pane, this.#isBytes ? bodyLength(batch, row) : (values[i] ?? 1));
    }
  }
}

const noTexts: ReadonlyMap<number, string> = new Map();

/** A condition that all records with an unwrapped value meet: those without a value, or an empty one, are left out anyway. */
function isOfAllValues(filter: Parameters<typeof looksAtErrors>[0], label: string): boolean {
  if (filter.kind !== "matcher" || filter.matcher.name !== label) return false;
  const { op, value } = filter.matcher;
  return (op === "!=" && value === "") || (op === "=~" && value === ".+");
}

/** Cursors by variable, opened when they are wanted. */
function cursorsOf(lines: LinesAtHand): Cursors {
  const known = new Map<number, ReturnType<LinesAtHand["cursorOf"]>>();
  return (variable) => {
    let cursor = known.get(variable);
    if (cursor === undefined) known.set(variable, (cursor = lines.cursorOf(variable)));
    return cursor;
  };
}

function variableText(cursorOf: Cursors, variable: number, row: number): string | undefined {
  const cursor = cursorOf(variable);
  if (cursor?.seek(row) !== true) return undefined;
  const { buffer, byteOffset } = cursor.bytes;
  const { start, end } = cursor;
  return Buffer.from(buffer, byteOffset + start, end - start).toString("latin1");
}

function baseOf(name: string): string {
  return name.endsWith(clashSuffix) ? name.slice(0, -clashSuffix.length) : name;
}
