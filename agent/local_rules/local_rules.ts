import type { Labels } from "#shared/model/labels.ts";
import { labelsKey } from "#shared/model/labels.ts";
import type { MetricsBatch } from "#shared/model/metrics.ts";
import type { Clock } from "#shared/runtime/clock.ts";
import type { Logger } from "#shared/runtime/log.ts";
import type { SelfMetrics } from "#shared/runtime/self_metrics.ts";
import type { LocalRulesStatus } from "../local/status.ts";
import { type LocalRulesConfig, type RuleConfig, ruleKey } from "./config.ts";
import { type RuleMeters, createRuleMeters } from "./meters.ts";
import { Notifier, type NotifierParts } from "./notify/notifier.ts";
import type { Note } from "./notify/note.ts";
import { scriptSend } from "./notify/script.ts";
import { webhookSend } from "./notify/webhook.ts";
import { LocalRule, noteOf } from "./rule.ts";
import { SeriesStore } from "./series_store.ts";
import { StateFile } from "./state_file.ts";

export type LocalRulesParts = {
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: SelfMetrics;
  /** Where states are kept over a restart. */
  readonly path: string;
  /** How long the aggregator has been out of reach; 0 while it is not. */
  readonly offlineMs: () => number;
  /** Told the labels of each alert that begins to fire. */
  readonly onFired?: (labels: Labels) => void;
};

/** Pending alerts of a process that ended longer ago begin anew; of firing ones somebody waits for the end. */
const pendingKeptMs = 3_600_000;
const scriptTriesMax = 5;

/**
 * Rules that this agent evaluates by itself, on the samples that it collects, with nobody else's help. All are evaluated all the time, so that
 * what holds is known when the aggregator goes; `when` decides whether receivers are told. What they were told of they are told the end of, too,
 * even when the aggregator is back by then.
 */
export class LocalRules {
  readonly #parts: LocalRulesParts;
  readonly #store = new SeriesStore();
  readonly #file: StateFile;
  readonly #meters: RuleMeters;
  readonly #stopped = new AbortController();
  #config: LocalRulesConfig;
  #labels: Labels = {};
  #rules: readonly LocalRule[] = [];
  #notifiers: readonly Notifier[] = [];
  #running: Promise<void> = Promise.resolve();
  #gatheringMs: number;

  /** With the states of a process before. */
  static async open(
    config: LocalRulesConfig,
    labels: Labels,
    parts: LocalRulesParts,
  ): Promise<LocalRules> {
    const rules = new LocalRules(config, parts);
    const saved = await rules.#file.read();
    rules.#apply(config, labels);
    if (saved !== undefined) rules.#restore(saved);
    rules.#running = rules.#run();
    return rules;
  }

  private constructor(config: LocalRulesConfig, parts: LocalRulesParts) {
    this.#parts = parts;
    this.#config = config;
    this.#file = new StateFile(parts.path, parts.log);
    this.#gatheringMs = parts.clock.monotonic();
    this.#meters = createRuleMeters(parts.metrics, this.#store, () => this.#alertCounts());
  }

  /** A sample on its way to the spool; only what rules name is looked at. */
  add(batch: MetricsBatch): void {
    this.#store.add(batch);
  }

