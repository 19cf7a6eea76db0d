import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { messageOf } from "#shared/errors.ts";
import { TextField } from "../../../dashboards/form/fields.tsx";
import { Dialog } from "../../../overlays/dialog.tsx";
import { showToast } from "../../../overlays/toast.ts";
import { useDashboards, useSaveDashboard } from "../../../queries/dashboards.ts";
import { readImport, type Imported } from "./read_import.ts";
import { ImportNotes } from "./import_notes.tsx";
import { Button } from "../../../elements/buttons.tsx";

type Props = {
  readonly folder: string;
  readonly onClose: () => void;
};

/** Larger than any dashboard that a person wrote. */
const bytesMax = 8 * 1_024 * 1_024;

/** A dashboard from a file or pasted; what could not be carried over is shown before anything is saved. */
export default function ImportDialog({ folder: startFolder, onClose }: Props) {
  const [text, setText] = useState("");
  const [fault, setFault] = useState("");
  const [imported, setImported] = useState<Imported>();
  const read = (content: string): void => {
    try {
      setImported(readImport(content));
      setFault("");
    } catch (error) {
      setImported(undefined);
      setFault(messageOf(error));
    }
  };
  const take = async (file: File | undefined): Promise<void> => {
    if (file === undefined) return;
    if (file.size > bytesMax) {
      setFault(`${file.name} has ${file.size} bytes, expected at most ${bytesMax}`);
      return;
    }
    read(await file.text());
  };
  if (imported !== undefined) {
    return (
      <Report
        imported={imported}
        startFolder={startFolder}
        onBack={() => setImported(undefined)}
        onClose={onClose}
      />
    );
  }
  return (
    <Dialog
      open
      onOpenChange={onClose}
      title="Import a dashboard"
      size="wide"
      description="One of Grafana's as JSON, or one of Lapwing's as JSON or YAML."
      actions={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="primary" disabled={text.trim() === ""} onClick={() => read(text)}>
            Read
          </Button>
        </>
      }
    >
      <Source text={text} fault={fault} onText={setText} onFile={(file) => void take(file)} />
    </Dialog>
  );
}

type SourceProps = {
  readonly text: string;
  readonly fault: string;
  readonly onText: (text: string) => void;
  readonly onFile: (file: File | undefined) => void;
};

function Source({ text, fault, onText, onFile }: SourceProps) {
  return (
    <div
      className="import-source"
      onDragOver={(event) => event.preventDefault()}
      onDrop={(event) => {
        event.preventDefault();
        onFile(event.dataTransfer.files[0]);
      }}
    >
      <label className="import-file">
        <span>Choose a file, or drop one here</span>
        <input
          type="file"
          accept=".json,.yaml,.yml,application/json"
          onChange={(event) => onFile(event.target.files?.[0])}
        />
      </label>
      <TextField label="Or paste it" value={text} lines code onChange={onText} />
      {fault !== "" && (
        <p className="state bad" role="alert">
          {fault}
        </p>
      )}
    </div>
  );
}

type ReportProps = {
  readonly imported: Imported;
  readonly startFolder: string;
  readonly onBack: () => void;
  readonly onClose: () => void;
};

function Report({ imported, startFolder, onBack, onClose }: ReportProps) {
  const { dashboard, notes, uid } = imported;
  const [title, setTitle] = useState(dashboard.title);
  const [folder, setFolder] = useState(startFolder);
  const rows = useDashboards().data ?? [];
  const save = useSaveDashboard();
  const navigate = useNavigate();
  const taken = rows.find((row) => row.uid === uid);
  const submit = (): void =>
    save.mutate(
      {
        // An import beside the dashboard that has its uid gets one of its own.
        uid: taken === undefined ? (uid ?? "") : "",
        document: JSON.stringify({ ...dashboard, title: title.trim() }),
        folder: folder.trim(),
        message: "Imported",
        basedOn: 0,
      },
      {
        onSuccess: (row) => {
          onClose();
          showToast({ title: `Imported "${row.title}"`, state: "good" });
          void navigate({ to: "/dashboards/$uid", params: { uid: row.uid } });
        },
      },
    );
  const folders = [...new Set(rows.map((row) => row.folder))].filter(Boolean);
  return (
    <Dialog
      open
      onOpenChange={onClose}
      title={`Import "${dashboard.title}"`}
      size="wide"
      actions={
        <>
          <Button onClick={onBack}>Back</Button>
          <Button kind="primary" disabled={title.trim() === "" || save.isPending} onClick={submit}>
            Import
          </Button>
        </>
      }
    >
      <div className="form">
        <TextField label="Title" value={title} onChange={setTitle} />
        <TextField
          label="Folder"
          value={folder}
          onChange={setFolder}
          placeholder="none"
          suggestions={folders}
        />
        {taken !== undefined && (
          <p className="quiet">
            "{taken.title}" has the same uid ({taken.uid}): this one gets another, and stands beside
            it.
          </p>
        )}
        {save.error !== null && (
          <p className="state bad" role="alert">
            {messageOf(save.error)}
          </p>
        )}
      </div>
      <ImportNotes notes={notes} dashboard={dashboard} />
    </Dialog>
  );
}
