import { expect, test } from "bun:test";
import { z } from "zod";
import { type AnyChannel, channels } from "./channels.ts";
import type { Notification } from "./notification.ts";
import {
  type Received,
  notificationOf,
  nowMs,
  plainParts,
  resolved,
  sendBy,
  serviceOf,
} from "./service.fixture.ts";
import { NotificationTemplates } from "./templates/notification_templates.ts";

// Each channel against a local server that checks the request against the service's documented schema.
const templates = new NotificationTemplates();
const parts = {
  ...plainParts,
  textsOf: (notification: Notification) => templates.textsOf(notification, nowMs),
};
let answer: (request: Received) => Response | Promise<Response> = () => new Response("ok");
const service = serviceOf((request) => answer(request));
const { url } = service;

const text = (max: number) => z.string().refine((value) => Array.from(value).length <= max);
const some = z.string().min(1);

type Case = {
  readonly config: unknown;
  readonly path: string;
  readonly method?: string;
  readonly header?: readonly [string, string];
  readonly body: z.ZodType;
  readonly reply?: () => Response;
};

const alertBody = z.strictObject({
  alias: z.string().length(64),
  message: text(130),
  description: some,
  details: z.record(z.string(), z.string()),
  source: some,
  responders: z.array(z.strictObject({ name: some, type: z.literal("team") })),
  priority: z.enum(["P1", "P2", "P3", "P4", "P5"]),
});

const cases: Readonly<Record<string, Case>> = {
  slack: {
    config: { api_url: `${url}/hook`, channel: "#ops", fields: [{ title: "a", value: "b" }] },
    path: "/hook",
    body: z.strictObject({
      channel: z.literal("#ops"),
      username: some,
      attachments: z
        .array(
          z.strictObject({
            title: text(1_024),
            title_link: z.url(),
            text: z.string(),
            fallback: some,
            callback_id: z.string(),
            footer: z.string(),
            color: z.literal("danger"),
            mrkdwn_in: z.array(some),
            fields: z.array(z.strictObject({ title: some, value: some, short: z.boolean() })),
          }),
        )
        .length(1),
    }),
  },
  pagerduty: {
    config: { routing_key: "k".repeat(32), url: `${url}/v2/enqueue` },
    path: "/v2/enqueue",
    body: z.strictObject({
      routing_key: z.string().length(32),
      event_action: z.literal("trigger"),
      dedup_key: z.string().max(255),
      client: some,
      client_url: z.url(),
      images: z.array(z.never()),
      links: z.array(z.never()),
      payload: z.strictObject({
        summary: text(1_024),
        source: some,
        severity: z.enum(["critical", "error", "warning", "info"]),
        custom_details: z.strictObject({
          firing: z.array(z.unknown()).length(1),
          resolved: z.array(z.never()),
          num_firing: z.literal(1),
          num_resolved: z.literal(0),
        }),
      }),
    }),
  },
  opsgenie: {
    config: {
      api_url: url,
      api_key: "genie-1",
      priority: "P1",
      responders: [{ name: "a,b", type: "teams" }],
    },
    path: "/v2/alerts",
    header: ["authorization", "GenieKey genie-1"],
    body: alertBody,
  },
  discord: {
    config: { webhook_url: `${url}/d` },
    path: "/d",
    body: z.strictObject({
      content: text(2_000),
      embeds: z.tuple([
        z.strictObject({ title: text(256), description: text(4_096), color: z.literal(0x992d22) }),
      ]),
    }),
    reply: () => new Response(null, { status: 204 }),
  },
  msteams: {
    config: { webhook_url: `${url}/t` },
    path: "/t",
    body: z.strictObject({
      "@context": z.literal("http://schema.org/extensions"),
      type: z.literal("MessageCard"),
      title: some,
      summary: some,
      text: some,
      themeColor: z.literal("8C1A1A"),
    }),
  },
  msteamsv2: {
    config: { webhook_url: `${url}/t2` },
    path: "/t2",
    body: z.strictObject({
      type: z.literal("message"),
      attachments: z.tuple([
        z.strictObject({
          contentType: z.literal("application/vnd.microsoft.card.adaptive"),
          contentUrl: z.null(),
          content: z.strictObject({
            $schema: z.url(),
            type: z.literal("AdaptiveCard"),
            version: z.literal("1.2"),
            body: z.array(z.looseObject({ type: z.literal("TextBlock"), text: some })).length(2),
            msteams: z.strictObject({ width: z.literal("full") }),
          }),
        }),
      ]),
    }),
    reply: () => new Response(null, { status: 202 }),
  },
  telegram: {
    config: { api_url: url, bot_token: "1:abc", chat_id: -5 },
    path: "/bot1:abc/sendMessage",
    body: z.strictObject({
      chat_id: z.literal("-5"),
      text: text(4_096).refine((html) => html.includes("db&lt;1&gt;")),
      parse_mode: z.literal("HTML"),
      disable_web_page_preview: z.literal(true),
    }),
  },
  victorops: {
    config: { api_url: `${url}/vo/`, api_key: "key1", routing_key: "team" },
    path: "/vo/key1/team",
    body: z.strictObject({
      message_type: z.literal("CRITICAL"),
      entity_id: z.string().length(64),
      entity_display_name: some,
      state_message: text(20_480),
      monitoring_tool: some,
    }),
  },
  mattermost: {
    config: { webhook_url: `${url}/mm` },
    path: "/mm",
    body: z.strictObject({
      username: some,
      attachments: z.tuple([
        z.strictObject({
          fallback: some,
          color: some,
          text: some,
          title: some,
          title_link: z.url(),
        }),
      ]),
    }),
  },
  webex: {
    config: {
      api_url: `${url}/wx`,
      room_id: "r",
      http_config: { authorization: { credentials: "tok-wx" } },
    },
    path: "/wx",
    header: ["authorization", "Bearer tok-wx"],
    body: z.strictObject({ markdown: some, roomId: z.literal("r") }),
  },
  rocketchat: {
    config: { api_url: url, token: "tok-r", token_id: "id-r", channel: "#x" },
    path: "/api/v1/chat.postMessage",
    header: ["x-auth-token", "tok-r"],
    body: z.strictObject({
      channel: z.literal("#x"),
      attachments: z.tuple([
        z.strictObject({ title: some, title_link: z.url(), color: z.literal("red") }),
      ]),
    }),
    reply: () => Response.json({ success: true }),
  },
  incidentio: {
    config: { url: `${url}/io`, alert_source_token: "tok-io" },
    path: "/io",
    header: ["authorization", "Bearer tok-io"],
    body: z.looseObject({ version: z.literal("1"), alerts: z.array(z.unknown()).length(1) }),
  },
  ntfy: {
    config: { url: `${url}/`, topic: "ops", token: "tk_1234" },
    path: "/",
    header: ["authorization", "Bearer tk_1234"],
    body: z.strictObject({
      topic: z.literal("ops"),
      message: some,
      title: text(250),
      click: z.url(),
      tags: z.array(some),
      priority: z.int().min(1).max(5),
    }),
  },
  gotify: {
    config: { url: `${url}/`, token: "app-1" },
    path: "/message",
    header: ["x-gotify-key", "app-1"],
    body: z.strictObject({
      title: some,
      message: some,
      priority: z.int().min(0).max(10),
      extras: z.record(z.string(), z.strictObject({ contentType: z.literal("text/markdown") })),
    }),
  },
  googlechat: {
    config: { webhook_url: `${url}/v1/spaces/a/messages?key=k123&token=t123` },
    path: "/v1/spaces/a/messages",
    body: z.strictObject({ text: some, thread: z.strictObject({ threadKey: some }) }),
  },
  pushbullet: {
    config: { api_url: `${url}/v2/pushes`, access_token: "o.123" },
    path: "/v2/pushes",
    header: ["access-token", "o.123"],
    body: z.strictObject({ type: z.literal("link"), title: some, body: some, url: z.url() }),
  },
  signal: {
    config: { url, number: "+491", recipients: ["+492"] },
    path: "/v2/send",
    body: z.strictObject({ message: some, number: z.literal("+491"), recipients: z.array(some) }),
  },
};

