import { getRouteApi } from "@tanstack/react-router";
import { useDeferredValue, useMemo } from "react";
import type { Lane } from "../../client/query_service.ts";
import { sumLanes } from "../../client/account.ts";
import { usePageRange, useSearchChange } from "../../state/page_range.ts";
import { useAgents, useLossAccount, useSeriesLimits } from "../../queries/inventory.ts";
import { Button } from "../../elements/buttons.tsx";
import { ExportMenu } from "../../widgets/export_menu.tsx";
import { rowExports } from "../../widgets/row_columns.ts";
import { RowTable } from "../../widgets/row_table.tsx";
import { laneColumns, lossColumns, lossesOf } from "./loss_rows.ts";
import { AccountTable } from "../../widgets/account_table.tsx";
import { AccountWord } from "../../widgets/account_word.tsx";
import { FilterBox } from "../../widgets/filter_box.tsx";
import { Empty, Picture, RefreshCorner, Skeleton } from "../../widgets/picture.tsx";
import { SeriesLimitTable } from "../../widgets/series_limit_table.tsx";
import { FlowPicture } from "./flow_picture.tsx";

const route = getRouteApi("/data");
const items: Readonly<Record<string, string>> = {
  metrics: "samples",
  logs: "lines",
  traces: "spans",
};

/** The loss account of all agents: whatever was collected is stored, in flight, or dropped for a reason. */
export function AccountTab() {
  const { intervalMs } = usePageRange();
  const { q = "", agent: only } = route.useSearch();
  const change = useSearchChange();
  const account = useLossAccount(intervalMs);
  const agents = useAgents(intervalMs);
  const filter = useDeferredValue(q);
  const names = useMemo(
    () => new Map((agents.data ?? []).map(({ agent, name }) => [agent, name])),
    [agents.data],
  );
  const nameOf = (agent: string): string => names.get(agent) ?? agent;
  return (
    <div className="account-tab">
      <Picture query={account} skeleton={<Skeleton rows={8} height={40} />}>
        {(all) => {
          const lanes = only === undefined ? all : all.filter(({ agent }) => agent === only);
          return lanes.length === 0 ? (
            <Empty title="Nothing collected yet">
              The account starts with the first frame of the{" "}
              {only === undefined ? "first agent" : "agent"}.{" "}
              {only !== undefined && (
                <button type="button" className="link" onClick={() => change({ agent: "" })}>
                  Show all agents
                </button>
              )}
            </Empty>
          ) : (
            <>
              <div className="toolbar">
                <AccountWord account={sumLanes(lanes)} brief />
                <span className="quiet">
                  collected = stored + in flight + dropped, since each agent began
                </span>
                <RefreshCorner query={account} />
                <span className="spacer" />
                {only !== undefined && (
                  <Button icon="cross" onClick={() => change({ agent: "" })}>
                    Only {nameOf(only)}
                  </Button>
                )}
                <ExportMenu
                  name="Loss account"
                  {...rowExports("Loss account", laneColumns(nameOf), lanes)}
                />
              </div>
              <Flows lanes={lanes} />
              {only === undefined && <Losing lanes={lanes} nameOf={nameOf} />}
              <ByAgent lanes={ordered(lanes, nameOf, filter)} nameOf={nameOf} />
              <SeriesLimits nameOf={nameOf} />
            </>
          );
        }}
      </Picture>
    </div>
  );
}

type LanesProps = {
  readonly lanes: readonly Lane[];
  readonly nameOf: (agent: string) => string;
};

function ByAgent({ lanes, nameOf }: LanesProps) {
  const { q = "" } = route.useSearch();
  const change = useSearchChange();
  return (
    <section className="block" aria-label="By agent">
      <div className="toolbar">
        <h2>By agent and signal</h2>
        <FilterBox label="Filter hosts" value={q} onChange={(text) => change({ q: text })} />
      </div>
      <AccountTable caption="Loss account by agent and signal" lanes={lanes} nameOf={nameOf} />
    </section>
  );
}

/** Who dropped what, and why: each leads to the account of that agent alone. */
function Losing({ lanes, nameOf }: LanesProps) {
  const change = useSearchChange();
  const losses = useMemo(() => lossesOf(lanes), [lanes]);
  if (losses.length === 0) return null;
  return (
    <section className="block" aria-label="What was dropped">
      <h2>What was dropped</h2>
      <RowTable
        id="dropped"
        label="What was dropped"
        rows={losses}
        columns={lossColumns(nameOf)}
        heightMax={300}
        onRow={(loss) => change({ agent: loss.agent }, { replace: false })}
      />
    </section>
  );
}

/** How many series there may be, where that is reached, and the label that does it. */
function SeriesLimits({ nameOf }: { readonly nameOf: (agent: string) => string }) {
  const { intervalMs } = usePageRange();
  const limits = useSeriesLimits(intervalMs);
  return (
    <section className="block" aria-label="Series limits">
      <div className="toolbar">
        <h2>Series limits</h2>
        <span className="quiet">
          series with a sample in the last hour; known ones go on when a limit is reached
        </span>
        <RefreshCorner query={limits} />
      </div>
      <Picture query={limits} skeleton={<Skeleton rows={2} height={32} />}>
        {(rows) =>
          rows.length === 0 ? (
            <Empty title="No limits are set">
              Every <code>series_limit</code> is 0: nothing keeps a label from filling the memory.
            </Empty>
          ) : (
            <SeriesLimitTable caption="Limits on active series" limits={rows} nameOf={nameOf} />
          )
        }
      </Picture>
    </section>
  );
}

function Flows({ lanes }: { readonly lanes: readonly Lane[] }) {
  const signals = [...new Set(lanes.map(({ signal }) => signal))].toSorted().toReversed();
  return (
    <div className="flows">
      {signals.map((signal) => (
        <FlowPicture
          key={signal}
          signal={signal}
          items={items[signal] ?? "items"}
          account={sumLanes(lanes.filter((lane) => lane.signal === signal))}
        />
      ))}
    </div>
  );
}

/** What was dropped first, then what waits longest, then by name. */
function ordered(
  lanes: readonly Lane[],
  nameOf: (agent: string) => string,
  filter: string,
): Lane[] {
  const wanted = filter.trim().toLowerCase();
  const rows = lanes
    .filter(({ agent }) => `${nameOf(agent)} ${agent}`.toLowerCase().includes(wanted))
    .map((lane) => ({ lane, account: sumLanes([lane]) }));
  return rows
    .toSorted(
      (a, b) =>
        Math.abs(b.account.unexplained) - Math.abs(a.account.unexplained) ||
        b.account.dropped - a.account.dropped ||
        nameOf(a.lane.agent).localeCompare(nameOf(b.lane.agent), undefined, { numeric: true }) ||
        a.lane.signal.localeCompare(b.lane.signal),
    )
    .map(({ lane }) => lane);
}
