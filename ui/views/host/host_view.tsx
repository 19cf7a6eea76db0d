import { getRouteApi, Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { AgentRow } from "../../client/query_service.ts";
import { Tabs } from "../../overlays/tabs.tsx";
import { usePageRange, useSearchChange } from "../../state/page_range.ts";
import { usePageTitle } from "../../state/page_title.ts";
import { useAgent } from "../../queries/inventory.ts";
import { Empty, Picture, RefreshCorner, Skeleton } from "../../widgets/picture.tsx";
import { ConfigurationTab } from "../agent/configuration_tab.tsx";
import { TargetList } from "../agent/target_list.tsx";
import { useLate } from "../dashboards/state/use_late.ts";
import { ChartPanel } from "./chart_panel.tsx";
import { hostCharts } from "./charts.ts";
import { EventsTab } from "./events_tab.tsx";
import { HostHeader } from "./host_header.tsx";
import { hostTabs, kindOfTab } from "./host_tabs.ts";
import { LogTail } from "./log_tail.tsx";
import { ProcessesTab, ServiceTab } from "./service_tab.tsx";
import { ServiceTable } from "./service_table.tsx";

const route = getRouteApi("/hosts/$agent");

/** One host: what it is, how it does over time, what it says, what runs on it, what is scraped from there and what changed. What waits on its disk is on its agent's page. */
export function HostView() {
  const { agent } = route.useParams();
  const { intervalMs } = usePageRange();
  const agents = useAgent(agent, intervalMs);
  usePageTitle(agents.data?.find((each) => each.agent === agent)?.name ?? agent);
  return (
    <Picture query={agents} skeleton={<HostSkeleton />}>
      {(rows) => {
        const row = rows.find((each) => each.agent === agent);
        if (row !== undefined) {
          const corner = <RefreshCorner query={agents} />;
          return <HostPage row={row} corner={corner} known={!agents.isError} />;
        }
        return (
          <section className="page">
            <Empty title={`No agent has the id "${agent}"`}>
              It may have another id since it was set up anew. <Link to="/hosts">All hosts</Link>
            </Empty>
          </section>
        );
      }}
    </Picture>
  );
}

function HostSkeleton() {
  return (
    <section className="page">
      <Skeleton rows={1} height={56} />
      <div className="charts">
        {hostCharts.map(({ id }) => (
          <Skeleton key={id} rows={1} height={240} />
        ))}
      </div>
    </section>
  );
}

type PageProps = {
  readonly row: AgentRow;
  readonly corner: ReactNode;
  readonly known: boolean;
};

function HostPage({ row, corner, known }: PageProps) {
  const { tab: asked = "overview" } = route.useSearch();
  const change = useSearchChange();
  const tabs = hostTabs(row);
  // A service that ended leaves links to its tab behind.
  const tab = tabs.some(({ value }) => value === asked) ? asked : "overview";
  return (
    <section className="page host-page">
      <HostHeader row={row} corner={corner} known={known} />
      <Tabs
        label={`Sections of ${row.name}`}
        tabs={tabs}
        value={tab}
        onChange={(next) =>
          change({ tab: next === "overview" ? "" : next, q: "", only: "" }, { replace: false })
        }
      >
        <Section row={row} tab={tab} />
      </Tabs>
    </section>
  );
}

function Section({ row, tab }: { readonly row: AgentRow; readonly tab: string }) {
  switch (tab) {
    case "overview":
      return <HostCharts host={row.name} />;
    case "processes":
      return <ProcessesTab kind={kindOfTab(row, tab)} />;
    case "logs":
      return <LogTail key={row.name} host={row.name} />;
    case "services":
      return <ServicesSection row={row} />;
    case "targets":
      return <HostTargets row={row} />;
    case "configuration":
      return <ConfigurationTab row={row} />;
    case "events":
      return <EventsTab row={row} />;
    default: {
      const kind = kindOfTab(row, tab);
      return kind === undefined ? null : <ServiceTab key={kind.integration} kind={kind} />;
    }
  }
}

function HostCharts({ host }: { readonly host: string }) {
  const { intervalMs } = usePageRange();
  const late = useLate(intervalMs);
  return (
    <div className="charts">
      {hostCharts.map((chart) => (
        <ChartPanel key={chart.id} chart={chart} host={host} late={late} />
      ))}
    </div>
  );
}

function HostTargets({ row }: { readonly row: AgentRow }) {
  return <TargetList row={row} search={route.useSearch()} />;
}

function ServicesSection({ row }: { readonly row: AgentRow }) {
  return (
    <section className="block" aria-label="Services">
      {row.services.length === 0 ? (
        <Empty title="No service was found">
          The agent looks at processes, ports and packages every minute, and watches what needs no
          secret by itself. Others are named under <code>integrations</code> in its{" "}
          <code>lapwing.yaml</code>.
        </Empty>
      ) : (
        <ServiceTable services={row.services} />
      )}
    </section>
  );
}
