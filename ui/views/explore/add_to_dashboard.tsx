import { useState } from "react";
import { messageOf } from "#shared/errors.ts";
import type { DashboardRow } from "../../client/dashboard_service.ts";
import { InnerLink } from "../../elements/inner_link.tsx";
import { Combobox } from "../../overlays/combobox.tsx";
import { Dialog } from "../../overlays/dialog.tsx";
import { ToggleGroup } from "../../overlays/toggle_group.tsx";
import { useDashboards } from "../../queries/dashboards.ts";
import { usePageRange } from "../../state/page_range.ts";
import { exploreQueries, useAddPanel } from "./add_panel.ts";
import type { ExploreState } from "./explore_search.ts";

type Props = { readonly state: ExploreState; readonly onClose: () => void };

/** Puts what the page shows on a dashboard, a new one or one of those that can be changed. */
export function AddToDashboard({ state, onClose }: Props) {
  const { range } = usePageRange();
  const add = useAddPanel();
  const [to, setTo] = useState<"new" | "old">("new");
  const [title, setTitle] = useState(exploreQueries(state)[0]?.expr.slice(0, 80) ?? "");
  const [name, setName] = useState("");
  const [uid, setUid] = useState("");
  const isReady = title.trim() !== "" && (to === "new" ? name.trim() !== "" : uid !== "");
  const submit = (): void => {
    const target =
      to === "new" ? { kind: "new" as const, title: name.trim() } : { kind: "old" as const, uid };
    add.mutate({ state, title: title.trim(), target, range });
  };
  if (add.data !== undefined) return <Added row={add.data} onClose={onClose} />;
  return (
    <Dialog
      open
      onOpenChange={onClose}
      title="Add to dashboard"
      actions={
        <>
          <button type="button" className="button" onClick={onClose}>
            Cancel
          </button>
          <button
            type="button"
            className="button primary"
            disabled={!isReady || add.isPending}
            onClick={submit}
          >
            Add the panel
          </button>
        </>
      }
    >
      <div className="dialog-form">
        <label className="labelled-field">
          <span>Title of the panel</span>
          <input value={title} maxLength={200} onChange={(event) => setTitle(event.target.value)} />
        </label>
        <ToggleGroup
          label="Dashboard"
          value={to}
          options={[
            { value: "new", label: "New dashboard" },
            { value: "old", label: "One that exists" },
          ]}
          onChange={setTo}
        />
        {to === "new" ? (
          <label className="labelled-field">
            <span>Name of the dashboard</span>
            <input value={name} maxLength={200} onChange={(event) => setName(event.target.value)} />
          </label>
        ) : (
          <Choice uid={uid} onChange={setUid} />
        )}
        {add.isError && (
          <p className="state bad" role="alert">
            Not added: {messageOf(add.error)}
          </p>
        )}
      </div>
    </Dialog>
  );
}

function Choice({
  uid,
  onChange,
}: {
  readonly uid: string;
  readonly onChange: (uid: string) => void;
}) {
  const dashboards = useDashboards();
  const changeable = (dashboards.data ?? []).filter(({ origin }) => origin === "saved");
  return (
    <Combobox
      label="Dashboard"
      showLabel
      value={uid}
      loading={dashboards.isFetching}
      placeholder={changeable.length === 0 ? "none can be changed" : "choose"}
      options={changeable.map((row) => ({
        value: row.uid,
        label: row.title,
        ...(row.folder === "" ? {} : { detail: row.folder }),
      }))}
      onChange={onChange}
    />
  );
}

function Added({ row, onClose }: { readonly row: DashboardRow; readonly onClose: () => void }) {
  return (
    <Dialog
      open
      onOpenChange={onClose}
      title="Added"
      actions={
        <>
          <button type="button" className="button" onClick={onClose}>
            Stay here
          </button>
          <InnerLink to={`/dashboards/${encodeURIComponent(row.uid)}`} className="button primary">
            Open the dashboard
          </InnerLink>
        </>
      }
    >
      <p>The panel is the last one of “{row.title}”.</p>
    </Dialog>
  );
}
