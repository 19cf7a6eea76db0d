import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { connect } from "node:net";
import type { Browser } from "playwright-core";
import { until } from "#test/support/asking.ts";
import { builtUi } from "#test/support/built_ui.ts";
import { findChromium, launchChromium, withPage } from "#test/support/chromium.ts";
import { Stage } from "#test/support/stage.ts";
import { systemClock } from "#shared/runtime/clock.ts";
import { Lifecycle } from "#shared/runtime/lifecycle.ts";
import { processPressure } from "#shared/runtime/process/memory_pressure.ts";
import type { Role } from "#shared/runtime/role.ts";
import { openUpRole } from "#up_role.ts";

// Pages of other origins, and names that are not the server's, on every route of a running `up`.

setDefaultTimeout(60_000);
const secret = "a line that no page of another origin may read";
const named = "lapwing.test";
/** A configuration that holds a password wherever one may be. */
const secrets = `
scrape_configs:
  - job_name: keyed
    params: {apikey: [hunter2], module: [shown]}
    static_configs: [{targets: ["127.0.0.1:1"]}]
    metrics_path: /metrics
    basic_auth: {username: user, password: hunter2}
    http_sd_configs: [{url: "http://user:hunter2@127.0.0.1:1/sd?key=hunter2&sig=hunter2"}]
  - job_name: proxied
    proxy_url: http://user:hunter2@127.0.0.1:1
    authorization: {type: Bearer, credentials: hunter2}
    static_configs: [{targets: ["127.0.0.1:1"]}]
probes:
  modules:
    posts: {prober: http, http: {method: POST, body: hunter2, headers: {X-Own: hunter2}}}
    speaks: {prober: tcp, tcp: {query_response: [{send: "AUTH hunter2"}]}}
integrations:
  redis: [{address: "127.0.0.1:1", password: hunter2}]
  postgresql: [{address: "127.0.0.1:1", password: hunter2}]
local_rules:
  webhooks: [{url: "http://127.0.0.1:1/hunter2"}]
`;
const stage = new Stage();
const lifecycle = new Lifecycle(systemClock);
let role: Role;
let url = "";

beforeAll(async () => {
  const uiFolder = await builtUi();
  await Bun.write(stage.path("secrets.yaml"), secrets);
  const opened = await openUpRole(
    {
      config: stage.path("secrets.yaml"),
      listen: "127.0.0.1:0",
      dataDir: stage.path("data"),
      logLevel: "error",
      set: [
        `http.hosts=["${named}"]`,
        "integrations.detect=false",
        "lifecycle.quit=true",
        "ingest.flush_interval=200ms",
      ],
    },
    lifecycle,
    { uiFolder, boards: async () => [], providedRules: async () => [] },
  );
  role = opened.role;
  url = lifecycle.serve(role.routes, role.pushes);
  const push = await fetch(new URL("/loki/api/v1/push", url), {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      streams: [{ stream: { job: "app" }, values: [[`${Date.now()}000000`, secret]] }],
    }),
  });
  expect(push.status).toBe(204);
  await until("the line is stored", async () =>
    (await (await fetch(new URL(readPath, url))).text()).includes(secret),
  );
});
afterAll(async () => {
  // The role of this process set it; tests of other files must not meet it.
  processPressure.setHigh(Infinity);
  await role.stop();
  await lifecycle.close();
  await stage.stop();
});

const readPath = "/api/v1/monitoring/logs?query=%7Bjob%3D%22app%22%7D";
const methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
/** Each path that a route answers, with something in the place of parameters. */
function paths(): string[] {
  const own = role.routes.routes.map(({ path }) =>
    path.replaceAll(/:[a-z_]+(?:\{[^}]*\})?/gi, "x").replaceAll("*", "x"),
  );
  return [...new Set(own)].toSorted();
}

