import { afterAll, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { type Server, connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "#shared/runtime/clock.ts";
import { silentLogger } from "#shared/runtime/log.ts";
import { createSelfMetrics } from "#shared/runtime/self_metrics.ts";
import { freePort } from "#test/support/free_port.ts";
import { ReceiversConfig } from "./config.ts";
import { Receivers } from "./receivers.ts";

const folder = await mkdtemp(join(tmpdir(), "lapwing-receivers-"));
afterAll(() => rm(folder, { recursive: true }));

function opened(config: unknown): Receivers {
  const output = {
    metrics: () => Promise.resolve(0),
    logs: () => Promise.resolve(0),
    drop: () => {},
    syncPromptly: () => {},
  };
  const limiter = { hasRoom: () => true, refused: () => {}, refusedSamples: () => {} };
  return new Receivers(ReceiversConfig.parse(config), {
    output,
    clock: systemClock,
    log: silentLogger,
    metrics: createSelfMetrics(),
    folder,
    limiter,
    outOfOrderMs: 0,
  });
}

const syslogAt = (port: number) => ({ syslog: { tcp_listen: `127.0.0.1:${port}` } });

function canConnect(port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = connect(port, "127.0.0.1", () => resolve(true));
  socket.on("error", () => resolve(false));
  return promise.finally(() => socket.destroy());
}

test("reload() moves a receiver to another port, and its neighbours notice nothing", async () => {
  const [first, second] = [await freePort(), await freePort()];
  const receivers = opened(syslogAt(first));
  await receivers.start();
  const { routes } = receivers;
  expect([await canConnect(first), await canConnect(second)]).toEqual([true, false]);
  await receivers.reload(ReceiversConfig.parse(syslogAt(first)));
  expect(receivers.routes).toBe(routes);
  await receivers.reload(ReceiversConfig.parse(syslogAt(second)));
  expect([await canConnect(first), await canConnect(second)]).toEqual([false, true]);
  await receivers.stop();
});

test("reload() puts everything back where a port is taken, and says so", async () => {
  const [first, taken] = [await freePort(), await freePort()];
  const other: Server = createServer().listen(taken, "127.0.0.1");
  await new Promise((resolve) => other.once("listening", resolve));
  const receivers = opened(syslogAt(first));
  await receivers.start();
  const next = ReceiversConfig.parse({ ...syslogAt(taken), loki: { enabled: false } });
  const error = await receivers.reload(next).catch(String);
  expect(error).toContain(String(taken));
  expect(await canConnect(first)).toBe(true);
  const push = await receivers.routes.request("/loki/api/v1/push", { method: "POST", body: "{" });
  expect(push.status).toBe(400);
  await receivers.stop();
  other.close();
});

test("reload() turns routes on and off", async () => {
  const receivers = opened({});
  await receivers.start();
  const ask = async () =>
    (await receivers.routes.request("/loki/api/v1/push", { method: "POST", body: "{" })).status;
  const old = receivers.routes;
  expect(await ask()).toBe(400);
  await receivers.reload(ReceiversConfig.parse({ loki: { enabled: false } }));
  expect(await ask()).toBe(404);
  // Who still holds the old app is told to come again.
  expect((await old.request("/loki/api/v1/push", { method: "POST", body: "{" })).status).toBe(503);
  await receivers.reload(ReceiversConfig.parse({}));
  expect(await ask()).toBe(400);
  await receivers.stop();
});
