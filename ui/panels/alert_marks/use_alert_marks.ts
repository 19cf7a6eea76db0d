import { useMemo } from "react";
import { assertNever } from "#shared/assert.ts";
import type { Labels } from "#shared/model/labels.ts";
import { type FiringPeriod, fitsSeries } from "../../client/alerts/alert_periods.ts";
import type { Frame } from "../../frames/frame.ts";
import type { ChartAnnotation } from "../../plot/time_shared.ts";
import { useFiringPeriods } from "../../queries/alert_periods.ts";
import { type AlertMarkChoice, useAlertMarkChoice } from "../../state/alert_marks.ts";
import type { Window } from "../../state/time_range.ts";
import { useTimeZone } from "../../state/time_zone.ts";
import { dateText } from "../../units/date_text.ts";

/** More are a carpet, and no marks. */
const marksMax = 100;
/** Series of a chart that are looked at. */
const seriesMax = 200;
/** Alerts that a mark names. */
const linesMax = 8;
const none: readonly never[] = [];

type Shown = {
  readonly choice: AlertMarkChoice;
  readonly series: readonly Labels[];
  readonly window: Window;
  readonly timeZone: string;
};

/** Times in which alerts fired that fit a chart's series, or all of them: as the person chose. Nothing is asked without a window. */
export function useAlertMarks(
  window: Window | undefined,
  series: readonly Labels[],
): readonly ChartAnnotation[] {
  const choice = useAlertMarkChoice();
  const timeZone = useTimeZone();
  const periods = useFiringPeriods(choice === "none" ? undefined : window);
  return useMemo(
    () =>
      window === undefined
        ? none
        : marksOf(periods.data ?? none, { choice, series, window, timeZone }),
    // The window moves with each refresh: what is in it changes with the periods.
    [periods.data, choice, series, timeZone, window === undefined],
  );
}

/** The label sets of frames' values. */
export function seriesLabels(frames: readonly Frame[]): readonly Labels[] {
  return frames
    .flatMap(({ fields }) => fields.filter(({ type }) => type === "number"))
    .slice(0, seriesMax)
    .map(({ labels }) => labels);
}

/** Periods that overlap are one mark, with a line for each alert: shades and ticks over each other could not be read. */
export function marksOf(
  periods: readonly FiringPeriod[],
  { choice, series, window, timeZone }: Shown,
): readonly ChartAnnotation[] {
  const chosen = periods
    .filter(({ labels }) => isChosen(labels, choice, series))
    .map((one) => ({ ...one, endMs: one.endMs ?? window.endMs }))
    .toSorted((a, b) => a.startMs - b.startMs);
  const marks: { startMs: number; endMs: number; alerts: FiringPeriod[] }[] = [];
  for (const one of chosen) {
    const last = marks.at(-1);
    if (last === undefined || one.startMs > last.endMs)
      marks.push({ startMs: one.startMs, endMs: one.endMs, alerts: [one] });
    else {
      last.endMs = Math.max(last.endMs, one.endMs);
      last.alerts.push(one);
    }
  }
  return marks.slice(0, marksMax).map(({ startMs, endMs, alerts }) => ({
    id: `alerts:${startMs}`,
    startMs,
    endMs,
    ...wordsOf(alerts, timeZone),
    color: "red",
    stored: false,
  }));
}

function wordsOf(
  alerts: readonly FiringPeriod[],
  timeZone: string,
): Pick<ChartAnnotation, "title" | "text" | "tags"> {
  const [first] = alerts;
  const severities = new Set(alerts.map(({ labels }) => labels["severity"] ?? ""));
  const tags = [...severities].filter((severity) => severity !== "").toSorted();
  if (first !== undefined && alerts.length === 1)
    return { title: `${nameOf(first)} fired`, text: labelsOf(first), tags };
  const lines = alerts.slice(0, linesMax).map((alert) => {
    const at = dateText(alert.startMs, "HH:mm:ss", timeZone);
    return `${at} ${nameOf(alert)} ${labelsOf(alert)}`.trimEnd();
  });
  const left = alerts.length - linesMax;
  if (left > 0) lines.push(`and ${left} more`);
  return { title: `${alerts.length} alerts fired`, text: lines.join("\n"), tags };
}

function nameOf({ labels }: FiringPeriod): string {
  return labels["alertname"] ?? "";
}

function labelsOf({ labels }: FiringPeriod): string {
  const { alertname: _name, severity: _severity, ...rest } = labels;
  return Object.entries(rest)
    .map(([name, value]) => `${name}="${value}"`)
    .join(", ");
}

function isChosen(labels: Labels, choice: AlertMarkChoice, series: readonly Labels[]): boolean {
  switch (choice) {
    case "fitting":
      return fitsSeries(labels, series);
    case "all":
      return true;
    case "none":
      return false;
    default:
      return assertNever(choice);
  }
}
