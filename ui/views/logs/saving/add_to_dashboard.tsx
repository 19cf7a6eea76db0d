import { useState } from "react";
import { Select } from "../../../overlays/select.tsx";
import { useDashboards } from "../../../queries/dashboards.ts";
import { usePageRange } from "../../../state/page_range.ts";
import { useAddLogPanel } from "./add_panel.ts";
import { NameForm } from "./name_form.tsx";
import { ToolPopover } from "./tool_popover.tsx";

type Props = { readonly query: string; readonly isMetric: boolean };

/** Keeps the search as a panel, on a new dashboard or on one that can be changed. */
export function AddToDashboard(props: Props) {
  return (
    <ToolPopover label="Add to dashboard" icon="dashboards">
      {(close) => <AddForm {...props} onDone={close} />}
    </ToolPopover>
  );
}

function AddForm({ query, isMetric, onDone }: Props & { readonly onDone: () => void }) {
  const { range } = usePageRange();
  const add = useAddLogPanel();
  const all = useDashboards();
  const [uid, setUid] = useState("");
  const changeable = (all.data ?? []).filter(({ origin }) => origin === "saved");
  const options = [
    { value: "", label: "A new dashboard" },
    ...changeable.map((row) => ({ value: row.uid, label: row.title })),
  ];
  return (
    <div className="logs-add">
      <h2>Add to dashboard</h2>
      <NameForm
        label="Title of the panel"
        verb="Add"
        failure="Not added"
        isPending={add.isPending}
        onName={async (title) => {
          const row = await add.mutateAsync({ query, isMetric, title, uid, range });
          onDone();
          return { title: "Added", detail: `to the dashboard ${row.title}` };
        }}
      >
        <Select label="Dashboard" value={uid} options={options} onChange={setUid} />
      </NameForm>
    </div>
  );
}
