import { expect, test } from "bun:test";
import { createHmac } from "node:crypto";
import { alertOf, notificationOf, nowMs, resolved, sendBy, serviceOf } from "../service.fixture.ts";
import { webhook } from "./send.ts";

let answer: (body: string) => Response | Promise<Response> = () => new Response("fine");
const service = serviceOf(({ body }) => answer(body));
const last = () => service.received.at(-1);

test("webhook sends Alertmanager's message of version 4", async () => {
  answer = () => new Response("fine");
  const alerts = [alertOf(), alertOf({ fingerprint: "00000000000000ac" })];
  const outcome = await sendBy(
    webhook,
    { url: `${service.url}/hook`, max_alerts: 1 },
    { notification: notificationOf({ alerts }) },
  );
  expect(outcome).toEqual({ kind: "sent", answer: "200 fine" });
  expect(last()?.headers.get("content-type")).toBe("application/json");
  expect(JSON.parse(last()?.body ?? "")).toEqual({
    receiver: "team",
    status: "firing",
    alerts: [
      {
        status: "firing",
        labels: { alertname: "DiskFull", instance: "db<1>", severity: "critical" },
        annotations: { summary: "Disk & swap are full" },
        startsAt: "2026-01-02T03:04:05Z",
        endsAt: "0001-01-01T00:00:00Z",
        generatorURL: "http://lapwing.example/graph?x=1&y=2",
        fingerprint: "00000000000000ab",
      },
    ],
    notification_reason: "first notification",
    groupLabels: { alertname: "DiskFull" },
    commonLabels: { alertname: "DiskFull", instance: "db<1>", severity: "critical" },
    commonAnnotations: { summary: "Disk & swap are full" },
    routeLabels: {},
    externalURL: "http://lapwing.example",
    version: "4",
    groupKey: '{}:{alertname="DiskFull"}',
    truncatedAlerts: 1,
  });
});

test("webhook writes the end of a resolved alert without zeros at the end of its fraction", async () => {
  await sendBy(webhook, { url: service.url }, { notification: resolved });
  expect(JSON.parse(last()?.body ?? "").alerts[0].endsAt).toBe("2026-01-02T04:00:00.5Z");
});

test("webhook sends a payload of one's own, whose texts may be YAML of another kind", async () => {
  await sendBy(webhook, {
    url: service.url,
    payload: { a: ["1", "x: [", "yes"], b: { c: "[1, 2]" } },
  });
  expect(JSON.parse(last()?.body ?? "")).toEqual({ a: [1, "x: [", true], b: { c: [1, 2] } });
});

test("webhook signs the body with the time", async () => {
  await sendBy(webhook, { url: service.url, hmac_secret: "key", hmac_header: "X-Sig" });
  const seconds = Math.floor(nowMs / 1_000);
  const digest = createHmac("sha256", "key").update(`${seconds}.${last()?.body}`).digest("hex");
  expect(last()?.headers.get("x-sig")).toBe(`t=${seconds},v1=${digest}`);
});

test("webhook reads its URL and credentials from files at each send", async () => {
  const [urlFile, passwordFile] = [`${import.meta.dir}/url.tmp`, `${import.meta.dir}/password.tmp`];
  const config = {
    url_file: urlFile,
    http_config: {
      basic_auth: { username: "me", password_file: passwordFile },
      http_headers: { "X-More": { values: ["a"], files: [passwordFile] } },
    },
  };
  try {
    expect(await sendBy(webhook, config)).toMatchObject({ kind: "failed", isRetried: true });
    await Bun.write(urlFile, `${service.url}/from-file\n`);
    await Bun.write(passwordFile, "first\n");
    expect(await sendBy(webhook, config)).toMatchObject({ kind: "sent" });
    expect(last()?.headers.get("authorization")).toBe(`Basic ${btoa("me:first")}`);
    expect(last()?.headers.get("x-more")).toBe("a, first");
    await Bun.write(passwordFile, "second\n");
    await sendBy(webhook, config);
    expect(last()?.headers.get("authorization")).toBe(`Basic ${btoa("me:second")}`);
  } finally {
    await Promise.all([urlFile, passwordFile].map((file) => Bun.file(file).delete()));
  }
});

