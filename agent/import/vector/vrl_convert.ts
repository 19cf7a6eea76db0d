import type { Effect } from "../account.ts";
import { quoted } from "../stages/stage_pipeline.ts";
import type { VectorPipeline } from "./vector_pipeline.ts";
import { fieldOf, filterOf, placeOf, withoutCasts } from "./vrl_conditions.ts";
import type { VrlArgument, VrlExpression, VrlStatement } from "./vrl_parser.ts";
import { missTargets } from "./vrl_targets.ts";

type Fault = { readonly line: number; readonly reason: string; readonly effect?: Effect };

/** Adds what a program does; gives the lines (from 0) of statements that no processors say, with reasons. */
export function convertVrl(
  statements: readonly VrlStatement[],
  pipeline: VectorPipeline,
): readonly Fault[] {
  const parsed = new Map<string, VrlExpression>();
  let marks = 0;
  const convert = (list: readonly VrlStatement[]): Fault[] =>
    list.flatMap((written) => {
      const { line } = written;
      const statement = withFields(written, parsed);
      const effect = effectOf(statement);
      const weight = effect === undefined ? {} : { effect };
      if (statement.kind === "if") {
        if (isOnSuccess(statement)) return convert(statement.body);
        const filter = filterOf(statement.condition);
        if (filter === undefined) {
          missTargets(statement, pipeline.missing);
          return [{ line, reason: "a condition that filters of LogQL can't say", ...weight }];
        }
        const { body, otherwise } = statement;
        const faults: Fault[] = [];
        const note = (fault: string | undefined) =>
          fault !== undefined && faults.push({ line, reason: fault, ...weight });
        // What is done in one branch must not lead into the other, so records of the first are marked.
        const mark = `if_${++marks}`;
        note(
          pipeline.group(filter, () => {
            if (otherwise !== undefined) note(pipeline.add("format", { to: mark, template: "1" }));
            faults.push(...convert(body));
          }),
        );
        if (otherwise === undefined) return faults;
        note(pipeline.group(`| ${mark}=""`, () => void faults.push(...convert(otherwise))));
        note(pipeline.add("labels", { remove_attributes: [mark] }));
        return faults;
      }
      const reason =
        statement.kind === "unread" ? notRead : statementFault(statement, pipeline, parsed);
      if (reason === undefined) return [];
      missTargets(statement, pipeline.missing);
      return [{ line, reason, ...weight }];
    });
  const faults = convert(statements);
  // Fields that a variable took over: the record loses them when nothing reads the variable any more.
  const moved = [...parsed.values()].flatMap((value) =>
    value.kind === "call" ? movedField(value) : [],
  );
  if (moved.length > 0) pipeline.add("labels", { remove_attributes: moved });
  return faults;
}

/** The field of `del(.x)` where it is not the line, which is always there. */
function movedField({ name, args }: Extract<VrlExpression, { kind: "call" }>): string[] {
  const field = name === "del" && args[0] !== undefined ? fieldOf(args[0].value) : undefined;
  return field === undefined || field === "body" ? [] : [field];
}

/**
 * `if err == null { . = merge(., parsed) }`: a parser leaves alone what it can't read, so the condition is kept by itself, as long as what
 * was read is all that the body works with.
 */
function isOnSuccess({
  condition,
  body,
  otherwise,
}: Extract<VrlStatement, { kind: "if" }>): boolean {
  if (condition.kind !== "binary" || condition.operator !== "==" || otherwise !== undefined)
    return false;
  const sides = [condition.left, condition.right];
  return (
    sides.some((side) => side.kind === "variable") &&
    sides.some((side) => side.kind === "literal" && side.value === null) &&
    body.every(
      (one) => one.kind === "assign" && one.target.kind === "field" && one.target.path === ".",
    )
  );
}

/** The statement with the fields that its variables stand for. */
function withFields<Statement extends VrlStatement>(
  statement: Statement,
  parsed: ReadonlyMap<string, VrlExpression>,
): Statement {
  if (statement.kind !== "assign") return statement;
  return { ...statement, value: resolved(statement.value, parsed) };
}

