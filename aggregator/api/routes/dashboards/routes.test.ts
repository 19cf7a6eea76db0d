import { afterAll, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Hono } from "hono";
import { systemClock } from "#shared/runtime/clock.ts";
import { Dashboards } from "../../../dashboards/dashboards.ts";
import { documentBytesMax } from "../../../dashboards/document.ts";
import { Catalog } from "../../../catalog/catalog.ts";
import { connectRoutes } from "../../connect_routes.ts";
import { registerDashboardService } from "../../dashboard_rpc.ts";
import { grafanaRoutes } from "./grafana_routes.ts";
import { dashboardRoutes } from "./routes.ts";

const cleanups: (() => Promise<void>)[] = [];
afterAll(async () => {
  for (const cleanup of cleanups.toReversed()) await cleanup();
});

const tenant = "default";
const json = { "content-type": "application/json" };
const service = "/lapwing.v1.DashboardService";

async function opened() {
  const folder = await mkdtemp(join(tmpdir(), "lapwing-dashboard-routes-"));
  cleanups.push(() => rm(folder, { recursive: true }));
  const catalog = await Catalog.open(`sqlite://${join(folder, "catalog.db")}`);
  cleanups.push(() => catalog.close());
  const clock = { ...systemClock, now: () => 5_000 };
  const none = { files: () => new Map(), builtIn: async () => new Map() };
  const dashboards = new Dashboards({ catalog, clock, ...none });
  const parts = { tenant, dashboards, catalog, clock };
  const rpc = connectRoutes((router) => registerDashboardService(router, parts));
  const app = new Hono()
    .route("/", rpc)
    .route("/", dashboardRoutes({ ...parts, tenant: () => tenant }))
    .route("/", grafanaRoutes({ ...parts, tenant: () => tenant }));
  const send = (method: string, path: string, body: unknown, headers = json) =>
    app.request(path, {
      method,
      headers,
      body: typeof body === "string" ? body : JSON.stringify(body),
    });
  const call = (name: string, message: object) => send("POST", `${service}/${name}`, message);
  return { app, send, call };
}

const path = "/api/v1/dashboards";
const yaml = { "content-type": "application/yaml" };

test("PUT keeps JSON and YAML as versions, GET gives either, DELETE takes it away", async () => {
  const { app, send } = await opened();
  const put = await send("PUT", `${path}/web?folder=a/b`, "title: Web\nrows: []\n", yaml);
  expect(await put.json()).toMatchObject({
    status: "success",
    data: { uid: "web", version: 1, folder: "a/b", origin: "saved", updated_ms: 5_000 },
  });
  const again = await send("PUT", `${path}/web`, { title: "Web 2", rows: [] });
  expect(await again.json()).toMatchObject({ data: { version: 2, folder: "a/b" } });
  const got = await app.request(`${path}/web`);
  expect([got.headers.get("x-lapwing-version"), await got.json()]).toEqual([
    "2",
    { title: "Web 2", rows: [] },
  ]);
  const old = await app.request(`${path}/web?version=1`, { headers: { accept: "text/yaml" } });
  expect(await old.text()).toBe("title: Web\nrows: []\n");
  const list = await app.request(path);
  expect(await list.json()).toMatchObject({ data: [{ uid: "web", title: "Web 2" }] });
  expect((await send("DELETE", `${path}/web`, "")).status).toBe(200);
  expect((await app.request(`${path}/web`)).status).toBe(404);
});

test("PUT refuses what is wrong, too large, or made from another version, each with its reason", async () => {
  const { send } = await opened();
  const wrong = await send("PUT", `${path}/web`, { title: 5, refresh: [] });
  expect([wrong.status, await wrong.json()]).toEqual([
    400,
    {
      status: "error",
      errorType: "bad_request",
      error: expect.stringMatching(/title is 5: .*\n.*refresh is \[\]: /),
    },
  ]);
  const large = await send("PUT", `${path}/web`, `"${"x".repeat(documentBytesMax)}"`);
  expect(large.status).toBe(413);
  await send("PUT", `${path}/web?based_on=0`, { title: "A" });
  expect((await send("PUT", `${path}/web?based_on=0`, { title: "B" })).status).toBe(409);
  expect((await send("PUT", `${path}/web?based_on=x`, { title: "B" })).status).toBe(400);
  expect((await send("PUT", `${path}/a%20b`, { title: "B" })).status).toBe(400);
});

