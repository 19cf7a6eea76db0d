import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import {
  putSilence,
  type SentAlert,
  type Silence,
  type SilenceMatcher,
} from "../../client/alertmanager.ts";
import { Select } from "../../overlays/select.tsx";
import { showToast } from "../../overlays/toast.ts";
import { notifierKey, useSentAlerts } from "../../queries/alerts.ts";
import { readItem, writeItem } from "../../state/stored.ts";
import { ErrorText } from "../../widgets/error_text.tsx";
import { silenceMatchers, silences } from "./silence_draft.ts";

const authorKey = "lapwing.author";
const hourMs = 3_600_000;
const lengths = [
  { value: "1", label: "1 hour" },
  { value: "4", label: "4 hours" },
  { value: "12", label: "12 hours" },
  { value: "24", label: "1 day" },
  { value: "72", label: "3 days" },
  { value: "168", label: "1 week" },
  { value: "720", label: "30 days" },
];
/** Names of alerts that a preview lists. */
const previewMax = 5;

type Props = {
  /** Matchers to begin with. */
  readonly text: string;
  /** The silence that is changed; a new one without it. */
  readonly changed?: Silence;
  readonly onDone: () => void;
};

type Draft = {
  readonly text: string;
  /** How long from now. */
  readonly hours: string;
  readonly author: string;
  readonly comment: string;
};

/** Makes or changes a silence, and shows before which alerts it holds back. */
export function SilenceForm({ text: first, changed, onDone }: Props) {
  const [draft, setDraft] = useState<Draft>({
    text: first,
    hours: "4",
    comment: changed?.comment ?? "",
    author: changed?.createdBy ?? readItem(authorKey) ?? "",
  });
  const read = silenceMatchers(draft.text);
  const fault = "fault" in read ? read.fault : undefined;
  const { save, failure, isBusy } = useSave(changed, onDone);
  const change = (part: Partial<Draft>): void => setDraft({ ...draft, ...part });
  return (
    <form
      className="silence-form"
      aria-label="Silence"
      onSubmit={(event) => {
        event.preventDefault();
        if ("matchers" in read) void save(draft, read.matchers);
      }}
    >
      <label>
        Matchers
        <input
          className="text-field"
          value={draft.text}
          spellCheck={false}
          placeholder={'alertname="DiskFull", host=~"db.*"'}
          aria-invalid={fault !== undefined && draft.text !== ""}
          onChange={(event) => change({ text: event.target.value })}
        />
      </label>
      {"matchers" in read && <Preview matches={silences(read.matchers)} />}
      {fault !== undefined && draft.text !== "" && <p className="field-fault">{fault}</p>}
      <Terms draft={draft} isNew={changed === undefined} onChange={change} />
      {failure !== undefined && <ErrorText error={failure} what="The silence was not saved" />}
      <button
        type="submit"
        className="button primary"
        disabled={isBusy || fault !== undefined || draft.author === "" || draft.comment === ""}
      >
        {changed === undefined ? "Silence" : "Change silence"}
      </button>
    </form>
  );
}

/** Saves a silence, and says what came of it. */
function useSave(changed: Silence | undefined, onDone: () => void) {
  const queries = useQueryClient();
  const [failure, setFailure] = useState<unknown>();
  const [isBusy, setBusy] = useState(false);
  const save = async (draft: Draft, matchers: readonly SilenceMatcher[]): Promise<void> => {
    setBusy(true);
    setFailure(undefined);
    const nowMs = Date.now();
    try {
      await putSilence({
        ...(changed !== undefined && { id: changed.id }),
        matchers,
        startsMs: changed?.startsMs ?? nowMs,
        endsMs: nowMs + Number(draft.hours) * hourMs,
        createdBy: draft.author,
        comment: draft.comment,
      });
      writeItem(authorKey, draft.author);
      showToast({ state: "good", title: "The silence is in force" });
      await queries.invalidateQueries({ queryKey: notifierKey });
      onDone();
    } catch (thrown) {
      setFailure(thrown);
    } finally {
      setBusy(false);
    }
  };
  return { save, failure, isBusy };
}

/** For how long, by whom, and why. */
function Terms({
  draft,
  isNew,
  onChange,
}: {
  readonly draft: Draft;
  readonly isNew: boolean;
  readonly onChange: (part: Partial<Draft>) => void;
}) {
  return (
    <div className="silence-fields">
      <Select
        label={isNew ? "For" : "From now for"}
        showLabel
        value={draft.hours}
        options={lengths}
        onChange={(hours) => onChange({ hours })}
      />
      <label>
        Your name
        <input
          className="text-field"
          required
          value={draft.author}
          onChange={(event) => onChange({ author: event.target.value })}
        />
      </label>
      <label className="silence-comment">
        Comment
        <input
          className="text-field"
          required
          value={draft.comment}
          placeholder="Why, and who is on it"
          onChange={(event) => onChange({ comment: event.target.value })}
        />
      </label>
    </div>
  );
}

/** Which of the alerts that fire now are held back. */
function Preview({ matches }: { readonly matches: (labels: SentAlert["labels"]) => boolean }) {
  const sent = useSentAlerts(0);
  if (sent.data === undefined) return null;
  const hit = sent.data.filter(({ labels }) => matches(labels));
  const names = [...new Set(hit.map(({ labels }) => labels["alertname"] ?? ""))];
  const more = names.length > previewMax ? " …" : "";
  return (
    <p className="quiet" role="status">
      Holds back {hit.length} of {sent.data.length} firing alerts
      {hit.length > 0 && `: ${names.slice(0, previewMax).join(", ")}${more}`}
    </p>
  );
}
