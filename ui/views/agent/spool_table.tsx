import type { SourceRow, SpoolRow } from "../../client/query_service.ts";
import { formatCount, formatSpan, formatValue } from "../../units/format.ts";
import { Icon } from "../../elements/icon.tsx";
import { Empty } from "../../widgets/picture.tsx";
import type { RowColumn } from "../../widgets/row_columns.ts";
import { RowTable } from "../../widgets/row_table.tsx";

const spoolColumns: readonly RowColumn<SpoolRow>[] = [
  { key: "signal", title: "Signal", width: 90, value: ({ signal }) => signal },
  {
    key: "state",
    title: "State",
    minWidth: 140,
    value: ({ state, lastError }) => (lastError === "" ? state : `${state}: ${lastError}`),
    cell: ({ state, lastError }) => (
      <State isWell={state === "ok" || state === ""} word={state === "" ? "ok" : state}>
        {lastError}
      </State>
    ),
  },
  {
    key: "bytes",
    title: "Holds",
    isNumber: true,
    width: 150,
    value: ({ bytes }) => bytes,
    text: ({ bytes, bytesMax }) =>
      bytesMax > 0
        ? `${formatValue(bytes, "bytes")} of ${formatValue(bytesMax, "bytes")}`
        : formatValue(bytes, "bytes"),
  },
  {
    key: "items",
    title: "Items",
    isNumber: true,
    width: 110,
    value: ({ items }) => items,
    text: ({ items }) => formatCount(items),
  },
  {
    key: "backlog",
    title: "Left of an outage",
    about: "Sent beside what is new",
    isNumber: true,
    width: 200,
    value: ({ backlogItems }) => backlogItems,
    text: ({ backlogItems, backlogBytes, backlogOldestMs }) =>
      backlogItems === 0
        ? "–"
        : `${formatCount(backlogItems)}, ${formatValue(backlogBytes, "bytes")}${
            backlogOldestMs > 0 ? `, from ${formatSpan(Date.now() - backlogOldestMs)} ago` : ""
          }`,
  },
];

/** What waits on the agent's disk, a row a signal. */
export function SpoolTable({ spools }: { readonly spools: readonly SpoolRow[] }) {
  if (spools.length === 0)
    return <Empty title="No spool yet">It is made with the agent's first frame.</Empty>;
  return <RowTable id="spool" label="Spool by signal" rows={spools} columns={spoolColumns} />;
}

const sourceColumns: readonly RowColumn<SourceRow>[] = [
  { key: "type", title: "Source", width: 160, value: ({ type }) => type },
  {
    key: "state",
    title: "State",
    minWidth: 220,
    value: ({ state, message }) => (message === "" ? state : `${state}: ${message}`),
    cell: ({ state, message }) => (
      <State isWell={state === "running"} word={state}>
        {message}
      </State>
    ),
  },
  {
    key: "items",
    title: "Items",
    isNumber: true,
    width: 120,
    value: ({ items }) => items,
    text: ({ items }) => formatCount(items),
  },
];

/** What the agent collects from. */
export function SourceTable({ sources }: { readonly sources: readonly SourceRow[] }) {
  return <RowTable id="sources" label="Sources" rows={sources} columns={sourceColumns} />;
}

type StateProps = {
  readonly isWell: boolean;
  readonly word: string;
  readonly children: string;
};

function State({ isWell, word, children }: StateProps) {
  return (
    <span className={isWell ? "state good" : "state bad"}>
      <Icon name={isWell ? "check" : "cross"} />
      <span className="clip">{children === "" ? word : `${word}: ${children}`}</span>
    </span>
  );
}
