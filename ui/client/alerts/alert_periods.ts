import type { Labels } from "#shared/model/labels.ts";
import { queryRange, type RangeColumns, type RangeRequest } from "../prometheus.ts";

/** A time in which an alert fired. Unix milliseconds. */
export type FiringPeriod = {
  /** With `alertname`. */
  readonly labels: Labels;
  readonly startMs: number;
  /** undefined where it still fires at the end of what was asked. */
  readonly endMs: number | undefined;
};

/** Rules write this series for each alert that fires, as in Prometheus. */
const query = 'ALERTS{alertstate="firing"}';

/** When alerts of rules here fired within a span. */
export async function listFiringPeriods(
  span: Omit<RangeRequest, "query">,
): Promise<readonly FiringPeriod[]> {
  return firingPeriods(await queryRange({ ...span, query }), span.stepMs);
}

/** Stretches of a series without a gap; as exact as the step. */
export function firingPeriods(
  { timesMs, series }: Pick<RangeColumns, "timesMs" | "series">,
  stepMs: number,
): readonly FiringPeriod[] {
  return series.flatMap(({ labels: own, values }) => {
    const { __name__: _name, alertstate: _state, ...labels } = own;
    const found: FiringPeriod[] = [];
    let startMs: number | undefined;
    for (let i = 0; i <= values.length; i++) {
      const value = values[i];
      if (value !== undefined && !Number.isNaN(value)) startMs ??= timesMs[i];
      else if (startMs !== undefined) {
        const endMs = i === values.length ? undefined : (timesMs[i - 1] ?? startMs) + stepMs;
        found.push({ labels, startMs, endMs });
        startMs = undefined;
      }
    }
    return found;
  });
}

/** Labels that name no thing which an alert is about. */
const notIdentifying: ReadonlySet<string> = new Set(["__name__", "alertname", "severity"]);

/** Whether an alert is about what some of the series show: they share a label, and none that both have differs. */
export function fitsSeries(alert: Labels, series: readonly Labels[]): boolean {
  const own = Object.entries(alert).filter(([name]) => !notIdentifying.has(name));
  return series.some((labels) => {
    const shared = own.filter(([name]) => (labels[name] ?? "") !== "");
    return shared.length > 0 && shared.every(([name, value]) => labels[name] === value);
  });
}