function resolved(
  expression: VrlExpression,
  parsed: ReadonlyMap<string, VrlExpression>,
): VrlExpression {
  if (expression.kind === "variable") {
    const known = parsed.get(expression.name);
    const field = known === undefined ? undefined : sourceField(known);
    return field ?? expression;
  }
  if (expression.kind === "call") {
    const args = expression.args.map(({ name, value }) => ({
      name,
      value: resolved(value, parsed),
    }));
    return { ...expression, args };
  }
  if (expression.kind !== "binary") return expression;
  const { left, right } = expression;
  return { ...expression, left: resolved(left, parsed), right: resolved(right, parsed) };
}

/** The field whose value a variable has: `x = .message`, or `x = del(.message)`. */
function sourceField(value: VrlExpression): VrlExpression | undefined {
  const own = withoutCasts(value);
  if (own.kind === "field" && own.path !== ".") return own;
  const moved = own.kind === "call" && own.name === "del" ? own.args[0]?.value : undefined;
  return moved?.kind === "field" ? moved : undefined;
}

/** What a statement does to records beside adding to them, by the functions that it names. */
function effectOf(statement: VrlStatement): Effect | undefined {
  if (statement.kind === "unread")
    return /\b(?:abort|assert)/.test(statement.text)
      ? "drops"
      : redactingWords.test(statement.text)
        ? "redacts"
        : undefined;
  const text = JSON.stringify(statement);
  if (text.includes('"kind":"abort"') || /"name":"assert/.test(text)) return "drops";
  if (redactingWords.test(text)) return "redacts";
  if (statement.kind !== "assign" || statement.target.kind !== "field") return undefined;
  // The whole record, its line or a value of its own becomes something that no processor makes.
  const { path } = statement.target;
  const isOwn = JSON.stringify(statement.value).includes(JSON.stringify(path));
  return path === "." || path === ".message" || isOwn ? "redacts" : undefined;
}

const redactingWords = /\b(?:del|remove|redact|replace|replace_with|truncate|filter|unnest)\b/;

const notRead = "an expression that the import does not know";

function statementFault(
  statement: Exclude<VrlStatement, { kind: "if" | "unread" }>,
  pipeline: VectorPipeline,
  parsed: Map<string, VrlExpression>,
): string | undefined {
  if (statement.kind === "abort") return pipeline.add("drop", {});
  if (statement.kind === "expression") {
    const { value } = statement;
    const [argument] = value.kind === "call" && value.name === "del" ? value.args : [];
    const field = argument === undefined ? undefined : fieldOf(argument.value);
    if (field === undefined || field === "body")
      return field === "body" ? "the line itself is always there" : notRead;
    return pipeline.add("labels", { remove_attributes: [field] });
  }
  const { target } = statement;
  const value = unwrapped(statement.value);
  if (target.kind === "variable") {
    const isReading = value.kind === "call" && Object.hasOwn(readers, value.name);
    if (!isReading && sourceField(value) === undefined) return notRead;
    parsed.set(target.name, value);
    return undefined;
  }
  if (target.kind !== "field") return notRead;
  if (target.path === ".") return assignRoot(statement.merges, value, pipeline, parsed);
  return statement.merges ? notRead : assignField(target.path, value, pipeline);
}

/** `a ?? b` of a call that reads: without what stands for a failure. */
function unwrapped(expression: VrlExpression): VrlExpression {
  const own = withoutCasts(expression);
  const isReading =
    own.kind === "binary" && own.operator === "??" && unwrapped(own.left).kind === "call";
  return isReading ? unwrapped(own.left) : own;
}

/** `. = parse_x(...)`, `. = merge(., parse_x(...))`, `. |= ...`: fields join those that are there. */
function assignRoot(
  merges: boolean,
  value: VrlExpression,
  pipeline: VectorPipeline,
  parsed: ReadonlyMap<string, VrlExpression>,
): string | undefined {
  let own = value;
  // Empty values are not stored anyway.
  if (own.kind === "call" && own.name === "compact") return undefined;
  if (own.kind === "call" && (own.name === "merge" || own.name === "merge!")) {
    const [into, from] = own.args.map((argument) => unwrapped(argument.value));
    if (into?.kind !== "field" || into.path !== "." || from === undefined) return notRead;
    own = from;
  } else if (!merges && own.kind === "variable") return notRead;
  if (own.kind === "variable") own = parsed.get(own.name) ?? own;
  if (own.kind !== "call") return notRead;
  return (
    readers[own.name]?.(own.args, pipeline, "") ??
    (Object.hasOwn(readers, own.name) ? undefined : notRead)
  );
}

type Reader = (
  args: readonly VrlArgument[],
  pipeline: VectorPipeline,
  prefix: string,
) => string | undefined;

/** Functions that take texts apart; sorted. What becomes the message becomes the line. */
const readers: Readonly<Record<string, Reader>> = {
  parse_apache_log: reader("access_log", () => ({})),
  parse_common_log: reader("access_log", () => ({})),
  parse_json: reader("json", () => ({ body_from: "message" })),
  parse_key_value: reader("logfmt", () => ({ body_from: "message" })),
  parse_logfmt: reader("logfmt", () => ({ body_from: "message" })),
  parse_nginx_log: reader("access_log", () => ({})),
  parse_regex: reader("regex", (args) => {
    const pattern = args.map(({ value }) => value).find((value) => value.kind === "regex");
    return pattern?.kind === "regex"
      ? { pattern: pattern.pattern, body_from: "message" }
      : undefined;
  }),
  parse_syslog: (args, pipeline, prefix) => {
    const fault = reader("regex", () => ({ pattern: syslog, body_from: "message" }))(
      args,
      pipeline,
      prefix,
    );
    // The two forms have their names in groups of their own.
    const own = { appname: `${prefix}app`, procid: `${prefix}pid` };
    const names = Object.fromEntries(Object.entries(own).map(([to, from]) => [prefix + to, from]));
    const renamed = fault ?? pipeline.add("labels", { rename_attributes: names });
    if (renamed !== undefined) return renamed;
    return pipeline.add("timestamp", {
      from: `${prefix}timestamp`,
      format: ["rfc3339", "Jan _2 15:04:05"],
      remove: true,
    });
  },
};

/** RFC 5424 and RFC 3164, under the names that parse_syslog gives. */
const syslog =
  String.raw`^<(?P<priority>\d{1,3})>(?:(?P<version>\d{1,2}) )?(?P<timestamp>\d{4}-\S+|[A-Z][a-z]{2} +\d{1,2} \d\d:\d\d:\d\d) (?P<hostname>\S+) ` +
  String.raw`(?:(?P<appname>[^\s:\[]+)(?:\[(?P<procid>[^\]]*)\])?: |(?P<app>\S+) (?P<pid>\S+) (?P<msgid>\S+) (?P<structured>-|(?:\[(?:[^\]\\]|\\.)*\])+) ?)(?P<message>[\s\S]*)$`;

function reader(
  type: string,
  optionsOf: (args: readonly VrlArgument[]) => Readonly<Record<string, string>> | undefined,
): Reader {
  return (args, pipeline, prefix) => {
    const [first] = args;
    const from = first === undefined ? undefined : fieldOf(first.value);
    const options = optionsOf(args);
    if (from === undefined || options === undefined) return notRead;
    const { body_from: bodyFrom, ...others } = options;
    return pipeline.add(type, {
      ...(from === "body" ? {} : { from }),
      ...others,
      ...(bodyFrom === undefined || prefix !== "" ? {} : { body_from: bodyFrom }),
      ...(prefix === "" ? {} : { prefix }),
    });
  };
}

function assignField(
  path: string,
  value: VrlExpression,
  pipeline: VectorPipeline,
): string | undefined {
  const to = placeOf(path);
  const isTime = path === ".timestamp" || path === ".@timestamp";
  if (isTime) return assignTime(value, pipeline);
  if (value.kind === "call") {
    const call = assignCall(to, value, pipeline);
    if (call !== undefined) return call.fault;
  }
  const template = templateOf(value);
  return template === undefined ? notRead : pipeline.add("format", { to, template });
}

const timeFormats: Readonly<Record<string, string>> = {
  seconds: "unix",
  milliseconds: "unix_ms",
  microseconds: "unix_us",
  nanoseconds: "unix_ns",
};

function assignTime(value: VrlExpression, pipeline: VectorPipeline): string | undefined {
  if (value.kind !== "call") return notRead;
  const [first, second] = value.args;
  const from = first === undefined ? undefined : fieldOf(first.value);
  const text = second?.value.kind === "literal" ? String(second.value.value) : undefined;
  if (from === undefined) return notRead;
  if (value.name === "parse_timestamp" && text !== undefined)
    return pipeline.add("timestamp", {
      from,
      format: text.replaceAll("%+", "%Y-%m-%dT%H:%M:%S%z") === text ? text : "rfc3339",
    });
  if (value.name === "from_unix_timestamp")
    return pipeline.add("timestamp", { from, format: timeFormats[text ?? "seconds"] ?? "unix" });
  if (value.name === "to_timestamp" || value.name === "to_unix_timestamp")
    return pipeline.add("timestamp", { from });
  return notRead;
}

/** Calls that are more than a template; undefined for all others. */
function assignCall(
  to: string,
  { name, args }: Extract<VrlExpression, { kind: "call" }>,
  pipeline: VectorPipeline,
): { readonly fault: string | undefined } | undefined {
  const [first, second, third] = args.map((argument) => argument.value);
  const from = first === undefined ? undefined : fieldOf(first);
  if (Object.hasOwn(readers, name))
    return { fault: readers[name]?.(args, pipeline, to === "body" ? "" : `${to}_`) };
  if (from === undefined) return undefined;
  if (name === "del") {
    if (from !== "body" && to !== "body")
      return { fault: pipeline.add("labels", { rename_attributes: { [to]: from } }) };
    const fault = pipeline.add("format", {
      to,
      template: from === "body" ? "{{.Entry}}" : `{{.${from}}}`,
    });
    return {
      fault:
        fault ??
        (from === "body" ? undefined : pipeline.add("labels", { remove_attributes: [from] })),
    };
  }
  if (name !== "replace" && name !== "redact") return undefined;
  const filters = args.find((argument) => argument.name === "filters")?.value ?? second;
  const patterns = (filters?.kind === "list" ? filters.items : [filters]).flatMap((own) =>
    own?.kind === "regex"
      ? [own.pattern]
      : own?.kind === "literal"
        ? [String(own.value).replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`)]
        : [],
  );
  const text =
    name === "redact" ? "[REDACTED]" : third?.kind === "literal" ? String(third.value) : undefined;
  if (text === undefined || patterns.length === 0) return { fault: notRead };
  if (from !== to)
    pipeline.add("format", { to, template: from === "body" ? "{{.Entry}}" : `{{.${from}}}` });
  const faults = patterns.map((pattern) =>
    pipeline.add("replace", { ...(to === "body" ? {} : { from: to }), pattern, with: text }),
  );
  return { fault: faults.find((fault) => fault !== undefined) };
}

const changes: Readonly<Record<string, string>> = {
  downcase: "ToLower",
  strip_whitespace: "TrimSpace",
  trim: "TrimSpace",
  upcase: "ToUpper",
};

/** A template that makes the value, or undefined where none does. */
function templateOf(expression: VrlExpression): string | undefined {
  const own = withoutCasts(expression);
  if (own.kind === "literal") return own.value === null ? undefined : literal(String(own.value));
  if (own.kind === "field") {
    const field = fieldOf(own);
    return field === undefined ? undefined : `{{ ${field === "body" ? ".Entry" : `.${field}`} }}`;
  }
  if (own.kind === "call") {
    const change = changes[own.name];
    const [argument] = own.args;
    const field = argument === undefined ? undefined : fieldOf(argument.value);
    if (change === undefined || field === undefined) return undefined;
    return `{{ ${change} ${field === "body" ? ".Entry" : `.${field}`} }}`;
  }
  if (own.kind !== "binary") return undefined;
  const [left, right] = [templateOf(own.left), templateOf(own.right)];
  if (left === undefined || right === undefined) return undefined;
  if (own.operator === "+") return left + right;
  const field = fieldOf(own.left);
  if ((own.operator !== "??" && own.operator !== "||") || field === undefined || field === "body")
    return undefined;
  return `{{ if .${field} }}${left}{{ else }}${right}{{ end }}`;
}

function literal(text: string): string {
  return text.includes("{{") ? `{{${quoted(text)}}}` : text;
}
