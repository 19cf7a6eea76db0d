import { expect, test } from "bun:test";
import { z } from "zod";
import { type AnyChannel, channels } from "./channels.ts";
import {
  type Received,
  chartParts as parts,
  details,
  formOf,
  notificationOf,
  png,
  sendBy,
  serviceOf,
} from "./service.fixture.ts";

// Messages with a chart, against a local server that checks each request by the service's documentation.
let answer: (request: Received) => Response | Promise<Response> = () => new Response("ok");
const service = serviceOf((request) => answer(request));
const { url } = service;

function channelOf(name: string): AnyChannel {
  const found = channels.find((one) => one((channel) => channel.name) === name);
  if (found === undefined) throw new Error(`no channel ${name}`);
  return found;
}
const send = (name: string, config: unknown, notification = notificationOf()) =>
  channelOf(name)((channel) => sendBy(channel, config, { parts, notification }));

const last = (): Received => {
  const found = service.received.at(-1);
  if (found === undefined) throw new Error("nothing was received");
  return found;
};
const text = (max: number) => z.string().refine((value) => Array.from(value).length <= max);
const some = z.string().min(1);

test("only those of Alertmanager's receivers that ask for it have a chart", async () => {
  answer = () => new Response("ok");
  await send("discord", { webhook_url: `${url}/d` });
  expect(last().headers.get("content-type")).toBe("application/json");
  expect(last().body).not.toContain("97.2");
  await send("ntfy", { url, topic: "ops", chart: false });
  expect(JSON.parse(last().body)).not.toHaveProperty("actions");
});

test("discord gets the chart as a file that its embed shows", async () => {
  answer = () => new Response(null, { status: 204 });
  expect(await send("discord", { webhook_url: `${url}/d`, chart: true })).toMatchObject({
    kind: "sent",
  });
  const { fields, files } = await formOf(last());
  expect(files).toEqual([{ field: "files[0]", name: "chart.png", type: "image/png", bytes: png }]);
  const Field = z.strictObject({ name: text(256), value: text(1_024), inline: z.boolean() });
  const message = z
    .strictObject({
      content: text(2_000),
      attachments: z.tuple([
        z.strictObject({
          id: z.literal(0),
          filename: z.literal("chart.png"),
          description: text(1_024),
        }),
      ]),
      embeds: z.tuple([
        z.strictObject({
          title: text(256),
          description: text(4_096),
          color: z.number(),
          fields: z.array(Field).max(25),
          image: z.strictObject({ url: z.literal("attachment://chart.png") }),
        }),
      ]),
    })
    .parse(JSON.parse(fields["payload_json"] ?? ""));
  expect(message.embeds[0].fields).toContainEqual({
    name: "Value",
    value: "97.2 % (fires if > 90 %)",
    inline: true,
  });
  expect(JSON.stringify(message)).toContain("[Silence](http://lapwing.example/alerts?");
});

test("telegram shows the message below the picture", async () => {
  answer = () => Response.json({ ok: true, result: { message_id: 7 } });
  const config = { api_url: url, bot_token: "1:abc", chat_id: -5, chart: true };
  expect(await send("telegram", { ...config, message_thread_id: 3 })).toMatchObject({
    kind: "sent",
  });
  expect(last().path).toBe("/bot1:abc/sendPhoto");
  const { fields, files } = await formOf(last());
  expect(files).toEqual([{ field: "photo", name: "chart.png", type: "image/png", bytes: png }]);
  z.strictObject({
    chat_id: z.literal("-5"),
    caption: text(4_096),
    parse_mode: z.literal("HTML"),
    message_thread_id: z.literal("3"),
  }).parse(fields);
  expect(fields["caption"]).toContain("<b>Changed</b>: began to fire &amp; more");
  expect(fields["caption"]).toContain('<a href="https://runbooks.example/disk?a=1&amp;b=2">');
});

