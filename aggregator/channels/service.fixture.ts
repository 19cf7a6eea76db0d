import { afterAll } from "bun:test";
import type { Channel, ChannelParts, SendOutcome } from "./channel.ts";
import { GlobalConfig } from "./global_config.ts";
import type { NotifiedAlert, Notification } from "./notification.ts";

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
