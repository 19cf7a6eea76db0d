import { afterAll, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { HeartbeatSchema } from "#proto/gen/v1/control_pb.js";
import { Signal } from "#proto/gen/v1/frame_pb.js";
import { messageOf } from "#shared/errors.ts";
import { postgresMissing, startPostgres } from "#test/support/postgres.ts";
import { Catalog } from "../../catalog/catalog.ts";
import { Fleet, plan, release } from "./fleet.fixture.ts";
import { commandRollout, createRollout, listRollouts, rolloutAgents } from "./rollouts.ts";

const cleanups: (() => Promise<void>)[] = [];
afterAll(async () => {
  for (const cleanup of cleanups.toReversed()) await cleanup();
});

async function sqlite(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "lapwing-rollouts-"));
  cleanups.push(() => rm(folder, { recursive: true }));
  return `sqlite://${join(folder, "catalog.db")}`;
}

async function fleet(agents = 10, url?: string): Promise<Fleet> {
  const catalog = await Catalog.open(url ?? (await sqlite()));
  cleanups.push(() => catalog.close());
  return new Fleet(
    catalog,
    Array.from({ length: agents }, (_, i) => `agent-${i}`),
  );
}

/** A fleet that has revision 1. */
async function settled(agents = 10): Promise<Fleet> {
  const made = await fleet(agents);
  await made.roll("1", { stages: [], soak: "0" });
  await made.until("done");
  expect(made.count("1")).toBe(agents);
  return made;
}

const engines = [
  { engine: "SQLite", url: sqlite, missing: undefined },
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
    `a rollout goes from one agent to 30 % to all, and soaks at each, in ${engine}`,
    async () => {
      const one = await fleet(10, await url());
      const { id } = await one.roll("1");
      await one.pass(2);
      expect(one.count("1")).toBe(1);
      await one.pass(58);
      expect(one.count("1")).toBe(1);
      await one.pass(6);
      expect(one.count("1")).toBe(3);
      await one.pass(70);
      expect(one.count("1")).toBe(10);
      expect(await one.state()).toBe("running");
      await one.until("done");
      const agents = await rolloutAgents(one.catalog, id);
      expect(agents.map(({ state, stage }) => `${state} ${stage}`)).toEqual([
        "applied 0",
        "applied 1",
        "applied 1",
        ...Array.from({ length: 7 }, () => "applied 2"),
      ]);
      expect((await one.catalog.audit()).map(({ actor, action }) => `${actor} ${action}`)).toEqual([
        "test create_rollout",
        `rollout ${id} rollout_running`,
        `rollout ${id} rollout_done`,
      ]);
    },
    30_000,
  );

test("which agents are first follows from the rollout, also over a restart, and is not the same for the next one", async () => {
  const one = await settled(40);
  const taken = () => one.names.filter((agent) => one.wanted.get(agent)?.revision === "2");
  const { id } = await one.roll("2", { stages: ["5"] });
  await one.pass(2);
  const first = taken();
  expect(first).toHaveLength(5);
  one.restartEngine();
  await one.pass(10);
  expect(taken()).toEqual(first);
  const places = (await rolloutAgents(one.catalog, id)).slice(0, 5).map(({ agent }) => agent);
  expect(places.toSorted()).toEqual(first.toSorted());
  await one.command("rollback");
  await one.until("rolled_back");
  await one.roll("2", { stages: ["5"] });
  await one.pass(2);
  expect(taken()).not.toEqual(first);
});

test("an agent that refuses the revision takes all that took it back to the one before", async () => {
  const one = await settled();
  await one.roll("2");
  await one.pass(66);
  expect(one.count("2")).toBe(3);
  const [, second = ""] = one.names.filter((agent) => one.wanted.get(agent)?.revision === "2");
  one.refusals.set(second, "port 9 is taken");
  await one.pass(2);
  expect(one.count("1")).toBe(10);
  await one.pass(4);
  expect(await one.latest()).toMatchObject({
    state: "rolled_back",
    reason: `${second}: port 9 is taken`,
  });
});

