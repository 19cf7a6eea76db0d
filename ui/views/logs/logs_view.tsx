import { useQuery, keepPreviousData } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useMemo, useRef } from "react";
import { messageOf, OperatingError } from "#shared/errors.ts";
import { levels, queryCounts, queryCountsAt, queryRows, type Level } from "../../client/logs.ts";
import { Tabs } from "../../overlays/tabs.tsx";
import { formatCount } from "../../units/format.ts";
import { usePageRange } from "../../state/page_range.ts";
import type { Window } from "../../state/time_range.ts";
import { Icon } from "../../elements/icon.tsx";
import { Picture, RefreshCorner, Skeleton } from "../../widgets/picture.tsx";
import { FilterChips } from "./filter_chips.tsx";
import { FieldsTab } from "./fields_tab.tsx";
import { stateOf } from "./state/filters.ts";
import { LinesTab, type LinesTabProps } from "./lines/lines_tab.tsx";
import { useLogWindow } from "./state/log_window.ts";
import { countable, countBy, everything } from "./state/logql.ts";
import { useLogsState, type LogsState } from "./state/logs_search.ts";
import { logTabs } from "./state/search_schema.ts";
import { MetricResult } from "./metric_result.tsx";
import { PatternsTab } from "./patterns_tab.tsx";
import { ErrorText } from "../../widgets/error_text.tsx";
import { SearchBar } from "./search_bar.tsx";
import { VolumeChart, volumeOf, type Volume } from "./volume_chart.tsx";

const tabWords = { lines: "Lines", patterns: "Patterns", fields: "Fields" } as const;

/** Logs: what is looked for, when it came, and the lines themselves. */
export function LogsView() {
  const state = useLogsState();
  const { timeZone, setRange } = usePageRange();
  const { window, stepMs, follows, rangeKey, slowKey, refresh } = useLogWindow();
  const query = state.language === "logql" && state.text.trim() === "" ? everything : state.query;
  const { refusal, isPending } = useCheck(query, !state.isMetric);
  // What was found before stays below the words about what is wrong now.
  const lastGood = useRef<string>(undefined);
  if (refusal === undefined && !isPending) lastGood.current = query;
  const isFirst = isPending && lastGood.current === undefined;
  const shown = isFirst ? query : lastGood.current;
  const asked = { ...state, query: shown ?? query };
  const hasLines = !state.isMetric && shown !== undefined;
  const volume = useVolume(asked.query, window, stepMs, hasLines);
  const total = useTotal(asked.query, window, rangeKey, hasLines && !follows);
  const zoom = (startMs: number, endMs: number): void =>
    setRange({ from: String(Math.round(startMs)), to: String(Math.round(endMs)) });
  return (
    <section className="page logs-page">
      <div className="logs-head">
        <h1 className="hidden">Logs</h1>
        <Link to="/logs/services" className="button">
          <Icon name="hosts" />
          <span className="logs-word">By service</span>
        </Link>
        <SearchBar
          state={state}
          window={window}
          error={refusal === undefined ? undefined : messageOf(refusal)}
          onRun={refresh}
        />
      </div>
      <FilterChips state={state} />
      {refusal !== undefined && <ErrorText query={query} error={refusal} />}
      {refusal !== undefined && shown !== undefined && (
        <p className="quiet">Below is what the search before found.</p>
      )}
      {state.isMetric ? (
        <MetricResult query={query} window={window} stepMs={stepMs} onZoom={zoom} />
      ) : shown === undefined ? null : (
        <>
          <Picture query={volume} skeleton={<Skeleton rows={1} height={96} />}>
            {(found) => (
              <div className="logs-volume-block">
                <VolumeChart volume={found} timeZone={timeZone} onZoom={zoom} />
                <LevelLegend volume={found} state={asked} />
                <RefreshCorner query={volume} />
              </div>
            )}
          </Picture>
          <ResultTabs
            state={asked}
            window={window}
            rangeKey={rangeKey}
            slowKey={slowKey}
            follows={follows}
            total={total.data ?? volume.data?.total}
            isExact={total.data !== undefined}
          />
        </>
      )}
    </section>
  );
}

