import type { Labels } from "../model/labels.ts";
import { type TemplateFunction, argumentsMin, templateFunctions } from "./functions.ts";
import type { Argument, Pipeline, TemplateNode } from "./nodes.ts";
import { textOf } from "./text.ts";
import { timeMethod } from "./time_methods.ts";
import {
  ExecutionError,
  TemplateTime,
  type Value,
  isList,
  isMap,
  isTrue,
  lacksField,
  memberOf,
  methodOf,
} from "./values.ts";

/** The log record that a template is executed on. */
export type TemplateInput = {
  readonly label: (name: string) => string | undefined;
  /** All labels, for templates that go over them. */
  readonly labels: () => Labels;
  readonly line: () => string;
  readonly timeNs: () => bigint;
};

/** Longest text that a template may make of one line, and steps that it may take for it. */
const lengthMax = 1 << 20;
const stepsMax = 100_000;

export const recordFunctions = ["__line__", "__timestamp__", "now"];
/** Executes a template on a log record. Throws ExecutionError. */
export function executeOnRecord(nodes: readonly TemplateNode[], input: TemplateInput): string {
  const run: Run = {
    input,
    functions: templateFunctions,
    named: undefined,
    escaper: undefined,
    variables: [["$", dot]],
    text: "",
    steps: 0,
    depth: 0,
  };
  execute(nodes, dot, run);
  return run.text;
}

/** A set of templates, ready to be executed on data with functions of its own. */
export type NamedTemplates = {
  readonly functions: ReadonlyMap<string, TemplateFunction>;
  readonly named: ReadonlyMap<string, readonly TemplateNode[]>;
  /** Makes the text of what is written; without it, values are written as they print. */
  readonly escaper?: Escaper;
};

/** Follows what is written, and escapes values by where they stand: Go's html/template. */
export type Escaper = {
  /** The template's own text. */
  readonly literal: (text: string) => string;
  readonly value: (value: Value) => string;
};

function namedNodes(
  name: string,
  named: NamedTemplates["named"] | undefined,
): readonly TemplateNode[] {
  const nodes = named?.get(name);
  if (nodes === undefined) throw new ExecutionError(`template ${JSON.stringify(name)} not defined`);
  return nodes;
}

/** Executes a template on data, as Go's text/template with `missingkey=zero`. Throws ExecutionError. */
export function executeOnData(
  nodes: readonly TemplateNode[],
  data: Value,
  { functions, named, escaper }: NamedTemplates,
): string {
  const run: Run = {
    input: undefined,
    functions,
    named,
    escaper,
    variables: [["$", data]],
    text: "",
    steps: 0,
    depth: 0,
  };
  execute(nodes, data, run);
  return run.text;
}

/** What is wrong with the number of a call's arguments, if anything. */
export function argumentsFault(name: string, given: number): string | undefined {
  const isOfRecord = recordFunctions.includes(name);
  const least = isOfRecord ? 0 : argumentsMin(name);
  if (given >= least && !(isOfRecord && given > 0)) return undefined;
  return `wrong number of args for ${name}: want ${least} got ${given}`;
}

/** Stands for the labels as a whole, which are only gathered where something goes over them. */
const dot = Symbol("labels");
type Dotted = Value | typeof dot;

type Run = {
  /** undefined where the data are no log record. */
  readonly input: TemplateInput | undefined;
  readonly functions: ReadonlyMap<string, TemplateFunction>;
  readonly named: NamedTemplates["named"] | undefined;
  readonly escaper: Escaper | undefined;
  variables: [string, Dotted][];
  text: string;
  steps: number;
  /** Of named templates that execute each other. */
  depth: number;
};

/** Named templates that execute each other: as deep as this. */
const depthMax = 200;

type Flow = "break" | "continue" | undefined;

function execute(nodes: readonly TemplateNode[], at: Dotted, run: Run): Flow {
  const scope = run.variables.length;
  for (const node of nodes) {
    if (++run.steps > stepsMax) throw new ExecutionError(`more than ${stepsMax} steps`);
    const flow = executeNode(node, at, run);
    if (flow !== undefined) {
      run.variables.length = scope;
      return flow;
    }
  }
  run.variables.length = scope;
  return undefined;
}

