import { type Labels, labelsKey } from "#shared/model/labels.ts";
import type { LineTemplate } from "#shared/model/line_template.ts";
import { type LineExtractor, type LinesAtHand, type LogSlice, wantsLine } from "../../source.ts";
import type { Grouping, RangeQuery } from "../ast.ts";
import type { Pipeline } from "../pipeline.ts";
import {
  clashSuffix,
  errorDetailsLabel,
  errorLabel,
  newRecordState,
  type RecordState,
  resetState,
} from "../record_state.ts";
import { setRecord } from "../select.ts";
import { jsonTemplates } from "../stages/json.ts";
import type { JsonTemplates } from "../stages/json_template.ts";
import { looksAtErrors, namesOfFilter } from "../stages/label_filter.ts";
import { candidatesOf } from "../stages/stage.ts";
import { decimalAt } from "./decimal.ts";

/** A record that is not in the result. */
const notWanted = -2;
const standIn = "7";
const severitiesMax = 256;
/** Records that are looked at before the clock is. */
const recordsAtOnce = 8_192;

/** Lines that are alike in all that the result shows of them but the unwrapped value. */
type Case = {
  readonly template: LineTemplate;
  readonly stream: Labels;
  readonly severity: number;
  /** Below zero until a record of the case has come. */
  id: number;
};

/** What becomes of lines of a case, and which variable the value is. */
type Plan = { readonly number: number; readonly variable: number };
const ofLine: Plan = { number: wantsLine, variable: -1 };
const ofNothing: Plan = { number: notWanted, variable: -1 };

/** How values are taken out of texts; undefined where one is none. */
type ReadValue = (text: string) => number | undefined;

/** Where records go to; `plain` is for those whose line was made. */
export type UnwrappedSink = {
  readonly plain: (state: RecordState) => void;
  /** Below zero for a record that is in no window. */
  readonly paneOf: (timeMs: number, nanos: number) => number;
  readonly idOf: (state: RecordState) => number;
  readonly add: (state: RecordState, id: number, pane: number, value: number) => void;
  readonly breathe: () => Promise<void> | undefined;
};

/**
 * Unwrapped values of JSON lines straight out of the variables that they are, for queries that show of a record nothing but labels that templates
 * have as constants. What a query makes of all lines of a template but for the value is found out by running its stages over one line, with a digit for
 * every variable; a constant part never has one. Lines of which this can't be said are made and go through all stages, as does a value that is no number.
 */
export class UnwrappedValues {
  readonly #pipeline: Pipeline;
  readonly #label: string;
  readonly #read: ReadValue;
  readonly #isFloat: boolean;
  readonly #candidates: ReadonlySet<string>;
  readonly #templates: JsonTemplates;
  readonly #cases: Case[] = [];
  readonly #plans = new Map<LineTemplate, Map<string, Plan>>();
  readonly #state = newRecordState();

  /** Undefined where the query is of another kind. `grouping` is that of the result: of its labels alone a value may be told. */
  static of(
    { unwrap }: RangeQuery,
    pipeline: Pipeline,
    grouping: Grouping | undefined,
    read: ReadValue,
  ): UnwrappedValues | undefined {
    if (unwrap === undefined || unwrap.filters.length > 0) return undefined;
    if (grouping === undefined || grouping.without) return undefined;
    const shown = new Set(grouping.names);
    let parsers = 0;
    for (const stage of pipeline.stages) {
      if (stage.type === "json" && stage.extractions.length === 0) parsers++;
      else if (stage.type !== "label_filter" || looksAtErrors(stage.filter)) return undefined;
      else for (const name of namesOfFilter(stage.filter)) shown.add(name);
    }
    const base = baseOf(unwrap.label);
    const hasOthers = [...shown].every(
      (name) => baseOf(name) !== base && name !== errorLabel && name !== errorDetailsLabel,
    );
    if (parsers !== 1 || !hasOthers) return undefined;
    const { label, conversion } = unwrap;
    return new UnwrappedValues(pipeline, label, shown, read, conversion === undefined);
  }

  private constructor(
    pipeline: Pipeline,
    label: string,
    shown: ReadonlySet<string>,
    read: ReadValue,
    isFloat: boolean,
  ) {
    this.#pipeline = pipeline;
    this.#label = label;
    this.#read = read;
    this.#isFloat = isFloat;
    const wanted = { names: new Set([...shown, label]), isExact: false };
    this.#candidates = candidatesOf(wanted) ?? new Set();
    this.#templates = jsonTemplates(wanted);
  }