const down = { targets: [{ health: "down", url: "http://a/metrics", lastError: "refused" }] };
const lane = { signal: Signal.METRICS, itemsTotal: 1_000, drops: {}, state: "ok" };
const unwell: Record<string, [MessageInitShape<typeof HeartbeatSchema>, string]> = {
  "whose target is down": [
    down,
    "1 sources or targets fail, 0 did before: http://a/metrics: refused",
  ],
  "whose source fails": [
    { sources: [{ type: "file_logs", state: "degraded", message: "no such file" }] },
    "1 sources or targets fail, 0 did before: file_logs: no such file",
  ],
  "whose spool is full": [{ lanes: [{ ...lane, state: "full" }] }, "spool of metrics: full"],
  "that loses items": [
    { lanes: [{ ...lane, drops: { series_limit: 500, sampling: 9_000 } }] },
    "33.3 % of all items are lost, 0.0 % were before",
  ],
};
for (const [what, [heartbeat, reason]] of Object.entries(unwell))
  test(`an agent ${what} for longer than the grace time rolls it back`, async () => {
    const one = await settled();
    one.bad.set("2", heartbeat);
    await one.roll("2");
    await one.pass(16);
    expect(await one.state()).toBe("running");
    await one.pass(8);
    const { state, reason: told } = await one.latest();
    expect({ state, told: told.replace(/^agent-\d: /, "") }).toEqual({
      state: "rolling_back",
      told: reason,
    });
    await one.pass(2);
    expect([await one.state(), one.count("1")]).toEqual(["rolled_back", 10]);
  });

test("what was unwell before, and what is dropped by intention, rolls nothing back", async () => {
  const one = await settled();
  const before = { ...down, lanes: [{ ...lane, drops: { series_limit: 500 } }] };
  const after = { ...down, lanes: [{ ...lane, drops: { series_limit: 500, processor: 9_999 } }] };
  one.bad.set("1", before);
  one.bad.set("2", after);
  await one.roll("2");
  await one.until("done");
});

test("a trouble that passes within the grace time only holds the stage up", async () => {
  const one = await settled();
  one.bad.set("2", down);
  await one.roll("2");
  await one.pass(12);
  expect((await one.latest()).reason).toContain("is not well: 1 sources");
  one.bad.clear();
  await one.until("done");
});

test("an agent that falls silent after it was given the revision rolls it back", async () => {
  const one = await settled();
  await one.roll("2");
  await one.pass(2);
  for (const [agent, wanted] of one.wanted) if (wanted?.revision === "2") one.away.add(agent);
  await one.pass(76);
  expect(await one.state()).toBe("running");
  await one.pass(10);
  expect(await one.latest()).toMatchObject({
    state: "rolled_back",
    reason: expect.stringMatching(/: silent for 8\d s/),
  });
});

test("an agent that does not take it in time rolls it back, and holds up the way back no longer than that", async () => {
  const one = await settled();
  for (const agent of one.names) one.deaf.add(agent);
  await one.roll("2");
  await one.pass(120);
  expect(await one.state()).toBe("running");
  await one.pass(4);
  // It never had it, so it is back at once.
  expect(await one.latest()).toMatchObject({
    state: "rolled_back",
    reason: expect.stringContaining("has not taken it within 120 s"),
  });
});

test("failures up to failures_max are let be: others go on, and who failed keeps the revision before", async () => {
  const one = await settled();
  one.refusals.set("agent-3", "no room");
  await one.roll("2", { failures_max: 1, stages: [] });
  await one.until("done");
  expect([one.count("2"), one.wanted.get("agent-3")?.revision]).toEqual([9, "1"]);
  one.restartEngine();
  await one.pass(2);
  expect(one.wanted.get("agent-3")?.revision).toBe("1");
  // The next one is for all again.
  one.refusals.clear();
  await one.roll("3", { stages: [] });
  await one.until("done");
  expect(one.count("3")).toBe(10);
});

