import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silentLogger } from "#shared/runtime/log.ts";
import { systemClock } from "#shared/runtime/clock.ts";
import { z } from "zod";
import { until } from "#test/support/asking.ts";
import { LocalRulesConfig } from "../config.ts";
import { type Note, fingerprintOf } from "./note.ts";
import { Notifier, type NotifierParts } from "./notifier.ts";
import { scriptSend } from "./script.ts";
import { webhookSend } from "./webhook.ts";

const folder = mkdtempSync(join(tmpdir(), "lapwing-notify-"));
const got: { body: string; authorization: string | null }[] = [];
let answer = 200;
const receiver = Bun.serve({
  port: 0,
  hostname: "127.0.0.1",
  async fetch(request) {
    const { headers, url } = request;
    got.push({ body: await request.text(), authorization: headers.get("authorization") });
    return answer === 302 ? Response.redirect(url) : new Response("", { status: answer });
  },
});
afterAll(async () => {
  await receiver.stop(true);
  rmSync(folder, { recursive: true });
});

const Message = z.object({
  status: z.string(),
  alerts: z.array(z.object({ status: z.string(), labels: z.record(z.string(), z.string()) })),
});

function noteOf(alert: string, device: string, status: Note["status"] = "firing"): Note {
  const labels = { alertname: alert, device };
  const endsMs = status === "firing" ? 0 : 2_000;
  return {
    alert,
    labels,
    status,
    annotations: {},
    fingerprint: fingerprintOf(labels),
    startsMs: 1_000,
    endsMs,
  };
}

const webhookOf = (given: object) => {
  const [webhook] = LocalRulesConfig.parse({ webhooks: [given] }).webhooks;
  if (webhook === undefined) throw new Error("there is one");
  return webhookSend(webhook);
};

function notifierOf(parts: Partial<NotifierParts> & Pick<NotifierParts, "send">) {
  const counts = { sent: 0, failed: 0, dropped: 0 };
  const notifier = new Notifier({
    name: "webhook 1",
    sendResolved: true,
    triesMax: Infinity,
    // Waits are told by the clock of the machine, a hundred times as fast.
    clock: { sleep: (ms, signal) => systemClock.sleep(ms / 100, signal) },
    log: silentLogger,
    count: (outcome, alerts) => {
      counts[outcome] += alerts;
    },
    ...parts,
  });
  return { notifier, counts };
}

test("fingerprintOf() is Prometheus's", () => {
  // From prometheus/common model/signature_test.go: TestLabelsToSignature.
  expect(fingerprintOf({})).toBe(14_695_981_039_346_656_037n.toString(16));
  expect(fingerprintOf({ name: "garland, briggs", fear: "love is not enough" })).toBe(
    5_799_056_148_416_392_346n.toString(16).padStart(16, "0"),
  );
});

test("a webhook gets Alertmanager's message, one for each rule", async () => {
  const url = receiver.url.href;
  const file = join(folder, "token");
  writeFileSync(file, "t0k\n");
  const { notifier, counts } = notifierOf({ send: webhookOf({ url, bearer_token_file: file }) });
  notifier.add([noteOf("Full", "a"), noteOf("Full", "b", "resolved"), noteOf("Hot", "c")]);
  await until("both messages", () => counts.sent === 3);
  const [full, hot] = got.splice(0);
  expect(JSON.parse(full?.body ?? "")).toEqual({
    version: "4",
    groupKey: '{}:{alertname="Full"}',
    truncatedAlerts: 0,
    receiver: "webhook 1",
    status: "firing",
    alerts: [
      {
        status: "firing",
        labels: { alertname: "Full", device: "a" },
        annotations: {},
        startsAt: "1970-01-01T00:00:01.000Z",
        endsAt: "0001-01-01T00:00:00Z",
        generatorURL: "",
        fingerprint: fingerprintOf({ alertname: "Full", device: "a" }),
      },
      {
        status: "resolved",
        labels: { alertname: "Full", device: "b" },
        annotations: {},
        startsAt: "1970-01-01T00:00:01.000Z",
        endsAt: "1970-01-01T00:00:02.000Z",
        generatorURL: "",
        fingerprint: fingerprintOf({ alertname: "Full", device: "b" }),
      },
    ],
    groupLabels: { alertname: "Full" },
    commonLabels: { alertname: "Full" },
    commonAnnotations: {},
    externalURL: "",
  });
  expect(full?.authorization).toBe("Bearer t0k");
  expect(Message.parse(JSON.parse(hot?.body ?? "")).alerts[0]?.labels["device"]).toBe("c");
  await notifier.stop();
});

