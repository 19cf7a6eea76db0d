import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { messageOf } from "#shared/errors.ts";
import type { DashboardRow } from "../../client/dashboard_service.ts";
import { Menu, type MenuEntry } from "../../overlays/menu.tsx";
import { showToast } from "../../overlays/toast.ts";
import { useStarDashboard } from "../../queries/dashboards.ts";
import { useSearchChange } from "../../state/page_range.ts";
import { copyText } from "../../widgets/copy_button.tsx";
import { Icon } from "../../elements/icon.tsx";
import { downloadDocument } from "./documents/document_file.ts";
import { SaveDialog } from "./save_dialog.tsx";
import type { Editor } from "./state/use_editor.ts";
import { Button, IconButton } from "../../elements/buttons.tsx";

type Props = {
  readonly uid: string;
  readonly row: DashboardRow | undefined;
  readonly editor: Editor;
  readonly isEditing: boolean;
  /** How much could not be carried over from another format. */
  readonly notes: number;
  readonly onRefresh: () => void;
};

/** What can be done with the dashboard as a whole. */
export function BoardTools({ uid, row, editor, isEditing, notes, onRefresh }: Props) {
  const change = useSearchChange();
  const navigate = useNavigate();
  const [saving, setSaving] = useState<"save" | "copy">();
  const star = useStarDashboard();
  const isOwn = row === undefined || row.origin === "saved";
  const leave = (): void => {
    if (uid === "") void navigate({ to: "/dashboards" });
    else change({ edit: "", panel: "" }, { replace: false });
  };
  return (
    <div className="board-tools">
      {notes > 0 && (
        <Button icon="warning" onClick={() => change({ sheet: "notes" })}>
          {notes} not carried over
        </Button>
      )}
      {row !== undefined && !isEditing && (
        <button
          type="button"
          className={row.starred ? "icon-button plain star on" : "icon-button plain star"}
          aria-pressed={row.starred}
          aria-label="Star"
          title="Star"
          onClick={() =>
            star.mutate(
              { uid, starred: !row.starred },
              {
                onError: (error) =>
                  showToast({ title: "Not starred", detail: messageOf(error), state: "bad" }),
              },
            )
          }
        >
          <Icon name="star" />
        </button>
      )}
      {isEditing ? (
        <EditTools editor={editor} onLeave={leave} />
      ) : (
        <Button icon="edit" onClick={() => change({ edit: "yes" }, { replace: false })}>
          <span className="wide-words">Edit</span>
        </Button>
      )}
      {(editor.isDirty || uid === "") && (
        <Button kind="primary" onClick={() => setSaving(isOwn ? "save" : "copy")}>
          {isOwn ? "Save" : "Save a copy"}
        </Button>
      )}
      <MoreMenu uid={uid} editor={editor} onRefresh={onRefresh} onCopy={() => setSaving("copy")} />
      {saving !== undefined && (
        <SaveDialog
          uid={saving === "copy" ? "" : uid}
          row={row}
          editor={editor}
          onClose={() => setSaving(undefined)}
        />
      )}
    </div>
  );
}

function EditTools({ editor, onLeave }: { readonly editor: Editor; readonly onLeave: () => void }) {
  const change = useSearchChange();
  return (
    <>
      <IconButton
        icon="undo"
        label="Undo"
        title="Undo (Ctrl+Z)"
        disabled={!editor.canUndo}
        onClick={editor.undo}
      />
      <IconButton
        icon="redo"
        label="Redo"
        title="Redo (Ctrl+Shift+Z)"
        disabled={!editor.canRedo}
        onClick={editor.redo}
      />
      <Button icon="settings" onClick={() => change({ sheet: "settings" })}>
        <span className="wide-words">Settings</span>
      </Button>
      <Button onClick={onLeave}>{editor.isDirty ? "Back to viewing" : "Done"}</Button>
    </>
  );
}

type MoreProps = {
  readonly uid: string;
  readonly editor: Editor;
  readonly onRefresh: () => void;
  readonly onCopy: () => void;
};

function MoreMenu({ uid, editor, onRefresh, onCopy }: MoreProps) {
  const change = useSearchChange();
  const { dashboard } = editor;
  const entries: MenuEntry[] = [
    { label: "Refresh everything", icon: "refresh", onSelect: onRefresh },
    { label: "Copy link", icon: "link", onSelect: () => void copyAddress() },
    {
      label: "Only the dashboard",
      icon: "full_screen",
      keys: "d k",
      onSelect: () => change({ kiosk: "yes" }),
    },
    "line",
    { label: "Settings", icon: "settings", onSelect: () => change({ sheet: "settings" }) },
    { label: "As code", icon: "code", onSelect: () => change({ sheet: "code" }) },
  ];
  if (uid !== "") {
    entries.push(
      {
        label: "Versions",
        icon: "clock",
        keys: "d v",
        onSelect: () => change({ sheet: "versions" }),
      },
      { label: "Save a copy", icon: "copy", onSelect: onCopy },
    );
  }
  entries.push({
    label: "Export JSON",
    icon: "download",
    onSelect: () => downloadDocument(dashboard.title, JSON.stringify(dashboard)),
  });
  return (
    <Menu
      label="More of this dashboard"
      trigger={
        <button type="button" className="icon-button plain" aria-label="More of this dashboard">
          <Icon name="more" />
        </button>
      }
      entries={entries}
    />
  );
}

async function copyAddress(): Promise<void> {
  if (await copyText(location.href)) showToast({ title: "Link copied", state: "good" });
}