test("agents that are away are passed over, get it with the last stage, and hold nothing up", async () => {
  const one = await settled();
  for (const agent of one.names.slice(0, 8)) one.away.add(agent);
  await one.pass(32);
  await one.roll("2", { stages: ["1", "50%"] });
  await one.pass(66);
  // Half of ten are five, of which two are there.
  expect(one.count("2")).toBe(2);
  await one.until("done");
  expect(one.count("2")).toBe(10);
  one.away.clear();
  await one.pass(2);
  expect(new Set([...one.running.values()].map((wanted) => wanted?.revision))).toEqual(
    new Set(["2"]),
  );
});

test("a rollout waits for the first agent to be there, and one for nobody is done at once", async () => {
  const one = await settled();
  for (const agent of one.names) one.away.add(agent);
  await one.pass(32);
  await one.roll("2");
  await one.pass(600);
  expect(await one.latest()).toMatchObject({
    state: "running",
    reason: "no agent that is there runs it yet",
  });
  one.away.clear();
  await one.until("done");
  const empty = await fleet(0);
  await empty.roll("1");
  await empty.pass(2);
  expect(await empty.state()).toBe("done");
  // Who comes later gets what is current.
  empty.names.push("late");
  await empty.pass(2);
  expect(empty.count("1")).toBe(1);
});

test("while NATS is away nobody is judged, and the soak begins anew", async () => {
  const one = await settled();
  await one.roll("2");
  await one.pass(30);
  one.isConnected = false;
  for (const agent of one.names) one.away.add(agent);
  await one.pass(1_000);
  one.isConnected = true;
  await one.pass(10);
  one.away.clear();
  await one.pass(46);
  expect([await one.state(), one.count("2")]).toEqual(["running", 1]);
  await one.until("done");
});

test("paused: no stage begins, failures still roll back; resumed: it goes on", async () => {
  const one = await settled();
  await one.roll("2");
  await one.pass(4);
  await one.command("pause");
  await one.pass(600);
  expect([await one.state(), one.count("2")]).toEqual(["paused", 1]);
  expect(await one.command("pause").catch(messageOf)).toMatch(
    "is paused: expected running to pause it",
  );
  await one.command("resume");
  await one.pass(4);
  expect(one.count("2")).toBe(3);
  await one.command("pause");
  for (const agent of one.names) one.refusals.set(agent, "no");
  await one.until("rolled_back");
  expect(one.count("1")).toBe(10);
});

test("a rollout that is done is taken back from everybody at once, also where there was nothing before", async () => {
  const one = await settled();
  await one.roll("2", { stages: [], soak: "0" });
  await one.until("done");
  await one.command("rollback");
  await one.pass(2);
  expect(one.count("1")).toBe(10);
  await one.until("rolled_back");
  const fresh = await fleet();
  await fresh.roll("1", { stages: [], soak: "0" });
  await fresh.until("done");
  await fresh.command("rollback");
  await fresh.until("rolled_back");
  expect(fresh.count(undefined)).toBe(10);
});

test("a second rollout of the same release is refused, one of another waits for its turn", async () => {
  const one = await settled();
  await one.roll("2");
  expect(await one.roll("3").catch(messageOf)).toMatch(/is queued: roll it back first/);
  const other = { ...release, name: "other" };
  const by = { actor: "test", nowMs: one.nowMs + 1 };
  await createRollout(one.catalog, { ...other, revision: "1" }, plan, by);
  await one.pass(10);
  expect(await listRollouts(one.catalog, other)).toMatchObject([{ state: "queued" }]);
  await commandRollout(one.catalog, other, "rollback", by);
  expect(await listRollouts(one.catalog, other)).toMatchObject([{ state: "cancelled" }]);
});

test("agents that the new revision is not for lose the one before stage by stage, too", async () => {
  const one = await settled();
  one.audienceOf = (agent, revision) => revision === "1" || agent !== "agent-0";
  const { id } = await one.roll("2", { stages: [], soak: "0" });
  await one.until("done");
  expect(await rolloutAgents(one.catalog, id)).toHaveLength(10);
});

test("createRollout() tells all that is wrong in a plan", async () => {
  const one = await settled();
  const wrong = { stages: ["0", "101%"], soak: "soon" };
  expect(await one.roll("2", wrong).catch(messageOf)).toMatch(/soon|duration/);
});