test("no route of any method answers a page of another origin", async () => {
  expect(paths().length).toBeGreaterThan(100);
  for (const headers of [
    { origin: "http://elsewhere.test" },
    { "sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors" },
  ])
    await all(async (path, method) => {
      const answer = await fetch(new URL(path, url), { method, headers });
      await answer.bytes();
      const allowed = answer.headers.get("access-control-allow-origin");
      expect([method, path, answer.status, allowed]).toEqual([method, path, 403, null]);
      expect(answer.headers.get("x-content-type-options")).toBe("nosniff");
    });
  expect(lifecycle.isStopping).toBe(false);
});

test("no route of any method answers under another name but health checks", async () => {
  const health = new Set(["/-/healthy", "/-/ready"]);
  await all(async (path, method) => {
    const origin = "http://rebind.test";
    const own = { host: "rebind.test", origin, "sec-fetch-site": "same-origin" };
    const answer = await fetch(new URL(path, url), { method, headers: own });
    await answer.bytes();
    const isHealthCheck = health.has(path) && (method === "GET" || method === "HEAD");
    expect([method, path, answer.status]).toEqual([method, path, isHealthCheck ? 200 : 421]);
  });
});

const send = (path: string, host: string, method = "POST") =>
  fetch(new URL(path, url), { method, headers: { host, "content-type": "application/json" } });
test("programs push by any name, and read by names of the server alone", async () => {
  for (const path of ["/loki/api/v1/push", "/api/v1/write", "/v1/logs", "/metrics/job/x"])
    expect([path, (await send(path, "collector:7600")).status]).not.toEqual([path, 421]);
  for (const path of ["/metrics", "/api/v1/labels", readPath]) {
    const refused = await send(path, "collector:7600", "GET");
    expect(refused.status).toBe(421);
    expect(await refused.text()).toContain("http.hosts");
    expect((await send(path, `${named}:80`, "GET")).status).toBe(200);
  }
});

test("no route shows a secret of the configuration", async () => {
  let seen = "";
  for (const path of paths()) {
    if (path.includes("stream") || path.endsWith("/live")) continue;
    const text = await (await fetch(new URL(path, url))).text();
    expect([path, text.includes("hunter2")]).toEqual([path, false]);
    seen += text;
  }
  for (const module of ["posts", "speaks"]) {
    const probe = `/probe?target=192.0.2.1:1&module=${module}&debug=true`;
    expect(await (await fetch(new URL(probe, url))).text()).not.toContain("hunter2");
  }
  // The rest of these parts is shown.
  for (const part of ["prober: http", "127.0.0.1:1/sd", "module=shown", "type: Bearer"])
    expect([part, seen.includes(part)]).toEqual([part, true]);
});

test("a second Host is refused, and HTTP/1.0 without one is answered", async () => {
  const both = "GET /metrics HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n";
  expect(await raw(both)).toStartWith("HTTP/1.1 400");
  expect(await raw("GET /-/healthy HTTP/1.0\r\n\r\n")).toContain("Lapwing is Healthy.");
  const nul = "GET /assets/%00 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
  expect(await raw(nul)).toStartWith("HTTP/1.1 404");
});

test("every answer forbids browsers to guess its type, and names who may frame it", async () => {
  for (const path of ["/", "/agent", "/api/docs", "/api/v1/nothing", "/metrics", "/v1/logs"]) {
    const { headers } = await fetch(new URL(path, url));
    expect([path, headers.get("x-content-type-options")]).toEqual([path, "nosniff"]);
    for (const directive of ["frame-ancestors", "base-uri", "form-action"])
      expect([path, headers.get("content-security-policy")]).toEqual([
        path,
        expect.stringContaining(directive),
      ]);
  }
});

