import { z } from "zod";
import type { SilenceMatcher } from "../alertmanager.ts";
import { fetchJson, fetchText } from "../transport.ts";

/** On which days a silence recurs: weekdays are 1 for Monday to 7 for Sunday, days of the month below 0 count from its end. */
export type RecurrenceDays =
  | { readonly every: "day" }
  | { readonly every: "week"; readonly weekdays: readonly number[] }
  | { readonly every: "month"; readonly days: readonly number[] };

/** What a person writes of a recurring silence; with an empty id a new one. */
export type RecurringDraft = {
  readonly id: string;
  readonly days: RecurrenceDays;
  /** "02:30", local time of the zone. */
  readonly at: string;
  readonly duration: string;
  /** An IANA name. */
  readonly timeZone: string;
  readonly until: string | null;
  readonly matchers: readonly SilenceMatcher[];
  readonly createdBy: string;
  readonly comment: string;
};

export type RecurringRow = RecurringDraft & {
  /** Unix milliseconds. */
  readonly occurrences: readonly { readonly startMs: number; readonly endMs: number }[];
};

const Answer = z.object({
  recurring: z.array(
    z.object({
      id: z.string(),
      days: z.discriminatedUnion("every", [
        z.object({ every: z.literal("day") }),
        z.object({ every: z.literal("week"), weekdays: z.array(z.number()) }),
        z.object({ every: z.literal("month"), days: z.array(z.number()) }),
      ]),
      at: z.string(),
      duration: z.string(),
      timeZone: z.string(),
      until: z.string().nullable(),
      matchers: z.array(
        z.object({
          name: z.string(),
          value: z.string(),
          isRegex: z.boolean(),
          isEqual: z.boolean(),
        }),
      ),
      createdBy: z.string(),
      comment: z.string(),
      occurrences: z.array(z.object({ startsAt: z.string(), endsAt: z.string() })),
    }),
  ),
});
const path = "/api/v1/monitoring/silences/recurring";

/** GET /api/v1/monitoring/silences/recurring: all, with their occurrences within a span. */
export async function listRecurring(
  { startMs, endMs }: { readonly startMs: number; readonly endMs: number },
  signal?: AbortSignal,
): Promise<readonly RecurringRow[]> {
  const params = { from: new Date(startMs).toISOString(), to: new Date(endMs).toISOString() };
  const { recurring } = await fetchJson({ path, params, signal }, Answer);
  return recurring.map(({ occurrences, ...row }) => ({
    ...row,
    occurrences: occurrences.map(({ startsAt, endsAt }) => ({
      startMs: Date.parse(startsAt),
      endMs: Date.parse(endsAt),
    })),
  }));
}

/** Makes a recurring silence, or changes the one with its id. */
export async function putRecurring(draft: RecurringDraft): Promise<void> {
  await fetchJson({ path, params: {}, body: draft }, z.object({ id: z.string() }));
}

/** Removes a recurring silence; its occurrences end. */
export async function removeRecurring(id: string): Promise<void> {
  await fetchText({ path: `${path}/${encodeURIComponent(id)}`, params: {}, method: "DELETE" });
}
