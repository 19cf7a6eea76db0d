import { afterAll, expect, test } from "bun:test";
import { create } from "@bufbuild/protobuf";
import { z } from "zod";
import { Agents } from "#aggregator/fleet/agents.ts";
import { createRollout } from "#aggregator/fleet/rollout/rollouts.ts";
import { HeartbeatSchema } from "#proto/gen/v1/control_pb.js";
import { parseConfig } from "#shared/runtime/config/config.ts";
import { silentLogger } from "#shared/runtime/log.ts";
import { configurationRoutes } from "./configuration_routes.ts";
import { asking, openedCatalog } from "./fleet_routes.fixture.ts";
import { releaseRoutes } from "./release_routes.ts";

const cleanups: (() => Promise<void>)[] = [];
afterAll(async () => {
  for (const cleanup of cleanups.toReversed()) await cleanup();
});

/** What agents may be told here; the real one is the agent's own. */
const Document = z.strictObject({ interval: z.number() }).partial();

async function checkDocument(name: string, text: string) {
  parseConfig(Document, { name, text, overrides: [] });
  return { programs: [] };
}

/** The routes of two tenants over one catalog, and one agent of each. */
async function served({ mayChange = true } = {}) {
  const { catalog, clock, close } = await openedCatalog();
  cleanups.push(close);
  const archive = {
    listAgents: async () => [],
    saveAgent: async () => {},
    removeAgent: async () => {},
  };
  const times = { silentAfterMs: 30_000, forgetAfterMs: 1e9 };
  const given = { clock, isClockTrusted: () => true, log: silentLogger };
  const agents = await Agents.open(archive, times, given);
  for (const tenant of ["acme", "other"]) {
    const named = { tenant, agent: `id-${tenant}`, name: `web-${tenant}` };
    agents.heard(create(HeartbeatSchema, { ...named, configuration: { source: "merged" } }));
  }
  const parts = { catalog, agents, checkDocument, mayChange, clock };
  const of = (tenant: string) => {
    const app = configurationRoutes({ ...parts, tenant });
    return asking(app.route("/", releaseRoutes({ ...parts, tenant })));
  };
  return { ask: of("acme"), of, catalog };
}

const base = "/configurations/base";
const document = { text: "interval: 15\n", audience: { labels: '{site="north"}' } };
const changes = [
  ["PUT", base, "lapwing fleet config"],
  ["POST", `${base}/rollouts`, "lapwing fleet config"],
  ["POST", `${base}/pause`, "lapwing fleet config"],
  ["POST", `${base}/resume`, "lapwing fleet config"],
  ["POST", `${base}/rollback`, "lapwing fleet config"],
  ["POST", "/releases/pause", "lapwing fleet release pause"],
  ["POST", "/releases/resume", "lapwing fleet release resume"],
  ["POST", "/releases/rollback", "lapwing fleet release rollback"],
] as const;

test("configurationRoutes() keeps revisions, shows how they differ, and rolls one out", async () => {
  const { ask } = await served();
  const first = await ask("PUT", base, document);
  expect([first.status, first.json]).toEqual([
    201,
    {
      name: "base",
      revision: "1",
      ...document,
      priority: 0,
      author: "anonymous (HTTP)",
      createdMs: 5_000,
      programs: [],
    },
  ]);
  expect((await ask("PUT", base, document)).status).toBe(200);
  expect((await ask("PUT", base, { ...document, text: "interval: 30\n" })).json).toMatchObject({
    revision: "2",
  });
  const { text } = await ask("GET", `${base}/diff?from=1`);
  expect(text).toContain("-interval: 15\n+interval: 30");
  const plan = { stages: ["1", "50%"], soak: "1m" };
  const made = await ask("POST", `${base}/rollouts`, { revision: "2", plan });
  expect([made.status, made.json]).toMatchObject([
    201,
    { kind: "configuration", name: "base", revision: "2", state: "queued" },
  ]);
  const twice = await ask("POST", `${base}/rollouts`, {});
  expect(twice.status).toBe(400);
  expect(Object(twice.json).error).toMatch(/rollout \w+ of "base" is queued: roll it back first/);
  const paused = await ask("POST", `${base}/pause`);
  expect(paused.status).toBe(400);
  expect(Object(paused.json).error).toMatch(/is queued: expected running to pause it/);
  expect((await ask("POST", `${base}/rollback`)).json).toMatchObject({ state: "cancelled" });
});

