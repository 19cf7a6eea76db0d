import type { LineTemplate } from "#shared/model/line_template.ts";
import type { VariableBytes } from "../../../read/source.ts";
import type { Stage } from "#shared/query_language/logql/ast.ts";
import { jsonTemplates } from "../../../log_pipeline/stages/json.ts";
import { parsePattern } from "../../../log_pipeline/stages/pattern_text.ts";
import { cleanLabelName, type Wanted } from "../../../log_pipeline/stages/stage.ts";
import {
  followTemplate,
  inVariable,
  type LineMachine,
  placeOf,
  type Steps,
  type Taken,
} from "./follow_template.ts";
import { PatternMachine } from "./pattern_machine.ts";
import { regexMachine } from "./regex_machine.ts";

/** Fields that a parser finds in all lines of a template, each in its place; some may stand at no certain one (inVariable). */
export type TemplateFields = {
  readonly fields: readonly Taken[];
  /** The same for fields at the same places. */
  readonly key: string;
};

/** Undefined where that is not the same for all lines whose variables are made of such bytes. */
export type FieldsOf = (
  template: LineTemplate,
  variables: readonly (VariableBytes | undefined)[],
  steps: Steps,
) => TemplateFields | undefined;

/** For a stage that is a parser; undefined for one whose lines have to be read one by one. */
export function fieldsOfTemplates(stage: Stage, wanted: Wanted): FieldsOf | undefined {
  switch (stage.type) {
    case "json":
      return stage.extractions.length === 0 ? jsonFields(wanted) : undefined;
    case "regexp": {
      const machine = regexMachine(stage.pattern, cleanLabelName);
      return machine && remembered(machine);
    }
    case "pattern":
      // Half a character would be looked for in lines that are whole ones.
      return stage.pattern.isWellFormed()
        ? remembered(new PatternMachine(parsePattern(stage.pattern)))
        : undefined;
    default:
      return undefined;
  }
}

/** Row groups are much alike: what was followed last is known. */
function remembered<State>(machine: LineMachine<State>): FieldsOf {
  type Known = {
    readonly variables: readonly (VariableBytes | undefined)[];
    readonly found: TemplateFields | undefined;
  };
  const known = new Map<LineTemplate, Known>();
  return (template, variables, steps) => {
    const before = known.get(template);
    if (before?.variables.every((bytes, v) => bytes === variables[v]) === true) return before.found;
    if (steps.left <= 0) return undefined;
    const fields = followTemplate(machine, template, variables, steps);
    const found = fields && { fields, key: keyOf(fields) };
    if (steps.left > 0) known.set(template, { variables, found });
    return found;
  };
}

function keyOf(fields: readonly Taken[]): string {
  return fields.map(({ name, from, to }) => `${name} ${from} ${to}`).join();
}

function jsonFields(wanted: Wanted): FieldsOf {
  const templates = jsonTemplates(wanted);
  return (template, variables) => {
    const members = templates.membersOfAll(template, variables);
    if (members === undefined) return undefined;
    const fields = members.map(({ name, start, end, text, isString }): Taken => {
      const quotes = isString ? 1 : 0;
      const from = placeOf(start.constant + quotes, start.variables);
      const to = placeOf(end.constant - quotes, end.variables);
      // Constant parts of a value may have marks that stand for others.
      const isPlain =
        text !== undefined ||
        (end.variables - start.variables === 1 && end.constant - start.constant === 2 * quotes);
      return isPlain ? { name, from, to } : { name, from, to: inVariable };
    });
    return { fields, key: keyOf(fields) };
  };
}