/** Why the query can't be answered, asked of no lines at all: with its own text, so that the place told is a place in it. */
function useCheck(query: string, enabled: boolean): { refusal: unknown; isPending: boolean } {
  const check = useQuery({
    queryKey: ["log_check", query],
    queryFn: async ({ signal }) => {
      const startNs = BigInt(Date.now()) * 1_000_000n;
      const none = { startNs, endNs: startNs + 1n, limit: 1, direction: "backward" } as const;
      await queryRows({ ...none, query, signal });
      return true;
    },
    enabled,
    staleTime: Infinity,
  });
  const isRefused = check.error instanceof OperatingError && check.error.code === "bad_request";
  return { refusal: isRefused ? check.error : undefined, isPending: enabled && check.isPending };
}

function ResultTabs(props: LinesTabProps) {
  const { state } = props;
  return (
    <Tabs
      label="What to show"
      value={state.tab}
      onChange={(tab) =>
        state.change({ tab: tab === "lines" ? "" : tab, field: "" }, { replace: false })
      }
      tabs={logTabs.map((value) => ({ value, label: tabWords[value] }))}
    >
      {state.tab === "lines" && <LinesTab {...props} />}
      {state.tab === "patterns" && <PatternsTab {...props} rangeKey={props.slowKey} />}
      {state.tab === "fields" && <FieldsTab {...props} rangeKey={props.slowKey} />}
    </Tabs>
  );
}

function useVolume(query: string, window: Window, stepMs: number, enabled: boolean) {
  const { startMs, endMs } = window;
  const from = Math.floor(startMs / stepMs) * stepMs + stepMs;
  return useQuery({
    queryKey: ["log_volume", query, stepMs, from, endMs],
    queryFn: async ({ signal }) => {
      const expression = countBy("detected_level", query, stepMs);
      return volumeOf(
        await queryCounts({ query: expression, startMs: from, endMs, stepMs, signal }),
        window,
        stepMs,
      );
    },
    // A refresh keeps the bars that are there, another query does not: they would be of something else.
    placeholderData: (before, beforeQuery) =>
      beforeQuery?.queryKey[1] === query ? keepPreviousData(before) : undefined,
    structuralSharing: false,
    enabled,
    gcTime: 10_000,
  });
}

/** Of a range that stands still the exact number of lines; of others the bars' sum is as good. */
function useTotal(query: string, { startMs, endMs }: Window, rangeKey: string, enabled: boolean) {
  return useQuery({
    queryKey: ["log_total", query, rangeKey],
    queryFn: async ({ signal }) => {
      const expression = `sum(count_over_time(${countable(query)} [${Math.round(endMs - startMs)}ms]))`;
      const { series } = await queryCountsAt(expression, endMs, signal);
      return series[0]?.samples[0]?.[1] ?? 0;
    },
    enabled,
    staleTime: 60_000,
  });
}

const levelTarget = { kind: "metadata", name: "detected_level", parsers: [] } as const;

/** The levels there are with their counts; a click shows only their lines, with Alt hides them. */
function LevelLegend({ volume, state }: { readonly volume: Volume; readonly state: LogsState }) {
  const shown = useMemo(() => {
    const counts = new Map(volume.totals);
    const isChosen = (level: Level) => stateOf(state.filters, levelTarget, level) !== undefined;
    return levels
      .filter((level) => counts.has(level) || isChosen(level))
      .map((level): [Level, number] => [level, counts.get(level) ?? 0]);
  }, [volume, state.filters]);
  return (
    <ul className="logs-levels" aria-label="Levels">
      {shown.map(([level, count]) => {
        const is = stateOf(state.filters, levelTarget, level);
        return (
          <li key={level}>
            <button
              type="button"
              className={is ?? ""}
              aria-pressed={is === "included"}
              title="Click to show only these, Alt-click to hide them"
              onClick={(event) => state.toggle(levelTarget, level, event.altKey)}
            >
              <i className={`level-dot level-${level}`} />
              {level} <b>{formatCount(count)}</b>
            </button>
          </li>
        );
      })}
    </ul>
  );
}