function channelOf(name: string): AnyChannel {
  const found = channels.find((one) => one((channel) => channel.name) === name);
  if (found === undefined) throw new Error(`no channel ${name}`);
  return found;
}

const send = (name: string, config: unknown, notification = notificationOf()) =>
  channelOf(name)((channel) => sendBy(channel, config, { parts, notification }));

for (const [name, { config, path, header, body, reply, method = "POST" }] of Object.entries(
  cases,
)) {
  test(`${name} sends what the service documents`, async () => {
    answer = reply ?? (() => new Response("ok"));
    expect(await send(name, config)).toMatchObject({ kind: "sent" });
    const last = service.received.at(-1);
    expect([last?.method, last?.path]).toEqual([method, path]);
    if (header !== undefined) expect(last?.headers.get(header[0])).toBe(header[1]);
    expect(() => body.parse(JSON.parse(last?.body ?? ""))).not.toThrow();
  });

  test(`${name} says why it failed, and whether to retry`, async () => {
    answer = () => new Response("no", { status: 401 });
    const refused = { kind: "failed", reason: "authError", isRetried: false };
    expect(await send(name, config)).toMatchObject(refused);
    answer = () => new Response("no", { status: 429, headers: { "Retry-After": "3" } });
    const limited = { kind: "failed", reason: "rateLimited", isRetried: true, retryAfterMs: 3_000 };
    expect(await send(name, config)).toMatchObject(limited);
    answer = () => new Response("no", { status: 500 });
    expect(await send(name, config)).toMatchObject({ reason: "serverError", isRetried: true });
  });
}