  /** Rules that are as before keep their alerts; of those that are gone receivers are told the end. */
  async configure(config: LocalRulesConfig, labels: Labels): Promise<void> {
    if (
      JSON.stringify(config) === JSON.stringify(this.#config) &&
      Bun.deepEquals(labels, this.#labels)
    )
      return;
    const before = this.#notifiers;
    await Promise.all(before.map((notifier) => notifier.stop()));
    const waiting = before.map(({ notes }) => notes);
    const ended = this.#apply(config, labels);
    for (const [i, notifier] of this.#notifiers.entries()) notifier.add(waiting[i] ?? []);
    this.#tell(ended);
  }

  /** Gives what is to be told of rules that are no more. */
  #apply(config: LocalRulesConfig, labels: Labels): Note[] {
    const { clock } = this.#parts;
    const known = new Map(this.#rules.map((rule) => [rule.key, rule]));
    const rules = config.rules.map((rule) => new LocalRule(rule, known.get(ruleKey(rule))?.states));
    const keys = new Set(rules.map(({ key }) => key));
    const ended = this.#rules.filter(({ key }) => !keys.has(key));
    if (rules.some(({ key }) => !known.has(key))) this.#gatheringMs = clock.monotonic();
    this.#rules = rules;
    this.#store.watch(rules.map((rule) => rule.config.expr.expression));
    this.#config = config;
    this.#labels = labels;
    this.#notifiers = this.#createNotifiers(config);
    return ended.flatMap((rule) => rule.end(clock.now()));
  }

  #createNotifiers({ webhooks, scripts }: LocalRulesConfig): Notifier[] {
    const { clock, log } = this.#parts;
    const of = (parts: Pick<NotifierParts, "name" | "send" | "sendResolved" | "triesMax">) =>
      new Notifier({
        ...parts,
        clock,
        log,
        count: (outcome, alerts) =>
          this.#meters.notifications.inc({ receiver: parts.name, outcome }, alerts),
      });
    return [
      ...webhooks.map((one, i) =>
        of({
          name: `webhook ${i + 1}`,
          send: webhookSend(one),
          sendResolved: one.send_resolved,
          triesMax: Infinity,
        }),
      ),
      ...scripts.map((one, i) =>
        of({
          name: `script ${i + 1}`,
          send: scriptSend(one),
          sendResolved: one.send_resolved,
          triesMax: scriptTriesMax,
        }),
      ),
    ];
  }

  status(): LocalRulesStatus {
    return {
      isOffline: this.#isOffline(),
      rules: this.#rules.map((rule) => rule.status(this.#whenOf(rule.config))),
      notifiers: this.#notifiers.map(({ name, notes, lastError }) => ({
        name,
        waiting: notes.length,
        lastError,
      })),
    };
  }

  /** What is not told yet is told by the next process. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#running;
    await Promise.all(this.#notifiers.map((notifier) => notifier.stop()));
    await this.#save();
  }

  async #run(): Promise<void> {
    const { clock } = this.#parts;
    const { signal } = this.#stopped;
    while (!signal.aborted) {
      await clock.sleep(this.#config.interval, signal);
      if (signal.aborted) return;
      this.#round();
      await this.#save();
    }
  }

  #round(): void {
    const { clock, log } = this.#parts;
    const nowMs = clock.now();
    const isOffline = this.#isOffline();
    const shared = {
      store: this.#store,
      nowMs,
      gatheredMs: clock.monotonic() - this.#gatheringMs,
      labels: this.#labels,
      repeatMs: this.#config.repeat_interval,
    };
    for (const rule of this.#rules) {
      const before = rule.lastError;
      const mayTell = isOffline || this.#whenOf(rule.config) === "always";
      this.#tell(rule.run({ ...shared, mayTell }));
      for (const { labels, firedMs } of rule.states.alerts.values())
        if (firedMs === nowMs) this.#parts.onFired?.(labels);
      this.#meters.evaluations.inc({ rule: rule.name });
      if (rule.lastError === "") continue;
      this.#meters.failures.inc({ rule: rule.name });
      if (rule.lastError !== before)
        log.warn("local rule can't be evaluated", { rule: rule.name, error: rule.lastError });
    }
    this.#store.sweep(nowMs);
  }

  #tell(notes: readonly Note[]): void {
    if (notes.length > 0) for (const notifier of this.#notifiers) notifier.add(notes);
  }

  #isOffline(): boolean {
    return this.#parts.offlineMs() >= Math.max(1, this.#config.offline_after);
  }

  #whenOf(rule: RuleConfig): "always" | "offline" {
    return rule.when ?? this.#config.when;
  }

  #restore({
    savedMs,
    alerts,
    waiting,
  }: NonNullable<Awaited<ReturnType<StateFile["read"]>>>): void {
    const isFresh = this.#parts.clock.now() - savedMs <= pendingKeptMs;
    const states = new Map(this.#rules.map((rule) => [rule.key, rule.states]));
    for (const notifier of this.#notifiers) notifier.add(waiting[notifier.name] ?? []);
    for (const { rule, ...alert } of alerts) {
      const { firedMs, keptSinceMs, toldMs } = alert;
      const known = states.get(rule)?.alerts;
      // The rule went while no agent ran.
      if (known === undefined && toldMs !== undefined)
        this.#tell([noteOf({ ...alert, firedMs, keptSinceMs, toldMs }, this.#parts.clock.now())]);
      if (firedMs !== undefined || isFresh)
        known?.set(labelsKey(alert.labels), { ...alert, firedMs, keptSinceMs, toldMs });
    }
  }

  #save(): Promise<void> {
    const alerts = this.#rules.flatMap(({ key, states }) =>
      [...states.alerts.values()].map((alert) => ({
        ...alert,
        rule: key,
        value: String(alert.value),
      })),
    );
    const waiting = Object.fromEntries(
      this.#notifiers.map(({ name, notes }) => [name, [...notes]]),
    );
    return this.#file.write({ savedMs: this.#parts.clock.now(), alerts, waiting });
  }

  #alertCounts() {
    return this.#rules.flatMap(({ name, states }) =>
      (["pending", "firing"] as const).map((state) => ({
        rule: name,
        state,
        count: [...states.alerts.values()].filter(
          ({ firedMs }) => (firedMs === undefined) === (state === "pending"),
        ).length,
      })),
    );
  }
}
