import { messageOf } from "#shared/errors.ts";
import type { Labels } from "#shared/model/labels.ts";
import type { Clock } from "#shared/runtime/clock.ts";
import type { Logger } from "#shared/runtime/log.ts";
import { RepeatedWarning } from "#shared/runtime/repeated_warning.ts";
import type { SelfMetrics } from "#shared/runtime/self_metrics.ts";
import type { DueData } from "../read/own_data.ts";
import { OwnSeries } from "../read/own_series.ts";
import type { TextScope } from "./alert_texts.ts";
import type { Alertmanagers, AlertmanagersView } from "./alertmanagers/alertmanagers.ts";
import type { AskRange } from "./backtest/backtest.ts";
import type { RulesConfig } from "./config.ts";
import { catchUp } from "./late/catch_up.ts";
import { GroupEvaluation, type RuleSeries, type RuleState } from "./group_evaluation.ts";
import { runGroup } from "./group_loop.ts";
import { RulesTrouble } from "./heartbeat/rules_trouble.ts";
import { IntegrationRules } from "./integration_rules/integration_rules.ts";
import { watchKinds } from "./integration_rules/kind_watch.ts";
import type { LoadProvidedRules } from "./integration_rules/provided_rules.ts";
import { type ReadRules, readAllRules } from "./read_all_rules.ts";
import { restoreAlerts, reviveAlerts } from "./restore.ts";
import type { AskRule, Rule, RuleGroup } from "./rule.ts";
import { RuleMeters } from "./rule_meters.ts";
import type { ForState } from "./rule_query.ts";
import type { RulesView } from "./rules_view.ts";
import type { SentAlert } from "./sent_alerts.ts";
import type { StoredRules } from "./stored/stored_rules.ts";
import { Turns } from "./turns.ts";
import type { AskReads } from "./unknown/rule_selectors.ts";
import { MissingData, affects, type MissingSource } from "./unknown/missing_data.ts";

export type RulesParts = {
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: SelfMetrics;
  readonly tenant: string;
  readonly stored: StoredRules;
  /** The rules that come with integrations; absent where there are none. */
  readonly provided?: LoadProvidedRules | undefined;
  /** Kinds of services that agents report. */
  readonly foundKinds: () => ReadonlySet<string>;
  readonly ask: AskRule;
  readonly askRange: AskRange;
  readonly missing: MissingSource;
  readonly askReads: AskReads;
  /** What a rule said of its alerts in a span of time, Unix milliseconds. */
  readonly forState: (
    alert: string,
    span: { readonly startMs: number; readonly endMs: number },
  ) => Promise<readonly ForState[]>;
  readonly alertmanagers: Pick<Alertmanagers, "send" | "view">;
  /** Called when another configuration is in force. */
  readonly onConfigured: (config: RulesConfig) => void;
  /** Called after each evaluation of a group, before the next one. */
  readonly onEvaluated?: (evaluation: GroupEvaluation) => Promise<void>;
  /** Takes the samples of rules. */
  readonly append: (tenant: string, data: DueData) => void;
};

type Running = {
  readonly evaluation: GroupEvaluation;
  readonly stop: AbortController;
  readonly done: Promise<void>;
};

/** All groups of rules, each evaluated at its interval. */
export class Rules implements RulesView {
  readonly #parts: RulesParts;
  readonly #meters: RuleMeters;
  readonly #failures: RepeatedWarning;
  #config: RulesConfig;
  #running = new Map<string, Running>();
  /** Those that were made by API are in `stored`. */
  #read: ReadRules = { ofFiles: [], integrations: IntegrationRules.none };
  #kinds: ReadonlySet<string>;
  readonly #stopped = new AbortController();
  #watching: Promise<void> = Promise.resolve();
  #isStarted = false;
  /** Why the files that are there now are not in force, or undefined. */
  fault: string | undefined;
  readonly #turns: Turns;
  readonly #trouble: RulesTrouble;
  readonly #missing: MissingData;

  /** Files with mistakes do not keep a process from starting: there are no rules then, and `fault` says why. */
  static async open(config: RulesConfig, parts: RulesParts): Promise<Rules> {
    const rules = new Rules(config, parts);
    try {
      rules.#read = await rules.#readAll(config);
    } catch (thrown) {
      parts.log.error("the files of rules are not used", { error: messageOf(thrown) });
    }
    return rules;
  }

