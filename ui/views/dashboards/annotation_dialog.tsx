import { useState } from "react";
import { messageOf } from "#shared/errors.ts";
import type { StoredAnnotation } from "../../client/dashboard_service.ts";
import { TextField } from "../../dashboards/form/fields.tsx";
import { WordsField } from "../../dashboards/form/words_field.tsx";
import { Dialog } from "../../overlays/dialog.tsx";
import { Switch } from "../../overlays/switch.tsx";
import { showToast } from "../../overlays/toast.ts";
import { formatExact } from "../../units/format.ts";
import { useDeleteAnnotation, useSaveAnnotation } from "../../queries/dashboards.ts";
import { useTimeZone } from "../../state/time_zone.ts";
import { Button } from "../../elements/buttons.tsx";

/** What is to be made at a moment or over a stretch; or, with an id, one that is to be changed. */
export type AnnotationDraft = {
  readonly id: string;
  readonly panel: number;
  readonly startMs: number;
  readonly endMs: number | undefined;
};

type Props = {
  readonly uid: string;
  readonly draft: AnnotationDraft;
  readonly stored: readonly StoredAnnotation[];
  readonly onClose: () => void;
};

/** A word at a moment of the chart, for all who look at it. */
export function AnnotationDialog({ uid, draft, stored, onClose }: Props) {
  const before = stored.find(
    (each) =>
      each.id === draft.id ||
      (Math.abs(each.startMs - draft.startMs) < 1 &&
        (draft.endMs === undefined || Math.abs(each.endMs - draft.endMs) < 1)),
  );
  const [title, setTitle] = useState(before?.title ?? "");
  const [text, setText] = useState(before?.text ?? "");
  const [tags, setTags] = useState<readonly string[]>(before?.tags ?? []);
  const [onlyHere, setOnlyHere] = useState(before === undefined || before.panel !== 0);
  const timeZone = useTimeZone();
  const save = useSaveAnnotation();
  const remove = useDeleteAnnotation();
  const submit = (): void =>
    save.mutate(
      {
        id: before?.id ?? "",
        startMs: before?.startMs ?? draft.startMs,
        endMs: before?.endMs ?? draft.endMs ?? 0,
        title: title.trim(),
        text: text.trim(),
        tags: [...tags],
        dashboard: uid,
        panel: onlyHere ? draft.panel : 0,
      },
      { onSuccess: onClose, onError: failed },
    );
  const endMs = before?.endMs ?? draft.endMs ?? 0;
  return (
    <Dialog
      open
      onOpenChange={onClose}
      title={before === undefined ? "New annotation" : "Annotation"}
      description={`${formatExact(draft.startMs, timeZone)}${endMs > 0 ? ` to ${formatExact(endMs, timeZone)}` : ""}`}
      actions={
        <>
          {before !== undefined && (
            <Button
              kind="danger"
              onClick={() => remove.mutate(before.id, { onSuccess: onClose, onError: failed })}
            >
              Delete
            </Button>
          )}
          <Button onClick={onClose}>Cancel</Button>
          <Button
            kind="primary"
            disabled={title.trim() === "" && text.trim() === ""}
            onClick={submit}
          >
            Save
          </Button>
        </>
      }
    >
      <div className="form">
        <TextField label="Title" value={title} onChange={setTitle} />
        <TextField label="Text" value={text} onChange={setText} lines />
        <WordsField label="Tags" value={tags} onChange={setTags} placeholder="deploy, incident" />
        <Switch label="Only in this panel" checked={onlyHere} onChange={setOnlyHere} />
      </div>
    </Dialog>
  );
}

function failed(error: unknown): void {
  showToast({ title: "The annotation is not saved", detail: messageOf(error), state: "bad" });
}
