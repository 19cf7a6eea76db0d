import {
  type LineTemplate,
  type MinedLines,
  templateVariablesMax,
  unmined,
} from "#shared/model/line_template.ts";
import type { VariableBytes } from "../../read/source.ts";
import type { RecordState } from "../record_state.ts";
import { unescapeJson } from "./json_scan.ts";

/** Reads the members of an object from the first to the last; `onMember` says by true that it has enough. Gives where it has stopped. */
export type ObjectScan = (
  line: string,
  onMember: (name: string, start: number, end: number) => boolean,
) => number;

/** A member of the objects that lines of a template are: its value is between two places of the line. */
export type TemplateMember = {
  readonly name: string;
  readonly start: Place;
  readonly end: Place;
  /** The value, where no variable is in it. */
  readonly text: string | undefined;
  readonly isString: boolean;
};

/** So many bytes of constant parts, and so many variables, stand before it. */
type Place = { readonly constant: number; readonly variables: number };

/** Lines of a template as JSON: what is true of all of them as long as their variables hold no marks of JSON. */
type JsonTemplate = {
  readonly members: readonly TemplateMember[];
  /** By variable of the object: which bytes it may have. The first of a number is looked at, too. */
  readonly rules: readonly VariableRule[];
};

type VariableRule = { readonly allowed: Uint8Array; readonly beginsNumber: boolean };

const [quote, backslash, minus] = [34, 92, 45] as const;
const standIn = "0";

const inText = new Uint8Array(256).fill(1, 32, 127);
inText[quote] = 0;
inText[backslash] = 0;
const inNumber = new Uint8Array(256);
for (const byte of Buffer.from("0123456789+-.eExXabcdefABCDEF_")) inNumber[byte] = 1;

const beginOfNumber = new Uint8Array(256).fill(1, 48, 58);
beginOfNumber[minus] = 1;

function isWithin(some: Uint8Array, allowed: Uint8Array): boolean {
  return some.every((isIn, byte) => isIn === 0 || allowed[byte] === 1);
}

/** Undefined where lines of the template have to be read one by one: they are no objects, or a variable is in a name. */
function jsonTemplate(template: LineTemplate, scan: ObjectScan): JsonTemplate | undefined {
  const { parts, partEnds } = template;
  if (parts.some((byte) => byte >= 128)) return undefined;
  const places: number[] = [];
  let line = "";
  for (let p = 0; p < partEnds.length; p++) {
    if (p > 0) {
      places.push(line.length);
      line += standIn;
    }
    const start = p === 0 ? 0 : (partEnds[p - 1] ?? 0);
    line += Buffer.from(
      parts.buffer,
      parts.byteOffset + start,
      (partEnds[p] ?? 0) - start,
    ).toString("latin1");
  }
  const values: [name: string, start: number, end: number][] = [];
  let end = 0;
  try {
    end = scan(line, (...value) => values.push(value) === 0);
  } catch {
    return undefined;
  }
  const rules = rulesOf(
    line,
    places.filter((at) => at < end),
  );
  if (rules === undefined) return undefined;
  const placeOf = (at: number): Place => {
    const variables = places.filter((place) => place < at).length;
    return { constant: at - variables, variables };
  };
  const members = values.map(([name, from, to]): TemplateMember => {
    const [first, last] = [placeOf(from), placeOf(to)];
    const isString = line.charCodeAt(from) === quote;
    const isConstant = first.variables === last.variables;
    const text = isConstant ? textOf(line.slice(from, to), isString) : undefined;
    return { name, start: first, end: last, text, isString };
  });
  return { members, rules };
}

/** Undefined where a variable is in a name or behind a backslash. */
function rulesOf(line: string, places: readonly number[]): VariableRule[] | undefined {
  const rules: VariableRule[] = [];
  let at = 0;
  for (const place of places) {
    let start = -1;
    for (; at < place; at++) {
      const code = line.charCodeAt(at);
      if (start >= 0 && code === backslash) at++;
      else if (code === quote) start = start < 0 ? at : -1;
    }
    // The text goes on with the next variable: it is gone through from its quote again.
    if (at > place) return undefined;
    if (start >= 0) at = start;
    const isName = start >= 0 && /^"(?:[^"\\]|\\.)*"\s*:/.test(line.slice(start));
    if (isName) return undefined;
    const beginsNumber = start < 0 && /[\s:,[]/.test(line[place - 1] ?? "");
    rules.push({ allowed: start >= 0 ? inText : inNumber, beginsNumber });
  }
  return rules;
}