test("a receiver that is away hears how things are when it is back, once", async () => {
  answer = 503;
  const { notifier, counts } = notifierOf({ send: webhookOf({ url: receiver.url.href }) });
  notifier.add([noteOf("Full", "a"), noteOf("Full", "b")]);
  await until("two failures", () => counts.failed >= 4);
  expect(notifier.lastError).toBe("answered 503");
  notifier.add([noteOf("Full", "a", "resolved")]);
  expect(notifier.notes).toHaveLength(2);
  got.splice(0);
  answer = 200;
  await until("the message", () => notifier.notes.length === 0);
  // A request that was under way meanwhile may have told of b already.
  const told = new Map<string | undefined, string>();
  for (const { body } of got)
    for (const { status, labels } of Message.parse(JSON.parse(body)).alerts)
      told.set(labels["device"], status);
  expect(Object.fromEntries(told)).toEqual({ a: "resolved", b: "firing" });
  expect(notifier.lastError).toBe("");
  expect(counts.dropped).toBe(0);
  await notifier.stop();
});

test.each([400, 404, 302])(
  "a receiver that answers %d refuses: dropped and counted",
  async (code) => {
    answer = code;
    const { notifier, counts } = notifierOf({ send: webhookOf({ url: receiver.url.href }) });
    notifier.add([noteOf("Full", "a")]);
    await until("the drop", () => counts.dropped === 1);
    expect(counts).toEqual({ sent: 0, failed: 1, dropped: 1 });
    expect(notifier.notes).toEqual([]);
    answer = 200;
    await notifier.stop();
  },
);

test("what is not told at a stop stays, and nothing tells the address", async () => {
  const url = "http://127.0.0.1:1/s3cret";
  const file = join(folder, "url");
  writeFileSync(file, `${url}\n`);
  for (const send of [
    webhookOf({ url }),
    webhookOf({ url_file: file }),
    webhookOf({ url_file: "/none" }),
  ]) {
    const { notifier, counts } = notifierOf({ send });
    notifier.add([noteOf("Full", "a")]);
    await until("a failure", () => counts.failed > 0);
    await notifier.stop();
    expect(notifier.notes).toHaveLength(1);
    expect(notifier.lastError).not.toBe("");
    expect(notifier.lastError).not.toContain("s3cret");
  }
});

test("a receiver that wants no ends is not told of them", async () => {
  const { notifier, counts } = notifierOf({
    sendResolved: false,
    send: webhookOf({ url: receiver.url.href }),
  });
  notifier.add([noteOf("Full", "a", "resolved"), noteOf("Full", "b")]);
  await until("the message", () => counts.sent === 1);
  expect(notifier.notes).toEqual([]);
  await notifier.stop();
});

const scriptOf = (given: object) => {
  const [script] = LocalRulesConfig.parse({ scripts: [given] }).scripts;
  if (script === undefined) throw new Error("there is one");
  return scriptSend(script);
};

test("a script gets the message on standard input, and nothing of the agent's environment", async () => {
  const out = join(folder, "out");
  process.env["NOTIFIER_TEST_SECRET"] = "x";
  const command = ["/bin/sh", "-c", 'cat > "$OUT"; env >> "$OUT"'];
  const { notifier, counts } = notifierOf({ send: scriptOf({ command, env: { OUT: out } }) });
  notifier.add([noteOf("Full", "a")]);
  await until("the script", () => counts.sent === 1);
  const text = await Bun.file(out).text();
  expect(text).toStartWith('{"version":"4"');
  expect(text).not.toContain("NOTIFIER_TEST_SECRET");
  await notifier.stop();
});

test("a script that fails, takes too long, or writes too much is given up after some tries", async () => {
  const failing: readonly (readonly [object, string])[] = [
    [{ command: ["/bin/sh", "-c", "echo no mail >&2; exit 3"] }, "ended with 3: no mail"],
    [{ command: ["/bin/sh", "-c", "sleep 60"], timeout: "50ms" }, "did not end in time"],
    [{ command: ["/bin/sh", "-c", "yes"] }, "wrote more than 65536 bytes"],
    [{ command: ["/no/such/program"] }, "can't run /no/such/program"],
  ];
  for (const [given, words] of failing) {
    const { notifier, counts } = notifierOf({ triesMax: 2, send: scriptOf(given) });
    notifier.add([noteOf("Full", "a")]);
    await until("the drop", () => counts.dropped === 1);
    expect(counts).toEqual({ sent: 0, failed: 2, dropped: 1 });
    expect(notifier.lastError).toContain(words);
    await notifier.stop();
  }
});