test("Grafana's paths keep its documents as they are, with its answers and refusals", async () => {
  const { app, send } = await opened();
  const document = { id: 7, uid: "g", title: "Graph it", tags: ["x"], panels: [{ type: "graph" }] };
  const db = "/api/dashboards/db";
  const posted = await send("POST", db, { dashboard: document, folderUid: "team" });
  expect(await posted.json()).toMatchObject({
    status: "success",
    uid: "g",
    version: 1,
    slug: "graph-it",
    url: "/dashboards/g",
  });
  const stale = await send("POST", db, { dashboard: { ...document, title: "B" } });
  expect([stale.status, await stale.json()]).toMatchObject([412, { status: "version-mismatch" }]);
  const newer = { dashboard: { ...document, title: "B", version: 1 } };
  expect(await (await send("POST", db, newer)).json()).toMatchObject({ version: 2 });
  const over = { dashboard: { ...document, title: "C" }, overwrite: true };
  expect(await (await send("POST", db, over)).json()).toMatchObject({ version: 3 });
  const got = await app.request("/api/dashboards/uid/g");
  expect(await got.json()).toMatchObject({
    meta: { provisioned: false, version: 3 },
    dashboard: { uid: "g", title: "C", version: 3, tags: ["x"], panels: [{ type: "graph" }] },
  });
  const search = async (query: string) =>
    uidsOf(await (await app.request(`/api/search?${query}`)).json());
  expect(await search("query=c&tag=x")).toEqual(["g"]);
  expect(await search("tag=y")).toEqual([]);
  expect(await search("type=dash-folder")).toEqual([]);
  await send("PUT", `${path}/own`, { title: "Own" });
  expect((await app.request("/api/dashboards/uid/own")).status).toBe(406);
  expect((await app.request("/api/dashboards/uid/none")).status).toBe(404);
  expect((await send("POST", db, { dashboard: {} })).status).toBe(400);
  expect((await send("POST", db, "{")).status).toBe(400);
});

function uidsOf(hits: unknown): unknown[] {
  return Array.isArray(hits) ? hits.map((hit: { uid?: unknown }) => hit.uid) : [];
}

test("DashboardService saves, conflicts, lists versions, and keeps annotations and queries", async () => {
  const { call } = await opened();
  const document = JSON.stringify({ title: "A" });
  const saved = await call("SaveDashboard", { uid: "a", document, message: "first" });
  expect(await saved.json()).toMatchObject({ summary: { uid: "a", version: 1 } });
  const stale = await call("SaveDashboard", { uid: "a", document, basedOn: 7 });
  expect(await stale.json()).toMatchObject({ code: "aborted" });
  const wrong = await call("SaveDashboard", { document: "{}" });
  expect(await wrong.json()).toMatchObject({ code: "invalid_argument" });
  const gone = await call("GetDashboard", { uid: "b" });
  expect(await gone.json()).toMatchObject({ code: "not_found" });
  const versions = await call("ListDashboardVersions", { uid: "a" });
  expect(await versions.json()).toEqual({
    versions: [{ version: 1, createdMs: 5_000, message: "first", document }],
  });
  await call("StarDashboard", { uid: "a", starred: true });
  expect(await (await call("ListDashboards", {})).json()).toMatchObject({
    dashboards: [{ uid: "a", starred: true }],
  });
  const note = { startMs: 10, title: "Release", tags: ["x"] };
  expect(await (await call("SaveAnnotation", { annotation: note })).json()).toMatchObject({
    annotation: note,
  });
  const found = await call("ListAnnotations", { startMs: 0, endMs: 20, tags: ["x"] });
  expect(await found.json()).toMatchObject({ annotations: [note] });
  const query = { title: "Rate", source: "metrics", state: '{"expr":"up"}' };
  expect(await (await call("SaveQuery", { query })).json()).toMatchObject({ query });
  expect(await (await call("ListSavedQueries", {})).json()).toMatchObject({ queries: [query] });
});
