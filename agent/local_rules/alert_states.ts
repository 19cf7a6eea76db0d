import { OperatingError } from "#shared/errors.ts";
import { type Labels, labelsKey } from "#shared/model/labels.ts";
import type { Sample } from "./evaluate.ts";

/** One alert of a rule: told apart by its labels. Times in Unix milliseconds. */
export type Alert = {
  /** With the rule's own and `alertname`. */
  readonly labels: Labels;
  annotations: Labels;
  value: number;
  /** Since when the expression holds. */
  activeMs: number;
  /** Since when it fires; undefined while it is pending. */
  firedMs: number | undefined;
  /** Since when it fires only because of keep_firing_for. */
  keptSinceMs: number | undefined;
  /** When receivers were last to be told that it fires. */
  toldMs: number | undefined;
};

export type StatesRule = {
  readonly alert: string;
  readonly for: number;
  readonly keep_firing_for: number;
  readonly labels: Readonly<Record<string, { readonly of: TextOf }>>;
  readonly annotations: Readonly<Record<string, { readonly of: TextOf }>>;
};
type TextOf = (labels: Labels, value: number) => string;

const alertsMax = 500;

/**
 * The alerts of one rule, as Prometheus has them (rules/alerting.go): pending since the expression holds, firing once it held for `for`,
 * resolved when it holds no more, or `keep_firing_for` later.
 */
export class AlertStates {
  readonly alerts = new Map<string, Alert>();

  /**
   * One evaluation; gives the alerts that were firing and are not any more. `isKnown`: whether a missing sample means that the
   * expression does not hold; after a start it may just not have come yet. Throws OperatingError, and changes nothing, where two samples have the same labels
   * or there are too many.
   */
  update(
    rule: StatesRule,
    samples: readonly Sample[],
    shared: Labels,
    nowMs: number,
    isKnown: boolean,
  ): Alert[] {
    const holding = holdingOf(rule, samples, shared);
    for (const [key, { labels, sample }] of holding) {
      const value = sample.value;
      const annotations = textsOf(rule.annotations, shared, sample);
      const known = this.alerts.get(key);
      if (known === undefined)
        this.alerts.set(key, {
          labels,
          annotations,
          value,
          activeMs: nowMs,
          firedMs: undefined,
          keptSinceMs: undefined,
          toldMs: undefined,
        });
      else Object.assign(known, { annotations, value, keptSinceMs: undefined });
    }
    const resolved: Alert[] = [];
    for (const [key, alert] of this.alerts) {
      if (!holding.has(key) && isKnown && this.#ends(alert, rule.keep_firing_for, nowMs)) {
        this.alerts.delete(key);
        if (alert.firedMs !== undefined) resolved.push(alert);
      } else if (
        alert.firedMs === undefined &&
        holding.has(key) &&
        nowMs - alert.activeMs >= rule.for
      )
        alert.firedMs = nowMs;
    }
    return resolved;
  }

  #ends(alert: Alert, keepMs: number, nowMs: number): boolean {
    if (alert.firedMs === undefined || keepMs === 0) return true;
    alert.keptSinceMs ??= nowMs;
    return nowMs - alert.keptSinceMs >= keepMs;
  }
}

type Holding = ReadonlyMap<string, { readonly labels: Labels; readonly sample: Sample }>;

function holdingOf(rule: StatesRule, samples: readonly Sample[], shared: Labels): Holding {
  if (samples.length > alertsMax)
    throw new OperatingError(
      "overloaded",
      `${samples.length} alerts, expected ${alertsMax} at most`,
    );
  const holding = new Map<string, { labels: Labels; sample: Sample }>();
  for (const sample of samples) {
    const own = textsOf(rule.labels, shared, sample);
    const all = { ...shared, ...sample.labels, ...own, alertname: rule.alert };
    const labels = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== ""));
    const key = labelsKey(labels);
    if (holding.has(key))
      throw new OperatingError("bad_request", "two series give alerts with the same labels");
    holding.set(key, { labels, sample });
  }
  return holding;
}

function textsOf(
  texts: Readonly<Record<string, { readonly of: TextOf }>>,
  shared: Labels,
  { labels, value }: Sample,
): Labels {
  const all = { ...shared, ...labels };
  return Object.fromEntries(Object.entries(texts).map(([name, { of }]) => [name, of(all, value)]));
}
