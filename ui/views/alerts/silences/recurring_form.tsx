import { useState } from "react";
import { assertNever } from "#shared/assert.ts";
import { putRecurring, type RecurringRow } from "../../../client/alerts/recurring.ts";
import { Combobox } from "../../../overlays/combobox.tsx";
import { Select } from "../../../overlays/select.tsx";
import { useTimeZone } from "../../../state/time_zone.ts";
import { zoneName } from "../../../units/time_zones.ts";
import { ErrorText } from "../../../widgets/error_text.tsx";
import { isDuration, recurrenceWords, weekdayNames } from "./recurrence_words.ts";
import {
  newRecurring,
  readRecurring,
  recurringFields,
  type RecurringFields,
} from "./recurring_fields.ts";
import { AuthorFields, MatchersField } from "./silence_fields.tsx";
import { rememberAuthor, knownAuthor, useSilenceChanges } from "./use_silence_changes.ts";

type Props = {
  /** The one that is changed; a new one without it. */
  readonly changed?: RecurringRow;
  readonly onDone: () => void;
};
type Part = {
  readonly fields: RecurringFields;
  readonly onChange: (part: Partial<RecurringFields>) => void;
};

const cycles = [
  { value: "day", label: "Every day" },
  { value: "week", label: "Every week" },
  { value: "month", label: "Every month" },
] as const;
const zones = ["UTC", ...Intl.supportedValuesOf("timeZone")].map((zone) => ({
  value: zone,
  label: zone,
}));

/** Makes or changes a recurring silence, such as a maintenance window each Sunday night. */
export function RecurringForm({ changed, onDone }: Props) {
  const timeZone = useTimeZone();
  const [fields, setFields] = useState<RecurringFields>(() =>
    changed === undefined
      ? newRecurring(zoneName(timeZone), knownAuthor())
      : recurringFields(changed),
  );
  const { change, failure, isBusy } = useSilenceChanges(onDone);
  const onChange = (part: Partial<RecurringFields>): void => setFields({ ...fields, ...part });
  const read = readRecurring(fields, Date.now());
  const save = async (): Promise<void> => {
    if ("fault" in read) return;
    await putRecurring({ ...read.draft, id: changed?.id ?? "" });
    rememberAuthor(fields.createdBy);
  };
  return (
    <form
      className="silence-form"
      aria-label="Recurring silence"
      onSubmit={(event) => {
        event.preventDefault();
        void change(save, "The recurring silence is saved");
      }}
    >
      <MatchersField text={fields.matchers} onChange={(matchers) => onChange({ matchers })} />
      <Days fields={fields} onChange={onChange} />
      <Times fields={fields} onChange={onChange} />
      <div className="silence-fields">
        <AuthorFields
          author={fields.createdBy}
          comment={fields.comment}
          onChange={(part) =>
            onChange("author" in part ? { createdBy: part.author } : { comment: part.comment })
          }
        />
      </div>
      <p className="quiet" role="status">
        {"fault" in read ? read.fault : recurrenceWords(read.draft)}
      </p>
      {failure !== undefined && <ErrorText error={failure} what="The silence was not saved" />}
      <button type="submit" className="button primary" disabled={isBusy || "fault" in read}>
        {changed === undefined ? "Save" : "Change"}
      </button>
    </form>
  );
}

function Days({ fields, onChange }: Part) {
  return (
    <div className="silence-fields">
      <Select
        label="Repeats"
        showLabel
        value={fields.every}
        options={cycles}
        onChange={(every) => onChange({ every })}
      />
      <DayChoice fields={fields} onChange={onChange} />
    </div>
  );
}

function DayChoice({ fields, onChange }: Part) {
  const { every, weekdays, monthDays } = fields;
  switch (every) {
    case "day":
      return null;
    case "week":
      return (
        <fieldset className="weekdays" aria-label="Weekdays">
          {weekdayNames.map((name, i) => (
            <label key={name} className="check">
              <input
                type="checkbox"
                checked={weekdays.includes(i + 1)}
                onChange={(event) =>
                  onChange({
                    weekdays: event.target.checked
                      ? [...weekdays, i + 1]
                      : weekdays.filter((day) => day !== i + 1),
                  })
                }
              />
              {name}
            </label>
          ))}
        </fieldset>
      );
    case "month":
      return (
        <label>
          Days of the month
          <input
            className="text-field"
            value={monthDays}
            placeholder="1, 15, or -1 for the last"
            onChange={(event) => onChange({ monthDays: event.target.value })}
          />
        </label>
      );
    default:
      return assertNever(every);
  }
}

function Times({ fields, onChange }: Part) {
  const { at, duration, timeZone, until } = fields;
  return (
    <div className="silence-fields">
      <label>
        At
        <input
          type="time"
          className="text-field"
          value={at}
          onChange={(event) => onChange({ at: event.target.value })}
        />
      </label>
      <label>
        For
        <input
          className="text-field short"
          value={duration}
          placeholder="2h"
          aria-invalid={!isDuration(duration)}
          onChange={(event) => onChange({ duration: event.target.value })}
        />
      </label>
      <Combobox
        label="Time zone"
        showLabel
        value={timeZone}
        options={zones}
        onChange={(zone) => onChange({ timeZone: zone })}
      />
      <label>
        Until
        <input
          className="text-field"
          value={until}
          placeholder="no end, or 2027-01-31"
          onChange={(event) => onChange({ until: event.target.value })}
        />
      </label>
    </div>
  );
}
