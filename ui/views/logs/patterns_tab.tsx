import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { queryPatterns, type LogPattern } from "../../client/logs.ts";
import { formatAgo, formatCount } from "../../units/format.ts";
import { Sparkline } from "../../plot/sparkline.tsx";
import { stepOf, type Window } from "../../state/time_range.ts";
import { Icon } from "../../elements/icon.tsx";
import { Empty, Picture, RefreshCorner, Skeleton } from "../../widgets/picture.tsx";
import { stateOf } from "./state/filters.ts";
import type { LogsState } from "./state/logs_search.ts";
import { selectorIn } from "./state/read_logql.ts";

const trendPoints = 40;
/** Loki's patterns are no finer. */
const stepMinMs = 10_000;
const patternsShown = 200;

type Sort = "count" | "new" | "level";
const target = { kind: "pattern", name: "", parsers: [] } as const;

type Row = LogPattern & { readonly count: number; readonly trend: Float64Array };

/** What the lines have in common: how often, how it went, and what was not seen before. */
export function PatternsTab({
  state,
  window,
  rangeKey,
}: {
  readonly state: LogsState;
  readonly window: Window;
  readonly rangeKey: string;
}) {
  const selector = selectorIn(state.query);
  const isNarrowed = state.query.trim() !== selector.trim();
  const patterns = useQuery({
    queryKey: ["log_patterns", selector, rangeKey],
    queryFn: async ({ signal }) => {
      const stepMs = Math.max(stepMinMs, stepOf(window, trendPoints));
      return rowsOf(
        await queryPatterns({ query: selector, ...window, stepMs, signal }),
        window,
        stepMs,
      );
    },
    placeholderData: keepPreviousData,
    structuralSharing: false,
  });
  return (
    <Picture query={patterns} skeleton={<Skeleton rows={10} height={24} />}>
      {(rows) => {
        const total = rows.reduce((sum, { count }) => sum + count, 0);
        return rows.length === 0 ? (
          <Empty title="No patterns in this range">
            Lines that have their words in common make a pattern. Widen the range, or search less
            narrowly.
          </Empty>
        ) : (
          <>
            <p className="quiet">
              {formatCount(rows.length)} {rows.length === 1 ? "pattern" : "patterns"} in{" "}
              {formatCount(total)} lines
              {isNarrowed && (
                <>
                  {" "}
                  of all of <code>{selector}</code>: words and fields do not narrow patterns
                </>
              )}
              {rows.length > patternsShown && `, the first ${patternsShown} shown`}{" "}
              <RefreshCorner query={patterns} />
            </p>
            <PatternTable rows={rows} total={total} state={state} />
          </>
        );
      }}
    </Picture>
  );
}

type TableProps = {
  readonly rows: readonly Row[];
  readonly total: number;
  readonly state: LogsState;
};

function PatternTable({ rows, total, state }: TableProps) {
  const [sort, setSort] = useState<Sort>("count");
  return (
    <div className="table-scroll">
      <table className="table logs-patterns">
        <thead>
          <tr>
            <SortHead name="count" word="Lines" sort={sort} onSort={setSort} />
            <th scope="col" className="number logs-pattern-share">
              Share
            </th>
            <th scope="col">Trend</th>
            <SortHead name="level" word="Level" sort={sort} onSort={setSort} />
            <SortHead name="new" word="First seen" sort={sort} onSort={setSort} />
            <th scope="col">Pattern</th>
            <td />
          </tr>
        </thead>
        <tbody>
          {sorted(rows, sort)
            .slice(0, patternsShown)
            .map((row) => (
              <PatternRow key={`${row.level} ${row.text}`} row={row} total={total} state={state} />
            ))}
        </tbody>
      </table>
    </div>
  );
}

function SortHead({
  name,
  word,
  sort,
  onSort,
}: {
  readonly name: Sort;
  readonly word: string;
  readonly sort: Sort;
  readonly onSort: (sort: Sort) => void;
}) {
  return (
    <th
      scope="col"
      className={name === "count" ? "number" : undefined}
      aria-sort={sort === name ? "descending" : "none"}
    >
      <button type="button" className="sort" onClick={() => onSort(name)}>
        {word}
      </button>
    </th>
  );
}

function PatternRow({
  row,
  total,
  state,
}: {
  readonly row: Row;
  readonly total: number;
  readonly state: LogsState;
}) {
  const is = stateOf(state.filters, target, row.text);
  return (
    <tr>
      <td className="number">{formatCount(row.count)}</td>
      <td className="number logs-pattern-share">
        {((row.count / Math.max(1, total)) * 100).toFixed(1)} %
      </td>
      <td>
        <Sparkline values={row.trend} />
      </td>
      <td>
        <span className={`logs-level-word level-${row.level}`}>{row.level}</span>
      </td>
      <td>
        {row.isNew ? <strong className="logs-new">new</strong> : null}{" "}
        <span className="quiet">
          {row.firstSeenMs === undefined ? "" : formatAgo(row.firstSeenMs, Date.now())}
        </span>
      </td>
      <td className="logs-pattern">
        {shownText(row.text)
          .split("<_>")
          .map((part, i) => (
            <span key={i}>
              {i > 0 && <span className="logs-hole">&lt;_&gt;</span>}
              {part}
            </span>
          ))}
      </td>
      <td className="logs-pattern-tools">
        <button
          type="button"
          className="logs-tool"
          aria-pressed={is === "included"}
          aria-label={`Show only lines of ${row.text}`}
          title="Show only these lines"
          onClick={() => {
            state.toggle(target, row.text, false);
          }}
        >
          <Icon name="plus" />
        </button>
        <button
          type="button"
          className="logs-tool"
          aria-pressed={is === "excluded"}
          aria-label={`Hide lines of ${row.text}`}
          title="Hide these lines"
          onClick={() => {
            state.toggle(target, row.text, true);
          }}
        >
          <Icon name="minus" />
        </button>
      </td>
    </tr>
  );
}

/** Control characters, as those that begin a colour, have no picture. */
function shownText(text: string): string {
  return text.replaceAll(/\p{Cc}+/gu, "");
}

/** Trends over one grid for all; a step without a line is a zero, for lines were looked for there. */
function rowsOf(patterns: readonly LogPattern[], window: Window, stepMs: number): Row[] {
  const firstStep = Math.floor(window.startMs / stepMs);
  const steps = Math.max(1, Math.floor(window.endMs / stepMs) - firstStep + 1);
  return patterns.map((pattern) => {
    const trend = new Float64Array(steps);
    let count = 0;
    for (const [timeMs, lines] of pattern.samples) {
      count += lines;
      const step = Math.floor(timeMs / stepMs) - firstStep;
      if (step >= 0 && step < steps) trend[step] = (trend[step] ?? 0) + lines;
    }
    return { ...pattern, count, trend };
  });
}

const graveness = ["critical", "error", "warn", "info", "debug", "trace", "unknown"];

function sorted(rows: readonly Row[], sort: Sort): Row[] {
  const byCount = (a: Row, b: Row) => b.count - a.count;
  if (sort === "count") return rows.toSorted(byCount);
  if (sort === "level")
    return rows.toSorted(
      (a, b) => graveness.indexOf(a.level) - graveness.indexOf(b.level) || byCount(a, b),
    );
  return rows.toSorted((a, b) => (b.firstSeenMs ?? 0) - (a.firstSeenMs ?? 0) || byCount(a, b));
}