test("webhook names why it failed, and whether to retry", async () => {
  const cases = [
    [400, "clientError", false],
    [401, "authError", false],
    [403, "authError", false],
    [404, "clientError", false],
    [429, "rateLimited", true],
    [500, "serverError", true],
    [503, "serverError", true],
    [302, "other", false],
  ] as const;
  for (const [status, reason, isRetried] of cases) {
    answer = () => new Response("no", { status });
    expect(await sendBy(webhook, { url: service.url })).toEqual({
      kind: "failed",
      error: `unexpected status code ${status}: no`,
      reason,
      isRetried,
    });
  }
});

test("webhook passes Retry-After on, in seconds or as a date", async () => {
  answer = () => new Response("", { status: 429, headers: { "Retry-After": "7" } });
  expect(await sendBy(webhook, { url: service.url })).toMatchObject({ retryAfterMs: 7_000 });
  const date = new Date(nowMs + 90_000).toUTCString();
  answer = () => new Response("", { status: 503, headers: { "Retry-After": date } });
  expect(await sendBy(webhook, { url: service.url })).toMatchObject({ retryAfterMs: 90_000 });
});

test("webhook ends with its timeout and its signal, and reads a bounded answer", async () => {
  answer = () => new Promise<Response>(() => {});
  const late = { kind: "failed", reason: "contextDeadlineExceeded", isRetried: true };
  expect(await sendBy(webhook, { url: service.url, timeout: "50ms" })).toMatchObject(late);
  const signal = AbortSignal.timeout(50);
  expect(await sendBy(webhook, { url: service.url }, { signal })).toMatchObject(late);
  answer = () =>
    new Response(
      new ReadableStream({ pull: (stream) => stream.enqueue(new Uint8Array(16_384).fill(97)) }),
    );
  expect(await sendBy(webhook, { url: service.url })).toMatchObject({ kind: "sent" });
});

test("webhook shows no secret in an error", async () => {
  answer = () => new Response(`bad token hunter22 at ${service.url}/s3cret`, { status: 400 });
  const config = {
    url: `${service.url}/s3cret`,
    http_config: { authorization: { credentials: "hunter22" } },
  };
  const outcome = await sendBy(webhook, config);
  expect(outcome).toMatchObject({
    error: "unexpected status code 400: bad token <secret> at <secret>",
  });
  const gone = await sendBy(webhook, { url: "http://127.0.0.1:1/s3cret" });
  expect(gone).toMatchObject({ kind: "failed", reason: "other", isRetried: true });
  expect(JSON.stringify(gone)).not.toContain("s3cret");
});

test("webhook gets a token by OAuth 2.0 and keeps it", async () => {
  let asked = 0;
  const issuer = serviceOf(({ headers, body }) => {
    asked++;
    if (headers.get("authorization") !== `Basic ${btoa("id:pw")}`) throw new Error("bad client");
    expect(body).toBe("grant_type=client_credentials&scope=a+b");
    return Response.json({ access_token: "tok-123", expires_in: 3_600 });
  });
  answer = () => new Response("");
  const oauth2 = {
    client_id: "id",
    client_secret: "pw",
    scopes: ["a", "b"],
    token_url: issuer.url,
  };
  const config = { url: service.url, http_config: { oauth2 } };
  await sendBy(webhook, config);
  await sendBy(webhook, config);
  expect([asked, last()?.headers.get("authorization")]).toEqual([1, "Bearer tok-123"]);
  const wrong = { ...oauth2, client_secret: "wrong" };
  const failed = await sendBy(webhook, { url: service.url, http_config: { oauth2: wrong } });
  expect(failed).toMatchObject({ kind: "failed", reason: "clientError", isRetried: false });
});

function faults(config: unknown) {
  return webhook.schema.safeParse(config).error?.issues.map(({ message }) => message);
}

test("webhook's configuration names its mistakes", () => {
  expect(faults({})).toEqual(["expected one of url and url_file"]);
  expect(faults({ url: "a", url_file: "b" })).toEqual(["expected at most one of url and url_file"]);
  expect(faults({ url: "a", http_config: { basic_auth: {}, oauth2: {} } })?.length).toBeGreaterThan(
    0,
  );
});
