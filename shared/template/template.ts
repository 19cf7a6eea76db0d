import { type TemplateInput, argumentsFault, executeOnRecord, recordFunctions } from "./execute.ts";
import { templateFunctions } from "./functions.ts";
import { TemplateError } from "./lex.ts";
import { type Pipeline, type TemplateNode, namesRead } from "./nodes.ts";
import { parseTemplate } from "./parse.ts";

export type { TemplateInput } from "./execute.ts";

export type Template = {
  /** Throws ExecutionError. */
  readonly execute: (input: TemplateInput) => string;
  /** Names of the labels that it reads, or undefined where it may read any. */
  readonly names: ReadonlySet<string> | undefined;
};

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
    execute: (input) => executeOnRecord(nodes, input),
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
