import { useState } from "react";
import type { Service } from "../../client/query_service.ts";
import { Sheet } from "../../overlays/sheet.tsx";
import { CopyButton } from "../../widgets/copy_button.tsx";
import { Icon, type IconName } from "../../widgets/icon.tsx";
import { Empty } from "../../widgets/picture.tsx";
import type { RowColumn } from "../../widgets/row_columns.ts";
import { RowTable } from "../../widgets/row_table.tsx";

const ranks: Readonly<Record<string, number>> = { down: 0, failed: 1, invalid: 2, needs: 3 };
const looks: Readonly<Record<string, readonly [IconName, string]>> = {
  running: ["check", "good"],
  down: ["cross", "bad"],
  failed: ["cross", "bad"],
  invalid: ["warning", "warn"],
  needs: ["warning", "warn"],
};

const columns: readonly RowColumn<Service>[] = [
  {
    key: "state",
    title: "State",
    width: 100,
    value: ({ state }) => `${ranks[state] ?? 4}`,
    text: ({ state }) => state,
    cell: ({ state }) => <State state={state} />,
  },
  { key: "title", title: "Service", width: 150, value: ({ title }) => title },
  {
    key: "instance",
    title: "Instance",
    width: 190,
    value: ({ instance }) => (instance === "" ? "all" : instance),
  },
  { key: "origin", title: "Known by", width: 110, onPhone: false, value: ({ origin }) => origin },
  {
    key: "reason",
    title: "Reason",
    minWidth: 240,
    value: ({ lastError, because, needs }) =>
      lastError !== ""
        ? lastError
        : needs.length > 0
          ? `needs ${needs.join(", ")}`
          : because.join(", "),
  },
];

/** Services of the host; one that is opened tells why it is in its state, and the lines to add to the configuration. */
export function ServiceList({ services }: { readonly services: readonly Service[] }) {
  const [opened, setOpened] = useState<Service>();
  const rows = services.toSorted(
    (a, b) =>
      (ranks[a.state] ?? 4) - (ranks[b.state] ?? 4) ||
      a.title.localeCompare(b.title) ||
      a.instance.localeCompare(b.instance),
  );
  if (rows.length === 0)
    return (
      <Empty title="No services are known on this host">
        They are found by their processes and ports, or named under <code>integrations</code>.
      </Empty>
    );
  return (
    <>
      <RowTable label="Services" rows={rows} columns={columns} onRow={setOpened} />
      {opened !== undefined && (
        <Sheet
          open
          onOpenChange={() => setOpened(undefined)}
          title={`${opened.title} ${opened.instance}`}
        >
          <Detail service={opened} />
        </Sheet>
      )}
    </>
  );
}

function Detail({ service }: { readonly service: Service }) {
  const { state, lastError, because, needs, snippet } = service;
  return (
    <div className="enrol">
      <p>
        <State state={state} />
      </p>
      {lastError !== "" && <p className="anywhere">{lastError}</p>}
      {because.length > 0 && (
        <>
          <h3>Why it is thought to be there</h3>
          <ul className="plain-list">
            {because.map((reason) => (
              <li key={reason}>{reason}</li>
            ))}
          </ul>
        </>
      )}
      {needs.length > 0 && <p>It lacks {needs.join(", ")} in the configuration.</p>}
      {snippet !== "" && (
        <>
          <h3>Lines for its lapwing.yaml</h3>
          <div className="command">
            <pre tabIndex={0}>{snippet}</pre>
            <CopyButton label="Copy the lines" text={snippet} />
          </div>
        </>
      )}
    </div>
  );
}

function State({ state }: { readonly state: string }) {
  const look = looks[state];
  if (look === undefined)
    return <span className="quiet">{state === "starting" ? "not asked yet" : state}</span>;
  return (
    <span className={`state ${look[1]}`}>
      <Icon name={look[0]} />
      {state}
    </span>
  );
}
