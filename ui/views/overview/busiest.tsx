import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { queryRange } from "../../client/prometheus.ts";
import type { AgentRow } from "../../client/query_service.ts";
import { InnerLink } from "../../elements/inner_link.tsx";
import { intervalOf } from "../../queries/query_client.ts";
import { Empty, Picture, RefreshCorner, Skeleton } from "../../widgets/picture.tsx";
import { figures, hostExpressions } from "../hosts/host_rows.ts";
import { hostPage } from "../../state/places.ts";

const shownMax = 5;
const everyMs = 15_000;
const shapes = [
  { name: "CPU", figure: "cpu" },
  { name: "Memory", figure: "memory" },
  { name: "Disk", figure: "disk" },
] as const;

type Busy = { readonly name: string; readonly value: number };

/** The hosts that are nearest to their ends, now. */
export function Busiest({ agents }: { readonly agents: readonly AgentRow[] }) {
  const ids = useMemo(() => new Map(agents.map((row) => [row.name, row.agent])), [agents]);
  const query = useQuery({
    queryKey: ["busiest"],
    queryFn: ({ signal }) => Promise.all(shapes.map(({ figure }) => topOf(figure, signal))),
    refetchInterval: intervalOf(everyMs),
  });
  return (
    <section className="block" aria-label="Busiest hosts">
      <div className="block-head">
        <h2>Busiest hosts</h2>
        <RefreshCorner query={query} />
      </div>
      <Picture query={query} skeleton={<Skeleton rows={5} height={20} />}>
        {(lists) =>
          lists.every((list) => list.length === 0) ? (
            <Empty title="No metrics of hosts">
              Agents measure their host where <code>sources</code> holds <code>host_metrics</code>.
            </Empty>
          ) : (
            <div className="busiest">
              {shapes.map(({ name, figure }, i) => (
                <div key={figure}>
                  <h3>
                    <InnerLink to={`/hosts?sort=${figure}&dir=down`}>{name} %</InnerLink>
                  </h3>
                  <ul>
                    {(lists[i] ?? []).map((busy) => (
                      <BusyLine key={busy.name} busy={busy} agent={ids.get(busy.name)} />
                    ))}
                  </ul>
                </div>
              ))}
            </div>
          )
        }
      </Picture>
    </section>
  );
}

function BusyLine({
  busy: { name, value },
  agent,
}: {
  readonly busy: Busy;
  readonly agent: string | undefined;
}) {
  const tone = value >= 95 ? "bad" : value >= 85 ? "warn" : "";
  return (
    <li className="busy">
      <span className="clip" title={name}>
        {agent === undefined ? name : <InnerLink to={hostPage(agent)}>{name}</InnerLink>}
      </span>
      <span className={`bar ${tone}`} aria-hidden="true">
        <span style={{ width: `${Math.max(0, Math.min(100, value))}%` }} />
      </span>
      <span className="number">{value.toFixed(1)}</span>
    </li>
  );
}

async function topOf(
  figure: (typeof shapes)[number]["figure"],
  signal: AbortSignal,
): Promise<Busy[]> {
  const expression = hostExpressions[figures.indexOf(figure)];
  if (expression === undefined) return [];
  const endMs = Date.now();
  const query = `topk(${shownMax}, ${expression(60_000)})`;
  const { series } = await queryRange({ query, startMs: endMs, endMs, stepMs: 60_000, signal });
  return series
    .map(({ labels, values }) => ({
      name: labels["instance"] ?? "",
      value: values[0] ?? Number.NaN,
    }))
    .filter(({ value }) => !Number.isNaN(value))
    .toSorted((a, b) => b.value - a.value);
}
