import { assertNever } from "#shared/assert.ts";
import { formatDuration, parseDuration } from "#shared/text/duration.ts";
import type { RuleLanguage } from "../../../client/rules.ts";
import { labelText, selectorText, type Matcher } from "../../../promql/expr.ts";
import type { AlertForm, AlertPart, Measure } from "./alert_form.ts";

/** A form as a rule that one can read. */
export type FormRule = { readonly expr: string; readonly language: RuleLanguage };

/** Among fewer peers there is no outlier. */
const peersMin = 3;

/** The rule of a form without faults (formFaults()). */
export function ruleOfForm(form: AlertForm): FormRule {
  if (form.kind === "log_rate") return { expr: logRate(form), language: "logql" };
  return { expr: promqlOf(form), language: "promql" };
}

function promqlOf(form: Exclude<AlertForm, { kind: "log_rate" }>): string {
  switch (form.kind) {
    case "threshold":
      return `${measureText(form.measure)} ${form.op} ${form.value.trim()}`;
    case "change":
      return change(form);
    case "absence":
      return absence(form);
    case "forecast":
      return forecast(form);
    case "outlier":
      return outlier(form);
    case "composite":
      return composite(form);
    default:
      return assertNever(form);
  }
}

/** What is measured, at the time of the rule or `offset` before it. */
function measureText(measure: Measure, offset = ""): string {
  const { grouping, by } = measure;
  const series = readingText(measure, offset);
  if (grouping === "each") return series;
  const labels = by.length === 0 ? "" : ` by (${labelsText(by)}) `;
  return `${grouping}${labels}(${series})`;
}

function readingText({ metric, matchers, reading, window }: Measure, offset: string): string {
  const selector = selectorText(metric, filled(matchers));
  const back = offset === "" ? "" : ` offset ${offset}`;
  const over = `${selector}[${window.trim()}]${back}`;
  switch (reading) {
    case "value":
      return `${selector}${back}`;
    case "average":
      return `avg_over_time(${over})`;
    case "highest":
      return `max_over_time(${over})`;
    case "lowest":
      return `min_over_time(${over})`;
    case "rate":
      return `rate(${over})`;
    default:
      return assertNever(reading);
  }
}

function filled(matchers: readonly Matcher[]): readonly Matcher[] {
  return matchers.filter(({ value }) => value !== "");
}

function labelsText(labels: readonly string[]): string {
  return labels.map(labelText).join(", ");
}

function change({
  measure,
  against,
  direction,
  percent,
}: Extract<AlertForm, { kind: "change" }>): string {
  const share = `(${measureText(measure)} / ${measureText(measure, against.trim())} - 1) * 100`;
  switch (direction) {
    case "up":
      return `${share} > ${percent.trim()}`;
    case "down":
      return `${share} < -${percent.trim()}`;
    case "either":
      return `abs(${share}) > ${percent.trim()}`;
    default:
      return assertNever(direction);
  }
}

/** The alert on a series that ended lasts for so many windows: nothing tells a series that is missed from one that is gone for good. */
const absentWindows = 6;

/** Of `each`: series that were there within six windows before, and have no sample within the last one. */
function absence({ measure, window, of }: Extract<AlertForm, { kind: "absence" }>): string {
  const selector = selectorText(measure.metric, filled(measure.matchers));
  const span = window.trim();
  switch (of) {
    case "all":
      return `absent_over_time(${selector}[${span}])`;
    case "each": {
      const past = formatDuration(absentWindows * (parseDuration(span) ?? 0));
      const before = `last_over_time(${selector}[${past}] offset ${span})`;
      return `${before} unless last_over_time(${selector}[${span}])`;
    }
    default:
      return assertNever(of);
  }
}

function forecast({
  measure,
  basis,
  within,
  op,
  value,
}: Extract<AlertForm, { kind: "forecast" }>): string {
  const isPlain = measure.reading === "value" && measure.grouping === "each";
  const text = measureText(measure);
  const past = isPlain ? `${text}[${basis.trim()}]` : `(${text})[${basis.trim()}:1m]`;
  const seconds = (parseDuration(within.trim()) ?? 0) / 1_000;
  return `predict_linear(${past}, ${seconds}) ${op} ${value.trim()}`;
}

/** How far a series is from the median of its peers, in percent of the median. */
function outlier({ measure, peers, percent }: Extract<AlertForm, { kind: "outlier" }>): string {
  const text = measureText(measure);
  const by = peers.length === 0 ? "" : ` by (${labelsText(peers)})`;
  const on = `on (${labelsText(peers)})`;
  const distance = `abs(${text} / ${on} group_left () quantile${by} (0.5, ${text}) - 1) * 100`;
  return `${distance} > ${percent.trim()} and ${on} count${by} (${text}) >= ${peersMin}`;
}

function composite(form: Extract<AlertForm, { kind: "composite" }>): string {
  const { parts, joining, by, quorum } = form;
  const fires = ({ name }: AlertPart): string =>
    grouped("max", by, `ALERTS{alertname=${JSON.stringify(name)}, alertstate="firing"}`);
  switch (joining) {
    case "and": {
      const held = parts.filter(({ isNegated }) => !isNegated).map(fires);
      const absent = parts.filter(({ isNegated }) => isNegated).map(fires);
      return [held.join(" and "), ...absent].join(" unless ");
    }
    case "or":
      return parts
        .map((part) => (part.isNegated ? `(vector(1) unless ${fires(part)})` : fires(part)))
        .join(" or ");
    case "quorum": {
      const names = parts.map(({ name }) => escapeRegex(name)).join("|");
      const selector = `ALERTS{alertname=~${JSON.stringify(names)}, alertstate="firing"}`;
      const each = grouped("max", [...by, "alertname"], selector);
      return `${grouped("count", by, each)} >= ${quorum.trim()}`;
    }
    default:
      return assertNever(joining);
  }
}

function grouped(op: string, by: readonly string[], text: string): string {
  return by.length === 0 ? `${op}(${text})` : `${op} by (${labelsText(by)}) (${text})`;
}

/** A text as a regular expression of RE2 that finds itself. */
function escapeRegex(text: string): string {
  return text.replace(/[\\.*+?^${}()|[\]]/g, "\\$&");
}

function logRate(form: Extract<AlertForm, { kind: "log_rate" }>): string {
  const { matchers, find, text, window, by, op, value } = form;
  const wanted = filled(matchers);
  // A selector that asks for nothing is refused; every stream has this label.
  const asks = wanted.some((one) => one.op === "=" || one.op === "=~");
  const all = asks
    ? wanted
    : [{ label: "service_name", op: "=~" as const, value: ".+" }, ...wanted];
  const selector = `{${all.map((one) => `${one.label}${one.op}${JSON.stringify(one.value)}`).join(", ")}}`;
  const count = `count_over_time(${selector}${lineFilter(find, text)} [${window.trim()}])`;
  return `${grouped("sum", by, count)} ${op} ${value.trim()}`;
}

function lineFilter(find: "text" | "pattern", text: string): string {
  if (text === "") return "";
  switch (find) {
    case "text":
      return ` |= ${JSON.stringify(text)}`;
    case "pattern":
      return ` |> ${JSON.stringify(text)}`;
    default:
      return assertNever(find);
  }
}