const at = (host: string) => url.replace("127.0.0.1", host);
const chromiumPath = findChromium();
if (chromiumPath === undefined) console.warn("skipped: pages of other origins need Chromium");
describe.skipIf(chromiumPath === undefined)("in Chromium", () => {
  let browser: Browser;
  const elsewhere = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: () =>
      new Response("<title>elsewhere</title><iframe></iframe>", {
        headers: { "content-type": "text/html" },
      }),
  });
  beforeAll(async () => {
    const rules = `MAP ${named} 127.0.0.1, MAP rebind.test 127.0.0.1`;
    browser = await launchChromium(chromiumPath ?? "", [`--host-resolver-rules=${rules}`]);
  });
  afterAll(async () => {
    await browser?.close();
    await elsewhere.stop(true);
  });

  test("a page of another origin reads no logs, opens no tail and reloads nothing", async () => {
    const context = await browser.newContext();
    const page = await context.newPage();
    await page.goto(elsewhere.url.href);
    const tried = await page.evaluate(
      async ({ base, logs }) => {
        // oxlint-disable-next-line unicorn/consistent-function-scoping -- it runs in the page.
        const outcome = async (run: () => Promise<unknown>) => {
          try {
            return await run();
          } catch {
            return "refused";
          }
        };
        return {
          logs: await outcome(async () => (await fetch(base + logs.slice(1))).text()),
          stream: await outcome(
            () =>
              new Promise((resolve, reject) => {
                const source = new EventSource(
                  `${base}api/v1/monitoring/logs/stream?query=%7Bjob%3D%22app%22%7D`,
                );
                source.addEventListener("open", () => resolve("open"));
                source.addEventListener("error", reject);
              }),
          ),
          tail: await outcome(
            () =>
              new Promise((resolve, reject) => {
                const to = base.replace("http", "ws");
                const socket = new WebSocket(
                  `${to}loki/api/v1/tail?query=%7Bjob%3D%22app%22%7D&start=1`,
                );
                socket.addEventListener("open", () => resolve("open"));
                socket.addEventListener("error", reject);
              }),
          ),
        };
      },
      { base: url, logs: readPath },
    );
    expect(tried).toEqual({ logs: "refused", stream: "refused", tail: "refused" });
    await page.evaluate((base) => {
      const form = document.createElement("form");
      Object.assign(form, { method: "POST", action: `${base}-/quit` });
      document.body.append(form);
      form.submit();
    }, url);
    await page.getByText("refused a request of a page of another origin").waitFor();
    expect(lifecycle.isStopping).toBe(false);
    await context.close();
  });

  test("Lapwing's own page works by its address, by localhost and by a configured name", async () => {
    for (const host of ["127.0.0.1", "localhost", named])
      await withPage(browser, { baseURL: at(host) }, async ({ page }) => {
        // Beside lines of this host there may be many.
        await page.goto("/logs?lang=logql&q=%7Bjob%3D%22app%22%7D&refresh=off");
        await page.getByText(secret).first().waitFor();
      });
  });

  test("a page under a name that was rebound to this address gets nothing", async () => {
    const context = await browser.newContext({ bypassCSP: true });
    const page = await context.newPage();
    const answer = await page.goto(`${at("rebind.test")}logs`);
    expect(answer?.status()).toBe(421);
    // A page that was loaded before the name was rebound has no policy of ours.
    await page.goto(`${at("rebind.test")}-/healthy`);
    const statuses = await page.evaluate(async (logs) => {
      const read = await fetch(logs);
      const pushed = await fetch("/loki/api/v1/push", { method: "POST", body: "{}" });
      return [read.status, pushed.status];
    }, readPath);
    expect(statuses).toEqual([421, 421]);
    await context.close();
  });
});

async function all(run: (path: string, method: string) => Promise<void>): Promise<void> {
  for (const path of paths()) await Promise.all(methods.map((method) => run(path, method)));
}

/** What a request that no client library sends gets. */
async function raw(request: string): Promise<string> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.write(request);
  let text = "";
  for await (const chunk of socket) {
    text += String(chunk);
    if (text.includes("\r\n\r\n")) break;
  }
  return text;
}