function executeNode(node: TemplateNode, at: Dotted, run: Run): Flow {
  switch (node.kind) {
    case "text":
      write(run, run.escaper?.literal(node.text) ?? node.text);
      return undefined;
    case "break":
    case "continue":
      return node.kind;
    case "action": {
      const value = evaluate(node.pipeline, at, run);
      if (node.pipeline.variables.length > 0) return undefined;
      const printed = plain(value, run);
      write(run, run.escaper?.value(printed) ?? textOf(printed));
      return undefined;
    }
    case "if":
    case "with": {
      const scope = run.variables.length;
      const value = evaluate(node.pipeline, at, run);
      const holds = isTrue(plain(value, run));
      const inner = node.kind === "with" && holds ? value : at;
      const flow = execute(holds ? node.body : node.otherwise, inner, run);
      run.variables.length = scope;
      return flow;
    }
    case "range":
      return executeRange(node, at, run);
    case "template":
      executeNamed(node, at, run);
      return undefined;
  }
}

function executeNamed(
  { name, pipeline }: Extract<TemplateNode, { kind: "template" }>,
  at: Dotted,
  run: Run,
): void {
  const nodes = namedNodes(name, run.named);
  const value = pipeline === undefined ? undefined : evaluate(pipeline, at, run);
  if (++run.depth > depthMax)
    throw new ExecutionError(`exceeded maximum template depth (${depthMax})`);
  const { variables } = run;
  run.variables = [["$", value]];
  execute(nodes, value, run);
  run.variables = variables;
  run.depth--;
}

function write(run: Run, text: string): void {
  run.text += text;
  if (run.text.length > lengthMax)
    throw new ExecutionError(`a line of over ${lengthMax} characters`);
}

function executeRange(
  node: Extract<TemplateNode, { kind: "if" | "with" | "range" }>,
  at: Dotted,
  run: Run,
): Flow {
  const scope = run.variables.length;
  const { pipeline, body, otherwise } = node;
  const items = itemsOf(plain(evaluate({ ...pipeline, variables: [] }, at, run), run));
  for (const [key, value] of items) {
    const names = pipeline.variables;
    const last = names.at(-1);
    if (last !== undefined) assign(run, last, value, pipeline.declares);
    if (names.length === 2) assign(run, names[0] ?? "", key, pipeline.declares);
    const flow = execute(body, value, run);
    run.variables.length = scope;
    if (flow === "break") break;
  }
  if (items.length === 0) execute(otherwise, at, run);
  return undefined;
}

function itemsOf(value: Value): readonly (readonly [Value, Value])[] {
  if (value === undefined) return [];
  if (isList(value)) return value.map((item, i) => [BigInt(i), item]);
  if (typeof value === "bigint") {
    if (value > BigInt(stepsMax)) throw new ExecutionError(`more than ${stepsMax} steps`);
    return Array.from({ length: Math.max(0, Number(value)) }, (_, i) => [BigInt(i), BigInt(i)]);
  }
  if (isMap(value))
    return Object.keys(value)
      .toSorted()
      .map((name) => [name, value[name]]);
  throw new ExecutionError(`range can't iterate over ${textOf(value)}`);
}

function assign(run: Run, name: string, value: Dotted, declares: boolean): void {
  if (declares) {
    run.variables.push([name, value]);
    return;
  }
  const variable = run.variables.findLast(([known]) => known === name);
  if (variable !== undefined) variable[1] = value;
}

