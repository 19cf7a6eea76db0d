import type { AlertmanagerConfig } from "#aggregator/notify/config/alertmanager_config.ts";
import { readAlertmanagerConfig } from "#aggregator/notify/config/read_config.ts";
import { knownChannels } from "#aggregator/notify/known_channels.ts";
import type { BacktestResult, Episode } from "#aggregator/rules/backtest/backtest.ts";
import type { AlertingRule, RuleGroup } from "#aggregator/rules/rule.ts";
import { checkRuleFile } from "#aggregator/rules/rule_file.ts";
import { refuseSqlSteps } from "#aggregator/rules/backtest/sql_steps.ts";
import { OperatingError, messageOf } from "#shared/errors.ts";
import { type BacktestQueries, backtestOf, episodesJson, firingMs } from "./backtest_answer.ts";
import { episodesMax } from "./backtest_schemas.ts";
import { notifiedOf } from "./notified.ts";
import { withinTime } from "./time_limit.ts";
import { timeMsOf } from "../schemas.ts";
import type { RuleSetAnswer, RuleSetBody } from "./rule_set_schemas.ts";

const dayMs = 86_400_000;
/** Of all rules together: 40 rules over a month, each minute. */
const evaluationsMax = 2_000_000;
const timeoutMs = 200_000;

export type RuleSetQueries = BacktestQueries & {
  /** Groups in force. */
  readonly groups: readonly RuleGroup[];
  readonly evaluationIntervalMs: number;
  readonly queryOffsetMs: number;
};

type Span = { readonly startMs: number; readonly endMs: number };
type Side = RuleSetAnswer["proposed"];

/**
 * What a set of rules and a routing would have done over stored data, beside what the groups of the same names and the routing in force would
 * have done. Throws OperatingError: "bad_request" with all mistakes of rules and routing, "overloaded" for too many evaluations.
 */
export async function ruleSetAnswer(
  body: RuleSetBody,
  nowMs: number,
  queries: RuleSetQueries,
  requestSignal: AbortSignal,
): Promise<RuleSetAnswer> {
  const { groups, config } = await givenOf(body, queries);
  const endMs = timeMsOf(body.end ?? "") ?? nowMs;
  const startMs = timeMsOf(body.start ?? "") ?? endMs - dayMs;
  if (!(startMs < endMs)) throw bad("start must be before end");
  const names = new Set(groups.map(({ name }) => name));
  const today = queries.groups.filter(({ name }) => names.has(name));
  const span = { startMs, endMs };
  const evaluations = evaluationsOf([...groups, ...today], span);
  if (evaluations > evaluationsMax)
    throw new OperatingError(
      "overloaded",
      `${evaluations} evaluations: expected at most ${evaluationsMax}. Take fewer rules or a shorter span`,
    );
  refuseSqlSteps(evaluationsOf([...groups, ...today].map(onlySql), span));
  return withinTime(requestSignal, timeoutMs, async (signal) => {
    const tries = new Tries(span, queries, signal);
    return {
      start: new Date(startMs).toISOString(),
      end: new Date(endMs).toISOString(),
      proposed: await sideOf(groups, config, tries, queries),
      today: await sideOf(today, queries.routing.config, tries, queries),
      evaluations: tries.evaluations,
    };
  });
}

/** Reads what is given, and takes what is in force for the rest. */
async function givenOf(
  { rules, routing }: RuleSetBody,
  queries: RuleSetQueries,
): Promise<{ readonly groups: readonly RuleGroup[]; readonly config: AlertmanagerConfig }> {
  const mistakes: string[] = [];
  let { groups } = queries;
  let { config } = queries.routing;
  if (rules !== undefined) {
    const checked = checkRuleFile(rules, "auto");
    mistakes.push(...checked.faults.map(({ line, text }) => `rules:${line}: ${text}`));
    groups = checked.groups.map((group) => ({
      ...group,
      file: "rules",
      intervalMs: group.intervalMs ?? queries.evaluationIntervalMs,
      queryOffsetMs: group.queryOffsetMs ?? queries.queryOffsetMs,
    }));
  }
  if (routing !== undefined) {
    try {
      const { dependencies } = config;
      const read = await readAlertmanagerConfig(routing, "routing", knownChannels);
      config = dependencies === undefined ? read : { ...read, dependencies };
    } catch (thrown) {
      mistakes.push(messageOf(thrown));
    }
  }
  if (mistakes.length > 0) throw bad(mistakes.join("\n"));
  return { groups, config };
}

