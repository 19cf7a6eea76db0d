import { type LinearRegex, searchingRegex } from "#shared/text/linear_regex.ts";
import { GlobRules } from "./glob_rules.ts";
import type { MappingConfig, MappingRule, RuleOptions } from "./mapping_config.ts";

/** What rules tell apart by `match_metric_type`. */
export type MappedType = "counter" | "gauge" | "observer";

export type MappedMetric = {
  /** Not yet a metric name: see metricNameOf(). */
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Whether labels of the sample's own stand over these. */
  readonly honorLabels: boolean;
  readonly isDropped: boolean;
  readonly help: string;
  readonly scale: number | undefined;
  readonly options: RuleOptions;
};

type RegexRule = { readonly rule: MappingRule; readonly regex: LinearRegex };

/**
 * Names and labels of metrics whose names are words between dots, by rules: all globs go before all regular expressions, which are
 * looked at in their order. Throws OperatingError("bad_request") for a regular expression that is none.
 */
export class MetricMapper {
  readonly defaults: RuleOptions;
  readonly #globs: Readonly<Record<MappedType, GlobRules<MappingRule>>>;
  readonly #regexes: readonly RegexRule[];

  constructor({ defaults, mappings }: MappingConfig) {
    this.defaults = defaults;
    const globs = () => new GlobRules<MappingRule>(!defaults.glob_disable_ordering);
    this.#globs = { counter: globs(), gauge: globs(), observer: globs() };
    const regexes: RegexRule[] = [];
    for (const rule of mappings) {
      if ((rule.match_type ?? defaults.match_type) === "regex")
        regexes.push({ rule, regex: searchingRegex(rule.match) });
      else
        for (const type of ["counter", "gauge", "observer"] as const)
          if (rule.match_metric_type === undefined || rule.match_metric_type === type)
            this.#globs[type].add(rule.match, rule);
    }
    this.#regexes = regexes;
  }

  /** What the first rule that fits makes of the name; undefined where none does. */
  map(name: string, type: MappedType): MappedMetric | undefined {
    const glob = this.#globs[type].match(name);
    if (glob !== undefined) {
      const { rule, captures } = glob;
      return this.#mapped(rule, (reference) => (reference > 0 ? captures[reference - 1] : ""));
    }
    for (const { rule, regex } of this.#regexes) {
      if (rule.match_metric_type !== undefined && rule.match_metric_type !== type) continue;
      const groups = regex.exec(name);
      if (groups !== undefined) return this.#mapped(rule, (reference) => groups[reference]);
    }
    return undefined;
  }

  #mapped(rule: MappingRule, captured: (reference: number) => string | undefined): MappedMetric {
    const { defaults } = this;
    const labels = Object.entries(rule.labels).map(([label, text]) => [
      label,
      filledIn(text, captured),
    ]);
    return {
      name: filledIn(rule.name, captured),
      labels: Object.fromEntries(labels),
      honorLabels: rule.honor_labels,
      isDropped: rule.action === "drop",
      help: rule.help,
      scale: rule.scale,
      options: {
        observer_type: rule.observer_type ?? defaults.observer_type,
        ttl: rule.ttl ?? defaults.ttl,
        histogram_options: { ...defaults.histogram_options, ...rule.histogram_options },
        summary_options: { ...defaults.summary_options, ...rule.summary_options },
      },
    };
  }
}

/** References are as long as they can be, as in Go: of "$1_total" no group is called "1_total", so nothing stands there. */
function filledIn(text: string, captured: (reference: number) => string | undefined): string {
  if (!text.includes("$")) return text;
  return text.replaceAll(/\$(?:\{([a-zA-Z0-9_]+)\}|([a-zA-Z0-9_]+))/g, (_, braced, bare) => {
    const reference = String(braced ?? bare);
    return /^\d+$/.test(reference) ? (captured(Number(reference)) ?? "") : "";
  });
}

/**
 * A metric's name, or a label's, as statsd_exporter writes it: all but letters, digits and underscores becomes "_", two dashes in a row one of
 * them, and one goes before a digit at the beginning.
 */
export function metricNameOf(text: string): string {
  const name = text.replaceAll(/-{2,}|[^a-zA-Z0-9_]/gu, "_");
  return /^\d/.test(name) ? `_${name}` : name;
}

/** Adds the labels that a rule gives to those of the sample. An empty one takes a label away. */
export function addMappedLabels(
  labels: Map<string, string>,
  mapped: MappedMetric | undefined,
): void {
  for (const [label, value] of Object.entries(mapped?.labels ?? {})) {
    if (mapped?.honorLabels === true && labels.has(label)) continue;
    if (label.startsWith("__")) continue;
    if (value === "") labels.delete(label);
    else labels.set(label, value);
  }
}
