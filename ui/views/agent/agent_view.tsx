import { getRouteApi, Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { AgentRow } from "../../client/query_service.ts";
import { usePageRange, useSearchChange } from "../../state/page_range.ts";
import { usePageTitle } from "../../state/page_title.ts";
import { useAgent, useSeriesLimits } from "../../queries/inventory.ts";
import { Tabs } from "../../overlays/tabs.tsx";
import { AccountTable } from "../../widgets/account_table.tsx";
import { Empty, Picture, RefreshCorner, Skeleton } from "../../widgets/picture.tsx";
import { SeriesLimitTable } from "../../widgets/series_limit_table.tsx";
import { AgentHeader } from "./agent_header.tsx";
import { ConfigurationTab } from "./configuration_tab.tsx";
import { SourceTable, SpoolTable } from "./spool_table.tsx";
import { TargetList } from "./target_list.tsx";

const route = getRouteApi("/agents/$agent");

/** One agent: what it collects and from where, what fails, which configuration it runs, what waits on its disk. What its host does is on the host's page. */
export function AgentView() {
  const { agent } = route.useParams();
  const { intervalMs } = usePageRange();
  const agents = useAgent(agent, intervalMs);
  usePageTitle(agents.data?.find((each) => each.agent === agent)?.name ?? agent);
  return (
    <section className="page">
      <Picture query={agents} skeleton={<Skeleton rows={8} height={40} />}>
        {(rows) => {
          const row = rows.find((each) => each.agent === agent);
          if (row !== undefined) {
            const corner = <RefreshCorner query={agents} />;
            return <Content row={row} corner={corner} known={!agents.isError} />;
          }
          return (
            <Empty title={`No agent has the id "${agent}"`}>
              It may have another id since it was set up anew. <Link to="/agents">All agents</Link>
            </Empty>
          );
        }}
      </Picture>
    </section>
  );
}

type Props = { readonly row: AgentRow; readonly corner: ReactNode; readonly known: boolean };

function Content({ row, corner, known }: Props) {
  const search = route.useSearch();
  const { tab = "targets" } = search;
  const change = useSearchChange();
  return (
    <>
      <AgentHeader row={row} corner={corner} known={known} />
      <Tabs
        label="Of this agent"
        value={tab}
        onChange={(next) => change({ tab: next === "targets" ? "" : next, q: "", only: "" })}
        tabs={[
          { value: "targets", label: "Targets", count: row.targets.length + row.targetsLeftOut },
          { value: "configuration", label: "Configuration" },
          { value: "spool", label: "Spool and loss" },
          { value: "limits", label: "Series limits" },
        ]}
      >
        {tab === "targets" && <TargetList row={row} search={search} />}
        {tab === "configuration" && <ConfigurationTab row={row} />}
        {tab === "spool" && <Waiting row={row} />}
        {tab === "limits" && <Limits row={row} />}
      </Tabs>
    </>
  );
}

function Waiting({ row }: { readonly row: AgentRow }) {
  return (
    <>
      <section className="block" aria-label="Spool">
        <h2>Spool</h2>
        <SpoolTable spools={row.spools} />
      </section>
      <section className="block" aria-label="Loss account">
        <h2>Loss account</h2>
        {row.lanes.length === 0 ? (
          <Empty title="Nothing collected yet">
            The account starts with the agent's first frame.
          </Empty>
        ) : (
          <AccountTable caption={`Loss account of ${row.name}`} lanes={row.lanes} />
        )}
      </section>
      {row.sources.length > 0 && (
        <section className="block" aria-label="Sources">
          <h2>Sources</h2>
          <SourceTable sources={row.sources} />
        </section>
      )}
    </>
  );
}

function Limits({ row }: { readonly row: AgentRow }) {
  const { intervalMs } = usePageRange();
  const limits = useSeriesLimits(intervalMs);
  return (
    <Picture query={limits} skeleton={<Skeleton rows={3} height={32} />}>
      {(all) => {
        const own = all.filter(({ agent }) => agent === row.agent);
        return own.length === 0 ? (
          <Empty title={row.live ? "No limit is near" : "The agent is silent"}>
            {row.live
              ? "An agent tells of its own limit, and of those of targets that are half full. It told of none."
              : "Limits are told by agents that are live."}
          </Empty>
        ) : (
          <SeriesLimitTable
            caption={`Series limits of ${row.name}`}
            limits={own}
            nameOf={() => row.name}
          />
        );
      }}
    </Picture>
  );
}
