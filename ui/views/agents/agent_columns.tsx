import { Link } from "@tanstack/react-router";
import { formatAgo, formatCount, formatSpan, formatValue } from "../../units/format.ts";
import type { RowColumn } from "../../widgets/row_columns.ts";
import { Icon } from "../../elements/icon.tsx";
import { StatusWord } from "../../elements/status_word.tsx";
import { clockOffsetWarnMs, stateRank, versionRank, type ListedAgent } from "./agent_rows.ts";

export const configurationWords: Readonly<Record<string, string>> = {
  local: "its own file",
  pending: "not taken yet",
  applied: "as wanted",
  failed: "refused",
  rolled_back: "taken back",
};

/** The columns of the list, as of a moment; `known` is false while the aggregator does not answer. */
export function agentColumns(nowMs: number, known: boolean): RowColumn<ListedAgent>[] {
  return [...whatItIs(nowMs, known), ...whatFails, ...whatWaits];
}

function whatItIs(nowMs: number, known: boolean): RowColumn<ListedAgent>[] {
  return [
    {
      key: "state",
      title: "State",
      width: 84,
      value: ({ agent }) => (agent.live ? "live" : "silent"),
      rank: stateRank,
      text: ({ agent }) => (agent.live ? "live" : `silent, ${formatAgo(agent.lastSeenMs, nowMs)}`),
      cell: ({ agent }) => <StatusWord live={agent.live} known={known} />,
    },
    {
      key: "name",
      title: "Agent",
      minWidth: 160,
      isName: true,
      value: ({ agent }) => agent.name,
      cell: ({ agent }) => (
        <Link to="/agents/$agent" params={{ agent: agent.agent }} className="clip strong">
          {agent.name}
        </Link>
      ),
    },
    {
      key: "version",
      title: "Version",
      width: 116,
      onPhone: false,
      value: ({ agent }) => agent.version,
      rank: ({ agent }) => versionRank(agent.version),
      text: ({ agent, newer }) =>
        newer === undefined ? agent.version : `${agent.version}, ${newer} is there`,
      cell: ({ agent, newer }) => (
        <span className={newer === undefined ? "clip" : "state warn"}>
          {newer !== undefined && <Icon name="up" />}
          {agent.version}
        </span>
      ),
    },
    {
      key: "up",
      title: "Up for",
      isNumber: true,
      width: 104,
      onPhone: false,
      value: ({ agent }) => (agent.live ? nowMs - agent.startedMs : undefined),
      text: ({ agent }) => (agent.live ? formatSpan(Math.max(0, nowMs - agent.startedMs)) : "–"),
    },
  ];
}

const whatFails: readonly RowColumn<ListedAgent>[] = [
  {
    key: "down",
    title: "Targets down",
    isNumber: true,
    width: 112,
    value: ({ targetsDown }) => targetsDown,
    text: ({ agent, targetsDown, targetsAll }) =>
      agent.live ? `${targetsDown} of ${targetsAll}` : `? of ${targetsAll}`,
    cell: (row) => <Targets row={row} />,
  },
  {
    key: "services",
    title: "Services in need",
    about: "Services that are down, refused, or lack something in the configuration",
    isNumber: true,
    width: 128,
    onPhone: false,
    value: ({ needing }) => needing,
    text: ({ agent, needing }) =>
      needing === 0
        ? "–"
        : agent.services.map(({ title, state }) => `${title} ${state}`).join(", "),
    cell: ({ needing }) =>
      needing === 0 ? (
        <span className="quiet">–</span>
      ) : (
        <span className="state warn">
          <Icon name="warning" />
          {needing}
        </span>
      ),
  },
  {
    key: "configuration",
    title: "Configuration",
    width: 124,
    onPhone: false,
    value: ({ configuration }) => configurationWords[configuration ?? "local"] ?? configuration,
    text: ({ configuration, why }) => {
      const word = configurationWords[configuration ?? "local"] ?? configuration ?? "";
      return why === "" ? word : `${word}: ${why}`;
    },
    cell: (row) => <Configuration row={row} />,
  },
];

const whatWaits: readonly RowColumn<ListedAgent>[] = [
  {
    key: "spool",
    title: "Spool",
    about: "What waits on the agent's disk",
    isNumber: true,
    width: 88,
    onPhone: false,
    value: ({ agent }) => agent.spoolBytes,
    text: ({ agent }) => formatValue(agent.spoolBytes, "bytes"),
  },
  {
    key: "clock",
    title: "Clock offset",
    isNumber: true,
    width: 104,
    onPhone: false,
    value: ({ agent }) => Math.abs(agent.clockOffsetMs),
    text: ({ agent }) => offsetText(agent.clockOffsetMs),
    cell: ({ agent }) => (
      <span className={Math.abs(agent.clockOffsetMs) > clockOffsetWarnMs ? "state warn" : ""}>
        {Math.abs(agent.clockOffsetMs) > clockOffsetWarnMs && <Icon name="warning" />}
        {offsetText(agent.clockOffsetMs)}
      </span>
    ),
  },
  {
    key: "dropped",
    title: "Dropped",
    about: "Items that were collected and are lost, since the agent began",
    isNumber: true,
    width: 96,
    value: ({ account }) => account.dropped,
    text: ({ account }) => formatCount(account.dropped),
    cell: ({ account }) => (
      <span className={account.dropped > 0 ? "state warn" : "quiet"}>
        {account.dropped > 0 && <Icon name="warning" />}
        {account.dropped > 0 ? formatValue(account.dropped, "count") : "none"}
      </span>
    ),
  },
];

/** "+4.2 s": of the agent's clock, against the aggregator's. */
export function offsetText(ms: number): string {
  return `${ms >= 0 ? "+" : ""}${formatSpan(ms)}`;
}

function Targets({ row: { agent, targetsDown, targetsAll } }: { readonly row: ListedAgent }) {
  if (targetsAll === 0) return <span className="quiet">none</span>;
  if (!agent.live) return <span className="quiet">? of {targetsAll}</span>;
  if (targetsDown === 0) return <span className="quiet">0 of {targetsAll}</span>;
  return (
    <span className="state bad">
      <Icon name="cross" />
      {targetsDown} of {targetsAll}
    </span>
  );
}

function Configuration({ row: { configuration = "local" } }: { readonly row: ListedAgent }) {
  const word = configurationWords[configuration] ?? configuration;
  if (configuration === "failed" || configuration === "rolled_back")
    return (
      <span className="state bad">
        <Icon name="cross" />
        {word}
      </span>
    );
  if (configuration === "pending")
    return (
      <span className="state warn">
        <Icon name="clock" />
        {word}
      </span>
    );
  return <span className="quiet">{word}</span>;
}