test("telegram sends the picture as a reply where the text is longer than a caption", async () => {
  answer = () => Response.json({ ok: true, result: { message_id: 7 } });
  const config = { api_url: url, bot_token: "1:abc", chat_id: -5, chart: true };
  await send("telegram", { ...config, message: "x".repeat(1_500) });
  const [first, second] = service.received.slice(-2);
  expect([first?.path, second?.path]).toEqual(["/bot1:abc/sendMessage", "/bot1:abc/sendPhoto"]);
  const { fields } = await formOf(last());
  expect(fields).toEqual({
    chat_id: "-5",
    reply_parameters: '{"message_id":7,"allow_sending_without_reply":true}',
  });
});

test("pushover gets an attachment", async () => {
  answer = () => Response.json({ status: 1 });
  const config = { api_url: url, user_key: "user", token: "tok1", chart: true };
  expect(await send("pushover", config)).toMatchObject({ kind: "sent" });
  const { fields, files } = await formOf(last());
  expect(files).toEqual([
    { field: "attachment", name: "chart.png", type: "image/png", bytes: png },
  ]);
  expect(fields).toMatchObject({ user: "user", token: "tok1", priority: "2" });
  expect(fields["message"]).toStartWith("Value: 97.2 % (fires if > 90 %)\r\nSince: ");
  text(1_024).parse(fields["message"]);
});

const decodedWord = (value: string | null) =>
  (value ?? "").replace(/^=\?UTF-8\?B\?(.*)\?=$/, (_whole, coded: string) =>
    Buffer.from(coded, "base64").toString(),
  );

test("ntfy gets the picture as its body, and the message in headers", async () => {
  answer = () => new Response("{}");
  expect(await send("ntfy", { url: `${url}/`, topic: "ops", token: "tk_1" })).toMatchObject({
    kind: "sent",
  });
  const { method, path, headers, bytes } = last();
  expect([method, path, headers.get("authorization")]).toEqual(["PUT", "/ops", "Bearer tk_1"]);
  expect(Buffer.from(bytes)).toEqual(png);
  expect(headers.get("filename")).toBe("chart.png");
  expect(headers.get("priority")).toBe("4");
  expect(decodedWord(headers.get("message"))).toStartWith("Value: 97.2 %");
  expect(JSON.parse(decodedWord(headers.get("actions")))).toEqual([
    { action: "view", label: "Runbook", url: "https://runbooks.example/disk?a=1&b=2" },
    expect.objectContaining({ label: "Acknowledge" }),
    expect.objectContaining({ label: "Silence" }),
  ]);
});

test("slack's bot uploads the chart into the thread of its message", async () => {
  const uploaded: Buffer[] = [];
  answer = ({ path, body, bytes }) => {
    switch (path) {
      case "/api/chat.postMessage":
        return Response.json({ ok: true, ts: "1.2", channel: "C1" });
      case "/api/files.getUploadURLExternal": {
        z.strictObject({
          filename: z.literal("chart.png"),
          length: z.literal(String(png.length)),
          alt_txt: some,
        }).parse(Object.fromEntries(new URLSearchParams(body)));
        return Response.json({ ok: true, upload_url: `${url}/upload/s3cret`, file_id: "F1" });
      }
      case "/upload/s3cret":
        uploaded.push(Buffer.from(bytes));
        return new Response("OK - 70");
      case "/api/files.completeUploadExternal":
        z.strictObject({
          files: z.tuple([z.strictObject({ id: z.literal("F1"), title: some })]),
          channel_id: z.literal("C1"),
          thread_ts: z.literal("1.2"),
        }).parse(JSON.parse(body));
        return Response.json({ ok: true, files: [{ id: "F1" }] });
      default:
        return new Response("no such method", { status: 404 });
    }
  };
  const app = { app_token: "xoxb-1", app_url: `${url}/api/chat.postMessage`, channel: "c" };
  const outcome = await send("slack", { ...app, chart: true });
  expect(outcome).toMatchObject({ kind: "sent", answer: expect.stringMatching(/^200 /) });
  expect(uploaded).toEqual([png]);
  const message = service.received.find(({ path }) => path === "/api/chat.postMessage");
  const { attachments } = z
    .object({
      attachments: z.tuple([
        z.looseObject({
          fields: z.array(z.strictObject({ title: some, value: some, short: z.boolean() })),
          actions: z
            .array(z.strictObject({ type: z.literal("button"), text: some, url: z.url() }))
            .max(5),
        }),
      ]),
    })
    .parse(JSON.parse(message?.body ?? ""));
  expect(attachments[0].actions.map((one) => one.text)).toEqual([
    "Runbook",
    "Query",
    "Acknowledge",
    "Silence",
  ]);
});

