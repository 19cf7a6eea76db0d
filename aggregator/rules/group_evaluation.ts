import { assertNever } from "#shared/assert.ts";
import { messageOf } from "#shared/errors.ts";
import { type Labels, labelsKey } from "#shared/model/labels.ts";
import type { TextScope } from "./alert_texts.ts";
import { AlertingState } from "./alerting.ts";
import { recordedSamples } from "./recording.ts";
import type { AskRule, Rule, RuleGroup, RuleSample } from "./rule.ts";
import { type SentAlert, alertsToSend } from "./sent_alerts.ts";
import { type LearnedAlert, type UnknownSpans, widened } from "./unknown/learned_alert.ts";
import { type Missing, affects } from "./unknown/missing_data.ts";

export type RuleHealth = "unknown" | "ok" | "err";

/** A rule and what its last evaluation gave. */
export type RuleState = {
  readonly rule: Rule;
  /** Of an alerting rule. */
  readonly alerting: AlertingState | undefined;
  readonly series: RuleSeries;
  health: RuleHealth;
  /** Empty where the last evaluation went well. */
  lastError: string;
  /** When it was evaluated last by the wall clock, Unix milliseconds; undefined before the first time. */
  evaluatedMs: number | undefined;
  tookMs: number;
  /** What it does not know, as of its last evaluation. */
  missing: Missing | undefined;
  /** What it did not know, until the data have arrived. */
  unknown: UnknownSpans;
  /** What late data have shown last, the newest first. */
  learned: readonly LearnedAlert[];
};

/** Takes the samples of one evaluation of a rule; a series that is not among them any more has ended. */
export type RuleSeries = {
  write(timeMs: number, samples: readonly RuleSample[]): void;
};

export type EvaluationParts = {
  readonly ask: AskRule;
  readonly externalLabels: Labels;
  readonly externalUrl: string;
  /** The wall clock, Unix milliseconds. */
  readonly now: () => number;
  readonly monotonic: () => number;
  readonly newSeries: () => RuleSeries;
  /** False where a rule may have been active before the process started, and that is still to be read. */
  readonly isRestored: boolean;
  /** Which of a rule's data are missing; absent where all data are taken to be there. */
  readonly missing?: (rule: Rule) => Promise<Missing | undefined>;
  /** Looks at late data that have arrived for a rule. Returns what it still does not know. */
  readonly catchUp?: (
    state: RuleState,
    group: RuleGroup,
    scope: TextScope,
  ) => Promise<UnknownSpans>;
  /** Sends alerts to the Alertmanager. */
  readonly sendAlerts: (alerts: readonly SentAlert[]) => void;
  readonly onEvaluated: (group: RuleGroup) => void;
  readonly onFailure: (rule: Rule, group: RuleGroup, reason: string) => void;
};

/** The rules of a group with their states, evaluated one after the other. */
export class GroupEvaluation {
  readonly group: RuleGroup;
  readonly rules: readonly RuleState[];
  readonly #parts: EvaluationParts;
  /** Of rules that went with a reload: their series end with the next evaluation. */
  #ended: readonly RuleSeries[];
  evaluatedMs: number | undefined;
  /** The time that the last evaluation was for, Unix milliseconds; 0 before the first. */
  timeMs = 0;
  tookMs = 0;

  /** `before`: the group of the same name before a reload, whose states go on. */
  constructor(group: RuleGroup, parts: EvaluationParts, before?: GroupEvaluation) {
    this.group = group;
    this.#parts = parts;
    const known = Map.groupBy(before?.rules ?? [], ({ rule }) => identityOf(rule));
    this.rules = group.rules.map((rule) => {
      const same = known.get(identityOf(rule))?.shift();
      const alerting =
        rule.kind === "alerting" ? new AlertingState(rule, parts.isRestored) : undefined;
      if (same?.alerting !== undefined) alerting?.takeOver(same.alerting);
      return {
        rule,
        alerting,
        series: same?.series ?? parts.newSeries(),
        health: same?.health ?? "unknown",
        lastError: same?.lastError ?? "",
        evaluatedMs: same?.evaluatedMs,
        tookMs: same?.tookMs ?? 0,
        missing: same?.missing,
        unknown: same?.unknown ?? new Map(),
        learned: same?.learned ?? [],
      };
    });
    this.evaluatedMs = before?.evaluatedMs;
    this.timeMs = before?.timeMs ?? 0;
    this.tookMs = before?.tookMs ?? 0;
    this.#ended = [
      ...(before === undefined ? [] : before.#ended),
      ...[...known.values()].flat().map(({ series }) => series),
    ];
  }