  private constructor(config: RulesConfig, parts: RulesParts) {
    this.#config = config;
    this.#parts = parts;
    this.#missing = new MissingData(parts.missing, () => this.#recordings(), parts.askReads);
    this.#kinds = parts.foundKinds();
    this.#turns = new Turns(config.concurrency_max);
    this.#trouble = new RulesTrouble({ ...parts, turns: this.#turns });
    this.#failures = new RepeatedWarning(parts.log, parts.clock, "rules failed");
    this.#meters = new RuleMeters(parts.metrics, () => this.evaluations);
    parts.stored.onChange(() => {
      if (this.#isStarted) this.#apply({ isStart: false, keepsSame: true });
    });
  }

  get stored(): StoredRules {
    return this.#parts.stored;
  }

  get alertmanagers(): AlertmanagersView {
    return this.#parts.alertmanagers.view;
  }

  get evaluations(): readonly GroupEvaluation[] {
    return [...this.#running.values()].map(({ evaluation }) => evaluation);
  }

  /** Why rules are not evaluated as they should be now, or undefined. Does not come back where evaluations do not. */
  trouble(): Promise<string | undefined> {
    return this.#trouble.find(this.evaluations);
  }

  *#recordings(): Generator<RuleState> {
    for (const { rules } of this.evaluations)
      for (const state of rules) if (state.rule.kind === "recording") yield state;
  }

  start(): void {
    this.#isStarted = true;
    this.#apply({ isStart: true, keepsSame: true });
    const { clock, foundKinds } = this.#parts;
    const watched = { before: this.#kinds, clock, signal: this.#stopped.signal };
    this.#watching = watchKinds(foundKinds, watched, (kinds) => this.#found(kinds));
  }

  async #found(kinds: ReadonlySet<string>): Promise<void> {
    await this.#read.integrations.prepare(kinds);
    if (this.#stopped.signal.aborted) return;
    this.#kinds = kinds;
    this.#apply({ isStart: false, keepsSame: true });
  }

  /**
   * Reads the files again, and gives what puts them in force. Throws OperatingError("bad_request") with all mistakes: then the rules
   * stay as they are.
   */
  async prepare(config: RulesConfig): Promise<() => void> {
    const read = await this.#readAll(config);
    return () => {
      // Templates read these, so a change restarts every group.
      const isSameOutside =
        Bun.deepEquals(this.#config.external_labels, config.external_labels) &&
        this.#config.external_url === config.external_url;
      this.#config = config;
      this.#read = read;
      this.#parts.onConfigured(config);
      if (this.#isStarted) this.#apply({ isStart: false, keepsSame: isSameOutside });
    };
  }

  /** Waits for running evaluations. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#watching;
    const running = [...this.#running.values()];
    for (const { stop } of running) stop.abort();
    await Promise.all(running.map(({ done }) => done));
  }

  async #readAll(config: RulesConfig): Promise<ReadRules> {
    try {
      const read = await readAllRules(config, this.#parts.provided);
      await read.integrations.prepare(this.#kinds);
      this.fault = undefined;
      return read;
    } catch (thrown) {
      this.fault = messageOf(thrown);
      throw thrown;
    } finally {
      this.#meters.wasRead(this.fault === undefined, this.#parts.clock.now());
    }
  }

  /** Starts the groups that are new or changed, and ends those that are gone. `keepsSame`: unchanged groups keep running. */
  #apply({ isStart, keepsSame }: { readonly isStart: boolean; readonly keepsSame: boolean }): void {
    const before = this.#running;
    this.#running = new Map();
    for (const group of this.#groups()) {
      const key = `${group.file};${group.name}`;
      // A namespace that is named like a file.
      if (this.#running.has(key)) continue;
      const known = before.get(key);
      before.delete(key);
      const isSame = known !== undefined && Bun.deepEquals(known.evaluation.group, group);
      if (isSame && keepsSame) this.#running.set(key, known);
      else this.#running.set(key, this.#begin(group, known, isStart));
    }
    for (const gone of before.values()) {
      gone.stop.abort();
      void gone.done.then(() => gone.evaluation.end(this.#parts.clock.now()));
    }
  }

  #groups(): RuleGroup[] {
    const { ofFiles, integrations } = this.#read;
    const config = this.#config;
    const { stored } = this.#parts;
    return [...ofFiles, ...stored.groups(config), ...integrations.groups(this.#kinds, config)];
  }

  #begin(group: RuleGroup, known: Running | undefined, isStart: boolean): Running {
    const stop = new AbortController();
    known?.stop.abort();
    const evaluation = new GroupEvaluation(
      group,
      this.#evaluationParts(isStart),
      known?.evaluation,
    );
    const done = this.#run(evaluation, known?.done, stop.signal);
    return { evaluation, stop, done };
  }

  /** Starts when the previous run of the group has ended. */
  async #run(
    evaluation: GroupEvaluation,
    before: Promise<void> | undefined,
    signal: AbortSignal,
  ): Promise<void> {
    await before;
    const { clock, log } = this.#parts;
    // A reload can come before earlier alerts were restored.
    const restores = evaluation.rules.some(({ alerting }) => alerting?.isRestored === false);
    try {
      await runGroup(
        evaluation,
        {
          clock,
          inTurn: async (work) => {
            const { timeMs } = evaluation;
            await this.#turns.run(work);
            if (evaluation.timeMs !== timeMs) await this.#parts.onEvaluated?.(evaluation);
          },
          restore: restores ? () => this.#restore(evaluation) : undefined,
          onIteration: (missed) => this.#meters.iterated(evaluation.group, missed),
        },
        signal,
      );
    } catch (thrown) {
      // A bug: the group stands still, the others go on.
      const { name, file } = evaluation.group;
      log.error("a group of rules ended", { group: name, file, error: messageOf(thrown) });
    }
  }

  #evaluationParts(isStart: boolean) {
    const { ask, clock } = this.#parts;
    const scope = {
      externalLabels: this.#config.external_labels,
      externalUrl: this.#config.external_url,
    };
    const sendAlerts = (alerts: readonly SentAlert[]) => {
      if (alerts.length > 0) this.#parts.alertmanagers.send(alerts);
    };
    const late = {
      ...this.#parts,
      sendAlerts,
      hasArrived: (agent: string) => this.#parts.missing.hasArrived(agent),
      onLearned: (group: RuleGroup, alerts: number) => this.#meters.learned(group, alerts),
    };
    return {
      ...scope,
      sendAlerts,
      missing: (rule: Rule) => this.#missing.of(rule, this.#config.unknown),
      catchUp: (state: RuleState, group: RuleGroup, at: TextScope) =>
        catchUp(state, group, at, late),
      ask,
      isRestored: !isStart,
      now: () => clock.now(),
      monotonic: () => clock.monotonic(),
      newSeries: () => this.#newSeries(),
      onFailure: (rule: Rule, group: RuleGroup, error: string) => {
        this.#meters.failed(group);
        this.#failures.warn(() => ({
          rule: rule.name,
          group: group.name,
          file: group.file,
          error,
        }));
      },
      onEvaluated: (group: RuleGroup) => this.#meters.evaluated(group),
    };
  }

  #newSeries(): RuleSeries {
    const { append, tenant } = this.#parts;
    const series = new OwnSeries([]);
    return {
      write: (timeMs, samples) => {
        for (const { labels, value, histogram } of samples)
          if (histogram === undefined) series.set(labels, value);
          else series.setHistogram(labels, histogram);
        const metrics = series.row(timeMs);
        if (metrics.length > 0) append(tenant, { metrics });
      },
    };
  }

  async #restore(evaluation: GroupEvaluation): Promise<void> {
    const { clock, forState, log } = this.#parts;
    const { for_outage_tolerance: toleranceMs, for_grace_period: graceMs } = this.#config;
    for (const { alerting, missing } of evaluation.rules) {
      if (alerting === undefined || alerting.isRestored) continue;
      const nowMs = clock.now();
      // A short wait is over before it could be restored.
      const restores = alerting.rule.forMs >= graceMs && alerting.all.length > 0;
      if (restores || missing !== undefined) {
        try {
          const span = { startMs: nowMs - toleranceMs, endMs: nowMs };
          const before = await forState(alerting.rule.name, span);
          if (restores) restoreAlerts(alerting, before, nowMs, graceMs);
          const isUnknown = (labels: Labels) => affects(missing, labels);
          await reviveAlerts(alerting, before, isUnknown, evaluation.scopeAt(nowMs));
        } catch (thrown) {
          const error = messageOf(thrown);
          log.warn("alerts of before the start are not known", { rule: alerting.rule.name, error });
        }
      }
      alerting.isRestored = true;
    }
  }
}
