import { useState } from "react";
import type { Row } from "#shared/dashboards/dashboard.ts";
import { withChangedRow, withMovedRow, withoutRow } from "../../../dashboards/edit/change.ts";
import { ChoiceField, TextField } from "../../../dashboards/form/fields.tsx";
import { Dialog } from "../../../overlays/dialog.tsx";
import { Menu, type MenuEntry } from "../../../overlays/menu.tsx";
import { Switch } from "../../../overlays/switch.tsx";
import { Icon } from "../../../elements/icon.tsx";
import type { Editor } from "../state/use_editor.ts";
import { Button } from "../../../elements/buttons.tsx";

type Props = { readonly row: Row; readonly editor: Editor };

/** What can be done with a row while its dashboard is edited. */
export function RowTools({ row, editor }: Props) {
  const [open, setOpen] = useState(false);
  const { change, dashboard } = editor;
  const at = dashboard.rows.findIndex(({ id }) => id === row.id);
  const entries: MenuEntry[] = [
    { label: "Settings of the row", icon: "edit", onSelect: () => setOpen(true) },
    {
      label: "Move up",
      icon: "up",
      disabled: at <= 0,
      onSelect: () => change((now) => withMovedRow(now, row.id, -1)),
    },
    {
      label: "Move down",
      icon: "down",
      disabled: at === dashboard.rows.length - 1,
      onSelect: () => change((now) => withMovedRow(now, row.id, 1)),
    },
    "line",
    {
      label: "Remove the row, keep its panels",
      icon: "minus",
      onSelect: () => change((now) => withoutRow(now, row.id, true)),
    },
    {
      label: "Remove the row and its panels",
      icon: "trash",
      danger: true,
      onSelect: () => change((now) => withoutRow(now, row.id, false)),
    },
  ];
  const name = row.title === "" ? "the row" : row.title;
  return (
    <>
      <Menu
        label={`Menu of ${name}`}
        align="start"
        trigger={
          <button type="button" className="icon-button plain" aria-label={`Menu of ${name}`}>
            <Icon name="more" />
          </button>
        }
        entries={entries}
      />
      {open && <RowDialog row={row} editor={editor} onClose={() => setOpen(false)} />}
    </>
  );
}

function RowDialog({ row, editor, onClose }: Props & { readonly onClose: () => void }) {
  const { dashboard, change } = editor;
  const [title, setTitle] = useState(row.title);
  const [closed, setClosed] = useState(row.closed);
  const [repeat, setRepeat] = useState(row.repeat ?? "");
  const names = dashboard.variables.flatMap((each) => ("multi" in each ? [each.name] : []));
  const save = (): void => {
    change((now) =>
      withChangedRow(now, row.id, ({ repeat: _before, ...rest }) => ({
        ...rest,
        title,
        closed,
        ...(repeat === "" ? {} : { repeat }),
      })),
    );
    onClose();
  };
  return (
    <Dialog
      open
      onOpenChange={onClose}
      title="Row"
      actions={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="primary" onClick={save}>
            Apply
          </Button>
        </>
      }
    >
      <div className="form">
        <TextField label="Title" value={title} onChange={setTitle} />
        <ChoiceField
          label="Repeat for each value of"
          value={repeat}
          choices={[
            { value: "", label: "Nothing" },
            ...names.map((name) => ({ value: name, label: name })),
          ]}
          onChange={(next) => setRepeat(typeof next === "string" ? next : "")}
        />
        <Switch label="Closed at first" checked={closed} onChange={setClosed} />
      </div>
    </Dialog>
  );
}