function evaluate(pipeline: Pipeline, at: Dotted, run: Run): Dotted {
  let value: Dotted;
  for (const [i, { args }] of pipeline.commands.entries()) {
    if (++run.steps > stepsMax) throw new ExecutionError(`more than ${stepsMax} steps`);
    const [first] = args;
    const before = i === 0 ? [] : [plain(value, run)];
    if (first?.operand.kind === "function")
      value = fieldsOf(call(first.operand.name, args.slice(1), before, at, run), first.fields, run);
    else if (first === undefined || args.length > 1 || i > 0)
      value = callMethod(first, args.slice(1), before, at, run);
    else value = argumentValue(first, at, run);
  }
  for (const name of pipeline.variables) assign(run, name, value, pipeline.declares);
  return value;
}

function call(
  name: string,
  args: readonly Argument[],
  before: readonly Value[],
  at: Dotted,
  run: Run,
): Value {
  const fault = run.input && argumentsFault(name, args.length + before.length);
  if (fault !== undefined) throw new ExecutionError(fault);
  // `and` and `or` stop at the first argument that decides.
  if (name === "and" || name === "or") return shortCircuit(name, args, before, at, run);
  const values = args.map((arg) => plain(argumentValue(arg, at, run), run));
  if (run.input !== undefined) {
    if (name === "__line__") return run.input.line();
    if (name === "__timestamp__") return new TemplateTime(run.input.timeNs());
    if (name === "now") return new TemplateTime(BigInt(Date.now()) * 1_000_000n);
  }
  return run.functions.get(name)?.(...values, ...before);
}

/** The last name of the first argument is a method, and the others are its arguments. */
function callMethod(
  first: Argument | undefined,
  args: readonly Argument[],
  before: readonly Value[],
  at: Dotted,
  run: Run,
): Value {
  const name = first?.fields.at(-1);
  if (first === undefined || name === undefined)
    throw new ExecutionError("can't give argument to non-function");
  const owner = argumentValue({ ...first, fields: first.fields.slice(0, -1) }, at, run);
  const method = typeof owner === "symbol" ? undefined : methodNamed(owner, name);
  if (method === undefined)
    throw new ExecutionError(`${name} has arguments but cannot be invoked as function`);
  return method(...args.map((arg) => plain(argumentValue(arg, at, run), run)), ...before);
}

function methodNamed(owner: Value, name: string): TemplateFunction | undefined {
  return owner instanceof TemplateTime ? timeMethod(owner, name) : methodOf(owner, name);
}

function shortCircuit(
  name: "and" | "or",
  args: readonly Argument[],
  before: readonly Value[],
  at: Dotted,
  run: Run,
): Value {
  let value: Value;
  for (const arg of args) {
    value = plain(argumentValue(arg, at, run), run);
    if (isTrue(value) === (name === "or")) return value;
  }
  return before.length > 0 ? before[0] : value;
}

function argumentValue({ operand, fields }: Argument, at: Dotted, run: Run): Dotted {
  switch (operand.kind) {
    case "literal":
      return operand.value;
    case "dot":
      return fieldsOf(at, fields, run);
    case "variable":
      return fieldsOf(run.variables.findLast(([name]) => name === operand.name)?.[1], fields, run);
    case "pipeline":
      return fieldsOf(evaluate(operand.pipeline, at, run), fields, run);
    case "function":
      return fieldsOf(call(operand.name, [], [], at, run), fields, run);
  }
}

function fieldsOf(value: Dotted, fields: readonly string[], run: Run): Dotted {
  let inner: Dotted = value;
  for (const name of fields) {
    // A label that is missing is the empty text, a missing member of JSON is nil.
    if (typeof inner === "symbol") inner = run.input?.label(name) ?? "";
    else if (inner === undefined)
      throw new ExecutionError(`nil pointer evaluating interface {}.${name}`);
    else inner = fieldOf(inner, name);
  }
  return inner;
}

function fieldOf(value: Exclude<Value, undefined>, name: string): Value {
  const method = methodNamed(value, name);
  if (method !== undefined) return method();
  if (isMap(value) && !lacksField(value, name)) return memberOf(value, name);
  throw new ExecutionError(`can't evaluate field ${name} in type ${typeof value}`);
}

function plain(value: Dotted, run: Run): Value {
  return typeof value === "symbol" ? run.input?.labels() : value;
}
