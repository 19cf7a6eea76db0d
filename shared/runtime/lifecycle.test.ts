import { expect, test } from "bun:test";
import { connect } from "node:net";
import { Hono } from "hono";
import { z } from "zod";
import { systemClock } from "./clock.ts";
import { Lifecycle } from "./lifecycle.ts";
import { createLogger } from "./log.ts";
import { createSelfMetrics } from "./self_metrics.ts";
import { statusRoutes } from "./status_routes.ts";

function started(allowed = { reload: true, quit: false }) {
  const lifecycle = new Lifecycle({ ...systemClock, now: () => 5_000 });
  let fault: Error | undefined;
  const reload = () =>
    lifecycle.reloading(async () => {
      if (fault !== undefined) throw fault;
      return [];
    });
  const metrics = createSelfMetrics();
  const app = new Hono()
    .route("/", statusRoutes({ metrics, lifecycle, allowed, notReady: () => [], reload }))
    .get("/api/v1/query", (c) => c.text("an answer"))
    .get("/api/v1/status/walreplay", (c) => c.text("replay"));
  const ask = async (path: string, method = "GET") => {
    const { status, headers } = await app.request(path, { method });
    return { status, stopping: headers.get("x-prometheus-stopping"), allow: headers.get("allow") };
  };
  return { lifecycle, app, ask, fail: (text: string) => void (fault = new Error(text)) };
}

test("queries get 503 while the process stops, and what tells of the process does not", async () => {
  const { lifecycle, app, ask } = started();
  lifecycle.serve(app);
  expect((await ask("/api/v1/query")).status).toBe(200);
  lifecycle.beginStop();
  expect(await ask("/api/v1/query")).toMatchObject({ status: 503, stopping: "true" });
  expect(await (await app.request("/api/v1/query")).text()).toBe("Service Unavailable");
  expect(await ask("/-/ready")).toMatchObject({ status: 503, stopping: "true" });
  for (const path of ["/api/v1/status/walreplay", "/-/healthy", "/metrics"])
    expect((await ask(path)).status).toBe(200);
});
test("the port answers before there are routes: healthy, not ready", async () => {
  const { lifecycle, app } = started();
  lifecycle.listen({ hostname: "127.0.0.1", port: 0 });
  const url = lifecycle.serve(new Hono());
  const early = new Lifecycle(systemClock);
  early.listen({ hostname: "127.0.0.1", port: 0 });
  try {
    expect(() =>
      new Lifecycle(systemClock).listen({ hostname: "127.0.0.1", port: Number(new URL(url).port) }),
    ).toThrow("cannot listen on 127.0.0.1:");
    const address = early.address;
    expect((await fetch(new URL("/-/healthy", address))).status).toBe(200);
    for (const path of ["/-/ready", "/api/v1/query"]) {
      const answer = await fetch(new URL(path, address));
      expect([
        answer.status,
        answer.headers.get("x-prometheus-stopping"),
        await answer.text(),
      ]).toEqual([503, "false", "Service Unavailable"]);
    }
    early.serve(app);
    const long = (bytes: number) => new URL(`/api/v1/query?query=${"x".repeat(bytes)}`, address);
    expect((await fetch(long(500_000))).status).toBe(200);
    expect((await fetch(long(1_100_000))).status).toBe(431);
    expect(await (await fetch(new URL("/api/v1/query", address))).text()).toBe("an answer");
  } finally {
    await lifecycle.close();
    await early.close();
  }
});
test("/-/reload and /-/quit want POST or PUT, and to be allowed", async () => {
  const { ask } = started({ reload: false, quit: false });
  for (const path of ["/-/reload", "/-/quit"]) {
    expect((await ask(path, "POST")).status).toBe(403);
    expect(await ask(path)).toMatchObject({ status: 405, allow: "OPTIONS, POST, PUT" });
  }
  const open = started({ reload: true, quit: true });
  expect((await open.ask("/-/quit", "PUT")).status).toBe(200);
  expect(await open.lifecycle.stopRequested).toBe("asked over HTTP");
});
test("a failed reload is remembered and notified, until one succeeds", async () => {
  const { lifecycle, ask, fail } = started();
  fail("no good");
  expect((await ask("/-/reload", "POST")).status).toBe(500);
  expect(lifecycle.reloaded).toEqual({ succeeded: false, atMs: 5_000 });
  expect(lifecycle.notifications.list()).toEqual([
    { text: "Configuration reload has failed.", date: "1970-01-01T00:00:05.000Z", active: true },
  ]);
  const heard: boolean[] = [];
  lifecycle.notifications.listen(({ active }) => heard.push(active));
  await lifecycle.reloading(async () => {});
  expect(lifecycle.reloaded.succeeded).toBe(true);
  expect(lifecycle.notifications.list()).toEqual([]);
  expect(heard).toEqual([true, false]);
});
test("self metrics as data: labels sorted, whole numbers as text, infinity by its name", async () => {
  const metrics = createSelfMetrics();
  metrics.counter("lapwing_b_total", "B.", ["x", "a"]).inc({ x: "1", a: "2" }, 3);
  metrics.histogram("lapwing_a_seconds", "A.", [0.1, 1]).observe(0.5);
  expect(await metrics.families()).toEqual([
    {
      name: "lapwing_a_seconds",
      help: "A.",
      type: "HISTOGRAM",
      metric: [
        {
          histogram: {
            sampleCount: "1",
            sampleSum: 0.5,
            bucket: [
              { cumulativeCount: "0", upperBound: 0.1 },
              { cumulativeCount: "1", upperBound: 1 },
              { cumulativeCount: "1", upperBound: "Infinity" },
            ],
          },
        },
      ],
    },
    {
      name: "lapwing_b_total",
      help: "B.",
      type: "COUNTER",
      metric: [
        {
          label: [
            { name: "a", value: "2" },
            { name: "x", value: "1" },
          ],
          counter: { value: 3 },
        },
      ],
    },
  ]);
});
test("a route that fails is one line of the log and a 500, and a client that hangs up is none", async () => {
  const lines: { readonly level: string; readonly msg: string }[] = [];
  const gone = Promise.withResolvers<void>();
  const lifecycle = new Lifecycle(systemClock);
  const log = createLogger("debug", (line) => {
    const { level, msg } = z.object({ level: z.string(), msg: z.string() }).parse(JSON.parse(line));
    lines.push({ level, msg });
    if (msg === "a client hung up") gone.resolve();
  });
  lifecycle.observe(log, createSelfMetrics());
  lifecycle.listen({ hostname: "127.0.0.1", port: 0 });
  const routes = new Hono()
    .get("/fails", () => {
      throw new Error("no disk");
    })
    .post("/takes", async (c) => c.text(await c.req.text()));
  const url = lifecycle.serve(routes);
  try {
    const failed = await fetch(new URL("/fails", url));
    expect([failed.status, await failed.text()]).toEqual([500, "Internal Server Error\n"]);
    const socket = connect(Number(new URL(url).port), "127.0.0.1");
    socket.write("POST /takes HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\nhalf", () =>
      setTimeout(() => socket.resetAndDestroy(), 50),
    );
    await gone.promise;
    expect(lines).toEqual([
      { level: "error", msg: "a request failed" },
      { level: "debug", msg: "a client hung up" },
    ]);
  } finally {
    await lifecycle.close();
  }
});
