import { useState } from "react";
import type { Labels } from "#shared/model/labels.ts";
import { putSilence, type Silence, type SilenceMatcher } from "../../../client/alertmanager.ts";
import { Select } from "../../../overlays/select.tsx";
import { parseMoment } from "../../../state/moment.ts";
import { useTimeZone } from "../../../state/time_zone.ts";
import { formatDateTime } from "../../../units/format.ts";
import { ErrorText } from "../../../widgets/error_text.tsx";
import { AuthorFields, MatchersField } from "./silence_fields.tsx";
import { silenceMatchers, textOfLabels } from "./silence_draft.ts";
import { silenceEnds } from "./silence_ends.ts";
import { knownAuthor, rememberAuthor, useSilenceChanges } from "./use_silence_changes.ts";

type Props = {
  /** Matchers to begin with. */
  readonly text: string;
  /** How long, as silenceEnds() names it; 4 hours where it is none of them. */
  readonly length?: string | undefined;
  /** The silence that is changed; a new one without it. */
  readonly changed?: Silence;
  /** Labels of alerts that a person chose for it. */
  readonly chosen?: readonly Labels[];
  readonly onDone: () => void;
};

type Draft = {
  readonly text: string;
  /** Empty for now. */
  readonly start: string;
  readonly length: string;
  readonly author: string;
  readonly comment: string;
  /** Whether each chosen alert gets a silence of its own. */
  readonly isEach: boolean;
};

const defaultLength = "4h";

/** Makes or changes silences, and shows before which alerts they hold back. */
export function SilenceForm(props: Props) {
  const { changed, chosen = [], onDone } = props;
  const [draft, setDraft] = useDraft(props);
  const times = useTimes(draft);
  const { change, failure, isBusy } = useSilenceChanges(onDone);
  const update = (part: Partial<Draft>): void => setDraft({ ...draft, ...part });
  const read = silenceMatchers(draft.text);
  const all = draft.isEach
    ? chosen.map((labels) => matchersOf(textOfLabels(labels)))
    : [matchersOf(draft.text)];
  const isReady = (draft.isEach || "matchers" in read) && times.startsMs !== undefined;
  return (
    <form
      className="silence-form"
      aria-label="Silence"
      onSubmit={(event) => {
        event.preventDefault();
        if (isReady) void change(() => saveAll(all, draft, times, changed), titleOf(times));
      }}
    >
      {chosen.length > 1 && (
        <label className="check">
          <input
            type="checkbox"
            checked={draft.isEach}
            onChange={(event) => update({ isEach: event.target.checked })}
          />
          One silence for each of the {chosen.length} chosen alerts
        </label>
      )}
      {!draft.isEach && (
        <MatchersField
          text={draft.text}
          onChange={(text) => update({ text })}
          {...(chosen.length > 0 && { chosen })}
        />
      )}
      <Terms draft={draft} times={times} changed={changed} onChange={update} />
      {failure !== undefined && <ErrorText error={failure} what="The silence was not saved" />}
      <button
        type="submit"
        className="button primary"
        disabled={isBusy || !isReady || draft.author === "" || draft.comment === ""}
      >
        {changed === undefined ? "Silence" : "Change silence"}
      </button>
    </form>
  );
}

function useDraft({ text, length = defaultLength, changed }: Props) {
  const timeZone = useTimeZone();
  return useState<Draft>({
    text,
    start: changed?.state === "pending" ? formatDateTime(changed.startsMs, timeZone) : "",
    length,
    comment: changed?.comment ?? "",
    author: changed?.createdBy ?? knownAuthor(),
    isEach: false,
  });
}

/** The times that a draft means at this moment; `startsMs` is undefined where its text is no time. */
function useTimes({ start, length }: Draft) {
  const timeZone = useTimeZone();
  const nowMs = Date.now();
  const isNow = start.trim() === "";
  const startsMs = isNow ? nowMs : parseMoment(start.trim(), nowMs, "from", timeZone);
  const ends = silenceEnds(startsMs ?? nowMs, isNow, timeZone);
  const end = ends.find(({ value }) => value === length) ?? ends[1];
  return { nowMs, startsMs, ends, end };
}
type Times = ReturnType<typeof useTimes>;

function titleOf({ startsMs = 0, nowMs }: Times): string {
  return startsMs > nowMs ? "The silence is planned" : "The silence is in force";
}

function matchersOf(text: string): readonly SilenceMatcher[] {
  const read = silenceMatchers(text);
  return "matchers" in read ? read.matchers : [];
}

async function saveAll(
  all: readonly (readonly SilenceMatcher[])[],
  { author: createdBy, comment }: Draft,
  { startsMs, end }: Times,
  changed: Silence | undefined,
): Promise<void> {
  if (startsMs === undefined || end === undefined) return;
  const started = changed?.state === "active" ? changed.startsMs : undefined;
  const terms = { startsMs: started ?? startsMs, endsMs: end.endsMs, createdBy, comment };
  for (const matchers of all)
    await putSilence({
      ...(changed !== undefined && { id: changed.id, annotations: changed.annotations }),
      ...terms,
      matchers,
    });
  rememberAuthor(createdBy);
}

/** From when and for how long, by whom, and why. */
function Terms({
  draft,
  times: { startsMs, ends, end },
  changed,
  onChange,
}: {
  readonly draft: Draft;
  readonly times: Times;
  readonly changed: Silence | undefined;
  readonly onChange: (part: Partial<Draft>) => void;
}) {
  const isActive = changed?.state === "active";
  return (
    <>
      <div className="silence-fields">
        {!isActive && (
          <label>
            Starts
            <input
              className="text-field"
              value={draft.start}
              placeholder="now, or 2026-12-01 02:00"
              aria-invalid={startsMs === undefined}
              onChange={(event) => onChange({ start: event.target.value })}
            />
          </label>
        )}
        <Select
          label={isActive ? "From now for" : "For"}
          showLabel
          value={end?.value ?? defaultLength}
          options={ends}
          onChange={(value) => onChange({ length: value })}
        />
        <AuthorFields author={draft.author} comment={draft.comment} onChange={onChange} />
      </div>
      {startsMs === undefined && (
        <p className="field-fault">
          Starts {JSON.stringify(draft.start)}: expected a time such as 2026-12-01 02:00, or nothing
          for now
        </p>
      )}
    </>
  );
}
