import { getRouteApi, Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { AgentRow } from "../../client/query_service.ts";
import { useFrame } from "../../state/frame.ts";
import { useAgent } from "../../state/queries.ts";
import { AccountTable } from "../../widgets/account_table.tsx";
import { Empty, Picture, RefreshCorner, Skeleton } from "../../widgets/picture.tsx";
import { ChartPanel } from "./chart_panel.tsx";
import { hostCharts } from "./charts.ts";
import { HostHeader } from "./host_header.tsx";
import { LogTail } from "./log_tail.tsx";
import { ServiceTable } from "./service_table.tsx";
import { TargetTable } from "./target_table.tsx";

const route = getRouteApi("/hosts/$agent");

/** One host: what it is, how it does over time, what it says, and whether all of it arrived. */
export function HostView() {
  const { agent } = route.useParams();
  const { intervalMs } = useFrame();
  const agents = useAgent(agent, intervalMs);
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
  return (
    <section className="page">
      <HostHeader row={row} corner={corner} known={known} />
      <div className="charts">
        {hostCharts.map((chart) => (
          <ChartPanel key={chart.id} chart={chart} host={row.name} />
        ))}
      </div>
      <LogTail key={row.name} host={row.name} />
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
      {row.services.length > 0 && (
        <section className="block" aria-label="Services">
          <h2>Services</h2>
          <ServiceTable services={row.services} />
        </section>
      )}
      <section className="block" aria-label="Targets">
        <h2>Targets</h2>
        {row.targets.length === 0 ? (
          <Empty title="This agent scrapes no targets">
            Add <code>scrape_configs</code> to its <code>lapwing.yaml</code>; they are Prometheus's
            own.
          </Empty>
        ) : (
          <TargetTable targets={row.targets} leftOut={row.targetsLeftOut} />
        )}
      </section>
    </section>
  );
}