  readonly extract: LineExtractor = (lines) => {
    const { rows, templates, templateOf, streams, streamOf, severities, attributes } = lines;
    const cases = new Int32Array(rows.length).fill(wantsLine);
    const values = new Float64Array(rows.length);
    const plans = new Map<number, Plan>();
    const cursors = new Map<number, ReturnType<LinesAtHand["cursorOf"]>>();
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i] ?? 0;
      const template = templateOf[row] ?? templates.length;
      if (template >= templates.length || attributes?.[row] !== undefined) continue;
      const stream = streamOf[row] ?? 0;
      const severity = severities[row] ?? 0;
      const key = (template * streams.length + stream) * severitiesMax + severity;
      let plan = plans.get(key);
      if (plan === undefined)
        plans.set(key, (plan = this.#planOf(lines, template, streams[stream] ?? {}, severity)));
      const { number, variable } = plan;
      cases[i] = number;
      if (number < 0) continue;
      let cursor = cursors.get(variable);
      if (cursor === undefined) cursors.set(variable, (cursor = lines.cursorOf(variable)));
      if (cursor?.seek(row) !== true) cases[i] = wantsLine;
      else if (cursor.start === cursor.end) cases[i] = notWanted;
      else {
        const value = this.#valueAt(cursor.bytes, cursor.start, cursor.end);
        if (value === undefined) cases[i] = wantsLine;
        else values[i] = value;
      }
    }
    return { cases, values };
  };

  #valueAt(bytes: Uint8Array, start: number, end: number): number | undefined {
    const value = this.#isFloat ? decimalAt(bytes, start, end) : undefined;
    if (value !== undefined) return value;
    const { buffer, byteOffset } = bytes;
    return this.#read(Buffer.from(buffer, byteOffset + start, end - start).toString("latin1"));
  }

  #planOf(lines: LinesAtHand, number: number, stream: Labels, severity: number): Plan {
    const template = lines.templates[number];
    if (template === undefined) return ofLine;
    const members = this.#templates.membersOfAll(template, lines.bytesOf(number));
    const open = members?.filter(
      ({ name, text }) => text === undefined && this.#candidates.has(name),
    );
    const [value] = open ?? [];
    if (value === undefined || open?.length !== 1) return ofLine;
    // Conditions on another label are not of all lines alike.
    if (baseOf(value.name) !== baseOf(this.#label)) return ofLine;
    const { start, end, isString } = value;
    const isOne = end.variables - start.variables === 1;
    if (!isOne || end.constant - start.constant !== (isString ? 2 : 0)) return ofLine;
    let known = this.#plans.get(template);
    if (known === undefined) this.#plans.set(template, (known = new Map()));
    const key = `${severity} ${labelsKey(stream)}`;
    let plan = known.get(key);
    if (plan === undefined)
      known.set(
        key,
        (plan = this.#newPlan({ template, stream, severity, id: -1 }, start.variables)),
      );
    return plan;
  }

  #newPlan(one: Case, variable: number): Plan {
    const state = this.#state;
    const isWanted = this.#run(one, state);
    if (state.error !== "") return ofLine;
    if (!isWanted) return ofNothing;
    if (state.parsed.get(this.#label) !== standIn) return ofLine;
    return { number: this.#cases.push(one) - 1, variable };
  }

  /** Runs the stages over a line of the case that has a digit for every variable. */
  #run({ template, stream, severity }: Case, state: RecordState): boolean {
    const line = Buffer.from(lineWith(template, standIn));
    state.bodies = line;
    state.bodyStart = 0;
    state.bodyEnd = line.length;
    state.mined = undefined;
    state.stream = stream;
    state.severity = severity;
    state.attributes = undefined;
    resetState(state);
    return this.#pipeline.run(state);
  }

  /** Adds the records of a slice in their order. */
  async add(slice: LogSlice, state: RecordState, sink: UnwrappedSink): Promise<void> {
    const { batch, rows, extracted } = slice;
    if (extracted === undefined) return;
    const { cases, values, withLines } = extracted;
    const lines = withLines && { batch: withLines, rows };
    let line = 0;
    for (let i = 0; i < rows.length; i++) {
      if (i % recordsAtOnce === 0) await sink.breathe();
      const number = cases[i] ?? notWanted;
      if (number === wantsLine) {
        setRecord(state, lines, line++);
        sink.plain(state);
      }
      const one = this.#cases[number];
      if (one === undefined) continue;
      state.timeMs = batch.timestampsMs[i] ?? 0;
      state.nanos = batch.nanos[i] ?? 0;
      const pane = sink.paneOf(state.timeMs, state.nanos);
      if (pane < 0) continue;
      // Numbered when the first record comes, as series stand in this order.
      if (one.id < 0) {
        this.#run(one, this.#state);
        one.id = sink.idOf(this.#state);
      }
      sink.add(state, one.id, pane, values[i] ?? 0);
    }
  }
}

function baseOf(name: string): string {
  return name.endsWith(clashSuffix) ? name.slice(0, -clashSuffix.length) : name;
}

/** A line of the template with the same text for all variables. */
function lineWith({ parts, partEnds }: LineTemplate, variable: string): Buffer {
  const pieces: Uint8Array[] = [];
  let start = 0;
  for (const [p, end] of partEnds.entries()) {
    if (p > 0) pieces.push(Buffer.from(variable));
    pieces.push(parts.subarray(start, end));
    start = end;
  }
  return Buffer.concat(pieces);
}
