import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { queryCounts, type LogSeries } from "../../client/logs.ts";
import type { FacetField } from "../../client/log_records.ts";
import { formatCount } from "../../units/format.ts";
import { Sparkline } from "../../plot/sparkline.tsx";
import { stepOf, type Window } from "../../state/time_range.ts";
import { Icon } from "../../elements/icon.tsx";
import { Empty, Picture, RefreshCorner, Skeleton } from "../../widgets/picture.tsx";
import { targetOf, useFacets, useParsers } from "./lines/facets_panel.tsx";
import { stateOf, type FilterTarget } from "./state/filters.ts";
import { countBy, parserStages } from "./state/logql.ts";
import type { LogsState } from "./state/logs_search.ts";

const trendPoints = 40;
const topValues = 5;
const seriesMax = 50;

type Props = { readonly state: LogsState; readonly window: Window; readonly rangeKey: string };

/** Every field with its most frequent values; one that is picked is counted over the whole range, value by value. */
export function FieldsTab({ state, window, rangeKey }: Props) {
  const facets = useFacets(state.query, window, rangeKey);
  const parsers = useParsers(state.query, window, rangeKey);
  return (
    <Picture query={facets} skeleton={<Skeleton rows={8} height={48} />}>
      {({ fields, records, complete }) => {
        const picked = fields.find(({ field }) => field === state.field);
        if (picked !== undefined)
          return (
            <FieldValues
              {...{
                state,
                window,
                rangeKey,
                field: picked,
                target: targetOf(picked, parsers.data),
              }}
            />
          );
        if (fields.length === 0)
          return (
            <Empty title="No fields in this range">
              Fields are what labels, metadata and the lines themselves name. Widen the range to
              find lines.
            </Empty>
          );
        return (
          <>
            <p className="quiet">
              {fields.length} fields in {complete ? "" : "the newest "}
              {formatCount(records)} lines. Pick one to count its values over the whole range.
            </p>
            <div className="logs-field-grid">
              {fields.map((field) => (
                <FieldCard
                  key={`${field.source} ${field.field}`}
                  field={field}
                  records={records}
                  onPick={() => state.change({ field: field.field }, { replace: false })}
                />
              ))}
            </div>
          </>
        );
      }}
    </Picture>
  );
}

function FieldCard({
  field,
  records,
  onPick,
}: {
  readonly field: FacetField;
  readonly records: number;
  readonly onPick: () => void;
}) {
  return (
    <button type="button" className="logs-field-card" onClick={onPick}>
      <span className="logs-field-card-head">
        <strong className="clip">{field.field}</strong>
        <span className="quiet">
          {field.type}, {formatCount(field.distinct)} {field.distinct === 1 ? "value" : "values"}
        </span>
      </span>
      {field.values.slice(0, topValues).map(({ value, count }) => (
        <span
          key={value}
          className="logs-value-bar"
          style={{ backgroundSize: `${(count / Math.max(1, records)) * 100}% 100%` }}
        >
          <span className="clip">{value === "" ? "(empty)" : value}</span>
          <span className="logs-value-count">{shareText(count / Math.max(1, records))}</span>
        </span>
      ))}
    </button>
  );
}

/** "37 %"; what is rare is not told as nothing. */
function shareText(share: number): string {
  const percent = 100 * share;
  return percent > 0 && percent < 0.5 ? "< 1 %" : `${percent.toFixed(0)} %`;
}

type ValuesProps = Props & { readonly field: FacetField; readonly target: FilterTarget };

