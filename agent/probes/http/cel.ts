/**
 * Conditions on JSON in the Common Expression Language (https://github.com/google/cel-spec), as the blackbox exporter has them: the body
 * is the variable `body`. Regular expressions run on our linear-time engine; a macro within a macro would make time grow with the square of
 * the body, and is refused.
 */
import { type CelInput, celEnv, isCelError, parse, plan } from "@bufbuild/cel";
import { CelScalar } from "@bufbuild/cel";
import { OperatingError, messageOf } from "#shared/errors.ts";
import { searchingRegex } from "#shared/text/linear_regex.ts";

/** Larger bodies are not parsed. */
const bodyBytesMax = 1024 * 1024;
/** Where lists are made (map, filter), whose elements each cost the length of the list before. */
const listBodyBytesMax = 32 * 1024;
const programsMax = 100;

type Program = { readonly run: (body: CelInput) => unknown; readonly bytesMax: number };
const programs = new Map<string, Program>();

/** Whether the expression is true of a body. Throws OperatingError for what is no expression, no JSON, no truth value, or too large. */
export function evaluateCel(expression: string, body: Buffer): boolean {
  const { run, bytesMax } = programOf(expression);
  if (body.length > bytesMax)
    throw new OperatingError(
      "overloaded",
      `a body of more than ${bytesMax} bytes is too large for CEL`,
    );
  let json: unknown;
  try {
    json = JSON.parse(body.toString("utf8"));
  } catch (cause) {
    throw new OperatingError(
      "corrupt",
      `Error unmarshalling HTTP body to JSON: ${messageOf(cause)}`,
    );
  }
  const result = run(celValue(json));
  if (isCelError(result))
    throw new OperatingError("bad_request", `Error evaluating CEL expression: ${result.message}`);
  if (typeof result !== "boolean")
    throw new OperatingError("bad_request", "CEL evaluation result is not a boolean");
  return result;
}

/** What is wrong with an expression; undefined where nothing is. */
export function celFault(expression: string): string | undefined {
  try {
    programOf(expression);
    return undefined;
  } catch (thrown) {
    return messageOf(thrown);
  }
}

function programOf(expression: string): Program {
  const known = programs.get(expression);
  if (known !== undefined) return known;
  const program = compile(expression);
  const [oldest] = programs.keys();
  if (programs.size >= programsMax && oldest !== undefined) programs.delete(oldest);
  programs.set(expression, program);
  return program;
}

function compile(expression: string): Program {
  try {
    const parsed = parse(expression);
    const { depth, makesLists } = macrosIn(parsed);
    if (depth > 1)
      throw new OperatingError(
        "bad_request",
        "a macro (all, exists, map ...) within a macro is not supported",
      );
    const env = celEnv({ variables: { body: CelScalar.DYN }, re2: { compile: searchingRegex } });
    const evaluate = plan(env, parsed);
    return {
      run: (body) => evaluate({ body }),
      bytesMax: makesLists ? listBodyBytesMax : bodyBytesMax,
    };
  } catch (thrown) {
    throw new OperatingError("bad_request", `CEL expression "${expression}": ${messageOf(thrown)}`);
  }
}

/** How deep comprehensions stand in each other in a syntax tree, and whether one makes a list. */
function macrosIn(node: unknown): { depth: number; makesLists: boolean } {
  if (typeof node !== "object" || node === null) return { depth: 0, makesLists: false };
  const within = Object.values(node).map(macrosIn);
  const depth = Math.max(0, ...within.map((each) => each.depth));
  const isMacro = "case" in node && node.case === "comprehensionExpr";
  const own = isMacro && "value" in node ? node.value : undefined;
  const makesLists =
    typeof own === "object" && own !== null && "accuInit" in own && isList(own.accuInit);
  return {
    depth: depth + (isMacro ? 1 : 0),
    makesLists: makesLists || within.some((each) => each.makesLists),
  };
}

function isList(node: unknown): boolean {
  if (typeof node !== "object" || node === null || !("exprKind" in node)) return false;
  const { exprKind: kind } = node;
  return typeof kind === "object" && kind !== null && "case" in kind && kind.case === "listExpr";
}

/** JSON as CEL's values: numbers are doubles, as Go's encoding/json has them. */
function celValue(json: unknown): CelInput {
  if (json === null || typeof json === "string" || typeof json === "boolean") return json;
  if (typeof json === "number") return json;
  if (Array.isArray(json)) return json.map(celValue);
  if (typeof json === "object")
    return new Map(Object.entries(json).map(([key, value]) => [key, celValue(value)]));
  return null;
}
