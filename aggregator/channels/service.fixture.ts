import { afterAll } from "bun:test";
import type { MessageDetails } from "./details.ts";
import type { Channel, ChannelParts, SendOutcome } from "./channel.ts";
import { GlobalConfig } from "./global_config.ts";
import type { NotifiedAlert, Notification } from "./notification.ts";
import { NotificationTemplates } from "./templates/notification_templates.ts";

export type Received = {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: Headers;
  readonly body: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
};

/** A local server in place of a hosted service. `answer` checks each request; what it throws is an answer of 400. */
export function serviceOf(answer: (request: Received) => Response | Promise<Response>) {
  const received: Received[] = [];
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: async (request) => {
      const url = new URL(request.url);
      const bytes = new Uint8Array(await request.arrayBuffer());
      const one = {
        method: request.method,
        path: url.pathname,
        query: url.searchParams,
        headers: request.headers,
        body: Buffer.from(bytes).toString(),
        bytes,
      };
      received.push(one);
      try {
        return await answer(one);
      } catch (thrown) {
        return new Response(String(thrown), { status: 400 });
      }
    },
  });
  afterAll(() => server.stop(true));
  return { url: `http://127.0.0.1:${server.port}`, received };
}

export function alertOf(changes: Partial<NotifiedAlert> = {}): NotifiedAlert {
  return {
    status: "firing",
    labels: { alertname: "DiskFull", instance: "db<1>", severity: "critical" },
    annotations: { summary: "Disk & swap are full" },
    startsAtMs: Date.UTC(2026, 0, 2, 3, 4, 5),
    endsAtMs: undefined,
    generatorUrl: "http://lapwing.example/graph?x=1&y=2",
    fingerprint: "00000000000000ab",
    ...changes,
  };
}

export function notificationOf(changes: Partial<Notification> = {}): Notification {
  const alerts = changes.alerts ?? [alertOf()];
  return {
    receiver: "team",
    status: alerts.some(({ status }) => status === "firing") ? "firing" : "resolved",
    alerts,
    groupKey: '{}:{alertname="DiskFull"}',
    groupLabels: { alertname: "DiskFull" },
    commonLabels: alerts[0]?.labels ?? {},
    commonAnnotations: alerts[0]?.annotations ?? {},
    routeLabels: {},
    externalUrl: "http://lapwing.example",
    reason: "first notification",
    kept: {},
    ...changes,
  };
}

export const resolved = notificationOf({
  alerts: [alertOf({ status: "resolved", endsAtMs: Date.UTC(2026, 0, 2, 4, 0, 0, 500) })],
});

/** 2026-01-02T03:05:00Z. */
export const nowMs = Date.UTC(2026, 0, 2, 3, 5, 0);

export const plainParts: ChannelParts = {
  textsOf: () => ({ text: (template) => template, html: (template) => template }),
  fetch,
  now: () => nowMs,
};

/** The smallest picture that is one: 1 x 1 pixels. */
export const png = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
  "base64",
);
/** What a message says of an alert beside its templates. */
export const details: MessageDetails = {
  chart: {
    png,
    alt: "Chart of DiskFull, now 97.2 %",
    link: () => "https://lapwing.example/charts/unguessable.png",
    settled: async () => {},
  },
  facts: [
    { name: "Value", value: "97.2 % (fires if > 90 %)" },
    { name: "Since", value: "2 Jan 03:04 UTC (1 min)" },
    { name: "Changed", value: "began to fire & more" },
  ],
  links: [
    { title: "Runbook", url: "https://runbooks.example/disk?a=1&b=2" },
    { title: "Query", url: "http://lapwing.example/graph?x=1&y=2" },
    { title: "Acknowledge", url: "http://lapwing.example/alerts?tab=silences&for=4h" },
    { title: "Silence", url: "http://lapwing.example/alerts?tab=silences&for=1d" },
  ],
};
const templates = new NotificationTemplates();
/** With the templates of configurations, and details. */
export const chartParts: ChannelParts = {
  ...plainParts,
  textsOf: (notification: Notification) => templates.textsOf(notification, nowMs),
  detailsOf: () => Promise.resolve(details),
};

/** The fields of a form of files, and the one file in it. */
export async function formOf({ bytes, headers }: Received) {
  const form = await new Response(bytes, { headers }).formData();
  const fields: Record<string, string> = {};
  const files: { field: string; name: string; type: string; bytes: Buffer }[] = [];
  for (const [field, value] of form)
    if (typeof value === "string") fields[field] = value;
    else
      files.push({
        field,
        name: value.name,
        type: value.type,
        bytes: Buffer.from(await value.arrayBuffer()),
      });
  return { fields, files };
}

/** Reads a configuration and sends by it. Throws where the configuration has mistakes. */
export async function sendBy<Config>(
  channel: Channel<Config>,
  written: unknown,
  {
    notification = notificationOf(),
    parts = plainParts,
    signal = AbortSignal.timeout(10_000),
    global = {},
  }: {
    notification?: Notification;
    parts?: ChannelParts;
    signal?: AbortSignal;
    global?: unknown;
  } = {},
): Promise<SendOutcome> {
  const read = channel.schema.parse(written);
  const { config, mistakes } = channel.complete(read, GlobalConfig.parse(global));
  if (mistakes.length > 0) throw new Error(mistakes.join("; "));
  return await channel.send(config, notification, parts, signal);
}
