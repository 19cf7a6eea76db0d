import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "yaml";
import { systemClock } from "#shared/runtime/clock.ts";
import { createSelfMetrics } from "#shared/runtime/self_metrics.ts";
import { ProbeTargets } from "#test/support/probe_targets.ts";
import { samplesOf } from "#test/support/probing.ts";
import { ProbesConfig } from "./config.ts";
import { createProbeMeters } from "./meters.ts";
import { probeRoutes, timeoutOf } from "./probe_routes.ts";

const targets = new ProbeTargets();
afterAll(() => targets.close());
const port = await targets.http();
const metrics = createSelfMetrics();
const config = ProbesConfig.parse(
  parse(`
running_max: 1
allow: [127.0.0.1]
modules:
  http_2xx: {prober: http, http: {headers: {Authorization: hidden}}}
  named: {prober: http, http: {headers: {Host: own.example}}}
  slow: {prober: http, timeout: 100ms}`),
);
const routes = probeRoutes(() => config, {
  clock: systemClock,
  meters: createProbeMeters(metrics),
});
const ask = (query: string, headers: Record<string, string> = {}) =>
  routes.request(`/probe?${query}`, { headers });

test("/probe answers with metrics, failed or not, and with 400 for what it can't do", async () => {
  const answer = await ask(`target=127.0.0.1:${port}`);
  expect(answer.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
  const samples = samplesOf(await answer.text());
  expect(samples.get("probe_success")).toBe(1);
  expect(samples.get("probe_timeout_seconds")).toBe(119.5);
  const failed = await ask("target=127.0.0.1:1");
  expect([failed.status, samplesOf(await failed.text()).get("probe_success")]).toEqual([200, 0]);
  const refused = [
    "target=x&module=no",
    "module=http_2xx",
    "target=",
    "target=x&module=__proto__",
    "target=x&module=named&hostname=y",
  ];
  for (const query of refused) expect([query, (await ask(query)).status]).toEqual([query, 400]);
  expect(await (await ask("target=x&module=no")).text()).toBe('Unknown module "no"\n');
  expect((await ask("target=x", { "X-Prometheus-Scrape-Timeout-Seconds": "soon" })).status).toBe(
    500,
  );
});

const of = (header: string, timeoutMs?: number) => timeoutOf(header, { timeoutMs }, 500);

test("the time-out is the scrape's less the offset, or the module's", () => {
  expect(of("10")).toBe(9_500);
  expect(of("10", 5_000)).toBe(5_000);
  expect(of("2", 5_000)).toBe(1_500);
  expect(of("", 5_000)).toBe(5_000);
  expect(of("0.3", 5_000)).toBe(5_000);
  expect(of("1e1")).toBe(9_500);
  expect(of("x")).toBeUndefined();
});

test("debug output tells what happened, the metrics, and the module without secrets", async () => {
  const text = await (await ask(`target=127.0.0.1:${port}/broken&debug=true`)).text();
  for (const part of [
    "Logs for the probe:",
    "Invalid HTTP response status code",
    "Metrics that would have been returned:",
    "probe_http_status_code 500",
    "Module configuration:",
    "prober: http",
  ])
    expect(text).toContain(part);
  expect(text).not.toContain("hidden");
});

test("addresses of loopback are forbidden in every form, by name and by redirect, unless they are allowed", async () => {
  const closed = probeRoutes(() => ({ ...config, allow: [] }), {
    clock: systemClock,
    meters: createProbeMeters(createSelfMetrics()),
  });
  for (const host of [
    "127.0.0.1",
    "localhost",
    "2130706433",
    "0x7f.1",
    "0.0.0.0",
    "[::1]",
    "[::]",
  ]) {
    const target = encodeURIComponent(`http://${host}:${port}/`);
    const text = await (await closed.request(`/probe?target=${target}&debug=true`)).text();
    expect([host, /is forbidden/.test(text), /probe_success 0/.test(text)]).toEqual([
      host,
      true,
      true,
    ]);
  }
  // What is allowed answers by a redirect to what is not.
  const back = encodeURIComponent(`http://127.0.0.1:${port}/redirect?to=http://127.0.0.2:${port}/`);
  expect(await (await ask(`target=${back}&debug=true`)).text()).toContain("127.0.0.2 is forbidden");
});

test("Unix sockets are forbidden but for those that are allowed, and that is counted", async () => {
  const folder = mkdtempSync(join(tmpdir(), "lapwing-probe-"));
  const paths = ["open.sock", "other.sock"].map((name) => join(folder, name));
  const servers = paths.map((path) =>
    createServer((socket) => void socket.end("ready\n")).listen(path),
  );
  const socketMetrics = createSelfMetrics();
  const allowing = ProbesConfig.parse({
    allow_sockets: paths.slice(0, 1),
    modules: { unix: { prober: "unix", unix: { query_response: [{ expect: "^ready$" }] } } },
  });
  const meters = createProbeMeters(socketMetrics);
  const guarded = probeRoutes(() => allowing, { clock: systemClock, meters });
  try {
    const answers = paths.map(async (path) => {
      const target = encodeURIComponent(path);
      return (await guarded.request(`/probe?module=unix&target=${target}&debug=true`)).text();
    });
    const [open, other] = await Promise.all(answers);
    expect(open).toContain("probe_success 1");
    expect(other).toContain("probe_success 0");
    expect(other).toContain("probes.allow_sockets of the agent's configuration can permit it");
    expect(await socketMetrics.text()).toContain(
      'lapwing_probes_total{prober="unix",by="request",result="forbidden"} 1',
    );
  } finally {
    for (const server of servers) server.close();
    rmSync(folder, { recursive: true });
  }
});

test("metadata addresses are forbidden, and that is told and counted", async () => {
  const text = await (
    await ask("target=http://169.254.169.254/latest/meta-data&debug=true")
  ).text();
  expect(text).toContain("169.254.169.254 is forbidden");
  expect(text).toContain("probe_success 0");
  expect(await metrics.text()).toContain(
    'lapwing_probes_total{prober="http",by="request",result="forbidden"} 2',
  );
});

test("more probes than may run at a time are refused", async () => {
  const running = ask(`target=127.0.0.1:${port}/never&module=slow`);
  await Promise.resolve();
  expect((await ask(`target=127.0.0.1:${port}`)).status).toBe(503);
  expect(samplesOf(await (await running).text()).get("probe_success")).toBe(0);
  expect((await ask(`target=127.0.0.1:${port}`)).status).toBe(200);
});
