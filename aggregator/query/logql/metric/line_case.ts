import type { Labels } from "#shared/model/labels.ts";
import { type LineTemplate, variablesOf } from "#shared/model/line_template.ts";
import type { VariableBytes } from "../../../read/source.ts";
import { constantOf, nowhere, type Taken, variablesBefore } from "../templates/follow_template.ts";

/** Lines that are alike in all that a result shows of them but the unwrapped value. */
export type Case = {
  readonly template: LineTemplate;
  readonly stream: Labels;
  readonly severity: number;
  /** By variable: some value that it may have. */
  readonly standIns: readonly string[];
  /** By variable: the value of all of these lines, as far as it matters. */
  readonly texts: ReadonlyMap<number, string>;
  /** Of the series; below zero until a record of the case has come. */
  id: number;
};

/** Where a text stands in the lines of a template. */
export type TextPlace = {
  /** In constant parts: where it begins and ends there. */
  readonly from: number;
  readonly to: number;
  /** The variables in it. */
  readonly variables: readonly number[];
  /** Whether it is its only variable, and nothing else. */
  readonly isVariable: boolean;
};

export function textPlace({ from, to }: Taken): TextPlace {
  if (from === nowhere) return { from: 0, to: 0, variables: [], isVariable: false };
  const [first, last] = [variablesBefore(from), variablesBefore(to)];
  const [start, end] = [constantOf(from), constantOf(to)];
  const variables = Array.from({ length: last - first }, (_, i) => first + i);
  return { from: start, to: end, variables, isVariable: variables.length === 1 && start === end };
}

/** The text in a line whose variables have these values; undefined where one has none. */
export function textOf(
  { parts, partEnds }: LineTemplate,
  { from, to, variables }: TextPlace,
  valueOf: (variable: number) => string | undefined,
): string | undefined {
  const all = Buffer.from(parts.buffer, parts.byteOffset, parts.length);
  let text = "";
  let at = from;
  for (const variable of variables) {
    const value = valueOf(variable);
    if (value === undefined) return undefined;
    const end = partEnds[variable] ?? at;
    text += all.toString("latin1", at, end) + value;
    at = end;
  }
  return at === to ? text : text + all.toString("latin1", at, to);
}

/** The line of a case. Constant parts and values are ASCII. */
export function lineOfCase({ template, texts, standIns }: Case): Buffer {
  const variables = Array.from({ length: variablesOf(template) }, (_, v) => v);
  const whole = { from: 0, to: template.parts.length, variables, isVariable: false };
  return Buffer.from(
    textOf(template, whole, (v) => texts.get(v) ?? standIns[v] ?? "") ?? "",
    "latin1",
  );
}

const digit = "7".charCodeAt(0);

/** A value of each variable, of one character where there is such. */
export function standInsOf(variables: readonly (VariableBytes | undefined)[]): readonly string[] {
  return variables.map((bytes) => {
    if (bytes === undefined || bytes.isFirst[digit] === 1) return "7";
    const first = bytes.isFirst.indexOf(1);
    return first < 0 ? "" : String.fromCharCode(first);
  });
}