test("fleet routes change nothing where that is not allowed, and name the command that does", async () => {
  const { ask } = await served({ mayChange: false });
  for (const [method, path, command] of changes) {
    const { status, json } = await ask(method, path, document);
    expect({ path, status, json }).toEqual({
      path,
      status: 403,
      json: { error: `fleet.http_changes is not set: use ${command}` },
    });
  }
  expect((await ask("GET", "/configurations")).json).toEqual({ configurations: [], rollouts: [] });
});

test("fleet routes say what they expected instead of what they were sent", async () => {
  const { ask } = await served();
  await ask("PUT", base, document);
  for (const [method, path, body, status, ...parts] of [
    ["PUT", base, "interval: 15", 400, "the body is not as expected, JSON"],
    ["PUT", base, {}, 400, "expected string", "at text"],
    ["PUT", base, { ...document, priority: "high" }, 400, "expected number", "at priority"],
    ["PUT", base, { ...document, text: "interval: soon" }, 400, "interval", "soon", "number"],
    ["PUT", base, { text: "", audience: { labels: "site=" } }, 400, "expected a selector"],
    ["PUT", base, { text: "", audience: { role: "db" } }, 400, 'Unrecognized key: "role"'],
    ["PUT", "/configurations/Base", document, 400, 'name is "Base": expected a-z 0-9 _ -'],
    ["PUT", base, { text: "#".repeat(1_100_000) }, 413, "expected 1048576 bytes at most"],
    ["POST", `${base}/rollouts`, { revision: 1 }, 400, "expected string", "at revision"],
    ["POST", `${base}/rollouts`, { revision: "x" }, 400, 'revision is "x": expected a number'],
    ["POST", `${base}/rollouts`, { revision: "7" }, 404, "there is no revision 7"],
    ["POST", `${base}/rollouts`, { plan: { stages: ["0"] } }, 400, 'such as "5" or "10%"'],
    ["POST", `${base}/rollouts`, { plan: { soak: "soon", more: 1 } }, 400, "at soak", '"more"'],
    ["POST", `${base}/rollback`, undefined, 404, '"base" was never rolled out'],
    ["POST", "/releases/rollback", undefined, 404, '"agent" was never rolled out'],
    ["GET", "/configurations/none", undefined, 404, 'there is no configuration "none"'],
    ["GET", `${base}/diff?from=9`, undefined, 404, "there is no revision 9"],
    ["GET", "/agents/none/diff", undefined, 404, 'there is no agent "none"'],
  ] as const) {
    const answer = await ask(method, path, body);
    const { error } = Object(answer.json);
    expect({ path, error, status: answer.status }).toEqual({ path, error, status });
    for (const part of parts) expect(error).toContain(part);
  }
});

test("fleet routes see and change what is of their tenant alone", async () => {
  const { ask, of, catalog } = await served();
  const other = of("other");
  await other("PUT", base, document);
  await other("POST", `${base}/rollouts`, {});
  const program = { tenant: "other", kind: "binary", name: "agent", revision: "1.0.0-1" };
  await createRollout(catalog, program, {}, { actor: "test", nowMs: 5_000 });
  expect((await ask("GET", "/configurations")).json).toEqual({ configurations: [], rollouts: [] });
  expect((await ask("GET", base)).status).toBe(404);
  expect((await ask("GET", `${base}/rollouts`)).json).toEqual({ rollouts: [], agents: [] });
  expect((await ask("GET", "/releases")).json).toEqual({ releases: [], rollouts: [], agents: [] });
  expect((await ask("GET", "/agents")).json).toMatchObject({ agents: [{ agent: "id-acme" }] });
  expect((await ask("GET", "/agents/id-other/diff")).status).toBe(404);
  for (const path of [`${base}/rollback`, "/releases/rollback"])
    expect((await ask("POST", path)).status).toBe(404);
  for (const path of [`${base}/rollback`, "/releases/rollback"])
    expect((await other("POST", path)).json).toMatchObject({ state: "cancelled" });
});
