import { assertNever } from "#shared/assert.ts";
import type { Silence } from "../../../client/alertmanager.ts";
import type { RecurringRow } from "../../../client/alerts/recurring.ts";
import type { CalendarEntry } from "./calendar_days.ts";
import { matchersText } from "./silence_draft.ts";

/** A silence, or a window of a recurring one that is no silence yet. */
export type SilenceEntry = CalendarEntry & {
  readonly state: Silence["state"];
  readonly isRecurring: boolean;
  readonly matchers: string;
  readonly comment: string;
  readonly createdBy: string;
  /** What is opened by it: the id of a silence, or of a recurring one. */
  readonly opens:
    | { readonly kind: "silence" | "recurring"; readonly id: string }
    | { readonly kind: "nothing" };
};

/** All silences, and the windows to come of recurring ones. */
export function calendarEntries(
  silences: readonly Silence[],
  recurring: readonly RecurringRow[],
  nowMs: number,
): readonly SilenceEntry[] {
  const made = new Set(silences.map(({ annotations }) => windowKey(annotations)));
  const windows = recurring.flatMap(({ occurrences, ...row }) =>
    occurrences
      .filter(({ startMs }) => startMs > nowMs)
      .map((span): SilenceEntry => ({
        ...span,
        key: windowKey({ recurrence: row.id, occurrence: new Date(span.startMs).toISOString() }),
        state: "pending",
        isRecurring: true,
        matchers: matchersText(row.matchers),
        comment: row.comment,
        createdBy: row.createdBy,
        opens: { kind: "recurring", id: row.id },
      })),
  );
  return [...silences.map(entryOf), ...windows.filter(({ key }) => !made.has(key))];
}

function entryOf(silence: Silence): SilenceEntry {
  const { id, startsMs: startMs, endsMs: endMs, state, annotations, ...rest } = silence;
  const matchers = matchersText(rest.matchers);
  const { comment, createdBy } = rest;
  const isRecurring = annotations["recurrence"] !== undefined;
  const texts = { key: id, startMs, endMs, state, isRecurring, matchers, comment, createdBy };
  switch (state) {
    case "active":
    case "pending":
      return { ...texts, opens: { kind: "silence", id } };
    case "expired":
      return { ...texts, opens: { kind: "nothing" } };
    default:
      return assertNever(state);
  }
}

function windowKey({ recurrence, occurrence }: Silence["annotations"]): string {
  return `${recurrence ?? ""};${occurrence ?? ""}`;
}
