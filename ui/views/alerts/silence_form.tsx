import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { putSilence, type SentAlert, type Silence } from "../../client/alertmanager.ts";
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

/** Makes or changes a silence, and shows before which alerts it holds back. */
export function SilenceForm({ text: first, changed, onDone }: Props) {
  const queries = useQueryClient();
  const [text, setText] = useState(first);
  const [hours, setHours] = useState("4");
  const [comment, setComment] = useState(changed?.comment ?? "");
  const [author, setAuthor] = useState(changed?.createdBy ?? readItem(authorKey) ?? "");
  const [failure, setFailure] = useState<unknown>();
  const [isBusy, setBusy] = useState(false);
  const read = silenceMatchers(text);
  const fault = "fault" in read ? read.fault : undefined;
  const save = async (): Promise<void> => {
    if (!("matchers" in read)) return;
    setBusy(true);
    setFailure(undefined);
    const nowMs = Date.now();
    try {
      await putSilence({
        ...(changed !== undefined && { id: changed.id }),
        matchers: read.matchers,
        startsMs: changed?.startsMs ?? nowMs,
        endsMs: nowMs + Number(hours) * hourMs,
        createdBy: author,
        comment,
      });
      writeItem(authorKey, author);
      showToast({ state: "good", title: "The silence is in force" });
      await queries.invalidateQueries({ queryKey: notifierKey });
      onDone();
    } catch (thrown) {
      setFailure(thrown);
    } finally {
      setBusy(false);
    }
  };
  return (
    <form
      className="silence-form"
      aria-label="Silence"
      onSubmit={(event) => {
        event.preventDefault();
        void save();
      }}
    >
      <label>
        Matchers
        <input
          className="text-field"
          value={text}
          spellCheck={false}
          placeholder={'alertname="DiskFull", host=~"db.*"'}
          aria-invalid={fault !== undefined && text !== ""}
          onChange={(event) => setText(event.target.value)}
        />
      </label>
      {fault === undefined
        ? "matchers" in read && <Preview matches={silences(read.matchers)} />
        : text !== "" && <p className="field-fault">{fault}</p>}
      <div className="silence-fields">
        <Select
          label={changed === undefined ? "For" : "From now for"}
          showLabel
          value={hours}
          options={lengths}
          onChange={setHours}
        />
        <label>
          Your name
          <input
            className="text-field"
            required
            value={author}
            onChange={(event) => setAuthor(event.target.value)}
          />
        </label>
        <label className="silence-comment">
          Comment
          <input
            className="text-field"
            required
            value={comment}
            placeholder="Why, and who is on it"
            onChange={(event) => setComment(event.target.value)}
          />
        </label>
      </div>
      {failure !== undefined && <ErrorText error={failure} what="The silence was not saved" />}
      <button
        type="submit"
        className="button primary"
        disabled={isBusy || fault !== undefined || author === "" || comment === ""}
      >
        {changed === undefined ? "Silence" : "Change silence"}
      </button>
    </form>
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