function alertingOf({ rules }: RuleGroup): AlertingRule[] {
  return rules.filter((rule) => rule.kind === "alerting");
}

function onlySql(group: RuleGroup): RuleGroup {
  return { ...group, rules: group.rules.filter(({ language }) => language === "sql") };
}

/** A rule that both sides have is evaluated once. */
function evaluationsOf(groups: readonly RuleGroup[], { startMs, endMs }: Span): number {
  const known = new Map<string, number>();
  for (const group of groups)
    for (const rule of alertingOf(group)) {
      const spanMs = endMs - startMs + rule.forMs + rule.keepFiringMs;
      known.set(keyOf(rule, group), Math.ceil(spanMs / group.intervalMs));
    }
  return known.values().reduce((sum, one) => sum + one, 0);
}

type Tried = { readonly result: BacktestResult | undefined; readonly failure: string };

/** Backtests of rules, each made once. */
class Tries {
  readonly span: Span;
  readonly signal: AbortSignal;
  readonly #queries: BacktestQueries;
  readonly #known = new Map<string, Tried>();

  constructor(span: Span, queries: BacktestQueries, signal: AbortSignal) {
    this.span = span;
    this.#queries = queries;
    this.signal = signal;
  }

  get evaluations(): number {
    return this.#known.values().reduce((sum, { result }) => sum + (result?.evaluations ?? 0), 0);
  }

  async of(rule: AlertingRule, group: RuleGroup): Promise<Tried> {
    const key = keyOf(rule, group);
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const tried = await this.#try(rule, group);
    this.#known.set(key, tried);
    return tried;
  }

  async #try(rule: AlertingRule, group: RuleGroup): Promise<Tried> {
    try {
      const result = await backtestOf(rule, group, this.span, this.#queries, this.signal);
      return { result, failure: "" };
    } catch (thrown) {
      this.signal.throwIfAborted();
      return { result: undefined, failure: messageOf(thrown) };
    }
  }
}

function keyOf(rule: AlertingRule, { intervalMs, queryOffsetMs, limit }: RuleGroup): string {
  return JSON.stringify([{ ...rule, annotations: {} }, intervalMs, queryOffsetMs, limit]);
}

async function sideOf(
  groups: readonly RuleGroup[],
  config: AlertmanagerConfig,
  tries: Tries,
  { routing }: BacktestQueries,
): Promise<Side> {
  const { span, signal } = tries;
  const rules: Side["rules"] = [];
  const fired: { readonly group: string; readonly episode: Episode }[] = [];
  for (const group of groups)
    for (const rule of alertingOf(group)) {
      const { result, failure } = await tries.of(rule, group);
      const { name } = group;
      const own = (result?.episodes ?? []).filter(({ firedMs }) => firedMs !== undefined);
      fired.push(...own.map((episode) => ({ group: name, episode })));
      rules.push({
        group: name,
        name: rule.name,
        fired: own.length,
        pending: (result?.episodes.length ?? 0) - own.length,
        firingSeconds: firingMs(own, span.startMs, span.endMs) / 1_000,
        failure,
      });
    }
  const inOrder = fired.toSorted((a, b) => a.episode.activeMs - b.episode.activeMs);
  const episodes = inOrder.map(({ episode }) => episode);
  const notified = await notifiedOf(episodes, span, { ...routing, config }, signal);
  const shown = episodesJson(episodes, notified);
  return {
    rules,
    fired: fired.length,
    episodes: inOrder
      .slice(0, episodesMax)
      .flatMap(({ group }, i) => (shown[i] === undefined ? [] : [{ group, ...shown[i] }])),
    notifications: notified.notifications,
  };
}

function bad(message: string): OperatingError {
  return new OperatingError("bad_request", message);
}
