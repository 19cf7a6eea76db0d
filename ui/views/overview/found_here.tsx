import type { AgentRow, Service } from "../../client/query_service.ts";
import { useAgent } from "../../queries/inventory.ts";
import { InnerLink } from "../../elements/inner_link.tsx";
import { Icon } from "../../elements/icon.tsx";
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
            <Found services={services} agent={row.agent} />
          );
        }}
      </Picture>
    </section>
  );
}

/** What needs somebody as a table, and what runs by itself in a line. */
function Found({
  services,
  agent,
}: {
  readonly services: readonly Service[];
  readonly agent: string;
}) {
  const running = services.filter(({ state }) => state === "running");
  const others = services.filter(({ state }) => state !== "running");
  const titles = [...new Set(running.map(({ title }) => title))].toSorted((a, b) =>
    a.localeCompare(b),
  );
  return (
    <>
      {others.length > 0 && <ServiceTable services={others} />}
      {running.length > 0 && (
        <p className="found-running">
          <span className="state good">
            <Icon name="check" />
            {running.length} watched
          </span>{" "}
          <InnerLink to={hostPage(agent, "services")}>{titles.join(", ")}</InnerLink>
        </p>
      )}
    </>
  );
}
