import { OperatingError } from "#shared/errors.ts";
import { cleanUnitWords, unitWords } from "./unit_names.ts";

/** How names of OTLP become names of Prometheus, in the words of Prometheus's configuration. */
export const translationStrategies = [
  "UnderscoreEscapingWithSuffixes",
  "UnderscoreEscapingWithoutSuffixes",
  "NoUTF8EscapingWithSuffixes",
  "NoTranslation",
] as const;
export type TranslationStrategy = (typeof translationStrategies)[number];

/** Whether characters that old names of Prometheus did not have become underscores. */
export function escapesNames(strategy: TranslationStrategy): boolean {
  return strategy.startsWith("UnderscoreEscaping");
}

export type NamedMetric = {
  readonly name: string;
  readonly unit: string;
  readonly kind: "counter" | "gauge" | "other";
};

/**
 * The Prometheus name of an OTLP metric, by the rules of prometheus/otlptranslator (MetricNamer). Throws
 * OperatingError("bad_request") where nothing is left of the name.
 */
export function metricName(metric: NamedMetric, strategy: TranslationStrategy): string {
  const name = named(metric, strategy);
  if (name === "")
    throw new OperatingError("bad_request", `metric name ${shown(metric.name)} ends up empty`);
  if (escapesNames(strategy) && name !== metric.name && /^_+$/.test(name))
    throw new OperatingError(
      "bad_request",
      `metric name ${shown(metric.name)} has no character but underscores when translated`,
    );
  return name;
}

function named(metric: NamedMetric, strategy: TranslationStrategy): string {
  switch (strategy) {
    case "UnderscoreEscapingWithSuffixes":
      return escapedWithSuffixes(metric);
    case "UnderscoreEscapingWithoutSuffixes":
      return withoutDigitInFront(fieldsOf(metric.name, /[^a-zA-Z0-9:_]+/).join("_"));
    case "NoUTF8EscapingWithSuffixes":
      return metric.name === "" ? "" : withSuffixes(metric);
    case "NoTranslation":
      return metric.name;
  }
}

function escapedWithSuffixes({ name, unit, kind }: NamedMetric): string {
  let tokens = fieldsOf(name, /[^a-zA-Z0-9:]+/);
  const words = cleanUnitWords(unitWords(unit));
  // Tokens of a name have no underscore, so that "per_second" is never one of them.
  const per = words.per === "per_" ? "" : words.per.replace(/_$/, "");
  let main = tokens.includes(words.main) ? "" : words.main;
  if (per !== "") main = main.replace(/_$/, "");
  if (main !== "") tokens.push(main);
  if (per !== "") tokens.push(per);
  if (kind === "counter") tokens = [...tokens.filter((token) => token !== "total"), "total"];
  // Only gauges: senders give the unit 1 to counts of things, too.
  if (kind === "gauge" && unit === "1")
    tokens = [...tokens.filter((token) => token !== "ratio"), "ratio"];
  return withoutDigitInFront(tokens.join("_"));
}

/** Suffixes at the end of a name that is otherwise left alone; one that stands there already is not added. */
function withSuffixes({ name, unit, kind }: NamedMetric): string {
  const { main, per } = unitWords(unit);
  const outer: string[] = [];
  let inner = name;
  const move = (suffix: string): void => {
    inner = withoutSuffix(inner, suffix);
    outer.unshift(suffix);
  };
  if (kind === "gauge" && unit === "1") move("ratio");
  if (kind === "counter") move("total");
  if (per !== "") move(per);
  if (main !== "" && !inner.endsWith(main)) inner += `_${main}`;
  return [inner, ...outer].join("_");
}

/** Takes the suffix away and the character before it, whatever that is. */
function withoutSuffix(name: string, suffix: string): string {
  if (!name.endsWith(suffix)) return name;
  const before = name.slice(0, -suffix.length).replace(/.$/su, "");
  return before === "" ? name : before;
}

function fieldsOf(text: string, separator: RegExp): string[] {
  return text.split(separator).filter((field) => field !== "");
}

function withoutDigitInFront(name: string): string {
  return /^\d/.test(name) ? `_${name}` : name;
}

function shown(name: string): string {
  return JSON.stringify(name.slice(0, 200));
}
