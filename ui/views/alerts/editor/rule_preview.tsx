import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { assertNever } from "#shared/assert.ts";
import {
  backtestRule,
  sourceOfLanguage,
  type BacktestResult,
  type Episode,
} from "../../../client/rules.ts";
import { Icon } from "../../../elements/icon.tsx";
import { askFrames } from "../../../frames/ask.ts";
import type { Band } from "../../../plot/shades/bands.ts";
import { chartOfFrames } from "../../../plot/chart_of_frames.ts";
import { TimeChart } from "../../../plot/time_chart.tsx";
import { useDark } from "../../../state/theme.ts";
import { useTimeZone } from "../../../state/time_zone.ts";
import type { Window } from "../../../state/time_range.ts";
import { formatExact, formatSpan } from "../../../units/format.ts";
import { Empty, RefreshCorner, Skeleton } from "../../../widgets/picture.tsx";
import { queryErrorText } from "../../../widgets/query_error.ts";
import { comparedLogql, comparedPart, thresholdLine, type Compared } from "../threshold.ts";
import { RuleCostLine } from "./rule_cost.tsx";
import { RuleNotified } from "./rule_notified.tsx";
import { backtestOf, type RuleDraft } from "./rule_draft.ts";

const dayMs = 86_400_000;
const [chartPx, linesMax, listedMax] = [220, 20, 50];
const stepMs = dayMs / 288;

/** What the rule would have done over the last day, asked again with every change that stands for a moment. */
export function useBacktest(draft: RuleDraft, isWanted = true) {
  const body = useMemo(() => backtestOf(draft), [draft]);
  return useQuery({
    queryKey: ["backtest", body],
    queryFn: ({ signal }) => backtestRule(body, signal),
    enabled: isWanted && draft.kind === "alerting" && body.expression.trim() !== "",
    placeholderData: keepPreviousData,
    retry: false,
    staleTime: 60_000,
    gcTime: 60_000,
  });
}

type Props = {
  readonly draft: RuleDraft;
  readonly backtest: ReturnType<typeof useBacktest>;
  /** What the rule as it is kept would have done; undefined for a new one. */
  readonly before: BacktestResult | undefined;
};

/** The expression's chart over the last day with its threshold, the times in which the alert would have fired, and a list of these. */
export function RulePreview({ draft, backtest, before }: Props) {
  const result = backtest.isError ? undefined : backtest.data;
  return (
    <section className="block rule-preview" aria-label="Preview">
      <h2>The last day</h2>
      {draft.expr.trim() === "" ? (
        <Empty title="No expression yet">
          The chart and what would have fired appear here as you type.
        </Empty>
      ) : (
        <>
          <PreviewChart draft={draft} result={result} />
          <RuleCostLine draft={draft} />
          {draft.kind === "alerting" && (
            <Outcome backtest={backtest} draft={draft} before={before} />
          )}
        </>
      )}
    </section>
  );
}

function comparedOf({ expr, language }: RuleDraft): Compared {
  switch (language) {
    case "promql":
      return comparedPart(expr) ?? { expr, threshold: undefined };
    case "logql":
      return comparedLogql(expr);
    default:
      return assertNever(language);
  }
}

function PreviewChart({
  draft,
  result,
}: {
  readonly draft: RuleDraft;
  readonly result: BacktestResult | undefined;
}) {
  const dark = useDark();
  const { expr, threshold } = useMemo(() => comparedOf(draft), [draft]);
  const source = sourceOfLanguage[draft.language];
  const query = useQuery({
    queryKey: ["rule_preview", source, expr],
    queryFn: async ({ signal }) => {
      const window = lastDay();
      const asked = { ref: "A", source, expr, instant: false, format: "time_series" } as const;
      // The grid's last point would be up to a step old, and a series that has just begun not be there.
      const asksFor = { ...window, endMs: window.endMs + stepMs };
      const rest = { legend: undefined, window: asksFor, stepMs, limit: undefined };
      return { window, frames: await askFrames({ ...asked, ...rest }, signal) };
    },
    placeholderData: keepPreviousData,
    structuralSharing: false,
    retry: false,
    gcTime: 60_000,
  });
  const data = useMemo(() => {
    if (query.data === undefined) return undefined;
    const { frames, window } = query.data;
    const shown = frames.filter(({ fields }) => fields.length > 1);
    const chart = chartOfFrames(shown.slice(0, linesMax), window, dark);
    if (threshold === undefined || chart.series.length === 0) return { chart, all: shown.length };
    const line = thresholdLine(threshold, chart.timesMs.length, dark);
    return { chart: { ...chart, series: [...chart.series, line] }, all: shown.length };
  }, [query.data, threshold, dark]);
  const bands = useMemo(() => bandsOf(result, dark), [result, dark]);
  if (data === undefined) return query.isError ? null : <Skeleton rows={1} height={chartPx} />;
  if (data.chart.series.length === 0)
    return (
      <Empty title="No samples in the last day">
        The expression gives no series. An alert on it would not fire.
      </Empty>
    );
  return (
    <>
      <RefreshCorner query={query} />
      <TimeChart
        label="Expression"
        data={data.chart}
        unit="count"
        height={chartPx}
        crosshair="rule"
        bands={bands}
        onZoom={nothing}
        onZoomOut={nothing}
      />
      {data.all > linesMax && (
        <p className="quiet">
          The chart shows {linesMax} of {data.all} series. All count below.
        </p>
      )}
    </>
  );
}

