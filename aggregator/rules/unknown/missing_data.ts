import { isTurnOver, nextTurn } from "#shared/async/turns.ts";
import type { Labels } from "#shared/model/labels.ts";
import type { AgentFeed, MissingAgent } from "../../read/missing_agent.ts";
import type { Rule } from "../rule.ts";
import { Affected } from "./affected.ts";
import type { UnknownConfig } from "./config.ts";
import {
  type AskReads,
  type LabelNames,
  type RuleSelectors,
  ruleSelectors,
} from "./rule_selectors.ts";

/** What the fleet knows of its agents. */
export type MissingSource = {
  list(limits: {
    readonly lateAfterMs: number;
    readonly giveUpAfterMs: number;
  }): readonly MissingAgent[];
  /** Whether all that an agent has collected while it was missing is here. */
  hasArrived(agent: string): boolean;
  /** What an agent sends, or sent before it was silent. */
  feedOf(agent: string): Promise<AgentFeed | undefined>;
};

/** What a rule does not know, by agent. */
export type Missing = ReadonlyMap<string, MissingFeed>;
type MissingFeed = {
  readonly agent: MissingAgent;
  /** Results that may be about its series. */
  readonly affected: Affected;
};

/** A recording rule and what it did not know in its last evaluation. */
export type RecordingView = { readonly rule: Rule; readonly missing: Missing | undefined };

type Known = { readonly key: string; readonly affected: Affected | undefined };

/** Finds the agents that feed a rule and whose data are missing. Costs nothing while all agents are there. */
export class MissingData {
  readonly #source: MissingSource;
  readonly #recordings: () => Iterable<RecordingView>;
  readonly #askReads: AskReads;
  readonly #selectors = new WeakMap<Rule, RuleSelectors>();
  readonly #known = new WeakMap<Rule, Map<string, Known>>();

  /** `recordings`: an alert over what they record lacks what they lack. */
  constructor(
    source: MissingSource,
    recordings: () => Iterable<RecordingView>,
    askReads: AskReads,
  ) {
    this.#source = source;
    this.#askReads = askReads;
    this.#recordings = recordings;
  }

  /** undefined where all data are there, or are taken to be there by the configuration. Throws where the rule cannot be parsed. */
  async of(rule: Rule, config: UnknownConfig): Promise<Missing | undefined> {
    if (config.enabled === config.except.includes(rule.name)) return undefined;
    const limits = { lateAfterMs: config.late_after, giveUpAfterMs: config.give_up_after };
    const agents = this.#source.list(limits);
    const known = this.#known.get(rule) ?? new Map<string, Known>();
    if (agents.length === 0) {
      this.#known.delete(rule);
      return undefined;
    }
    this.#known.set(rule, known);
    const selectors = await this.#selectorsOf(rule);
    // Such a rule asks for just this, unless it is named by the configuration.
    if (selectors.asksForAbsence && !config.except.includes(rule.name)) return undefined;
    const recorded = this.#recordedOf(rule, selectors);
    const missing = new Map<string, MissingFeed>();
    for (const agent of agents) {
      const of = { rule, selectors, recorded, known };
      const affected = await this.#affectedOf(agent, of);
      if (affected !== undefined) missing.set(agent.agent, { agent, affected });
    }
    return missing.size === 0 ? undefined : missing;
  }

  async #selectorsOf(rule: Rule): Promise<RuleSelectors> {
    const selectors = this.#selectors.get(rule) ?? (await ruleSelectors(rule, this.#askReads));
    this.#selectors.set(rule, selectors);
    return selectors;
  }

  #recordedOf(rule: Rule, { selectsMetric }: RuleSelectors): RecordingView[] {
    const recorded: RecordingView[] = [];
    for (const one of this.#recordings())
      if (one.missing !== undefined && one.rule !== rule && selectsMetric(one.rule.name))
        recorded.push(one);
    return recorded;
  }

  async #affectedOf(
    { agent, signals }: MissingAgent,
    { rule, selectors, recorded, known }: Asked,
  ): Promise<Affected | undefined> {
    const isFed = selectors.signals.some((signal) => signals.includes(signal));
    const feed = isFed ? await this.#source.feedOf(agent) : undefined;
    const behind = recorded.flatMap(({ rule: one, missing }) => {
      const affected = missing?.get(agent)?.affected;
      return affected === undefined ? [] : [{ affected, added: Object.keys(one.labels) }];
    });
    const key = `${feed?.revision ?? ""};${signals.join()};${behind.map(({ affected }) => affected.id).join()}`;
    const before = known.get(agent);
    if (before?.key === key) return before.affected;
    const series: Labels[] = [];
    for (const labels of feed === undefined ? [] : selectors.of(feed, signals)) {
      if (isTurnOver()) await nextTurn();
      series.push(labels);
    }
    for (const { affected, added } of behind)
      for (const labels of affected.series) series.push(without(labels, added));
    const affected =
      series.length === 0 ? undefined : new Affected(series, ignoredBy(rule, selectors));
    known.set(agent, { key, affected });
    return affected;
  }
}

type Asked = {
  readonly rule: Rule;
  readonly selectors: RuleSelectors;
  readonly recorded: readonly RecordingView[];
  readonly known: Map<string, Known>;
};

/** Labels of alerts that are not of the data. */
function ignoredBy({ labels }: Rule, { madeLabels }: RuleSelectors): LabelNames {
  const added = new Set([...Object.keys(labels), "alertname"]);
  return { has: (name) => added.has(name) || madeLabels.has(name) };
}

function without(labels: Labels, names: readonly string[]): Labels {
  return Object.fromEntries(Object.entries(labels).filter(([name]) => !names.includes(name)));
}

/** Whether a result may be about what is missing. */
export function affects(missing: Missing | undefined, labels: Labels): boolean {
  for (const { affected } of missing?.values() ?? []) if (affected.has(labels)) return true;
  return false;
}

const listedMax = 10;

/** Who is missing, as a sentence for people. */
export function missingText(missing: Missing): string {
  const agents = [...missing.values()].map(({ agent }) => agent);
  const listed = agents
    .slice(0, listedMax)
    .map(
      ({ name, reason, sinceMs }) => `${name} (${reason} since ${new Date(sinceMs).toISOString()})`,
    );
  const more = agents.length > listedMax ? ` and ${agents.length - listedMax} more` : "";
  return `data of agents are missing: ${listed.join(", ")}${more}`;
}
