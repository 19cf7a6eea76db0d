import type { Matcher } from "#shared/model/labels.ts";
import { metricNameLabel } from "#shared/model/labels.ts";
import { formatDuration } from "#shared/text/duration.ts";
import type { BinaryExpr, DurationExpr, Expr, Matching, SelectorExpr, TimeShift } from "./ast.ts";
import { formatPlain, formatShort } from "#shared/text/go_float_text.ts";

/** The expression as text on one line, in Prometheus's canonical spelling; parsing it again gives the same tree. */
export function printPromql(expr: Expr): string {
  switch (expr.kind) {
    case "number":
      return expr.isDuration ? signedDuration(expr.value) : formatPlain(expr.value);
    case "string":
      return JSON.stringify(expr.value);
    case "paren":
      return `(${printPromql(expr.expr)})`;
    case "unary":
      return `${expr.op}${printPromql(expr.expr)}`;
    case "selector":
      return `${selectorText(expr)}${atText(expr)}${edgesText(expr)}${offsetText(expr)}`;
    case "matrix":
      return `${selectorText(expr.selector)}[${durationText(expr.range)}]${edgesText(expr.selector)}${shiftText(expr.selector)}`;
    case "subquery": {
      const step = expr.step === undefined ? "" : durationText(expr.step);
      return `${printPromql(expr.expr)}[${durationText(expr.range)}:${step}]${shiftText(expr)}`;
    }
    case "call":
      return `${expr.name}(${expr.args.map(printPromql).join(", ")})`;
    case "aggregate": {
      const labels = labelList(expr.grouping);
      const by = expr.grouping.length > 0 ? ` by ${labels} ` : "";
      const args = expr.param === undefined ? [expr.expr] : [expr.param, expr.expr];
      return `${expr.op}${expr.without ? ` without ${labels} ` : by}(${args.map(printPromql).join(", ")})`;
    }
    case "binary":
      return binaryText(expr);
  }
}

function nameText(name: string): string {
  return /^[A-Za-z_]\w*$/.test(name) ? name : JSON.stringify(name);
}

const plainName = /^[A-Za-z_:][\w:]*$/;

function selectorText({ name, matchers }: SelectorExpr): string {
  const plain = plainName.test(name);
  const matcherText = (matcher: Matcher): string =>
    matcher.name === metricNameLabel && matcher.op === "=" && !plainName.test(matcher.value)
      ? JSON.stringify(matcher.value)
      : `${nameText(matcher.name)}${matcher.op}${JSON.stringify(matcher.value)}`;
  const shown = matchers.filter(
    (matcher) =>
      !(plain && matcher.name === metricNameLabel && matcher.op === "=" && matcher.value === name),
  );
  const braces = shown.length === 0 && plain ? "" : `{${shown.map(matcherText).join(",")}}`;
  return `${plain ? name : ""}${braces}`;
}

function signedDuration(seconds: number): string {
  const text = formatDuration(Math.abs(Math.round(seconds * 1_000)));
  return seconds < 0 ? `-${text}` : text;
}

function edgesText({ edges }: SelectorExpr): string {
  return edges === undefined ? "" : ` ${edges}`;
}

function shiftText(shift: TimeShift): string {
  return `${atText(shift)}${offsetText(shift)}`;
}

function atText({ at }: TimeShift): string {
  if (at === "start" || at === "end") return ` @ ${at}()`;
  return at === undefined ? "" : ` @ ${(at / 1_000).toFixed(3)}`;
}

function offsetText({ offset }: TimeShift): string {
  return offset === undefined ? "" : ` offset ${durationText(offset)}`;
}

function durationText(duration: DurationExpr): string {
  switch (duration.kind) {
    case "seconds":
      return signedDuration(duration.value);
    case "step":
    case "range":
      return `${duration.kind}()`;
    case "negate":
      return `-${durationText(duration.expr)}`;
    case "group":
      return `(${operandText(duration.expr)})`;
    case "compute": {
      const [lhs, rhs] = [operandText(duration.lhs), operandText(duration.rhs)];
      if (duration.op === "min_of" || duration.op === "max_of")
        return `${duration.op}(${lhs}, ${rhs})`;
      return `${lhs} ${duration.op} ${rhs}`;
    }
  }
}

function labelList(names: readonly string[]): string {
  return `(${names.map(nameText).join(", ")})`;
}

function binaryText({ op, lhs, rhs, bool, matching }: BinaryExpr): string {
  let modifiers = bool ? " bool" : "";
  if (matching.on || matching.labels.length > 0 || matching.group !== "none") {
    modifiers += ` ${matching.on ? "on" : "ignoring"} ${labelList(matching.labels)}`;
  }
  if (matching.group !== "none")
    modifiers += ` group_${matching.group} ${labelList(matching.include)}`;
  return `${printPromql(lhs)} ${op}${modifiers}${fillText(matching)} ${printPromql(rhs)}`;
}

function fillText({ fillLeft, fillRight }: Matching): string {
  if (fillLeft !== undefined && fillLeft === fillRight) return ` fill (${formatShort(fillLeft)})`;
  const left = fillLeft === undefined ? "" : ` fill_left (${formatShort(fillLeft)})`;
  const right = fillRight === undefined ? "" : ` fill_right (${formatShort(fillRight)})`;
  return left + right;
}

/** Inside a computation a bare number is a factor, not seconds. */
function operandText(duration: DurationExpr): string {
  if (duration.kind === "seconds" && !duration.isDuration) return formatPlain(duration.value);
  return durationText(duration);
}