function FieldValues({ state, window, rangeKey, field, target }: ValuesProps) {
  const stepMs = stepOf(window, trendPoints);
  const parsed = target.kind === "field" ? ` ${parserStages(target.parsers).join(" ")}` : "";
  const counted = countBy(field.field, `${state.query}${parsed} | ${field.field}!=""`, stepMs);
  const query = `topk(${seriesMax}, ${counted})`;
  const counts = useQuery({
    queryKey: ["log_field_values", query, rangeKey],
    queryFn: ({ signal }) =>
      queryCounts({ query, startMs: window.startMs + stepMs, endMs: window.endMs, stepMs, signal }),
    placeholderData: keepPreviousData,
    structuralSharing: false,
  });
  return (
    <>
      <div className="toolbar">
        <button
          type="button"
          className="button"
          onClick={() => state.change({ field: "" }, { replace: false })}
        >
          <Icon name="back" />
          All fields
        </button>
        <h2>{field.field}</h2>
        <RefreshCorner query={counts} />
      </div>
      {counts.data === undefined && isTooMany(counts.error) ? (
        <Empty title={`${field.field} has too many values to count each`}>
          Shorten the time range or narrow the search: {formatCount(field.distinct)} are in the
          lines that were looked at already.
        </Empty>
      ) : (
        <Picture query={counts} skeleton={<Skeleton rows={8} height={24} />}>
          {({ series }) => {
            const rows = valueRows(series, field.field, window, stepMs);
            return <ValueTable rows={rows} state={state} target={target} />;
          }}
        </Picture>
      )}
    </>
  );
}

/** Whether the aggregator refused to count because each value is a series, and there are more than it takes. */
function isTooMany(error: Error | null): boolean {
  return error?.message.includes("maximum number of series") === true;
}

type ValueRow = { readonly value: string; readonly trend: Float64Array; readonly count: number };

/** The most frequent first. */
function valueRows(
  series: readonly LogSeries[],
  name: string,
  window: Window,
  stepMs: number,
): ValueRow[] {
  const first = Math.floor(window.startMs / stepMs);
  const steps = Math.max(1, Math.ceil(window.endMs / stepMs) - first);
  const rows = series.map(({ labels, samples }) => {
    const trend = new Float64Array(steps);
    for (const [timeMs, value] of samples) {
      const i = Math.round(timeMs / stepMs) - first - 1;
      if (i >= 0 && i < steps) trend[i] = value;
    }
    return { value: labels[name] ?? "", trend, count: trend.reduce((a, b) => a + b, 0) };
  });
  return rows.toSorted((a, b) => b.count - a.count);
}

type TableProps = {
  readonly rows: readonly ValueRow[];
  readonly state: LogsState;
  readonly target: FilterTarget;
};

function ValueTable({ rows, state, target }: TableProps) {
  const total = rows.reduce((sum, { count }) => sum + count, 0);
  return (
    <div className="table-scroll">
      <table className="table logs-values">
        <thead>
          <tr>
            <th scope="col" className="number">
              Lines
            </th>
            <th scope="col" className="number">
              Share
            </th>
            <th scope="col">Trend</th>
            <th scope="col">Value</th>
            <td />
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <ValueLine key={row.value} row={row} total={total} state={state} target={target} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

type LineProps = Omit<TableProps, "rows"> & { readonly row: ValueRow; readonly total: number };

function ValueLine({ row, total, state, target }: LineProps) {
  const { value, trend, count } = row;
  const is = stateOf(state.filters, target, value);
  return (
    <tr>
      <td className="number">{formatCount(count)}</td>
      <td className="number">{((count / Math.max(1, total)) * 100).toFixed(1)} %</td>
      <td>
        <Sparkline values={trend} />
      </td>
      <td className="name-cell" title={value}>
        {value}
      </td>
      <td className="logs-pattern-tools">
        <button
          type="button"
          className="logs-tool"
          aria-pressed={is === "included"}
          aria-label={`Include ${value}`}
          title="Include"
          onClick={() => state.toggle(target, value, false)}
        >
          <Icon name="plus" />
        </button>
        <button
          type="button"
          className="logs-tool"
          aria-pressed={is === "excluded"}
          aria-label={`Exclude ${value}`}
          title="Exclude"
          onClick={() => state.toggle(target, value, true)}
        >
          <Icon name="minus" />
        </button>
      </td>
    </tr>
  );
}
