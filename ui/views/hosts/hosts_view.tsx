import { getRouteApi } from "@tanstack/react-router";
import { useDeferredValue, useMemo } from "react";
import { useFrame, useSearchChange } from "../../state/frame.ts";
import { useAgents } from "../../state/queries.ts";
import { useRangeSet } from "../../state/ranges.ts";
import { Corner, Empty, Picture, RefreshCorner, Skeleton } from "../../widgets/picture.tsx";
import { FilterBox } from "../../widgets/filter_box.tsx";
import { filterRows, hostExpressions, hostRows, sortRows, type SortColumn } from "./host_rows.ts";
import { HostTable } from "./host_table.tsx";

const route = getRouteApi("/hosts");
const sparklinePoints = 40;
/** With this many hosts one refresh is megabytes of JSON: it comes less often. */
const manyHosts = 100;

/** All hosts, a row each: what is silent or busy, since when it was seen, and whether all of its data arrived. */
export function HostsView() {
  const { range, intervalMs } = useFrame();
  const { q = "", sort = "status", dir } = route.useSearch();
  const change = useSearchChange();
  const agents = useAgents(intervalMs);
  const many = (agents.data?.length ?? 0) > manyHosts;
  const everyMs = intervalMs === 0 ? 0 : Math.max(intervalMs, many ? 15_000 : 5_000);
  const figures = useRangeSet(hostExpressions, { range, pointsMax: sparklinePoints, everyMs });
  const filter = useDeferredValue(q);
  const down = dir === "down";
  const all = useMemo(() => hostRows(agents.data ?? [], figures.data), [agents.data, figures.data]);
  const rows = useMemo(
    () => sortRows(filterRows(all, filter), sort, down),
    [all, filter, sort, down],
  );
  const sortBy = (column: SortColumn): void => {
    const next = column === sort ? (down ? "up" : "down") : firstDirection(column);
    change({ sort: column, dir: next });
  };
  const silent = all.filter(({ agent }) => !agent.live).length;
  const complaints = figures.data?.complaints ?? [];
  return (
    <section className="page">
      <div className="toolbar">
        <FilterBox label="Filter hosts" value={q} onChange={(text) => change({ q: text })} />
        <span className="quiet" role="status">
          {agents.data !== undefined &&
            !agents.isError &&
            countText(rows.length, all.length, silent)}
        </span>
        <RefreshCorner query={agents.isError ? agents : figures} />
        {complaints.length > 0 && (
          <Corner state="partial" detail={complaints.join("\n")}>
            partial: {complaints[0]}
          </Corner>
        )}
        {figures.isError && figures.data === undefined && agents.data !== undefined && (
          <Corner state="failed" detail={figures.error.message}>
            no metrics: {figures.error.message}
          </Corner>
        )}
      </div>
      <Picture query={agents} skeleton={<Skeleton rows={12} height={28} />}>
        {() =>
          all.length === 0 ? (
            <Empty title="No agent has reported yet">
              An agent appears here seconds after its start. Add a host by running{" "}
              <code>lapwing agent</code> on it.
            </Empty>
          ) : rows.length === 0 ? (
            <Empty title={`No host matches "${q}"`}>
              The filter looks at name, status, version and facts; all words must be there.
            </Empty>
          ) : (
            <HostTable
              rows={rows}
              loading={figures.data === undefined && !figures.isError}
              known={!agents.isError}
              sort={sort}
              down={down}
              onSort={sortBy}
            />
          )
        }
      </Picture>
    </section>
  );
}

/** What people look for first: the largest figures, but names from A. */
function firstDirection(column: SortColumn): "up" | "down" {
  return column === "name" || column === "status" || column === "seen" ? "up" : "down";
}

function countText(shown: number, all: number, silent: number): string {
  const hosts = `${all} ${all === 1 ? "host" : "hosts"}`;
  const some = shown === all ? hosts : `${shown} of ${hosts}`;
  return silent === 0 ? `${some}, all live` : `${some}, ${silent} silent`;
}
