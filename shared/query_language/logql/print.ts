import { formatDuration } from "#shared/text/duration.ts";
import type { Matcher } from "#shared/model/labels.ts";
import type { Grouping, LabelFilter, LogqlQuery, MetricQuery, RangeQuery, Stage } from "./ast.ts";
import { formatGoDuration } from "#shared/text/go_units.ts";

/** A query in one line, as Loki prints it: parseLogql() of it gives the same tree. */
export function printLogql(query: LogqlQuery): string {
  switch (query.kind) {
    case "log":
      return [printSelector(query.matchers), ...query.stages.map(printStage)].join(" ");
    case "number":
      return String(query.value);
    case "vector":
      return `vector(${query.value})`;
    case "range": {
      const param = query.param === undefined ? "" : `${query.param},`;
      const grouping = query.grouping === undefined ? "" : printGrouping(query.grouping, ",");
      return `${query.op}(${param}${printLogRange(query)})${grouping}`;
    }
    case "aggregate": {
      const grouping = query.grouping === undefined ? "" : printGrouping(query.grouping, ",");
      const param = query.param === undefined ? "" : `${query.param},`;
      return `${query.op}${grouping}(${param}${printLogql(query.of)})`;
    }
    case "label_replace":
      return `label_replace(${[printLogql(query.of), ...replaceTexts(query)].join(",")})`;
    case "variants":
      return `variants(${query.variants.map(printLogql).join(", ")}) of (${printLogRange(query.of)})`;
    case "binary":
      return `(${printLogql(query.left)} ${printOperator(query)} ${printLogql(query.right)})`;
  }
}

export function replaceTexts({
  target,
  replacement,
  source,
  regex,
}: Extract<MetricQuery, { kind: "label_replace" }>): string[] {
  return [target, replacement, source, regex].map(quote);
}

/** Text in quotes, as Go's strconv.Quote writes it. */
function quote(text: string): string {
  return JSON.stringify(text).replaceAll(/[\u007f-\u009f\ufeff]/g, escapeCharacter);
}

function escapeCharacter(character: string): string {
  return String.raw`\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

export function printSelector(matchers: readonly Matcher[]): string {
  return `{${matchers.map(printMatcher).join(", ")}}`;
}

function printMatcher({ name, op, value }: Matcher): string {
  return `${name}${op}${quote(value)}`;
}

export function printGrouping({ without, names }: Grouping, separator: string): string {
  return ` ${without ? "without" : "by"} (${names.join(separator)})`;
}

/** `[5m] offset 1h`, without a space before it. */
export function printRange({ rangeMs, offsetMs }: LogRange): string {
  const offset = offsetMs === 0 ? "" : ` offset ${printDuration(offsetMs)}`;
  return `[${printDuration(rangeMs)}]${offset}`;
}

type LogRange = Pick<RangeQuery, "log" | "rangeMs" | "offsetMs" | "unwrap">;

function printLogRange(of: LogRange): string {
  return `${printLogql(of.log)}${printUnwrap(of)}${printRange(of)}`;
}

function printDuration(ms: number): string {
  if (!Number.isInteger(ms)) return formatGoDuration(ms * 1e6);
  return ms < 0 ? `-${formatDuration(-ms)}` : formatDuration(ms);
}

function printUnwrap({ unwrap }: LogRange): string {
  return unwrap === undefined ? "" : ` ${unwrapParts(unwrap).join(" ")} `;
}

/** The unwrap and the conditions behind it. */
export function unwrapParts({
  label,
  conversion,
  filters,
}: NonNullable<RangeQuery["unwrap"]>): string[] {
  const of = conversion === undefined ? label : `${conversion}(${label})`;
  return [`| unwrap ${of}`, ...filters.map((filter) => `| ${printFilter(filter)}`)];
}

export function printStage(stage: Stage): string {
  switch (stage.type) {
    case "line_filter":
      return `${stage.op} ${stage.matches
        .map(({ kind, value }) => (kind === "ip" ? `ip(${quote(value)})` : quote(value)))
        .join(" or ")}`;
    case "json":
    case "logfmt": {
      const strict = stage.type === "logfmt" && stage.strict ? " --strict" : "";
      const keepEmpty = stage.type === "logfmt" && stage.keepEmpty ? " --keep-empty" : "";
      const list = stage.extractions.map((e) => `${e.label}=${quote(e.expression)}`).join(",");
      return `| ${stage.type}${strict}${keepEmpty}${list === "" ? "" : ` ${list}`}`;
    }
    case "regexp":
    case "pattern":
      return `| ${stage.type} ${quote(stage.pattern)}`;
    case "unpack":
    case "decolorize":
      return `| ${stage.type}`;
    case "label_filter":
      return `| ${printFilter(stage.filter)}`;
    case "line_format":
      return `| line_format ${quote(stage.template)}`;
    case "label_format":
      return `| label_format ${stage.formats
        .map((f) => `${f.label}=${f.kind === "rename" ? f.source : quote(f.template)}`)
        .join(",")}`;
    case "drop":
    case "keep":
      return `| ${stage.type} ${stage.labels
        .map(({ name, matcher }) => (matcher === undefined ? name : printMatcher(matcher)))
        .join(",")}`;
  }
}

export function printFilter(filter: LabelFilter): string {
  switch (filter.kind) {
    case "and":
    case "or": {
      const word = filter.kind === "and" ? "," : "or";
      return `( ${printFilter(filter.left)} ${word} ${printFilter(filter.right)} )`;
    }
    case "matcher":
      return printMatcher(filter.matcher);
    case "ip":
      return `${filter.name}${filter.op}ip(${quote(filter.value)})`;
    case "number":
      return `${filter.name}${filter.op}${filter.value}`;
    case "duration":
      return `${filter.name}${filter.op}${formatGoDuration(filter.value)}`;
    case "bytes":
      return `${filter.name}${filter.op}${filter.value}B`;
  }
}

/** The operator with all that stands between it and the right side. */
export function printOperator({
  op,
  bool,
  matching,
}: Extract<MetricQuery, { kind: "binary" }>): string {
  const { on, labels, group, include } = matching;
  const parts: string[] = bool ? [op, "bool"] : [op];
  if (on || labels.length > 0 || group !== "none")
    parts.push(on ? "on" : "ignoring", `(${labels.join(", ")})`);
  if (group !== "none") parts.push(`group_${group}`);
  if (include.length > 0) parts.push(`(${include.join(", ")})`);
  else if (group !== "none") parts.push("()");
  return parts.join(" ");
}
