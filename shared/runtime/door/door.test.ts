import { expect, test } from "bun:test";
import { systemClock } from "../clock.ts";
import { createLogger } from "../log.ts";
import { createSelfMetrics } from "../self_metrics.ts";
import { HttpConfig } from "./config.ts";
import { Door } from "./door.ts";

const listenDefault = "127.0.0.1";
type Asked = { readonly method?: string; readonly headers?: Record<string, string> };

function opened(http: unknown = {}, listen = listenDefault) {
  const clock = { nowMs: 0 };
  const door = new Door({ ...systemClock, monotonic: () => clock.nowMs });
  door.configure(HttpConfig.parse(http));
  door.opened(listen);
  door.leadsTo({
    has: (_, path) => path === "/v1/logs" || path === "/_bulk",
    origins: (path) => (path === "/v1/logs" ? ["https://shop.example"] : []),
  });
  const ask = (path: string, { method = "GET", headers = {} }: Asked = {}) =>
    door.answer(
      new Request(`http://127.0.0.1:7600${path}`, {
        method,
        headers: { host: "127.0.0.1:7600", ...headers },
      }),
      ({ url }) => new Response(`answered ${new URL(url).pathname}`),
    );
  const statusOf = async (path: string, asked?: Asked) => (await ask(path, asked)).status;
  return { door, ask, statusOf, clock };
}
const withHost = (host: string, headers: Record<string, string> = {}) => ({
  headers: { ...headers, host },
});

test("Door lets in by the names of the server, with or without a port", async () => {
  const { statusOf } = opened({ hosts: ["lapwing.example"] });
  for (const host of [
    "127.0.0.1:7600",
    "127.0.0.1",
    "127.8.9.1:7600",
    "localhost:7600",
    "LOCALHOST",
    "localhost.:7600",
    "[::1]:7600",
    "[0:0:0:0:0:0:0:1]",
    "lapwing.example",
    "Lapwing.Example:443",
  ])
    expect([host, await statusOf("/api/v1/query", withHost(host))]).toEqual([host, 200]);
  for (const host of [
    "rebind.example:7600",
    "localhost.rebind.example",
    "127.0.0.1.rebind.example",
    "x.lapwing.example",
    "10.0.0.1:7600",
    "0.0.0.0:7600",
    "2130706433",
  ])
    expect([host, await statusOf("/api/v1/query", withHost(host))]).toEqual([host, 421]);
  for (const host of ["localhost, rebind.example", "", "a b", "localhost:x", "user@localhost", "/"])
    expect([host, await statusOf("/api/v1/query", withHost(host))]).toEqual([host, 400]);
});

test("Door takes any address where the server listens on all, and a name only where it is known", async () => {
  const { statusOf } = opened({}, "0.0.0.0");
  for (const host of ["10.0.0.1:7600", "[fd00::1]:7600", "localhost"])
    expect(await statusOf("/metrics", withHost(host))).toBe(200);
  expect(await statusOf("/metrics", withHost("rebind.example"))).toBe(421);
  const one = opened({}, "192.0.2.7");
  expect(await one.statusOf("/metrics", withHost("192.0.2.7:7600"))).toBe(200);
  expect(await one.statusOf("/metrics", withHost("192.0.2.8:7600"))).toBe(421);
  expect(await opened({ hosts: ["*"] }).statusOf("/metrics", withHost("any.example"))).toBe(200);
});

test("Door answers health checks by any name with one word, and pushes of programs", async () => {
  const { ask, statusOf } = opened();
  const check = await ask("/-/ready", withHost("service.namespace"));
  expect([check.status, await check.text()]).toEqual([200, "OK\n"]);
  expect(await (await ask("/-/ready")).text()).toBe("answered /-/ready");
  expect(await statusOf("/-/reload", { method: "POST", ...withHost("service") })).toBe(421);
  const push = (headers = {}) =>
    statusOf("/_bulk", { method: "POST", ...withHost("collector:7600", headers) });
  expect(await push()).toBe(200);
  // A page whose name was rebound to this address: its own origin, to the browser.
  for (const marker of [
    { origin: "http://collector:7600" },
    { "sec-fetch-site": "same-origin" },
    { referer: "http://collector:7600/" },
  ])
    expect(await push(marker)).toBe(421);
});

const to = (dest: string) => ({
  headers: {
    "sec-fetch-site": "cross-site",
    "sec-fetch-mode": "navigate",
    "sec-fetch-dest": dest,
  },
});
const from = (origin: string, method = "GET", more = {}) => ({
  method,
  headers: { origin, "sec-fetch-site": "cross-site", ...more },
});

