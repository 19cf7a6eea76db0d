import { isTurnOver, nextTurn } from "#shared/async/turns.ts";
import { OperatingError } from "#shared/errors.ts";
import { type Labels, labelsKey, metricNameLabel } from "#shared/model/labels.ts";
import { AlertText, type TextScope } from "./alert_texts.ts";
import type { AlertingRule, RuleSample } from "./rule.ts";

export type AlertState = "inactive" | "pending" | "firing";

/** One alert of a rule, identified by its labels. Times are Unix milliseconds. */
export type Alert = {
  /** With `alertname` and the rule's own. */
  readonly labels: Labels;
  annotations: Labels;
  state: AlertState;
  value: number;
  /** Since when the expression holds. */
  activeMs: number;
  firedMs: number | undefined;
  /** Since when it fires only because of keep_firing_for. */
  keptSinceMs: number | undefined;
  resolvedMs: number | undefined;
  /** When receivers were last notified. */
  sentMs: number | undefined;
  /** Until when receivers take it to be firing without hearing again. */
  validUntilMs: number | undefined;
  /** Where only late data have shown that it fired: what is said of that. */
  learned: string | undefined;
};

/** How long a resolved alert is kept, so that receivers that were away hear of it. */
const resolvedKeptMs = 15 * 60_000;

/** Written for each alert that is pending or firing: 1, and since when it is active. */
const alertsName = "ALERTS";
export const forStateName = "ALERTS_FOR_STATE";

/**
 * The alerts of one rule, as Prometheus has them (rules/alerting.go): pending since the expression holds, firing once it held for
 * `for`, resolved when it holds no more, or `keep_firing_for` later.
 */
export class AlertingState {
  readonly rule: AlertingRule;
  readonly #labels: readonly (readonly [string, AlertText])[];
  readonly #annotations: readonly (readonly [string, AlertText])[];
  #alerts = new Map<string, Alert>();
  /** Until it is known what was active before a start, no series of alerts is written: it would hide since when they are. */
  isRestored: boolean;

  constructor(rule: AlertingRule, isRestored: boolean) {
    this.rule = rule;
    this.isRestored = isRestored;
    this.#labels = textsOf(rule.labels);
    this.#annotations = textsOf(rule.annotations);
  }

  /** Also those that were resolved a while ago. */
  get all(): readonly Alert[] {
    return [...this.#alerts.values()];
  }

  /** Pending and firing ones. */
  get active(): readonly Alert[] {
    return this.all.filter(({ state }) => state !== "inactive");
  }

  /** The worst state of its alerts. */
  get state(): AlertState {
    let worst: AlertState = "inactive";
    for (const { state } of this.#alerts.values()) {
      if (state === "firing") return state;
      if (state === "pending") worst = state;
    }
    return worst;
  }

  /** Goes on with the alerts of the same rule before a reload. */
  takeOver(before: AlertingState): void {
    this.#alerts = before.#alerts;
    this.isRestored = before.isRestored;
  }

  /**
   * One evaluation: what the expression gave at `timeMs`. Gives the series of the alerts. Alerts that `isUnknown` names by their labels
   * stay as they are, and none of them begins. Throws OperatingError where two samples make the same alert, which changes nothing, and
   * where there are more alerts than `limit`, after which there are none.
   */
  async evaluate(
    samples: readonly RuleSample[],
    scope: TextScope,
    limit: number,
    isUnknown: (labels: Labels) => boolean = () => false,
  ): Promise<RuleSample[]> {
    const { timeMs } = scope;
    const sure = samples.filter(({ labels }) => !isUnknown(labels));
    const held = await this.#held(sure, scope);
    for (const [key, alert] of held) {
      const known = this.#alerts.get(key);
      if (known === undefined || known.state === "inactive") this.#alerts.set(key, alert);
      else Object.assign(known, { value: alert.value, annotations: alert.annotations });
    }
    const series: RuleSample[] = [];
    let active = 0;
    for (const [key, alert] of this.#alerts) {
      const isFrozen = alert.state !== "inactive" && isUnknown(alert.labels);
      if (!isFrozen && !this.#advance(key, alert, held.has(key), timeMs)) continue;
      active++;
      if (this.isRestored) series.push(...seriesOf(alert));
    }
    if (limit > 0 && active > limit) {
      this.#alerts = new Map();
      throw new OperatingError("overloaded", `exceeded limit of ${limit} with ${active} alerts`);
    }
    return series;
  }

  /**
   * An alert that was active earlier than is known here: one that is not active here becomes it. `firedMs` is undefined where it has not
   * fired yet.
   */
  async backdate({ labels, value, activeMs, firedMs, learned }: EarlierAlert, scope: TextScope) {
    const key = labelsKey(labels);
    const known = this.#alerts.get(key);
    if (known !== undefined && known.state !== "inactive") {
      known.activeMs = Math.min(known.activeMs, activeMs);
      if (firedMs === undefined) return;
      Object.assign(known, { state: "firing", firedMs, sentMs: undefined, learned });
      return;
    }
    this.#alerts.set(key, {
      ...newAlert(labels, value, activeMs),
      annotations: await this.annotationsOf({ labels, value }, scope),
      state: firedMs === undefined ? "pending" : "firing",
      firedMs,
      learned,
    });
  }

