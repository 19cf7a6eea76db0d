import type { ReactNode } from "react";
import type { AgentRow } from "../../client/query_service.ts";
import { formatAgo, formatExact, formatSpan, formatValue } from "../../plot/format.ts";
import { sumLanes } from "../../state/account.ts";
import { useNow } from "../../state/media.ts";
import { useNumber } from "../../state/queries.ts";
import { AccountWord } from "../../widgets/account_word.tsx";
import { Icon } from "../../widgets/icon.tsx";
import { StatusWord } from "../../widgets/status_word.tsx";
import { hostSelector } from "../hosts/host_rows.ts";

/** Beyond this the agent's clock is worth a warning: its samples land visibly beside others'. */
const clockOffsetWarnMs = 2_000;
/** Facts that have a place of their own. */
const placed = new Set(["os", "kernel", "arch", "cpus", "memory_bytes"]);

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
        <span className="quiet" title={formatExact(row.lastSeenMs)}>
          last seen {formatAgo(row.lastSeenMs, nowMs)}
        </span>
        <AccountWord account={sumLanes(row.lanes)} />
        {corner}
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
        <Fact name="Agent">{`${row.version}, up ${formatSpan(Math.max(0, nowMs - row.startedMs))}`}</Fact>
        <Fact name="Clock offset" warn={skewed}>
          {row.clockOffsetMs >= 0 ? "+" : ""}
          {formatSpan(row.clockOffsetMs)}
        </Fact>
        <Fact name="Spool">
          {formatValue(row.spoolBytes, "bytes")}
          {row.spoolBytesMax > 0 && ` of ${formatValue(row.spoolBytesMax, "bytes")}`}
        </Fact>
        {more.map(([name, value]) => (
          <Fact key={name} name={name.replaceAll("_", " ")}>
            {value}
          </Fact>
        ))}
      </dl>
      {row.faults.length > 0 && (
        <ul className="faults">
          {row.faults.map((fault) => (
            <li key={fault} className="state warn">
              <Icon name="warning" />
              <span>{fault}</span>
            </li>
          ))}
        </ul>
      )}
    </header>
  );
}

function Fact({
  name,
  warn = false,
  children,
}: {
  readonly name: string;
  readonly warn?: boolean;
  readonly children: ReactNode;
}) {
  return (
    <div className="fact">
      <dt>{name}</dt>
      <dd className={warn ? "state warn" : "clip"}>
        {warn && <Icon name="warning" />}
        {children}
      </dd>
    </div>
  );
}
