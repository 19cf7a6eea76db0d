import type { AgentRow } from "../../client/query_service.ts";
import { useAgent } from "../../state/queries.ts";
import { InnerLink } from "../../panels/parts/inner_link.tsx";
import { Empty, Picture, Skeleton } from "../../widgets/picture.tsx";
import { ServiceTable } from "../host/service_table.tsx";
import { hostPage } from "../../state/places.ts";

const everyMs = 5_000;

/** What the only agent found on its host: services that are watched by now, and those that need a line of configuration. */
export function FoundHere({ row }: { readonly row: AgentRow }) {
  const query = useAgent(row.agent, everyMs);
  return (
    <section className="block" aria-label="Found on this host">
      <h2>
        Found on <InnerLink to={hostPage(row.agent)}>{row.name}</InnerLink>
      </h2>
      <Picture query={query} skeleton={<Skeleton rows={4} height={28} />}>
        {(rows) => {
          const services = rows[0]?.services ?? [];
          return services.length === 0 ? (
            <Empty title="No service was found yet">
              The agent looks at processes, ports and packages every minute: what it knows how to
              watch, such as nginx, PostgreSQL or Redis, appears here by itself. The host's own
              metrics and logs come already.
            </Empty>
          ) : (
            <ServiceTable services={services} />
          );
        }}
      </Picture>
    </section>
  );
}
