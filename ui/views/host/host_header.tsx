import type { ReactNode } from "react";
import type { AgentRow } from "../../client/query_service.ts";
import { quote } from "../../client/prometheus.ts";
import { InnerLink } from "../../elements/inner_link.tsx";
import { formatCount, formatSpan, formatValue } from "../../units/format.ts";
import { sumLanes } from "../../client/account.ts";
import { AlertMarksMenu } from "../../panels/alert_marks/alert_marks_menu.tsx";
import { usePageRange } from "../../state/page_range.ts";
import { useNow } from "../../state/media.ts";
import { useNumber } from "../../queries/number.ts";
import { Fact } from "../../elements/fact.tsx";
import { AccountWord } from "../../widgets/account_word.tsx";
import { Ago } from "../../elements/ago.tsx";
import { Icon } from "../../elements/icon.tsx";
import { StatusWord } from "../../elements/status_word.tsx";
import { agentPage, explorePage } from "../../state/places.ts";
import { hostSelector } from "../hosts/host_rows.ts";
import { printFilters, type Filter } from "../logs/state/filters.ts";

/** Beyond this the agent's clock is worth a warning: its samples land visibly beside others'. */
const clockOffsetWarnMs = 2_000;
/** Facts that have a place of their own. */
const placed = new Set(["os", "kernel", "arch", "cpus", "memory_bytes", "boot_id"]);

/** Status and facts of a host in one band. */
export function HostHeader({
  row,
  corner,
  known,
}: {
  readonly row: AgentRow;
  readonly corner: ReactNode;
  readonly known: boolean;
}) {
  const nowMs = useNow(1_000);
  const selector = hostSelector(row.name);
  const uptime = useNumber(
    `node_time_seconds${selector} - node_boot_time_seconds${selector}`,
    30_000,
  );
  const { facts } = row;
  const memory = Number(facts["memory_bytes"] ?? "");
  const skewed = Math.abs(row.clockOffsetMs) > clockOffsetWarnMs;
  const more = Object.entries(facts).filter(([name]) => !placed.has(name));
  return (
    <header className="host-header">
      <div className="host-state">
        <StatusWord live={row.live} known={known} />
        <span className="quiet">
          last seen <Ago ms={row.lastSeenMs} nowMs={nowMs} />
        </span>
        <TargetWord row={row} />
        <InnerLink to={agentPage(row.agent, "spool")}>
          <AccountWord account={sumLanes(row.lanes)} />
        </InnerLink>
        {corner}
        <Ways row={row} />
        <AlertMarksMenu />
      </div>
      <dl className="facts">
        <Fact name="OS">{facts["os"] ?? "unknown"}</Fact>
        <Fact name="Kernel">
          {[facts["kernel"], facts["arch"]].filter(Boolean).join(" ") || "unknown"}
        </Fact>
        <Fact name="CPUs">{facts["cpus"] ?? "unknown"}</Fact>
        <Fact name="Memory">{memory > 0 ? formatValue(memory, "bytes") : "unknown"}</Fact>
        <Fact name="Uptime">
          {typeof uptime.data === "number" ? formatSpan(uptime.data * 1_000) : "unknown"}
        </Fact>
        <Fact name="Agent">
          <InnerLink to={agentPage(row.agent)}>
            {row.version === "" ? "unknown version" : row.version}
          </InnerLink>
        </Fact>
        {skewed && (
          <Fact name="Clock offset" warn>
            {row.clockOffsetMs >= 0 ? "+" : ""}
            {formatSpan(row.clockOffsetMs)}
          </Fact>
        )}
        {more.map(([name, value]) => (
          <Fact key={name} name={name.replaceAll("_", " ")}>
            {value}
          </Fact>
        ))}
      </dl>
      <Fault row={row} />
    </header>
  );
}

/** The second kind of being away: the agent is there, and what it watches is not. */
function TargetWord({ row }: { readonly row: AgentRow }) {
  const { up = 0, down = 0, unknown = 0 } = row.targetCounts;
  const all = up + down + unknown;
  if (all === 0) return null;
  const href = agentPage(row.agent);
  if (!row.live) {
    return (
      <span
        className="state quiet"
        title="Of an agent that is silent nobody knows how its targets are."
      >
        <Icon name="silent" />
        <InnerLink to={href}>{formatCount(all)} targets not watched</InnerLink>
      </span>
    );
  }
  return (
    <span className={down > 0 ? "state bad" : "state good"}>
      <Icon name={down > 0 ? "cross" : "check"} />
      <InnerLink to={href}>
        {down > 0
          ? `${formatCount(down)} of ${formatCount(all)} targets down`
          : `${formatCount(up)} of ${formatCount(all)} targets up`}
      </InnerLink>
    </span>
  );
}

/** What the agent complains of first; the rest is on its page. */
function Fault({ row: { agent, faults } }: { readonly row: AgentRow }) {
  const [fault] = faults;
  if (fault === undefined) return null;
  return (
    <ul className="faults">
      <li className="state warn">
        <Icon name="warning" />
        <InnerLink to={agentPage(agent)}>
          {fault}
          {faults.length > 1 && `, and ${faults.length - 1} more`}
        </InnerLink>
      </li>
    </ul>
  );
}

/** From a host to what else shows it. */
function Ways({ row: { agent, name } }: { readonly row: AgentRow }) {
  const logs = new URLSearchParams({ f: printFilters([hostFilter(name)]) });
  const dashboard = new URLSearchParams({ "var-instance": name });
  const expr = `{instance=${quote(name)}}`;
  const { range } = usePageRange();
  return (
    <nav className="ways" aria-label="This host elsewhere">
      <InnerLink to={`/logs?${logs.toString()}`}>Logs</InnerLink>
      <InnerLink to={explorePage({ expr }, range)}>Explore</InnerLink>
      <InnerLink to={agentPage(agent)}>Agent</InnerLink>
      <InnerLink to={`/dashboards/lapwing-hosts?${dashboard.toString()}`}>Dashboard</InnerLink>
    </nav>
  );
}

function hostFilter(name: string): Filter {
  return { kind: "label", name: "host", values: [name], exclude: false, parsers: [] };
}
