import type { LogqlQuery, MetricQuery, RangeQuery, Stage } from "./ast.ts";
import {
  printGrouping,
  printLogql,
  printOperator,
  printRange,
  printSelector,
  printStage,
  replaceTexts,
  unwrapParts,
} from "./print.ts";

/** What is longer stands on lines of its own. */
const lineMax = 100;

/** A query over several lines, as Loki's format_query lays it out. */
export function prettifyLogql(query: LogqlQuery): string {
  return pretty(query, 0);
}

function indent(level: number): string {
  return "  ".repeat(level);
}

function pretty(query: LogqlQuery, level: number): string {
  const line = printLogql(query);
  if (line.length <= lineMax) return indent(level) + line;
  switch (query.kind) {
    case "log":
      return [
        indent(level) + printSelector(query.matchers),
        ...stageLines(query.stages, level + 1),
      ].join("\n");
    case "range":
      return prettyRange(query, level);
    case "aggregate": {
      const grouping = query.grouping === undefined ? "" : printGrouping(query.grouping, ", ");
      const param = query.param === undefined ? [] : [`${indent(level + 1)}${query.param}`];
      return called(`${query.op}${grouping}`, [...param, pretty(query.of, level + 1)], level);
    }
    case "label_replace": {
      const texts = replaceTexts(query).map((text) => indent(level + 1) + text);
      return called(query.kind, [pretty(query.of, level + 1), ...texts], level);
    }
    case "binary":
      return prettyBinary(query, level);
    default:
      return indent(level) + line;
  }
}

function stageLines(stages: readonly Stage[], level: number): string[] {
  return stages.map((stage) => indent(level) + printStage(stage));
}

function called(name: string, args: readonly string[], level: number): string {
  return `${indent(level)}${name}(\n${args.join(",\n")}\n${indent(level)})`;
}

function prettyRange(query: RangeQuery, level: number): string {
  const { op, param, log, unwrap, grouping } = query;
  const unwraps =
    unwrap === undefined ? [] : unwrapParts(unwrap).map((part) => indent(level + 2) + part);
  const of = [pretty(log, level + 1), ...unwraps].join("\n");
  const args = param === undefined ? [] : [`${indent(level + 1)}${param}`];
  const text = called(op, [...args, `${of} ${printRange(query)}`], level);
  return grouping === undefined ? text : text + printGrouping(grouping, ", ");
}

function prettyBinary(query: Extract<MetricQuery, { kind: "binary" }>, level: number): string {
  const side = (of: MetricQuery) =>
    of.kind === "binary"
      ? `${indent(level + 1)}(\n${pretty(of, level + 2)}\n${indent(level + 1)})`
      : pretty(of, level + 1);
  return `${side(query.left)}\n${indent(level)}${printOperator(query)}\n${side(query.right)}`;
}