const foreign: readonly Record<string, string>[] = [
  { origin: "https://elsewhere.example" },
  { origin: "null" },
  { origin: "http://127.0.0.1:8080" },
  { origin: "http://127.0.0.1:7600, http://127.0.0.1:7600" },
  { "sec-fetch-site": "cross-site" },
  { "sec-fetch-site": "same-site" },
  { "sec-fetch-site": "same-origin, cross-site" },
  { "sec-fetch-site": "cross-site", origin: "http://127.0.0.1:7600" },
];
test("Door refuses pages of other origins, and lets in its own and programs", async () => {
  const { ask, statusOf } = opened();
  for (const headers of foreign)
    for (const method of ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
      for (const path of ["/api/v1/query", "/v1/logs", "/-/reload", "/", "/nothing"]) {
        const answer = await ask(path, { method, headers });
        expect([path, answer.status]).toEqual([path, 403]);
        expect(answer.headers.get("access-control-allow-origin")).toBeNull();
      }
  for (const headers of [
    {},
    { origin: "http://127.0.0.1:7600" },
    { "sec-fetch-site": "same-origin" },
    { "sec-fetch-site": "none" },
    // A proxy that ends TLS and puts its upstream into Host.
    { origin: "https://lapwing.example", "sec-fetch-site": "same-origin" },
    { origin: "http://lapwing.example", "x-forwarded-host": "lapwing.example" },
  ])
    expect(await statusOf("/-/reload", { method: "POST", headers })).toBe(200);
});

test("Door lets a person follow a link, but not to what asks other hosts, and not into a frame", async () => {
  const { statusOf } = opened();
  expect(await statusOf("/dashboards/web", to("document"))).toBe(200);
  expect(await statusOf("/-/reload", { method: "POST", ...to("document") })).toBe(403);
  expect(await statusOf("/dashboards/web", to("iframe"))).toBe(403);
  for (const path of ["/probe?target=x", "/%70robe?target=x"])
    expect(await statusOf(path, to("document"))).toBe(403);
  const referred = { headers: { referer: "http://elsewhere.example/" } };
  expect(await statusOf("/probe?target=x", referred)).toBe(403);
  expect(await statusOf("/probe?target=x")).toBe(200);
  const framed = opened({ frame_ancestors: ["https://wiki.example"] });
  expect(await framed.statusOf("/dashboards/web", to("iframe"))).toBe(200);
});

test("Door lets listed origins query, and nothing else", async () => {
  const { ask } = opened({ cors: { origins: ["https://grafana.example"] } });
  for (const path of ["/api/v1/query_range", "/api/v1/label/job/values", "/loki/api/v1/tail"]) {
    const answer = await ask(path, from("https://grafana.example"));
    expect([answer.status, answer.headers.get("access-control-allow-origin")]).toEqual([
      200,
      "https://grafana.example",
    ]);
    expect(answer.headers.get("vary")).toContain("Origin");
    expect((await ask(path, from("https://grafana.example.evil"))).status).toBe(403);
  }
  for (const path of [
    "/api/v1/monitoring/logs",
    "/api/v1/dashboards",
    "/api/v1/fleet/agents",
    "/api/v1/admin/tsdb/delete_series",
    "/loki/api/v1/delete",
    "/loki/api/v1/push",
    "/lapwing.v1.DashboardService/ListDashboards",
    "/-/reload",
  ])
    for (const method of ["GET", "POST"])
      expect((await ask(path, from("https://grafana.example", method))).status).toBe(403);
  const asks = { "access-control-request-method": "POST", "access-control-request-headers": "x-a" };
  const preflight = await ask("/api/v1/query", from("https://grafana.example", "OPTIONS", asks));
  expect(preflight.status).toBe(204);
  expect(preflight.headers.get("access-control-allow-headers")).toBe("x-a");
  expect(preflight.headers.has("access-control-allow-private-network")).toBe(false);
  expect((await ask("/v1/logs", from("https://shop.example", "POST"))).status).toBe(200);
  expect((await ask("/_bulk", from("https://shop.example", "POST"))).status).toBe(403);
  const any = opened({ cors: { origins: ["*"] } });
  expect((await any.ask("/api/v1/query", from("https://any.example"))).status).toBe(200);
});

test("Door secures every answer, refusals too", async () => {
  const { ask, door } = opened({ frame_ancestors: ["https://wiki.example"] });
  for (const asked of [{}, { headers: { host: "rebind.example" } }]) {
    const { headers } = await ask("/api/v1/query", asked);
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect(headers.get("cross-origin-resource-policy")).toBe("same-origin");
    expect(headers.get("content-security-policy")).toBe(
      "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    );
  }
  const page = await door.answer(
    new Request("http://localhost/", { headers: { host: "localhost" } }),
    () => new Response("", { headers: { "content-security-policy": "default-src 'self'" } }),
  );
  expect(page.headers.get("content-security-policy")).toBe(
    "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'self' https://wiki.example",
  );
});

test("Door counts each refusal, and logs one line a minute that names the key to set", async () => {
  const { door, statusOf, clock } = opened();
  const lines: string[] = [];
  const metrics = createSelfMetrics();
  door.observe(
    createLogger("info", (line) => void lines.push(line)),
    metrics,
  );
  for (let i = 0; i < 1_000; i++) await statusOf("/metrics", withHost("prometheus-target:7600"));
  await statusOf("/metrics", { headers: { origin: "https://elsewhere.example" } });
  expect(lines).toHaveLength(1);
  expect(lines[0]).toContain("http.hosts");
  expect(lines[0]).toContain("prometheus-target:7600");
  clock.nowMs += 60_000;
  await statusOf("/metrics", withHost("prometheus-target:7600"));
  expect(JSON.parse(lines[1] ?? "")).toMatchObject({ level: "warn", refused: 1_001 });
  const text = await metrics.text();
  expect(text).toContain('lapwing_http_refused_requests_total{reason="host"} 1001');
  expect(text).toContain('lapwing_http_refused_requests_total{reason="origin"} 1');
});

test("HttpConfig takes names and origins, and says what it expected", () => {
  const wrong = {
    hosts: ["http://a", "a:80"],
    cors: { origins: ["https://a/"] },
    frame_ancestors: ["a"],
  };
  const { issues } = HttpConfig.safeParse(wrong).error ?? { issues: [] };
  expect(issues.map(({ path }) => path.join("."))).toEqual([
    "hosts.0",
    "hosts.1",
    "cors.origins.0",
    "frame_ancestors.0",
  ]);
});
