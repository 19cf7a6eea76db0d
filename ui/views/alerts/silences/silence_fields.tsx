import type { Labels } from "#shared/model/labels.ts";
import { labelsKey } from "#shared/model/labels.ts";
import { MatchedAlerts } from "./matched_alerts.tsx";
import { silenceMatchers, silences } from "./silence_draft.ts";

/** The matchers of a silence, what is wrong with them, and which alerts they match now. */
export function MatchersField({
  text,
  chosen,
  onChange,
}: {
  readonly text: string;
  /** Labels of alerts that were chosen for it. */
  readonly chosen?: readonly Labels[];
  readonly onChange: (text: string) => void;
}) {
  const read = silenceMatchers(text);
  const fault = "fault" in read ? read.fault : undefined;
  const keys = chosen === undefined ? undefined : new Set(chosen.map(labelsKey));
  return (
    <>
      <label>
        Matchers
        <input
          className="text-field"
          value={text}
          spellCheck={false}
          placeholder={'alertname="DiskFull", host=~"db.*"'}
          aria-invalid={fault !== undefined && text !== ""}
          onChange={(event) => onChange(event.target.value)}
        />
      </label>
      {"matchers" in read && (
        <MatchedAlerts
          matches={silences(read.matchers)}
          isChosen={keys && ((labels) => keys.has(labelsKey(labels)))}
        />
      )}
      {fault !== undefined && text !== "" && <p className="field-fault">{fault}</p>}
    </>
  );
}

/** By whom, and why. */
export function AuthorFields({
  author,
  comment,
  onChange,
}: {
  readonly author: string;
  readonly comment: string;
  readonly onChange: (part: { author: string } | { comment: string }) => void;
}) {
  return (
    <>
      <label>
        Your name
        <input
          className="text-field"
          required
          value={author}
          onChange={(event) => onChange({ author: event.target.value })}
        />
      </label>
      <label className="silence-comment">
        Comment
        <input
          className="text-field"
          required
          value={comment}
          placeholder="Why, and who is on it"
          onChange={(event) => onChange({ comment: event.target.value })}
        />
      </label>
    </>
  );
}
