import { z } from "zod";
import { fetchJson, fetchText } from "./transport.ts";

/** A condition of a silence, as Alertmanager's API writes it. */
export type SilenceMatcher = {
  readonly name: string;
  readonly value: string;
  readonly isRegex: boolean;
  readonly isEqual: boolean;
};

/** A silence of Alertmanager's API. Times are Unix milliseconds. */
export type Silence = {
  readonly id: string;
  readonly state: "active" | "pending" | "expired";
  readonly matchers: readonly SilenceMatcher[];
  readonly startsMs: number;
  readonly endsMs: number;
  readonly createdBy: string;
  readonly comment: string;
  /** A window of a recurring silence has `recurrence`, its id, and `occurrence`, its start. */
  readonly annotations: Readonly<Record<string, string>>;
};

/** What a new silence says; with an `id` it takes the place of that one. */
export type SilenceDraft = {
  readonly id?: string;
  readonly matchers: readonly SilenceMatcher[];
  readonly startsMs: number;
  readonly endsMs: number;
  readonly createdBy: string;
  readonly comment: string;
  readonly annotations?: Readonly<Record<string, string>>;
};

/** An alert that was sent for notification. */
export type SentAlert = {
  readonly fingerprint: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly startsMs: number;
  readonly generatorUrl: string;
  readonly receivers: readonly string[];
  /** Ids of silences, fingerprints of the alerts that inhibit it, names of time intervals: empty where it is notified. */
  readonly silencedBy: readonly string[];
  readonly inhibitedBy: readonly string[];
  readonly mutedBy: readonly string[];
};

/** A notification and what became of it. Times are Unix milliseconds. */
export type NotificationRow = {
  readonly id: string;
  readonly createdMs: number;
  /** undefined while it is under way. */
  readonly settledMs: number | undefined;
  readonly receiver: string;
  readonly integration: string;
  readonly groupKey: string;
  readonly reason: string;
  readonly status: string;
  readonly alertCount: number;
  readonly alerts: readonly { readonly labels: Readonly<Record<string, string>> }[];
  readonly state: (typeof outcomes)[number];
  readonly attempts: number;
  readonly failure: string;
  readonly answer: string;
};

/** A page of the history, and where the next one begins. */
export type NotificationPage = {
  readonly rows: readonly NotificationRow[];
  readonly next: string | undefined;
};

const Texts = z.record(z.string(), z.string());
const Silences = z.array(
  z.object({
    id: z.string(),
    status: z.object({ state: z.enum(["active", "pending", "expired"]) }),
    matchers: z.array(
      z.object({
        name: z.string(),
        value: z.string(),
        isRegex: z.boolean(),
        isEqual: z.boolean().default(true),
      }),
    ),
    startsAt: z.string(),
    endsAt: z.string(),
    createdBy: z.string(),
    comment: z.string(),
    annotations: Texts.default({}),
  }),
);
const Names = z.array(z.string()).default([]);
const SentAlerts = z.array(
  z.object({
    fingerprint: z.string(),
    labels: Texts,
    annotations: Texts.default({}),
    startsAt: z.string(),
    generatorURL: z.string().default(""),
    receivers: z.array(z.object({ name: z.string() })),
    status: z.object({ silencedBy: Names, inhibitedBy: Names, mutedBy: Names }),
  }),
);

/** GET /api/v2/silences: active ones first, then planned ones, then expired ones. */
export async function listSilences(signal?: AbortSignal): Promise<Silence[]> {
  const found = await fetchJson({ path: "/api/v2/silences", params: {}, signal }, Silences);
  return found.map(({ status, startsAt, endsAt, ...rest }) => ({
    ...rest,
    state: status.state,
    startsMs: Date.parse(startsAt),
    endsMs: Date.parse(endsAt),
  }));
}

/** POST /api/v2/silences. Gives the id. */
export async function putSilence({ startsMs, endsMs, ...draft }: SilenceDraft): Promise<string> {
  const body = {
    ...draft,
    startsAt: new Date(startsMs).toISOString(),
    endsAt: new Date(endsMs).toISOString(),
  };
  const Made = z.object({ silenceID: z.string() });
  const made = await fetchJson({ path: "/api/v2/silences", params: {}, body }, Made);
  return made.silenceID;
}

/** Ends a silence now. */
export async function expireSilence(id: string): Promise<void> {
  await fetchText({
    path: `/api/v2/silence/${encodeURIComponent(id)}`,
    params: {},
    method: "DELETE",
  });
}

/** GET /api/v2/alerts: alerts that fire, also those that are silenced or inhibited. */
export async function listSentAlerts(signal?: AbortSignal): Promise<SentAlert[]> {
  const found = await fetchJson({ path: "/api/v2/alerts", params: {}, signal }, SentAlerts);
  return found.map(({ startsAt, generatorURL, receivers, status, ...rest }) => ({
    ...rest,
    ...status,
    startsMs: Date.parse(startsAt),
    generatorUrl: generatorURL,
    receivers: receivers.map(({ name }) => name),
  }));
}

export const outcomes = ["pending", "sent", "failed", "given_up", "interrupted"] as const;

/** A notification as the API writes it. */
export const Notification = z.object({
  id: z.string(),
  createdAt: z.string(),
  settledAt: z.string().nullable(),
  receiver: z.string(),
  integration: z.string(),
  groupKey: z.string(),
  reason: z.string(),
  status: z.string(),
  alertCount: z.number(),
  alerts: z.array(z.object({ labels: Texts })),
  state: z.enum(outcomes),
  attempts: z.number(),
  failure: z.string(),
  answer: z.string(),
});
const Notifications = z.object({
  notifications: z.array(Notification),
  next: z.string().nullable(),
});

export function notificationRow({
  createdAt,
  settledAt,
  ...rest
}: z.output<typeof Notification>): NotificationRow {
  return {
    ...rest,
    createdMs: Date.parse(createdAt),
    settledMs: settledAt === null ? undefined : Date.parse(settledAt),
  };
}

/** GET /api/v1/monitoring/notifications: a page, the newest first. */
export async function listNotifications(
  before: string | undefined,
  signal?: AbortSignal,
): Promise<NotificationPage> {
  const params = { limit: "200", ...(before !== undefined && { before }) };
  const path = "/api/v1/monitoring/notifications";
  const { notifications, next } = await fetchJson({ path, params, signal }, Notifications);
  return { rows: notifications.map(notificationRow), next: next ?? undefined };
}
