import type { Labels } from "../model/labels.ts";
import { argumentsMin, templateFunctions } from "./functions.ts";
import { TemplateError } from "./lex.ts";
import { type Argument, type Pipeline, type TemplateNode, namesRead } from "./nodes.ts";
import { parseTemplate } from "./parse.ts";
import { textOf } from "./text.ts";
import { ExecutionError, TemplateTime, type Value, isList, isMap, isTrue } from "./values.ts";

/** What a template is executed on. */
export type TemplateInput = {
  readonly label: (name: string) => string | undefined;
  /** All labels, for templates that go over them. */
  readonly labels: () => Labels;
  readonly line: () => string;
  readonly timeNs: () => bigint;
};

export type Template = {
  /** Throws ExecutionError. */
  readonly execute: (input: TemplateInput) => string;
  /** Names of the labels that it reads, or undefined where it may read any. */
  readonly names: ReadonlySet<string> | undefined;
};

/** Longest text that a template may make of one line, and steps that it may take for it. */
const lengthMax = 1 << 20;
const stepsMax = 100_000;

const recordFunctions = ["__line__", "__timestamp__", "now"];
const functionNames: ReadonlySet<string> = new Set([
  ...templateFunctions.keys(),
  ...recordFunctions,
]);

/**
 * Reads a template of Go's text/template with Loki's functions. It sees the record's labels, line and time, and nothing else. A call with a wrong number
 * of arguments fails when it is executed, as in Go, and here where `checksCalls` is set. Throws TemplateError.
 */
export function compileTemplate(source: string, checksCalls = false): Template {
  const nodes = parseTemplate(source, functionNames);
  if (checksCalls) checkCalls(nodes);
  const names = namesRead(nodes);
  const [only] = nodes;
  // `{{.message}}`, which most templates are, needs no execution.
  if (nodes.length === 1 && only?.kind === "action") {
    const name = singleField(only.pipeline);
    if (name !== undefined) return { names, execute: ({ label }) => label(name) ?? "" };
  }
  return {
    names,
    execute: (input) => {
      const run: Run = { input, variables: [["$", dot]], text: "", steps: 0 };
      execute(nodes, dot, run);
      return run.text;
    },
  };
}

function singleField({ commands, variables }: Pipeline): string | undefined {
  const [command] = commands;
  const [argument] = command?.args ?? [];
  if (commands.length !== 1 || command?.args.length !== 1 || variables.length > 0) return undefined;
  return argument?.operand.kind === "dot" && argument.fields.length === 1
    ? argument.fields[0]
    : undefined;
}

function checkCalls(nodes: readonly TemplateNode[]): void {
  const check = ({ commands }: Pipeline): void => {
    for (const [i, { args }] of commands.entries()) {
      for (const { operand } of args) if (operand.kind === "pipeline") check(operand.pipeline);
      const [first] = args;
      if (first?.operand.kind !== "function") continue;
      const { name } = first.operand;
      const fault = argumentsFault(name, args.length - 1 + (i > 0 ? 1 : 0));
      if (fault !== undefined) throw new TemplateError(fault);
    }
  };
  for (const node of nodes) {
    if (node.kind === "action") check(node.pipeline);
    if (node.kind !== "if" && node.kind !== "with" && node.kind !== "range") continue;
    check(node.pipeline);
    checkCalls(node.body);
    checkCalls(node.otherwise);
  }
}

/** What is wrong with the number of a call's arguments, if anything. */
function argumentsFault(name: string, given: number): string | undefined {
  const isOfRecord = recordFunctions.includes(name);
  const least = isOfRecord ? 0 : argumentsMin(name);
  if (given >= least && !(isOfRecord && given > 0)) return undefined;
  return `wrong number of args for ${name}: want ${least} got ${given}`;
}

/** Stands for the labels as a whole, which are only gathered where something goes over them. */
const dot = Symbol("labels");
type Dotted = Value | typeof dot;

type Run = {
  readonly input: TemplateInput;
  readonly variables: [string, Dotted][];
  text: string;
  steps: number;
};

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
      write(run, node.text);
      return undefined;
    case "break":
    case "continue":
      return node.kind;
    case "action": {
      const value = evaluate(node.pipeline, at, run);
      if (node.pipeline.variables.length === 0) write(run, textOf(plain(value, run)));
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
  }
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
      throw new ExecutionError("can't give argument to non-function");
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
  const fault = argumentsFault(name, args.length + before.length);
  if (fault !== undefined) throw new ExecutionError(fault);
  // `and` and `or` stop at the first argument that decides.
  if (name === "and" || name === "or") return shortCircuit(name, args, before, at, run);
  const values = args.map((arg) => plain(argumentValue(arg, at, run), run));
  if (name === "__line__") return run.input.line();
  if (name === "__timestamp__") return new TemplateTime(run.input.timeNs());
  if (name === "now") return new TemplateTime(BigInt(Date.now()) * 1_000_000n);
  return templateFunctions.get(name)?.(...values, ...before);
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
    if (inner === dot) inner = run.input.label(name) ?? "";
    else if (inner === undefined)
      throw new ExecutionError(`nil pointer evaluating interface {}.${name}`);
    else if (typeof inner !== "symbol" && isMap(inner))
      inner = Object.hasOwn(inner, name) ? inner[name] : undefined;
    else throw new ExecutionError(`can't evaluate field ${name} in type ${typeof inner}`);
  }
  return inner;
}

function plain(value: Dotted, run: Run): Value {
  return typeof value === "symbol" ? run.input.labels() : value;
}