test("a chart that slack refuses costs no message", async () => {
  answer = ({ path }) =>
    path.endsWith("chat.postMessage")
      ? Response.json({ ok: true, ts: "1.2", channel: "C1" })
      : Response.json({ ok: false, error: "missing_scope" });
  const app = { app_token: "xoxb-1", app_url: `${url}/api/chat.postMessage`, channel: "c" };
  expect(await send("slack", { ...app, chart: true })).toMatchObject({
    kind: "sent",
    answer: expect.stringContaining("without the chart (error response from Slack: missing_scope)"),
  });
});

test("services that take no files get the address of the chart", async () => {
  const { link } = details.chart ?? { link: () => undefined };
  answer = () => new Response("ok");
  await send("slack", { api_url: `${url}/hook`, channel: "#ops", chart: true });
  expect(JSON.parse(last().body)).toMatchObject({ attachments: [{ image_url: link() }] });
  await send("mattermost", { webhook_url: `${url}/mm`, chart: true });
  const Field = z.strictObject({ title: some, value: some, short: z.boolean() });
  z.looseObject({
    attachments: z.tuple([
      z.looseObject({ title: some }),
      z.strictObject({
        image_url: z.literal(link()),
        fallback: some,
        text: z.string().includes("[Silence](http://lapwing.example/alerts?"),
        fields: z.array(Field).length(3),
      }),
    ]),
  }).parse(JSON.parse(last().body));
  await send("msteamsv2", { webhook_url: `${url}/t2`, chart: true });
  const [, image, factSet] = z
    .object({
      attachments: z.tuple([
        z.object({
          content: z.object({
            body: z.array(z.looseObject({ type: some })).length(4),
            actions: z
              .array(
                z.strictObject({ type: z.literal("Action.OpenUrl"), title: some, url: z.url() }),
              )
              .length(4),
          }),
        }),
      ]),
    })
    .parse(JSON.parse(last().body)).attachments[0].content.body;
  expect(image).toEqual({
    type: "Image",
    url: link(),
    altText: details.chart?.alt,
    size: "Stretch",
  });
  expect(factSet).toMatchObject({
    type: "FactSet",
    facts: [{ title: "Value", value: "97.2 % (fires if > 90 %)" }, {}, {}],
  });
});

test("matrix stores the chart in the homeserver's media, and shows it below the message", async () => {
  answer = ({ path }) =>
    Response.json(
      path.endsWith("/upload") ? { content_uri: "mxc://x.example/abc" } : { event_id: "$1" },
    );
  const config = { homeserver_url: url, room_id: "!a:b", access_token: "tok1" };
  expect(await send("matrix", config)).toMatchObject({ kind: "sent" });
  const [message, upload, image] = service.received.slice(-3);
  expect(JSON.parse(message?.body ?? "")).toMatchObject({
    body: expect.stringContaining("Value: 97.2 %"),
    formatted_body: expect.stringContaining("began to fire &amp; more"),
  });
  expect([upload?.method, upload?.path, upload?.headers.get("content-type")]).toEqual([
    "POST",
    "/_matrix/media/v3/upload",
    "image/png",
  ]);
  expect(Buffer.from(upload?.bytes ?? [])).toEqual(png);
  expect(image?.path).toBe(`${message?.path}-chart`);
  expect(JSON.parse(image?.body ?? "")).toEqual({
    msgtype: "m.image",
    body: "Chart of DiskFull, now 97.2 %",
    filename: "chart.png",
    url: "mxc://x.example/abc",
    info: { mimetype: "image/png", size: png.length },
  });
});

