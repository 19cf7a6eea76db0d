import { useState } from "react";
import { messageOf } from "#shared/errors.ts";
import { Popover } from "../../overlays/popover.tsx";
import { Select } from "../../overlays/select.tsx";
import { showToast } from "../../overlays/toast.ts";
import { useDashboards } from "../../state/dashboards.ts";
import { useFrame } from "../../state/frame.ts";
import { Icon } from "../../widgets/icon.tsx";
import { useAddLogPanel } from "./add_panel.ts";

type Props = { readonly query: string; readonly isMetric: boolean };

/** Keeps the search as a panel, on a new dashboard or on one that can be changed. */
export function AddToDashboard(props: Props) {
  const [isOpen, setOpen] = useState(false);
  return (
    <Popover
      label="Add to dashboard"
      align="end"
      open={isOpen}
      onOpenChange={setOpen}
      className="logs-saved"
      trigger={
        <button
          type="button"
          className="icon-button"
          aria-label="Add to dashboard"
          title="Add to dashboard"
        >
          <Icon name="dashboards" />
        </button>
      }
    >
      <AddForm {...props} onDone={() => setOpen(false)} />
    </Popover>
  );
}

function AddForm({ query, isMetric, onDone }: Props & { readonly onDone: () => void }) {
  const { range } = useFrame();
  const add = useAddLogPanel();
  const all = useDashboards();
  const [title, setTitle] = useState("");
  const [uid, setUid] = useState("");
  const changeable = (all.data ?? []).filter(({ origin }) => origin === "saved");
  const options = [
    { value: "", label: "A new dashboard" },
    ...changeable.map((row) => ({ value: row.uid, label: row.title })),
  ];
  const submit = async (): Promise<void> => {
    try {
      const row = await add.mutateAsync({ query, isMetric, title: title.trim(), uid, range });
      showToast({ title: "Added", detail: `to the dashboard ${row.title}`, state: "good" });
      onDone();
    } catch (thrown) {
      showToast({ title: "Not added", detail: messageOf(thrown), state: "bad" });
    }
  };
  return (
    <form
      className="logs-add"
      onSubmit={(event) => {
        event.preventDefault();
        if (title.trim() !== "") void submit();
      }}
    >
      <h2>Add to dashboard</h2>
      <div className="logs-save">
        <input
          aria-label="Title of the panel"
          placeholder="Title of the panel"
          value={title}
          maxLength={200}
          onChange={(event) => setTitle(event.target.value)}
        />
        <Select label="Dashboard" value={uid} options={options} onChange={setUid} />
        <button type="submit" className="button" disabled={title.trim() === "" || add.isPending}>
          Add
        </button>
      </div>
    </form>
  );
}
