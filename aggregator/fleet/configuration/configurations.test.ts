import { afterAll, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { create } from "@bufbuild/protobuf";
import { HeartbeatSchema } from "#proto/gen/v1/control_pb.js";
import type { WantedConfiguration } from "#proto/fleet/wanted_configuration.ts";
import { messageOf } from "#shared/errors.ts";
import { silentLogger } from "#shared/runtime/log.ts";
import { postgresMissing, startPostgres } from "#test/support/postgres.ts";
import { Catalog } from "../../catalog/catalog.ts";
import type { AgentRecord } from "../agents.ts";
import type { WantedReleases } from "../rollout/rollout_kind.ts";
import { type Audience, audienceText, compileAudience } from "./audience.ts";
import { ConfigurationKind } from "./configuration_kind.ts";
import { changeGroup, putConfiguration, readConfiguration, readGroups } from "./configurations.ts";
import { differenceOf, readFleetView } from "./fleet_view.ts";

const cleanups: (() => Promise<void>)[] = [];
afterAll(async () => {
  for (const cleanup of cleanups.toReversed()) await cleanup();
});

const tenant = "default";
const by = { actor: "test", nowMs: 1_000 };

async function opened(url?: string): Promise<Catalog> {
  const folder = await mkdtemp(join(tmpdir(), "lapwing-configurations-"));
  cleanups.push(() => rm(folder, { recursive: true }));
  const catalog = await Catalog.open(url ?? `sqlite://${join(folder, "catalog.db")}`);
  cleanups.push(() => catalog.close());
  return catalog;
}

const put = (catalog: Catalog, name: string, text: string, audience: Audience = {}, priority = 0) =>
  putConfiguration(catalog, { tenant, name, text, audience, priority }, by);

function record(agent: string, labels: Record<string, string>, told: object = {}): AgentRecord {
  const configuration = { source: "merged", ...told };
  const heartbeat = create(HeartbeatSchema, { tenant, agent, name: agent, labels, configuration });
  return { heartbeat, lastSeenMs: 0, clockOffsetMs: 0 };
}

const engines = [
  { engine: "SQLite", url: async () => undefined, missing: undefined },
  {
    engine: "PostgreSQL",
    url: async () => {
      const server = await startPostgres();
      cleanups.push(() => server.stop());
      return server.url;
    },
    missing: postgresMissing,
  },
];
for (const { engine, url, missing } of engines)
  test.skipIf(missing !== undefined)(
    `putConfiguration() counts revisions from 1, and keeps what is the same once, in ${engine}`,
    async () => {
      const catalog = await opened(await url());
      const revisions: string[] = [];
      for (const text of ["a: 1", "a: 2", "a: 2", "a: 1"])
        revisions.push((await put(catalog, "base", text)).configuration.revision);
      expect(revisions).toEqual(["1", "2", "2", "3"]);
      const read = (revision?: string) =>
        readConfiguration(catalog, { tenant, name: "base", revision });
      expect([(await read("1")).text, (await read()).revision]).toEqual(["a: 1", "3"]);
      expect(await read("4").catch(messageOf)).toBe(
        'there is no revision 4 of configuration "base"',
      );
      await changeGroup(catalog, { tenant, name: "edge", agents: ["a", "b"] }, "add", by);
      await changeGroup(catalog, { tenant, name: "edge", agents: ["a"] }, "remove", by);
      expect(await readGroups(catalog, tenant)).toEqual(new Map([["edge", new Set(["b"])]]));
      expect((await catalog.audit()).map(({ action }) => action)).toEqual([
        "put_configuration",
        "put_configuration",
        "put_configuration",
        "add_group_members",
        "remove_group_members",
      ]);
    },
    30_000,
  );

test("putConfiguration() refuses names, priorities and audiences that are none", async () => {
  const catalog = await opened();
  expect(await put(catalog, "A b", "").catch(messageOf)).toContain('name is "A b"');
  expect(await put(catalog, "a", "", {}, 0.5).catch(messageOf)).toContain("priority is 0.5");
  expect(await put(catalog, "a", "", { labels: "{x" }).catch(messageOf)).toContain(
    'labels are "{x"',
  );
  expect(await put(catalog, "a", "x".repeat(300_000)).catch(messageOf)).toContain(
    "300000 characters",
  );
});

test("an audience is for agents that fulfil all of its conditions", () => {
  const groups = new Map([["edge", new Set(["a", "b"])]]);
  const agents = [record("a", { site: "north" }), record("b", { site: "south" }), record("c", {})];
  const idsOf = (audience: Audience) =>
    agents
      .filter((agent) => compileAudience(audience)(agent, groups))
      .map((one) => one.heartbeat.agent);
  expect(idsOf({})).toEqual(["a", "b", "c"]);
  expect(idsOf({ labels: '{site=~"n.*|s.*"}' })).toEqual(["a", "b"]);
  expect(idsOf({ labels: '{site=""}' })).toEqual(["c"]);
  expect(idsOf({ groups: ["edge"], labels: '{site="north"}' })).toEqual(["a"]);
  expect(idsOf({ agents: ["c", "x"] })).toEqual(["c"]);
  expect(idsOf({ groups: ["none"] })).toEqual([]);
  expect(audienceText({ groups: ["edge"], labels: '{a="b"}' })).toBe('{a="b"} and groups edge');
});

/** What everybody is to have, by name. */
function wanted(revisions: Record<string, string>): WantedReleases {
  return {
    names: Object.keys(revisions),
    of: (_agent, name) => ({ revision: revisions[name] ?? "", rollout: `of-${revisions[name]}` }),
  };
}

class Board {
  session: object | undefined = {};
  readonly puts: string[] = [];
  readonly values = new Map<string, WantedConfiguration>();
  put(agent: string, value: WantedConfiguration): Promise<void> {
    const layers = value.layers.map(({ name, revision }) => `${name} ${revision}`);
    this.puts.push(`${agent}: ${layers.join(", ")}`);
    this.values.set(agent, value);
    return Promise.resolve();
  }
}

test("ConfigurationKind puts together what is for each agent, tells only what changed, and reads what it says of it", async () => {
  const catalog = await opened();
  await put(catalog, "base", "a: 1");
  await put(catalog, "north", "b: 1", { labels: '{site="north"}' }, -1);
  await put(catalog, "zoo", "c: 1");
  const board = new Board();
  const fleet = [
    record("a", { site: "north" }),
    record("b", {}),
    record("own", {}, { source: "local" }),
  ];
  const agents = { list: () => fleet };
  const kind = new ConfigurationKind({ catalog, tenant, agents, board, log: silentLogger });
  const first = wanted({ base: "1", north: "1", zoo: "1" });
  await kind.deliver(first);
  await kind.deliver(first);
  expect(board.puts).toEqual(["a: north 1, base 1, zoo 1", "b: base 1, zoo 1"]);
  const { id } = board.values.get("a") ?? { id: "" };
  const says = (told: object, name = "base", revision = "1") =>
    kind.report(
      record("a", { site: "north" }, told),
      name,
      first.of("a", name) && { revision, rollout: `of-${revision}` },
    );
  expect(says({ runningId: id })).toEqual({ state: "running" });
  expect(says({ runningId: "another" })).toEqual({ state: "pending" });
  expect(says({ runningId: id }, "base", "2")).toEqual({ state: "pending" });
  expect(says({ failedId: id, failedReason: "no" })).toEqual({ state: "failed", reason: "no" });
  // One that is not for the agent is run by not having it.
  expect(
    kind.report(
      record("b", {}, { runningId: board.values.get("b")?.id }),
      "north",
      first.of("b", "north"),
    ),
  ).toEqual({
    state: "running",
  });
  const isFor = await kind.audience("north", "1");
  expect(fleet.map(isFor)).toEqual([true, false, false]);
  // What was put over another connection may be gone.
  board.session = {};
  await kind.deliver(first);
  expect(board.puts).toHaveLength(4);
  board.session = undefined;
  expect(await kind.deliver(first).catch(messageOf)).toBe("NATS is not connected");
});

test("readFleetView() tells an agent that the aggregator has no say in from one that has not taken anything yet", async () => {
  const catalog = await opened();
  const agents = [record("a", {}), record("own", {}, { source: "local" })];
  const view = await readFleetView(catalog, tenant, { agents, isLive: () => true });
  expect(view.agents.map(({ agent, state }) => `${agent} ${state}`)).toEqual([
    "a applied",
    "own local",
  ]);
});

test("differenceOf() is a patch without secrets, and empty where only the writing differs", async () => {
  const catalog = await opened();
  const { configuration: one } = await put(catalog, "base", "a: {b: 1}\npassword: hunter2\n");
  const { configuration: two } = await put(catalog, "base", "a:\n  b: 1\npassword: other\n");
  const { configuration: three } = await put(catalog, "base", "a: {b: 2}\npassword: hunter2\n");
  expect(differenceOf(one, two)).toBe("");
  const patch = differenceOf(one, three);
  expect(patch).toContain("-  b: 1\n+  b: 2\n");
  expect(patch).not.toContain("hunter2");
});