test("zulip uploads the chart, and links to it", async () => {
  answer = ({ path }) =>
    Response.json(path.endsWith("/user_uploads") ? { url: "/user_uploads/1/ab/chart.png" } : {});
  await send("zulip", { url, bot_email: "b@x.example", api_key: "key1", stream: "ops" });
  const [upload, message] = service.received.slice(-2);
  expect(upload === undefined ? [] : (await formOf(upload)).files).toEqual([
    { field: "filename", name: "chart.png", type: "image/png", bytes: png },
  ]);
  const content = new URLSearchParams(message?.body).get("content");
  expect(content).toEndWith("[chart.png](/user_uploads/1/ab/chart.png)");
  expect(content).toContain("Changed: began to fire & more");
});

test("signal gets the chart with the message", async () => {
  answer = () => new Response("{}");
  await send("signal", { url, number: "+491", recipients: ["+492"] });
  z.strictObject({
    message: z.string().startsWith("Value: 97.2 %"),
    number: z.literal("+491"),
    recipients: z.tuple([z.literal("+492")]),
    base64_attachments: z.tuple([
      z.literal(`data:image/png;filename=chart.png;base64,${png.toString("base64")}`),
    ]),
  }).parse(JSON.parse(last().body));
});

test.each([
  ["discord", { webhook_url: `${url}/d`, chart: true }],
  ["ntfy", { url: `${url}/`, topic: "ops" }],
  ["pushover", { api_url: url, user_key: "user", token: "tok1", chart: true }],
  ["telegram", { api_url: url, bot_token: "1:abc", chat_id: -5, chart: true }],
])("a chart that %s refuses is left out, and the message is sent", async (name, config) => {
  const before = service.received.length;
  answer = ({ headers }) =>
    /multipart/.test(headers.get("content-type") ?? "") || headers.get("filename") !== null
      ? new Response("attachments disallowed", { status: 400 })
      : Response.json({ ok: true, status: 1 });
  expect(await send(name, config)).toMatchObject({
    kind: "sent",
    answer: expect.stringContaining("without the chart: "),
  });
  expect(service.received.length - before).toBe(2);
  answer = () => new Response("later", { status: 503 });
  expect(await send(name, config)).toMatchObject({ kind: "failed", isRetried: true });
});

/** Those that take a picture by its address, and what each is configured with. */
const byAddress: readonly [string, object][] = [
  ["slack", { api_url: `${url}/hook`, channel: "#ops", chart: true }],
  ["mattermost", { webhook_url: `${url}/mm`, chart: true }],
  ["msteamsv2", { webhook_url: `${url}/t2`, chart: true }],
  ["msteams", { webhook_url: `${url}/t1`, chart: true }],
  ["pagerduty", { routing_key: "r".repeat(32), url: `${url}/v2/enqueue`, chart: true }],
  ["googlechat", { webhook_url: `${url}/v1/spaces/a/messages?key=k1` }],
  ["gotify", { url, token: "app-1" }],
  ["rocketchat", { api_url: url, token: "t", token_id: "i", channel: "#x", chart: true }],
  ["victorops", { api_url: url, api_key: "k", routing_key: "r", chart: true }],
];
test.each(byAddress)(
  "%s gets the address of the chart, the facts and links",
  async (name, config) => {
    answer = () => Response.json({ ok: true, success: true });
    expect(await send(name, config)).toMatchObject({ kind: "sent" });
    const { body } = last();
    for (const part of [
      "https://lapwing.example/charts/unguessable.png",
      "97.2 % (fires if ",
      "http://lapwing.example/alerts?tab=silences&for=1d",
    ])
      expect(body).toContain(part);
    await send(name, { ...config, chart: false });
    expect(last().body).not.toContain("97.2 %");
  },
);
