import { messageOf } from "#shared/errors.ts";
import { type PlainGroup, type PlainRule, plainName, readPlainRules } from "../plain_rules.ts";
import { objectivesOf } from "../slo/slo_rules.ts";
import type { IntegrationRulesConfig, RuleChange } from "./config.ts";
import { withThreshold } from "./threshold.ts";

/** A file that comes with Lapwing. */
export type ProvidedFile = {
  /** As APIs name it, such as integrations/redis/rules.yaml. */
  readonly file: string;
  /** rules: Prometheus's. objectives: Sloth's. */
  readonly form: "rules" | "objectives";
  readonly text: string;
};

/** The files for one kind of service, such as redis. */
export type ProvidedKind = { readonly kind: string; readonly files: readonly ProvidedFile[] };

/** Reads the files of all kinds. */
export type LoadProvidedRules = () => Promise<readonly ProvidedKind[]>;

/** Rules of one file as the configuration wants them. */
export type TunedFile = { readonly file: string; readonly groups: readonly PlainGroup[] };
export type TunedKind = { readonly kind: string; readonly files: readonly TunedFile[] };

/** Severities of alerts by Sloth's. */
const severityOf: Readonly<Record<string, string>> = { page: "critical", ticket: "warning" };

/** Applies what a configuration changes of rules and switches off. Finds all mistakes: each names its key. */
export function tunedRules(
  provided: readonly ProvidedKind[],
  config: IntegrationRulesConfig,
): { readonly kinds: readonly TunedKind[]; readonly mistakes: readonly string[] } {
  const tuning = new Tuning(config);
  const kinds = provided.map(({ kind, files }) => ({
    kind,
    files: files.map(({ file, form, text }) => {
      const groups = form === "rules" ? readPlainRules(text) : tuning.objectives(kind, text);
      return { file, groups: groups.flatMap((group) => tuning.group(kind, group)) };
    }),
  }));
  return { kinds, mistakes: tuning.mistakes(provided.map(({ kind }) => kind)) };
}

class Tuning {
  readonly #config: IntegrationRulesConfig;
  readonly #off: ReadonlySet<string>;
  readonly #faults = new Map<string, string>();
  /** Names of all rules, and of all objectives with their kinds. */
  readonly #names = new Set<string>();
  readonly #objectives = new Set<string>();

  constructor(config: IntegrationRulesConfig) {
    this.#config = config;
    this.#off = new Set(config.off);
  }

  /** Groups of a file of objectives, without those that are off. */
  objectives(kind: string, text: string): PlainGroup[] {
    return objectivesOf(text).flatMap(({ name, groups }) => {
      const key = `${kind}/${name}`;
      this.#objectives.add(key);
      for (const { rules } of groups) for (const rule of rules) this.#names.add(plainName(rule));
      return this.#off.has(key) ? [] : groups.map(withSeverities);
    });
  }

  /** A group without rules that are off; those with an interval of their own come in further groups. */
  group(kind: string, group: PlainGroup): PlainGroup[] {
    for (const rule of group.rules) this.#names.add(plainName(rule));
    if (this.#off.has(kind)) return [];
    const byInterval = Map.groupBy(
      group.rules.filter((rule) => !this.#off.has(plainName(rule))),
      (rule) => this.#changeOf(rule)?.interval,
    );
    return [...byInterval].map(([interval, rules]) => ({
      ...group,
      ...(interval !== undefined && { name: `${group.name} every ${interval}`, interval }),
      rules: rules.map((rule) => this.#changed(rule)),
    }));
  }

  mistakes(kinds: readonly string[]): string[] {
    const { also, off, change } = this.#config;
    const known = new Set(kinds);
    const list = kinds.join(", ");
    const hint = "`lapwing rules integrations` prints all";
    return [
      ...also
        .filter((kind) => !known.has(kind))
        .map((kind) => `rules.integrations.also: "${kind}": expected one of ${list}`),
      ...off
        .filter((name) => !known.has(name) && !this.#names.has(name) && !this.#objectives.has(name))
        .map(
          (name) =>
            `rules.integrations.off: "${name}": expected a kind, a rule, or an objective as kind/name (${hint})`,
        ),
      ...Object.keys(change)
        .filter((name) => !this.#names.has(name))
        .map(
          (name) => `rules.integrations.change: "${name}": expected the name of a rule (${hint})`,
        ),
      ...this.#faults.values(),
    ];
  }

  #changeOf(rule: PlainRule): RuleChange | undefined {
    const { change } = this.#config;
    const name = plainName(rule);
    return Object.hasOwn(change, name) ? change[name] : undefined;
  }

  #changed(rule: PlainRule): PlainRule {
    const change = this.#changeOf(rule);
    if (change === undefined) return rule;
    const name = plainName(rule);
    const expr = change.expr ?? this.#withThreshold(rule, change.threshold);
    const labels = merged(rule.labels, change.labels);
    const more = { expr, ...(labels && { labels }) };
    if ("record" in rule) {
      for (const key of ["for", "keep_firing_for", "annotations"] as const)
        if (change[key] !== undefined) this.#fault(name, key, "expected none for a recording rule");
      return { ...rule, ...more };
    }
    const { for: waits = rule.for, keep_firing_for: keeps = rule.keep_firing_for } = change;
    const annotations = merged(rule.annotations, change.annotations);
    return {
      ...rule,
      ...more,
      ...(waits !== undefined && { for: waits }),
      ...(keeps !== undefined && { keep_firing_for: keeps }),
      ...(annotations && { annotations }),
    };
  }

  #withThreshold(rule: PlainRule, threshold: number | undefined): string {
    if (threshold === undefined) return rule.expr;
    try {
      return withThreshold(rule.expr, threshold);
    } catch (thrown) {
      this.#fault(plainName(rule), "threshold", messageOf(thrown));
      return rule.expr;
    }
  }

  #fault(name: string, key: string, reason: string): void {
    this.#faults.set(`${name}.${key}`, `rules.integrations.change.${name}.${key}: ${reason}`);
  }
}

/** The second over the first; an empty text removes one. */
function merged(
  own: Readonly<Record<string, string>> = {},
  changed: Readonly<Record<string, string>> = {},
): Record<string, string> | undefined {
  const all = Object.entries({ ...own, ...changed }).filter(([, text]) => text !== "");
  return all.length === 0 ? undefined : Object.fromEntries(all);
}

/** Alerts of objectives with the severities that other rules have. */
function withSeverities(group: PlainGroup): PlainGroup {
  const rules = group.rules.map((rule) => {
    const severity = severityOf[rule.labels?.["sloth_severity"] ?? ""];
    if (!("alert" in rule) || severity === undefined) return rule;
    return { ...rule, labels: { severity, ...rule.labels } };
  });
  return { ...group, rules };
}