  /** One evaluation of all rules for `timeMs`. A rule that fails keeps its state, and the others go on. */
  async evaluate(timeMs: number): Promise<void> {
    const { monotonic, now } = this.#parts;
    const startMs = monotonic();
    const atMs = timeMs - this.group.queryOffsetMs;
    for (const state of this.rules) await this.#evaluateRule(state, timeMs, atMs);
    for (const series of this.#ended) series.write(atMs, []);
    this.#ended = [];
    this.timeMs = timeMs;
    this.evaluatedMs = now();
    this.tookMs = monotonic() - startMs;
  }

  /** Ends all series, for a group that is there no more. */
  end(timeMs: number): void {
    const atMs = timeMs - this.group.queryOffsetMs;
    for (const series of [...this.#ended, ...this.rules.map((one) => one.series)])
      series.write(atMs, []);
  }

  async #evaluateRule(state: RuleState, timeMs: number, atMs: number): Promise<void> {
    const { ask, monotonic, now, onEvaluated, onFailure } = this.#parts;
    const startMs = monotonic();
    onEvaluated(this.group);
    try {
      await this.#lookForMissing(state, timeMs);
      const found = await ask(state.rule, atMs);
      state.series.write(atMs, await this.#resultOf(state, found, timeMs));
      state.health = "ok";
      state.lastError = "";
    } catch (thrown) {
      state.health = "err";
      state.lastError = messageOf(thrown);
      onFailure(state.rule, this.group, state.lastError);
    }
    state.evaluatedMs = now();
    state.tookMs = monotonic() - startMs;
  }

  /** Late data are looked at before the evaluation, so that alerts that go on count from when they began. */
  async #lookForMissing(state: RuleState, timeMs: number): Promise<void> {
    const { missing, catchUp } = this.#parts;
    state.missing = await missing?.(state.rule);
    // What a recording rule has written stays as it is, as in Prometheus.
    if (state.alerting === undefined) return;
    state.unknown = widened(state.unknown, state.missing);
    if (state.unknown.size > 0 && catchUp !== undefined)
      state.unknown = await catchUp(state, this.group, this.scopeAt(timeMs));
  }

  /** What templates see at a time, Unix milliseconds. */
  scopeAt(timeMs: number): TextScope {
    const { ask, externalLabels, externalUrl } = this.#parts;
    const query = (expr: string) => ask({ expr, language: "promql" }, timeMs);
    return { externalLabels, externalUrl, timeMs, query };
  }

  async #resultOf(
    { rule, alerting, missing }: RuleState,
    found: readonly RuleSample[],
    timeMs: number,
  ): Promise<readonly RuleSample[]> {
    const { limit } = this.group;
    switch (rule.kind) {
      case "recording":
        return recordedSamples(rule, found, limit);
      case "alerting": {
        if (alerting === undefined) return [];
        const scope = this.scopeAt(timeMs);
        const isUnknown = (labels: Labels) => affects(missing, labels);
        const series = await alerting.evaluate(found, scope, limit, isUnknown);
        const { intervalMs } = this.group;
        this.#parts.sendAlerts(alertsToSend(alerting, { ...scope, intervalMs }));
        return series;
      }
      default:
        return assertNever(rule);
    }
  }
}

/** What a rule keeps its state by, over a reload: its name and labels, as in Prometheus. */
function identityOf({ kind, name, labels }: Rule): string {
  return JSON.stringify([kind, name, labelsKey(labels)]);
}
