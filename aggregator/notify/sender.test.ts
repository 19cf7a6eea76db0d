import { afterAll, expect, test } from "bun:test";
import { plainParts, notificationOf } from "../channels/service.fixture.ts";
import type { SendOutcome } from "../channels/channel.ts";
import { webhook } from "../channels/webhook/send.ts";
import { GlobalConfig } from "../channels/global_config.ts";
import { knownChannel } from "./config/integration.ts";
import type { Delivery } from "./pipeline/deliveries.ts";
import { Sender } from "./sender.ts";

let hanging = 0;
const awaited = new Map<number, () => void>();
/** Takes every request; answers only those for /good. */
const service = Bun.serve({
  port: 0,
  hostname: "127.0.0.1",
  fetch: ({ url, signal }) => {
    if (url.endsWith("/good")) return new Response("ok");
    awaited.get(++hanging)?.();
    return new Promise<Response>((resolve) =>
      signal.addEventListener("abort", () => resolve(new Response("late"))),
    );
  },
});
afterAll(() => service.stop(true));

/** Resolves when so many requests hang. */
const untilHanging = (count: number) =>
  hanging >= count
    ? Promise.resolve()
    : new Promise<void>((resolve) => awaited.set(count, resolve));

let made = 0;
function deliveryTo(path: string, receiver = "team"): Delivery {
  const { integration } = knownChannel(webhook).read(
    { url: `${service.url.href}${path}` },
    GlobalConfig.parse({}),
    0,
  );
  if (integration === undefined) throw new Error("no integration");
  return {
    id: String(made++),
    key: { groupKey: `g${made}`, receiver, integration: "webhook[0]" },
    integration,
    notification: notificationOf(),
    createdMs: 0,
    attempts: 1,
  };
}

const kinds = async (outcomes: readonly Promise<SendOutcome>[]) =>
  (await Promise.all(outcomes)).map(({ kind }) => kind);

test("a test, and another integration, wait for no send that hangs", async () => {
  hanging = 0;
  const sender = new Sender({ concurrencyMax: 2 });
  const stuck = [1, 2, 3].map(() => deliveryTo("hang"));
  const outcomes = stuck.map((each) => sender.send(each, plainParts));
  await untilHanging(2);
  const passed = [
    sender.send(deliveryTo("good"), plainParts, "test"),
    sender.send(deliveryTo("good", "other"), plainParts),
  ];
  expect(await kinds(passed)).toEqual(["sent", "sent"]);
  for (const each of stuck) sender.cancel(each);
  expect(await kinds(outcomes)).toEqual(["failed", "failed", "failed"]);
});

test("a notification that is cancelled while it waits ends at once, and the next one takes its turn", async () => {
  hanging = 0;
  const sender = new Sender({ concurrencyMax: 1 });
  const [first, second] = [deliveryTo("hang"), deliveryTo("hang")];
  const stuck = sender.send(first, plainParts);
  await untilHanging(1);
  const waiting = sender.send(second, plainParts);
  const next = sender.send(deliveryTo("good"), plainParts);
  sender.cancel(second);
  expect(await waiting).toMatchObject({ error: "cancelled before it was sent" });
  expect(hanging).toBe(1);
  sender.cancel(first);
  expect((await stuck).kind).toBe("failed");
  expect((await next).kind).toBe("sent");
});

test("300 sends that hang keep no test from its service", async () => {
  hanging = 0;
  const sender = new Sender({ concurrencyMax: 16 });
  const stuck = Array.from({ length: 300 }, (_, i) => deliveryTo("hang", `r${i}`));
  const outcomes = stuck.map((each) => sender.send(each, plainParts));
  await untilHanging(192);
  expect((await sender.send(deliveryTo("good", "good"), plainParts, "test")).kind).toBe("sent");
  for (const each of stuck) sender.cancel(each);
  expect(new Set(await kinds(outcomes))).toEqual(new Set(["failed"]));
}, 30_000);

test("integrations that hang leave a place for each other one", async () => {
  hanging = 0;
  const sender = new Sender({ concurrencyMax: 16, placesMax: 6, sharedMax: 3 });
  const stuck = Array.from({ length: 20 }, (_, i) => deliveryTo("hang", `r${i % 2}`));
  const outcomes = stuck.map((each) => sender.send(each, plainParts));
  await untilHanging(3);
  const others = Array.from({ length: 20 }, (_, i) => deliveryTo("good", `other${i}`));
  const passed = await kinds(others.map((each) => sender.send(each, plainParts)));
  expect(new Set(passed)).toEqual(new Set(["sent"]));
  for (const each of stuck) sender.cancel(each);
  await Promise.all(outcomes);
});

test("where all places hang, the oldest attempt makes way", async () => {
  hanging = 0;
  const sender = new Sender({ concurrencyMax: 1, placesMax: 2, sharedMax: 1, slowMs: 50 });
  const stuck = ["a", "b"].map((receiver) => deliveryTo("hang", receiver));
  const outcomes = stuck.map((each) => sender.send(each, plainParts));
  await untilHanging(2);
  expect((await sender.send(deliveryTo("good", "c"), plainParts)).kind).toBe("sent");
  expect(await outcomes[0]).toMatchObject({
    reason: "contextDeadlineExceeded",
    error: "no complete answer in time",
    isRetried: true,
  });
  const [, second] = stuck;
  if (second !== undefined) sender.cancel(second);
  await outcomes[1];
});
