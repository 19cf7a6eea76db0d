import type { UseQueryResult } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useDeferredValue, useMemo } from "react";
import { usePageRange, useSearchChange } from "../../state/page_range.ts";
import { useAgents } from "../../queries/inventory.ts";
import { useRangeSet, type RangeSet } from "../../queries/ranges.ts";
import { Corner, Empty, Picture, RefreshCorner, Skeleton } from "../../widgets/picture.tsx";
import { FilterBox } from "../../widgets/filter_box.tsx";
import { parseHidden } from "./host_columns.ts";
import { HostGrid } from "./host_grid.tsx";
import { filterByLabels, filterByState, parseChips, printChips, summaryOf } from "./host_labels.ts";
import { HostTools, type HostsLook } from "./host_tools.tsx";
import { filterRows, hostExpressions, hostRows, sortRows, type SortColumn } from "./host_rows.ts";
import { HostTable } from "./host_table.tsx";

const route = getRouteApi("/hosts");
const sparklinePoints = 40;
/** With this many hosts one refresh is megabytes of JSON: it comes less often. */
const manyHosts = 100;

/** All hosts, a row each: what is silent or busy, since when it was seen, and whether all of its data arrived. */
export function HostsView() {
  const { range, intervalMs } = usePageRange();
  const { q = "", sort = "status", dir } = route.useSearch();
  const look = useLook();
  const change = useSearchChange();
  const agents = useAgents(intervalMs);
  const many = (agents.data?.length ?? 0) > manyHosts;
  const everyMs = intervalMs === 0 ? 0 : Math.max(intervalMs, many ? 15_000 : 5_000);
  const asked = { range, pointsMax: sparklinePoints, everyMs, withNewest: true };
  const figures = useRangeSet(hostExpressions, asked);
  const filter = useDeferredValue(q);
  const down = dir === "down";
  const all = useMemo(() => hostRows(agents.data ?? [], figures.data), [agents.data, figures.data]);
  const rows = useMemo(() => {
    const wanted = filterByState(filterByLabels(all, look.chips), look.state);
    return sortRows(filterRows(wanted, filter), sort, down);
  }, [all, look, filter, sort, down]);
  const sortBy = (column: SortColumn): void => {
    const next = column === sort ? (down ? "up" : "down") : firstDirection(column);
    change({ sort: column, dir: next });
  };
  const loading = figures.data === undefined && !figures.isError;
  const shown = { rows, group: look.group, loading, known: !agents.isError };
  return (
    <section className="page">
      <div className="toolbar">
        <FilterBox label="Filter hosts" value={q} onChange={(text) => change({ q: text })} />
        <span className="quiet" role="status">
          {agents.data !== undefined && !agents.isError && summaryOf(rows.length, all)}
        </span>
        <HostTools look={look} rows={all} onChange={(next) => change(searchOf(next))} />
        <RefreshCorner query={agents.isError ? agents : figures} />
        {agents.data !== undefined && <FiguresCorner figures={figures} />}
      </div>
      <Picture query={agents} skeleton={<Skeleton rows={12} height={28} />}>
        {() =>
          all.length === 0 ? (
            <Empty title="No agent has reported yet">
              An agent appears here seconds after its start. The <Link to="/">overview</Link> has
              the commands that add a host.
            </Empty>
          ) : rows.length === 0 ? (
            <Empty title={noneWords(q, look)}>
              The filter looks at name, status, version and facts; all words must be there, and the
              chosen state and labels must hold.{" "}
              <button
                type="button"
                className="link"
                onClick={() => change({ q: "", state: "", labels: "" })}
              >
                Clear them
              </button>
            </Empty>
          ) : look.view === "grid" ? (
            <HostGrid {...shown} />
          ) : (
            <HostTable {...shown} hidden={look.hidden} sort={sort} down={down} onSort={sortBy} />
          )
        }
      </Picture>
    </section>
  );
}

/** Says that figures are lacking, in part or as a whole. */
function FiguresCorner({ figures }: { readonly figures: UseQueryResult<RangeSet> }) {
  const [complaint] = figures.data?.complaints ?? [];
  if (complaint !== undefined) {
    return (
      <Corner state="partial" detail={figures.data?.complaints.join("\n") ?? ""}>
        partial: {complaint}
      </Corner>
    );
  }
  if (!figures.isError || figures.data !== undefined) return null;
  return (
    <Corner state="failed" detail={figures.error.message}>
      no metrics: {figures.error.message}
    </Corner>
  );
}

function noneWords(text: string, { state, chips }: HostsLook): string {
  const isAlone = state === undefined && chips.length === 0;
  return text !== "" && isAlone ? `No host matches "${text}"` : "No host matches all of this";
}

/** What people look for first: the largest figures, but names from A. */
function firstDirection(column: SortColumn): "up" | "down" {
  return column === "name" || column === "status" || column === "seen" ? "up" : "down";
}

/** How hosts are shown, as the URL says. */
function useLook(): HostsLook {
  const { view = "table", state, labels = "", group = "", hide = "" } = route.useSearch();
  return useMemo(
    () => ({ view, state, group, chips: parseChips(labels), hidden: parseHidden(hide) }),
    [view, state, labels, group, hide],
  );
}

function searchOf({ view, state, chips, group, hidden }: HostsLook) {
  return {
    view: view === "table" ? "" : view,
    state,
    labels: printChips(chips),
    group,
    hide: [...hidden].join(","),
  };
}