function nothing(): void {
  // The preview is always of the last day.
}

function lastDay(): Window {
  const endMs = Date.now();
  return { startMs: endMs - dayMs, endMs };
}

function bandsOf(result: BacktestResult | undefined, dark: boolean): readonly Band[] {
  const color = dark ? "#ff7b72" : "#c9302c";
  return (result?.episodes ?? []).flatMap(({ firedMs, endedMs }) =>
    firedMs === undefined
      ? []
      : [{ startMs: firedMs, endMs: endedMs ?? result?.endMs ?? firedMs, color }],
  );
}

/** How often it would have fired, and when. */
function Outcome({ backtest, draft, before }: Props) {
  const { data, error, isFetching } = backtest;
  if (error !== null)
    return (
      <p className="state bad anywhere" role="alert">
        <Icon name="cross" />
        Not tried: {queryErrorText(error)}
      </p>
    );
  if (data === undefined) return <Skeleton rows={2} height={28} />;
  const fired = data.episodes.filter(({ firedMs }) => firedMs !== undefined);
  return (
    <>
      <p role="status" className={isFetching ? "quiet" : undefined}>
        <strong>{firedText(data)}</strong>
        {data.pending > 0 && (
          <span className="quiet">
            {" "}
            {times(data.pending)} the condition held for less than {draft.for}.
          </span>
        )}
      </p>
      <RuleNotified result={data} before={before} />
      {fired.length > 0 && <FiredList episodes={fired} endMs={data.endMs} count={data.fired} />}
    </>
  );
}

function times(count: number): string {
  return count === 1 ? "Once" : `${count} times`;
}

function firedText({ fired, firingMs }: BacktestResult): string {
  if (fired === 0) return "Would not have fired.";
  const often = fired === 1 ? "once" : `${fired} times`;
  return `Would have fired ${often}, ${formatSpan(firingMs)} in all.`;
}

function FiredList({
  episodes,
  endMs,
  count,
}: {
  readonly episodes: readonly Episode[];
  readonly endMs: number;
  readonly count: number;
}) {
  const timeZone = useTimeZone();
  // The newest first.
  const listed = episodes.toReversed().slice(0, listedMax);
  return (
    // Scrolls, so that keys must reach it.
    <section className="rule-fired" aria-label="When it would have fired" tabIndex={0}>
      <table>
        <thead>
          <tr>
            <th scope="col">Fired</th>
            <th scope="col">For</th>
            <th scope="col">Labels</th>
            <th scope="col">Notified</th>
          </tr>
        </thead>
        <tbody>
          {listed.map(({ labels, firedMs = 0, endedMs, receivers }, i) => (
            <tr key={i}>
              <td>{formatExact(firedMs, timeZone)}</td>
              <td>
                {formatSpan((endedMs ?? endMs) - firedMs)}
                {endedMs === undefined && <span className="state bad"> still</span>}
              </td>
              <td className="anywhere">{ownLabels(labels)}</td>
              <td className="anywhere">{receivers.join(", ") || "no receiver"}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {count > listed.length && <p className="quiet">and {count - listed.length} more</p>}
    </section>
  );
}

function ownLabels(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .filter(([name]) => name !== "alertname")
    .map(([name, value]) => `${name}=${value}`)
    .join(", ");
}
