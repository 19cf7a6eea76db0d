import { isTurnOver, nextTurn } from "#shared/async/turns.ts";
import { type Labels, labelsKey } from "#shared/model/labels.ts";
import { type Alert, AlertingState } from "../alerting.ts";
import type { AlertingRule, AskRule, RuleGroup, RuleSample } from "../rule.ts";
import { refuseSqlSteps } from "./sql_steps.ts";

/** A time in which an alert would have been pending, and fired where it came so far. Unix milliseconds. */
export type Episode = {
  readonly labels: Labels;
  readonly activeMs: number;
  /** undefined where the expression did not hold for long enough. */
  readonly firedMs: number | undefined;
  /** undefined where it is active at the end. */
  readonly endedMs: number | undefined;
  /** When the expression held last. */
  readonly value: number;
};

export type BacktestResult = {
  /** In the order in which they begin. */
  readonly episodes: readonly Episode[];
  readonly evaluations: number;
};

/** Series with their values at some of the times of a range. */
export type RangeSeries = {
  readonly labels: Labels;
  /** Unix milliseconds, ascending. */
  readonly timesMs: ArrayLike<number>;
  readonly values: ArrayLike<number>;
};

/** Evaluates an expression at startMs, startMs + stepMs, ... endMs. Throws OperatingError. */
export type AskRange = (
  rule: Pick<AlertingRule, "expr" | "language">,
  range: { readonly startMs: number; readonly endMs: number; readonly stepMs: number },
) => Promise<readonly RangeSeries[]>;

export type BacktestParts = {
  readonly askRange: AskRange;
  /** For templates of labels that query. */
  readonly ask: AskRule;
  readonly externalLabels: Labels;
  readonly externalUrl: string;
};

/** Steps of one range query: Prometheus takes 11,000. */
const stepsAtOnce = 5_000;

/**
 * What an alerting rule would have done in a span: its expression over the stored data, through the same states as in the rule's
 * evaluation. It begins as long before the start as `for` and `keep_firing_for` reach back. Throws what `askRange` throws, and
 * OperatingError where an evaluation would have failed.
 */
export async function backtest(
  rule: AlertingRule,
  { intervalMs, queryOffsetMs, limit }: RuleGroup,
  { startMs, endMs }: { readonly startMs: number; readonly endMs: number },
  parts: BacktestParts,
): Promise<BacktestResult> {
  // Annotations do not tell alerts apart.
  const state = new AlertingState({ ...rule, annotations: {} }, false);
  const episodes = new Episodes();
  const reachMs = rule.forMs + rule.keepFiringMs;
  const firstMs = Math.floor((startMs - reachMs) / intervalMs) * intervalMs;
  if (rule.language === "sql") refuseSqlSteps(Math.floor((endMs - firstMs) / intervalMs) + 1);
  let evaluations = 0;
  for (let fromMs = firstMs; fromMs <= endMs; fromMs += stepsAtOnce * intervalMs) {
    const toMs = Math.min(endMs, fromMs + (stepsAtOnce - 1) * intervalMs);
    const series = await parts.askRange(rule, {
      startMs: fromMs - queryOffsetMs,
      endMs: toMs - queryOffsetMs,
      stepMs: intervalMs,
    });
    const vectors = new Vectors(series);
    for (let timeMs = fromMs; timeMs <= toMs; timeMs += intervalMs) {
      evaluations++;
      if (isTurnOver()) await nextTurn();
      const samples = vectors.at(timeMs - queryOffsetMs);
      if (samples.length === 0 && state.all.length === 0) continue;
      const { externalLabels, externalUrl, ask } = parts;
      const query = (expr: string) => ask({ expr, language: "promql" }, timeMs);
      await state.evaluate(samples, { externalLabels, externalUrl, timeMs, query }, limit);
      episodes.look(state.active, timeMs);
    }
  }
  return { episodes: episodes.since(startMs), evaluations };
}

/** The samples of a range, time by time, ascending. */
class Vectors {
  readonly #series: readonly RangeSeries[];
  readonly #next: Int32Array;

  constructor(series: readonly RangeSeries[]) {
    this.#series = series;
    this.#next = new Int32Array(series.length);
  }

  at(timeMs: number): RuleSample[] {
    const samples: RuleSample[] = [];
    for (const [s, { labels, timesMs, values }] of this.#series.entries()) {
      let i = this.#next[s] ?? 0;
      while (i < timesMs.length && (timesMs[i] ?? 0) < timeMs) i++;
      this.#next[s] = i;
      if (timesMs[i] === timeMs) samples.push({ labels, value: values[i] ?? 0 });
    }
    return samples;
  }
}

type Open = { readonly alert: Alert; readonly activeMs: number; firedMs: number | undefined };

class Episodes {
  readonly #ended: Episode[] = [];
  #open = new Map<string, Open>();

  /** `active`: pending and firing alerts after an evaluation. */
  look(active: readonly Alert[], timeMs: number): void {
    const open = new Map<string, Open>();
    for (const alert of active) {
      const key = labelsKey(alert.labels);
      const known = this.#open.get(key);
      const isSame = known?.activeMs === alert.activeMs;
      const one = isSame ? known : { alert, activeMs: alert.activeMs, firedMs: undefined };
      one.firedMs = alert.firedMs;
      open.set(key, one);
      if (isSame) this.#open.delete(key);
    }
    for (const one of this.#open.values()) this.#ended.push(episodeOf(one, timeMs));
    this.#open = open;
  }

  since(startMs: number): Episode[] {
    const all = [
      ...this.#ended,
      ...Array.from(this.#open.values(), (one) => episodeOf(one, undefined)),
    ];
    return all
      .filter(({ endedMs }) => endedMs === undefined || endedMs > startMs)
      .toSorted((a, b) => a.activeMs - b.activeMs);
  }
}

function episodeOf({ alert, activeMs, firedMs }: Open, endedMs: number | undefined): Episode {
  return { labels: alert.labels, activeMs, firedMs, endedMs, value: alert.value };
}