  /** Its annotations as templates give them for a sample. */
  annotationsOf(sample: RuleSample, scope: TextScope): Promise<Labels> {
    return expandAll(this.#annotations, sample, scope);
  }

  /** Whether it is active after this. */
  #advance(key: string, alert: Alert, holds: boolean, timeMs: number): boolean {
    if (holds) alert.keptSinceMs = undefined;
    else {
      const isKept = this.#keeps(alert, timeMs);
      const { resolvedMs } = alert;
      const isOld = resolvedMs !== undefined && timeMs - resolvedMs > resolvedKeptMs;
      if (alert.state === "pending" || isOld) this.#alerts.delete(key);
      if (alert.state !== "inactive" && !isKept) {
        alert.state = "inactive";
        alert.resolvedMs = timeMs;
      }
      if (!isKept) return false;
    }
    if (alert.state === "pending" && timeMs - alert.activeMs >= this.rule.forMs) {
      alert.state = "firing";
      alert.firedMs = timeMs;
    }
    // A reload has raised `for`, or the restoration has moved the time since when it is active.
    if (alert.state === "firing" && timeMs - alert.activeMs < this.rule.forMs)
      Object.assign(alert, pendingAgain);
    return true;
  }

  #keeps(alert: Alert, timeMs: number): boolean {
    const { keepFiringMs } = this.rule;
    if (alert.state !== "firing" || keepFiringMs === 0) return false;
    alert.keptSinceMs ??= timeMs;
    return timeMs - alert.keptSinceMs < keepFiringMs;
  }

  /** The alerts that the samples make, with their texts. */
  async #held(
    samples: readonly RuleSample[],
    scope: TextScope,
  ): Promise<ReadonlyMap<string, Alert>> {
    const held = new Map<string, Alert>();
    for (const sample of samples) {
      if (isTurnOver()) await nextTurn();
      const own = { ...sample.labels, [metricNameLabel]: "" };
      const added = await expandAll(this.#labels, sample, scope);
      const labels = withoutEmpty({ ...own, ...added, alertname: this.rule.name });
      const key = labelsKey(labels);
      if (held.has(key))
        throw new OperatingError(
          "bad_request",
          "vector contains metrics with the same labelset after applying alert labels",
        );
      held.set(key, {
        ...newAlert(labels, sample.value, scope.timeMs),
        annotations: await this.annotationsOf(sample, scope),
      });
    }
    return held;
  }
}

const pendingAgain = {
  state: "pending",
  firedMs: undefined,
  keptSinceMs: undefined,
  sentMs: undefined,
} as const;

/** An alert as late data, or what was stored before a start, show it. */
export type EarlierAlert = Pick<Alert, "labels" | "value" | "activeMs" | "firedMs"> &
  Partial<Pick<Alert, "learned">>;

function newAlert(labels: Labels, value: number, activeMs: number): Omit<Alert, "annotations"> {
  return {
    labels,
    state: "pending",
    value,
    activeMs,
    firedMs: undefined,
    keptSinceMs: undefined,
    resolvedMs: undefined,
    sentMs: undefined,
    validUntilMs: undefined,
    learned: undefined,
  };
}

function textsOf(labels: Labels): (readonly [string, AlertText])[] {
  return Object.entries(labels).map(([name, text]) => [name, new AlertText(text)]);
}

async function expandAll(
  texts: readonly (readonly [string, AlertText])[],
  sample: RuleSample,
  scope: TextScope,
): Promise<Labels> {
  const expanded: Record<string, string> = {};
  for (const [name, text] of texts) expanded[name] = await text.expand(sample, scope);
  return expanded;
}

function withoutEmpty(labels: Labels): Labels {
  return Object.fromEntries(Object.entries(labels).filter(([, value]) => value !== ""));
}

function seriesOf({ labels, state, activeMs }: Alert): RuleSample[] {
  return [
    { labels: { ...labels, [metricNameLabel]: alertsName, alertstate: state }, value: 1 },
    {
      labels: { ...labels, [metricNameLabel]: forStateName },
      value: Math.floor(activeMs / 1_000),
    },
  ];
}
