import { messageOf } from "#shared/errors.ts";
import { formatSample } from "#shared/text/go_float_text.ts";
import type { Labels } from "#shared/model/labels.ts";
import type { RuleStatus } from "../local/status.ts";
import { type Alert, AlertStates } from "./alert_states.ts";
import { type RuleConfig, ruleKey } from "./config.ts";
import { evaluate } from "./evaluate.ts";
import { looksForAbsence, selectorsOf } from "./expression.ts";
import { type Note, fingerprintOf } from "./notify/note.ts";
import { type SeriesStore, lookbackMs } from "./series_store.ts";

/** After a start a sample of every source has come by then. */
const firstSamplesMs = 60_000;
const alertsShownMax = 50;

/** What a round of evaluation goes by. */
export type Round = {
  readonly store: SeriesStore;
  readonly nowMs: number;
  /** How long samples have been gathered. */
  readonly gatheredMs: number;
  /** On alerts that lack them. */
  readonly labels: Labels;
  /** Whether this rule's receivers may be told of what fires. */
  readonly mayTell: boolean;
  readonly repeatMs: number;
};

/** One rule with its alerts. */
export class LocalRule {
  readonly config: RuleConfig;
  readonly key: string;
  readonly states: AlertStates;
  readonly #coveredMs: number;
  lastError = "";

  /** `states`: of the same rule before. */
  constructor(config: RuleConfig, states = new AlertStates()) {
    this.config = config;
    this.key = ruleKey(config);
    this.states = states;
    const { expression } = config.expr;
    const ranges = selectorsOf(expression).map(({ rangeMs }) => rangeMs);
    const absenceMs = looksForAbsence(expression) ? lookbackMs : 0;
    this.#coveredMs = Math.max(firstSamplesMs, absenceMs, ...ranges);
  }

  get name(): string {
    return this.config.alert;
  }

  /** Evaluates, and gives what is to be told. What fails leaves the alerts as they were, and says why in `lastError`. */
  run(round: Round): Note[] {
    const { store, nowMs, gatheredMs, labels } = round;
    const { expression } = this.config.expr;
    const isCovered = gatheredMs >= this.#coveredMs;
    try {
      // That something is missing can't be told before it could have come.
      const samples =
        isCovered || !looksForAbsence(expression) ? evaluate(expression, store, nowMs) : [];
      const resolved = this.states.update(this.config, samples, labels, nowMs, isCovered);
      this.lastError = "";
      return [
        ...this.#due(round).map((alert) => noteOf(alert, 0)),
        ...resolved
          .filter(({ toldMs }) => toldMs !== undefined)
          .map((alert) => noteOf(alert, nowMs)),
      ];
    } catch (thrown) {
      this.lastError = messageOf(thrown);
      return [];
    }
  }

  /** The end of everything that was told of: the rule is no more. */
  end(nowMs: number): Note[] {
    return [...this.states.alerts.values()]
      .filter(({ toldMs }) => toldMs !== undefined)
      .map((alert) => noteOf(alert, nowMs));
  }

  /** Firing alerts that are to be told of, for the first time or again. */
  #due({ mayTell, nowMs, repeatMs }: Round): Alert[] {
    if (!mayTell) return [];
    const due = [...this.states.alerts.values()].filter(
      ({ firedMs, toldMs }) =>
        firedMs !== undefined && (toldMs === undefined || nowMs - toldMs >= repeatMs),
    );
    for (const alert of due) alert.toldMs = nowMs;
    return due;
  }

  /** As people are shown it; what fires first. */
  status(when: RuleStatus["when"]): RuleStatus {
    const alerts = [...this.states.alerts.values()]
      .toSorted((a, b) => Number(b.firedMs !== undefined) - Number(a.firedMs !== undefined))
      .map(({ labels, annotations, activeMs, firedMs, value, toldMs }) => ({
        state: firedMs === undefined ? ("pending" as const) : ("firing" as const),
        labels: { ...labels },
        annotations: { ...annotations },
        activeMs,
        value: formatSample(value),
        told: toldMs !== undefined,
      }));
    return {
      name: this.name,
      expr: this.config.expr.text,
      when,
      state: alerts[0]?.state ?? "inactive",
      lastError: this.lastError,
      alerts: alerts.slice(0, alertsShownMax),
    };
  }
}

/** What receivers are told of an alert that fires (`endsMs` 0) or fired. */
export function noteOf(
  { labels, annotations, activeMs, firedMs }: Omit<Alert, "value">,
  endsMs: number,
): Note {
  return {
    alert: labels["alertname"] ?? "",
    fingerprint: fingerprintOf(labels),
    status: endsMs === 0 ? "firing" : "resolved",
    labels,
    annotations,
    startsMs: firedMs ?? activeMs,
    endsMs,
  };
}
