import { formatDuration } from "#shared/text/duration.ts";
import type { Window } from "../../state/time_range.ts";
import type { VariableValue } from "./interpolate.ts";

/** What the variables of Grafana's own stand for. */
export type GlobalScope = {
  readonly window: Window;
  readonly stepMs: number;
  /** Time between samples, from which $__rate_interval is told. */
  readonly scrapeMs: number;
  /** browser, utc or an IANA name. */
  readonly timeZone: string;
  readonly dashboard: { readonly title: string; readonly uid: string };
};

/** Their values by name: __interval, __rate_interval, __range, __from, __to, __timezone, __dashboard. */
export function globalVariables(scope: GlobalScope): Map<string, VariableValue> {
  const { window, stepMs, scrapeMs, dashboard } = scope;
  const rangeMs = window.endMs - window.startMs;
  const rangeSeconds = Math.round(rangeMs / 1_000);
  const plain: Readonly<Record<string, string>> = {
    __interval: formatDuration(stepMs),
    __interval_ms: String(stepMs),
    __rate_interval: formatDuration(rateIntervalMs(stepMs, scrapeMs)),
    __rate_interval_ms: String(rateIntervalMs(stepMs, scrapeMs)),
    __range: `${rangeSeconds}s`,
    __range_s: String(rangeSeconds),
    __range_ms: String(rangeMs),
    __from: String(window.startMs),
    __to: String(window.endMs),
    __timezone: zoneName(scope.timeZone),
  };
  const values = new Map<string, VariableValue>();
  for (const [name, value] of Object.entries(plain)) values.set(name, single(value));
  values.set("__auto", single(formatDuration(stepMs)));
  values.set("__dashboard", {
    ...single(dashboard.title),
    fields: { name: dashboard.title, title: dashboard.title, uid: dashboard.uid },
  });
  return values;
}

/** Long enough for rate() to find four samples in it, whatever the step: as Grafana tells it. */
function rateIntervalMs(stepMs: number, scrapeMs: number): number {
  return Math.max(stepMs + scrapeMs, 4 * scrapeMs);
}

function single(value: string): VariableValue {
  return { values: [value], texts: [value], all: false, multi: false };
}

/** Asked once: each panel wants it at each refresh, and making a format takes longer than all the rest. */
const browserFormat = new Intl.DateTimeFormat();

function zoneName(timeZone: string): string {
  if (timeZone !== "browser" && timeZone !== "") return timeZone;
  return browserFormat.resolvedOptions().timeZone;
}