function textOf(raw: string, isString: boolean): string {
  return isString ? unescapeJson(raw) : raw;
}

const templatesMax = 20_000;

/** Members of lines that their templates tell, so that only the values which are wanted are read. */
export class JsonTemplates {
  readonly #scan: ObjectScan;
  readonly #known = new Map<LineTemplate, JsonTemplate | undefined>();
  /** Of the line asked for last: where each variable ends, without the constant parts. */
  readonly #ends = new Uint32Array(templateVariablesMax);
  #mined: MinedLines | undefined;
  /** The bodies of its batch. */
  #bytes: Buffer = Buffer.alloc(0);
  #firstVariables: Uint32Array = new Uint32Array();

  constructor(scan: ObjectScan) {
    this.#scan = scan;
  }

  /** Members in their order; undefined where the line has to be read itself. */
  membersOf(state: RecordState): readonly TemplateMember[] | undefined {
    const { mined } = state;
    if (mined === undefined) return undefined;
    const number = mined.templateOf[state.row] ?? unmined;
    const template = mined.templates[number];
    if (template === undefined) return undefined;
    if (mined !== this.#mined) {
      this.#mined = mined;
      const { buffer, byteOffset, length } = state.bodies;
      this.#bytes = Buffer.from(buffer, byteOffset, length);
      this.#firstVariables = firstVariables(mined);
    }
    const known = this.#templateOf(template);
    return known !== undefined && this.#isPlain(known, template, state, mined)
      ? known.members
      : undefined;
  }

  /** Members of all lines of a template whose variables are made of such bytes; undefined where lines have to be read one by one. */
  membersOfAll(
    template: LineTemplate,
    variables: readonly (VariableBytes | undefined)[],
  ): readonly TemplateMember[] | undefined {
    const known = this.#templateOf(template);
    const isPlain = known?.rules.every((rule, v) => {
      const bytes = variables[v];
      if (bytes === undefined || !isWithin(bytes.isIn, rule.allowed)) return false;
      return !rule.beginsNumber || (!bytes.mayBeEmpty && isWithin(bytes.isFirst, beginOfNumber));
    });
    return isPlain === true ? known?.members : undefined;
  }

  #templateOf(template: LineTemplate): JsonTemplate | undefined {
    const known = this.#known.get(template);
    if (known !== undefined || this.#known.has(template)) return known;
    if (this.#known.size >= templatesMax) this.#known.clear();
    const found = jsonTemplate(template, this.#scan);
    this.#known.set(template, found);
    return found;
  }

  /** Whether the line's variables are such as its template takes for granted. */
  #isPlain(
    { rules }: JsonTemplate,
    { partEnds }: LineTemplate,
    { row, bodies, bodyStart }: RecordState,
    { variableLengths }: MinedLines,
  ): boolean {
    const first = this.#firstVariables[row] ?? 0;
    let sum = 0;
    for (let v = 0; v < rules.length; v++) {
      const rule = rules[v];
      const length = variableLengths[first + v] ?? 0;
      const start = bodyStart + (partEnds[v] ?? 0) + sum;
      sum += length;
      this.#ends[v] = sum;
      if (rule === undefined) return false;
      if (rule.beginsNumber) {
        const byte = length === 0 ? 0 : (bodies[start] ?? 0);
        if (byte !== minus && (byte < 48 || byte > 57)) return false;
      }
      const { allowed } = rule;
      for (let i = start; i < start + length; i++) if (allowed[bodies[i] ?? 0] === 0) return false;
    }
    return true;
  }

  /** The value of a member of the line that was asked for last. */
  valueOf({ start, end, text, isString }: TemplateMember, state: RecordState): string {
    if (text !== undefined) return text;
    const from = this.#offsetOf(start);
    const { bodyStart } = state;
    const until = bodyStart + this.#offsetOf(end);
    return textOf(this.#bytes.toString("latin1", bodyStart + from, until), isString);
  }

  #offsetOf({ constant, variables }: Place): number {
    return constant + (variables === 0 ? 0 : (this.#ends[variables - 1] ?? 0));
  }
}

/** By record: where its variables begin in `variableLengths`. */
function firstVariables({ templates, templateOf }: MinedLines): Uint32Array {
  const first = new Uint32Array(templateOf.length);
  let at = 0;
  for (let row = 0; row < first.length; row++) {
    first[row] = at;
    at += (templates[templateOf[row] ?? unmined]?.partEnds.length ?? 1) - 1;
  }
  return first;
}
