import { z } from "zod";
import type { Labels } from "#shared/model/labels.ts";
import type { Alertmanager } from "../../../notify/alertmanager.ts";
import type { PostedAlert, ReceivedAlert } from "../../../notify/pipeline/alert.ts";

export type AlertStatus = {
  readonly silencedBy: readonly string[];
  readonly inhibitedBy: readonly string[];
};

/** What hides an alert with these labels now. */
export function statusOf({ silences, pipeline }: Alertmanager, labels: Labels, nowMs: number) {
  const source = pipeline.inhibitedBy(labels);
  return {
    silencedBy: silences.silencesOf(labels, nowMs),
    inhibitedBy: source === undefined ? [] : [source],
  };
}

export function isSuppressed({ silencedBy, inhibitedBy }: AlertStatus): boolean {
  return silencedBy.length > 0 || inhibitedBy.length > 0;
}

/** `gettableAlert` of Alertmanager's API v2. */
export function alertJson(
  alert: ReceivedAlert,
  status: AlertStatus,
  receivers: readonly string[],
  mutedBy: readonly string[],
) {
  return {
    annotations: alert.annotations,
    endsAt: timeText(alert.endsAtMs),
    fingerprint: alert.fingerprint,
    receivers: receivers.map((name) => ({ name })),
    startsAt: timeText(alert.startsAtMs),
    status: {
      inhibitedBy: status.inhibitedBy,
      mutedBy,
      silencedBy: status.silencedBy,
      state: isSuppressed(status) || mutedBy.length > 0 ? "suppressed" : "active",
    },
    updatedAt: timeText(alert.updatedAtMs),
    ...(alert.generatorUrl !== "" && { generatorURL: alert.generatorUrl }),
    labels: alert.labels,
  };
}

/** The last moment that has a text. */
const timeMaxMs = 8_640_000_000_000_000;

export function timeText(ms: number): string {
  return new Date(Math.max(-timeMaxMs, Math.min(ms, timeMaxMs))).toISOString();
}

/** What Go sends for a time that is not set lies in the year 1. */
const unsetBeforeMs = Date.parse("0002-01-01T00:00:00Z");

/** RFC 3339. undefined for a time that is not set. */
export const Time = z
  .string()
  .regex(/^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)$/, {
    error: "expected a time such as 2026-11-25T10:00:00Z",
  })
  .transform((text, context): number | undefined => {
    const ms = Date.parse(text.replace(/(\.\d{3})\d+/, "$1").replace(" ", "T"));
    if (Number.isNaN(ms)) {
      context.addIssue({ code: "custom", message: "is no time", input: text });
      return z.NEVER;
    }
    return ms < unsetBeforeMs ? undefined : ms;
  });

const Texts = z.record(z.string(), z.string());

const Posted = z.object({
  labels: Texts,
  annotations: Texts.nullish(),
  startsAt: Time.nullish(),
  endsAt: Time.nullish(),
  generatorURL: z.string().nullish(),
});

/** `postableAlert`, or what is wrong with it. */
export function postedAlert(value: unknown): PostedAlert | string {
  const parsed = Posted.safeParse(value);
  if (!parsed.success) return z.prettifyError(parsed.error).replaceAll("\n", " ");
  const { labels, annotations, startsAt, endsAt, generatorURL } = parsed.data;
  return {
    labels,
    annotations: annotations ?? {},
    startsAtMs: startsAt ?? undefined,
    endsAtMs: endsAt ?? undefined,
    generatorUrl: generatorURL ?? "",
  };
}
