import { messageOf } from "#shared/errors.ts";
import type { Labels } from "#shared/model/labels.ts";
import type { LabelFormat } from "#shared/query_language/logql/ast.ts";
import { parseError, stageError } from "#shared/query_language/logql/errors.ts";
import { watchCost } from "../record_cost.ts";
import {
  type RecordState,
  allLabels,
  errorDetailsLabel,
  errorLabel,
  labelOf,
  lineOf,
  removeLabel,
  setError,
} from "../record_state.ts";
import { type Template, type TemplateInput, compileTemplate } from "#shared/template/template.ts";
import { ExecutionError } from "#shared/template/values.ts";
import type { StageRun } from "./stage.ts";

const templateError = "TemplateFormatErr";

/** A template, with the words for one that can't be read. */
function readTemplate(source: string, stage: string, fault: string): Template {
  try {
    return compileTemplate(source);
  } catch (cause) {
    throw stageError(stage, `${fault}: ${messageOf(cause)}`);
  }
}

/** `| line_format "..."`: the line becomes what the template makes of the labels. */
export function compileLineFormat(source: string): StageRun {
  const stage = `| line_format ${JSON.stringify(source)}`;
  const template = readTemplate(source, stage, "invalid line template: template: line");
  const inputOf = inputs();
  return (state) => {
    const text = executed(template, inputOf(state), state, "line");
    if (text !== undefined) state.text = text;
    return true;
  };
}

/** One input serves all records; the state it looks at is the one that was given last. */
function inputs(): (state: RecordState | undefined) => TemplateInput {
  let current: RecordState | undefined;
  const input: TemplateInput = {
    label: (name) => {
      if (current === undefined) return undefined;
      if (name === errorLabel && current.error !== "") return current.error;
      if (name === errorDetailsLabel && current.details !== "") return current.details;
      return labelOf(current, name);
    },
    labels: () => (current === undefined ? {} : allLabels(current)),
    line: () => (current === undefined ? "" : lineOf(current)),
    timeNs: () =>
      current === undefined ? 0n : BigInt(current.timeMs) * 1_000_000n + BigInt(current.nanos),
  };
  return (state) => {
    current = state;
    return input;
  };
}

function executed(
  template: Template,
  input: TemplateInput,
  state: RecordState,
  name: string,
): string | undefined {
  try {
    return template.execute(input);
  } catch (thrown) {
    if (!(thrown instanceof ExecutionError)) throw thrown;
    setError(state, templateError, `template: ${name}: executing "${name}": ${thrown.message}`);
    return undefined;
  }
}

/** `| label_format a=b, c="..."`: renames and templates, one after another. */
export function compileLabelFormat(formats: readonly LabelFormat[]): StageRun {
  const seen = new Set<string>();
  for (const { label } of formats) {
    if (label === errorLabel) throw parseError(`${label} cannot be formatted`);
    if (seen.has(label))
      throw parseError(`multiple label name '${label}' not allowed in a single format operation`);
    seen.add(label);
  }
  // Templates of one stage all see the labels as they were before the first of them.
  const sharesLabels = formats.filter(({ kind }) => kind === "template").length > 1;
  const inputOf = sharesLabels ? frozenInputs() : inputs();
  const steps = formats.map((format): ((state: RecordState) => void) => {
    if (format.kind === "rename") return (state) => rename(state, format.label, format.source);
    const { label, template: source } = format;
    const stage = `| label_format ${label}=${JSON.stringify(source)}`;
    const template = readTemplate(
      source,
      stage,
      `invalid template for label '${label}': template: label`,
    );
    return (state) => {
      const text = executed(template, inputOf(state), state, "label");
      if (text !== undefined) state.parsed.set(label, text);
    };
  });
  return (state) => {
    for (const step of steps) {
      step(state);
      watchCost(state);
    }
    if (sharesLabels) inputOf(undefined);
    return true;
  };
}

/** As inputs(), with labels that stay as they were first seen until undefined is given. */
function frozenInputs(): ReturnType<typeof inputs> {
  const inputOf = inputs();
  let [labels, input]: [Labels | undefined, TemplateInput | undefined] = [undefined, undefined];
  return (state) => {
    const live = inputOf(state);
    if (state === undefined) [labels, input] = [undefined, undefined];
    else if (labels === undefined) {
      const seen = allLabels(state);
      labels = seen;
      const label = (name: string) => (Object.hasOwn(seen, name) ? seen[name] : undefined);
      input = { ...live, label, labels: () => seen };
    }
    return input ?? live;
  };
}

function rename(state: RecordState, label: string, source: string): void {
  const value = labelOf(state, source);
  if (value === undefined) return;
  state.parsed.set(label, value);
  if (source !== label) removeLabel(state, source);
}

/** The sequences by which terminals colour text; courtesy of github.com/acarl005/stripansi. */
const colours =
  // oxlint-disable-next-line no-control-regex -- control characters are what it looks for
  /[\u001b\u009b][[\]()#;?]*(?:(?:(?:[a-zA-Z\d]*(?:;[a-zA-Z\d]*)*)?\u0007)|(?:(?:\d{1,4}(?:;\d{0,4})*)?[\dA-PRZcf-ntqry=><~]))/g;

/** `| decolorize`: takes the colours out of a line. */
export function compileDecolorize(): StageRun {
  return (state) => {
    const line = lineOf(state);
    if (line.includes("\u001b") || line.includes("\u009b"))
      state.text = line.replaceAll(colours, "");
    return true;
  };
}
