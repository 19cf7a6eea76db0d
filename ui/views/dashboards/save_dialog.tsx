import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import type { DashboardRow } from "../../client/dashboard_service.ts";
import { ConflictError } from "../../client/rpc.ts";
import { TextField } from "../../dashboards/form/fields.tsx";
import { Dialog } from "../../overlays/dialog.tsx";
import { showToast } from "../../overlays/toast.ts";
import { useDashboards, useSaveDashboard } from "../../queries/dashboards.ts";
import type { Editor } from "./state/use_editor.ts";
import { Button } from "../../elements/buttons.tsx";

type Props = {
  /** Empty for a new one or a copy. */
  readonly uid: string;
  readonly row: DashboardRow | undefined;
  readonly editor: Editor;
  readonly onClose: () => void;
};

/** Saves a new version with a word about it; says so where somebody else saved one meanwhile. */
export function SaveDialog({ uid, row, editor, onClose }: Props) {
  const { dashboard } = editor;
  const isNew = uid === "";
  const isCopy = isNew && row !== undefined;
  const [title, setTitle] = useState(isCopy ? `${dashboard.title} (copy)` : dashboard.title);
  const [folder, setFolder] = useState(isCopy && row.origin !== "saved" ? "" : (row?.folder ?? ""));
  const [message, setMessage] = useState("");
  const folders = [...new Set((useDashboards().data ?? []).map((each) => each.folder))];
  const save = useSaveDashboard();
  const navigate = useNavigate();
  const isConflict = save.error instanceof ConflictError;
  const submit = (basedOn: number): void => {
    const document = { ...dashboard, title: title.trim() };
    save.mutate(
      { uid, document: JSON.stringify(document), folder: folder.trim(), message, basedOn },
      {
        onSuccess: (saved) => {
          editor.reset(document);
          onClose();
          showToast({ title: `Saved "${saved.title}"`, state: "good" });
          if (saved.uid !== uid) {
            void navigate({
              to: "/dashboards/$uid",
              params: { uid: saved.uid },
              search: (now: Readonly<Record<string, unknown>>) => ({ ...now, edit: "", panel: "" }),
            });
          }
        },
      },
    );
  };
  return (
    <Dialog
      open
      onOpenChange={onClose}
      title={isCopy ? "Save a copy" : isNew ? "Save the dashboard" : "Save a new version"}
      actions={
        <SaveButtons
          canSave={title.trim() !== "" && !save.isPending && !isConflict}
          isConflict={isConflict}
          onCancel={onClose}
          onReplace={() => submit(-1)}
          onSave={() => submit(isNew ? 0 : (row?.version ?? 0))}
        />
      }
    >
      <div className="form">
        <TextField label="Title" value={title} onChange={setTitle} />
        <TextField
          label="Folder"
          value={folder}
          onChange={setFolder}
          placeholder="none; parts divided by /"
          suggestions={folders.filter(Boolean)}
        />
        {!isNew && (
          <TextField
            label="What was changed"
            value={message}
            onChange={setMessage}
            placeholder="may stay empty"
          />
        )}
        {save.error !== null && <SaveFault error={save.error} />}
      </div>
    </Dialog>
  );
}

function SaveFault({ error }: { readonly error: Error }) {
  return (
    <p className="state bad" role="alert">
      {error instanceof ConflictError
        ? `Somebody saved this dashboard meanwhile: ${error.message}. Look at its versions first, or save over it; the other version stays in the list.`
        : error.message}
    </p>
  );
}

type ButtonsProps = {
  readonly canSave: boolean;
  readonly isConflict: boolean;
  readonly onCancel: () => void;
  readonly onReplace: () => void;
  readonly onSave: () => void;
};

function SaveButtons({ canSave, isConflict, onCancel, onReplace, onSave }: ButtonsProps) {
  return (
    <>
      <Button onClick={onCancel}>Cancel</Button>
      {isConflict && (
        <Button kind="danger" onClick={onReplace}>
          Save over it
        </Button>
      )}
      <Button kind="primary" disabled={!canSave} onClick={onSave}>
        Save
      </Button>
    </>
  );
}
