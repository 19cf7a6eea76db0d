import { assertNever } from "#shared/assert.ts";
import { parseDuration } from "#shared/text/duration.ts";
import type { AlertForm, Measure } from "./alert_form.ts";

/** What is missing or wrong in a form, in words; none for one that can be written as a rule. */
export function formFaults(form: AlertForm): readonly string[] {
  return faultsOf(form).filter((fault) => fault !== undefined);
}

type Fault = string | undefined;

function faultsOf(form: AlertForm): readonly Fault[] {
  switch (form.kind) {
    case "threshold":
      return [...measureFaults(form.measure), numberFault("value", form.value)];
    case "change":
      return [
        ...measureFaults(form.measure),
        durationFault("against", form.against),
        percentFault(form.percent),
      ];
    case "absence":
      return [selectionFault(form.measure), durationFault("for", form.window)];
    case "log_rate":
      return [
        ...form.matchers.map(({ label, value }) =>
          value === "" ? `choose a ${label}` : undefined,
        ),
        form.matchers.length === 0 && form.text === ""
          ? "choose a label or write what lines contain"
          : undefined,
        durationFault("window", form.window),
        numberFault("lines", form.value),
      ];
    case "forecast":
      return [
        ...measureFaults(form.measure),
        durationFault("past", form.basis),
        durationFault("within", form.within),
        numberFault("value", form.value),
      ];
    case "outlier":
      return [...measureFaults(form.measure), percentFault(form.percent)];
    case "composite":
      return compositeFaults(form);
    default:
      return assertNever(form);
  }
}

function selectionFault({ metric, matchers }: Measure): Fault {
  const isEmpty = metric === "" && matchers.every(({ value }) => value === "");
  return isEmpty ? "choose a metric" : undefined;
}

function measureFaults(measure: Measure): readonly Fault[] {
  const isOverTime = measure.reading !== "value";
  return [
    selectionFault(measure),
    isOverTime ? durationFault("window", measure.window) : undefined,
  ];
}

function compositeFaults(form: Extract<AlertForm, { kind: "composite" }>): readonly Fault[] {
  const { parts, joining, by, quorum } = form;
  const positive = parts.filter(({ isNegated }) => !isNegated).length;
  const count = Number(quorum);
  switch (joining) {
    case "and":
      return [
        parts.length < 2 ? "choose at least two alerts" : undefined,
        parts.length >= 2 && positive === 0 ? "one alert at least must fire" : undefined,
      ];
    case "or":
      return [
        parts.length < 2 ? "choose at least two alerts" : undefined,
        by.length > 0 && positive < parts.length
          ? "an alert that does not fire has no labels: leave the labels out, or the negation"
          : undefined,
      ];
    case "quorum":
      return [
        parts.length < 2 ? "choose at least two alerts" : undefined,
        positive < parts.length
          ? "a quorum counts alerts that fire: leave out the negation"
          : undefined,
        !Number.isInteger(count) || count < 1 || count > Math.max(1, parts.length)
          ? `${JSON.stringify(quorum)}: expected a quorum of 1 to ${Math.max(1, parts.length)}`
          : undefined,
      ];
    default:
      return assertNever(joining);
  }
}

function numberFault(what: string, text: string): Fault {
  const isNumber = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/.test(text.trim());
  return isNumber ? undefined : `${what} ${JSON.stringify(text)}: expected a number`;
}

function percentFault(text: string): Fault {
  const isPositive = numberFault("percent", text) === undefined && Number(text) > 0;
  return isPositive ? undefined : `percent ${JSON.stringify(text)}: expected a number above 0`;
}

function durationFault(what: string, text: string): Fault {
  const ms = parseDuration(text.trim());
  return ms !== undefined && ms > 0
    ? undefined
    : `${what} ${JSON.stringify(text)}: expected a duration such as 5m`;
}
