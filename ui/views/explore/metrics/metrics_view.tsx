import { useSearch } from "@tanstack/react-router";
import { useMemo } from "react";
import type { Matcher } from "../../../promql/expr.ts";
import { useSearchChange } from "../../../state/page_range.ts";
import { Icon } from "../../../elements/icon.tsx";
import { MetricGrid } from "./metric_grid.tsx";
import { MetricPage } from "./metric_page.tsx";
import { type Change, readMetrics, whereText } from "./metrics_search.ts";

/** Explore without a query: all metrics as pictures; one of them broken down by its labels. */
export function MetricsView() {
  const search: Readonly<Record<string, unknown>> = useSearch({ strict: false });
  const state = useMemo(() => readMetrics(search), [search]);
  const set = useSearchChange();
  const change: Change = ({ text, where, sort, ...rest }) =>
    set(
      {
        ...rest,
        ...(text === undefined ? {} : { q: text }),
        ...(where === undefined ? {} : { where: whereText(where) }),
        ...(sort === undefined ? {} : { sort: sort === "unlike" ? "" : sort }),
      },
      { replace: rest.metric === undefined && rest.by === undefined },
    );
  return (
    <section className="page metrics">
      {state.where.length > 0 && <Conditions where={state.where} onChange={change} />}
      {state.metric === "" ? (
        <MetricGrid state={state} onChange={change} />
      ) : (
        <MetricPage key={state.metric} state={state} onChange={change} />
      )}
    </section>
  );
}

/** The conditions of the page as chips; each can be taken back. */
function Conditions({
  where,
  onChange,
}: {
  readonly where: readonly Matcher[];
  readonly onChange: Change;
}) {
  return (
    <ul className="chips" aria-label="Conditions">
      {where.map(({ label, op, value }, i) => (
        <li key={`${label}${op}${value}`} className={op === "!=" ? "chip exclude" : "chip"}>
          <span className="clip" title={`${label} ${op} ${value}`}>
            {label} {op} {value === "" ? "(not set)" : value}
          </span>
          <button
            type="button"
            className="icon-button plain"
            aria-label={`Remove the condition ${label} ${op} ${value}`}
            onClick={() => onChange({ where: where.toSpliced(i, 1) })}
          >
            <Icon name="cross" />
          </button>
        </li>
      ))}
    </ul>
  );
}