test("pushover, zulip and twilio send forms", async () => {
  answer = () => new Response("{}");
  const form = () => Object.fromEntries(new URLSearchParams(service.received.at(-1)?.body));
  await send("pushover", { api_url: url, user_key: "user", token: "tok1" });
  expect(form()).toMatchObject({
    user: "user",
    token: "tok1",
    priority: "2",
    retry: "60",
    expire: "3600",
  });
  const zulip = { url, bot_email: "b@x.example", api_key: "key1", stream: "ops" };
  await send("zulip", zulip);
  expect(form()).toMatchObject({ type: "stream", to: "ops", topic: "DiskFull" });
  const twilio = { api_url: url, account_sid: "AC1", auth_token: "tok1", to: ["+1"], from: "+2" };
  await send("twilio", twilio);
  expect(form()).toMatchObject({ To: "+1", From: "+2" });
  await send("twilio", { ...twilio, kind: "voice" });
  expect(service.received.at(-1)?.path).toBe("/2010-04-01/Accounts/AC1/Calls.json");
  expect(form()["Twiml"]).toContain("db&lt;1&gt;");
});

test("matrix repeats a message under the same transaction", async () => {
  answer = () => Response.json({ event_id: "$1" });
  const config = { homeserver_url: url, room_id: "!a:b", access_token: "tok1" };
  await send("matrix", config);
  await send("matrix", config);
  const [first, second] = service.received.slice(-2);
  expect(first?.path).toMatch(
    /^\/_matrix\/client\/v3\/rooms\/!a(?::|%3A)b\/send\/m\.room\.message\/[0-9a-f]{64}$/,
  );
  expect([first?.method, second?.path]).toEqual(["PUT", first?.path ?? ""]);
});

test("slack's bot changes its first message, and reports errors under status 200", async () => {
  const config = {
    app_token: "xoxb-1",
    app_url: `${url}/api/chat.postMessage`,
    update_message: true,
    channel: "c",
  };
  answer = () => Response.json({ ok: true, ts: "1.2", channel: "C1" });
  const first = await send("slack", config);
  expect(first).toMatchObject({ kind: "sent", kept: { threadTs: "1.2", channelId: "C1" } });
  const kept = { threadTs: "1.2", channelId: "C1" };
  await send("slack", config, notificationOf({ kept }));
  expect(service.received.at(-1)?.path).toBe("/api/chat.update");
  expect(JSON.parse(service.received.at(-1)?.body ?? "")).toMatchObject({
    ts: "1.2",
    channel: "C1",
  });
  answer = () => Response.json({ ok: false, error: "channel_not_found" });
  expect(await send("slack", config)).toMatchObject({ reason: "clientError", isRetried: false });
});

test("pagerduty and opsgenie close what is resolved", async () => {
  answer = () => new Response("{}");
  await send("pagerduty", cases["pagerduty"]?.config, resolved);
  expect(JSON.parse(service.received.at(-1)?.body ?? "")).toMatchObject({
    event_action: "resolve",
  });
  await send("opsgenie", cases["opsgenie"]?.config, resolved);
  expect(service.received.at(-1)?.path).toMatch(/^\/v2\/alerts\/[0-9a-f]{64}\/close$/);
});

test("jira creates an issue, and resolves the one that is there", async () => {
  const config = {
    api_url: `${url}/rest/api/2`,
    project: "OPS",
    issue_type: "Bug",
    resolve_transition: "Done",
  };
  const issues: unknown[] = [];
  answer = ({ path }) => {
    if (path.endsWith("/search")) return Response.json({ issues });
    if (path.endsWith("/transitions"))
      return Response.json({ transitions: [{ id: "7", name: "Done" }] });
    return Response.json({ key: "OPS-1" });
  };
  await send("jira", config);
  expect(JSON.parse(service.received.at(-1)?.body ?? "")).toMatchObject({
    fields: { project: { key: "OPS" }, issuetype: { name: "Bug" }, priority: { name: "High" } },
  });
  issues.push({ key: "OPS-1", fields: { status: { statusCategory: { key: "new" } } } });
  expect(await send("jira", config, resolved)).toMatchObject({ kind: "sent" });
  expect(JSON.parse(service.received.at(-1)?.body ?? "")).toEqual({ transition: { id: "7" } });
});

test("wechat gets a token, and sends", async () => {
  answer = ({ path }) =>
    path.endsWith("/gettoken")
      ? Response.json({ access_token: "tok-w" })
      : Response.json({ errcode: 0, errmsg: "ok" });
  const config = { api_url: url, api_secret: "sec1", corp_id: "corp", to_user: "@all" };
  expect(await send("wechat", config)).toMatchObject({ kind: "sent" });
  expect(service.received.at(-1)?.query.get("access_token")).toBe("tok-w");
});

test("sns signs its request", async () => {
  answer = () => new Response("<PublishResponse/>");
  const sigv4 = { region: "eu-west-1", access_key: "AKIA1", secret_key: "secret-1" };
  await send("sns", { api_url: `${url}/`, sigv4, topic_arn: "arn:aws:sns:eu-west-1:1:t.fifo" });
  const last = service.received.at(-1);
  expect(last?.headers.get("authorization")).toMatch(
    /^AWS4-HMAC-SHA256 Credential=AKIA1\/20260102\/eu-west-1\/sns\/aws4_request, SignedHeaders=content-type;host;x-amz-date, Signature=[0-9a-f]{64}$/,
  );
  expect(new URLSearchParams(last?.body).get("MessageGroupId")).toHaveLength(64);
});
