import { afterAll, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { postgresMissing, startPostgres } from "#test/support/postgres.ts";
import { Catalog } from "../catalog/catalog.ts";
import { agentsDue, confirmKey, offerKey } from "./agent_keys.ts";
import {
  enrol,
  enrolledAgents,
  forgetReplacedKeys,
  markRevocationsSent,
  revokeAgent,
  revokedKeys,
} from "./enrolments.ts";
import { revocationsOf } from "./revocations.ts";
import { createToken } from "./tokens.ts";

const cleanups: (() => Promise<void>)[] = [];
afterAll(async () => {
  for (const cleanup of cleanups.toReversed()) await cleanup();
});

async function sqlite(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "lapwing-agent-keys-"));
  cleanups.push(() => rm(folder, { recursive: true }));
  return `sqlite://${join(folder, "catalog.db")}`;
}

async function postgres(): Promise<string> {
  const server = await startPostgres();
  cleanups.push(() => server.stop());
  return server.url;
}

const engines = [
  { engine: "SQLite", url: sqlite, missing: undefined },
  { engine: "PostgreSQL", url: postgres, missing: postgresMissing },
];

const who = { tenant: "default", agent: "00000000000000aa" };
const keyOf = (letter: string) => `U${letter.repeat(55)}`;
const signing = (nowMs: number, signer = "S1") => ({
  nowMs,
  expiresMs: nowMs + 1_000,
  signer,
  rights: "R1",
});

async function enrolled(address: string): Promise<Catalog> {
  const catalog = await Catalog.open(address);
  cleanups.push(() => catalog.close());
  const terms = { tenant: "default", labels: {}, ttlMs: 1_000, usesMax: 1 };
  const token = await createToken(catalog, terms, { actor: "test", nowMs: 0 });
  const host = { token, agent: who.agent, name: "web-1", public_key: keyOf("A") };
  expect(await enrol(catalog, host, signing(0))).toMatchObject({ result: "enrolled" });
  return catalog;
}

for (const { engine, url, missing } of engines)
  test.skipIf(missing !== undefined)(
    `an agent's key is exchanged in two steps, and has one in force at all times, in ${engine}`,
    async () => {
      const catalog = await enrolled(await url());
      const offer = (key: string, newKey: string, nowMs: number, graceMs = 5_000) =>
        offerKey(
          catalog,
          { ...who, key: keyOf(key), newKey: keyOf(newKey), graceMs },
          signing(nowMs),
        );
      const confirm = (key: string, nowMs: number) =>
        confirmKey(catalog, { ...who, key: keyOf(key) }, nowMs);
      const revoked = async () =>
        (await revokedKeys(catalog))
          .map(({ publicKey }) => publicKey.charAt(1))
          .toSorted((a, b) => a.localeCompare(b));

      expect(await offer("A", "B", 600)).toEqual({ result: "offered" });
      // An answer was lost; then the agent was killed, and has forgotten the key.
      expect(await offer("A", "B", 610)).toEqual({ result: "offered" });
      expect(await offer("A", "C", 620)).toEqual({ result: "offered" });
      expect(await revoked()).toEqual(["B"]);
      expect(await offer("A", "B", 630)).toEqual({ result: "refused", reason: "known_key" });
      expect(await offer("A", "A", 630)).toEqual({ result: "refused", reason: "known_key" });
      expect(await confirm("B", 630)).toEqual({ result: "refused", reason: "revoked_key" });

      expect(await confirm("C", 640)).toEqual({ result: "confirmed" });
      expect(await confirm("C", 650)).toEqual({ result: "confirmed" });
      expect(await revoked()).toEqual(["A", "B"]);
      expect(await offer("A", "D", 660)).toEqual({ result: "refused", reason: "revoked_key" });
      expect(await offer("Z", "D", 660)).toEqual({ result: "refused", reason: "unknown_key" });

      // A key that is in use, and whose confirmation never came, is as good as a confirmed one.
      expect(await offer("C", "D", 700)).toEqual({ result: "offered" });
      expect(await offer("D", "E", 800)).toEqual({ result: "offered" });
      expect(await revoked()).toEqual(["A", "B", "C"]);
      expect(await enrolledAgents(catalog, "default")).toMatchObject([
        { agent: who.agent, expiresMs: 1_700 },
      ]);

      // Away for long, and for too long.
      expect(await offer("D", "E", 6_700)).toEqual({ result: "offered" });
      expect(await offer("D", "E", 6_701)).toEqual({ result: "refused", reason: "expired_key" });

      expect(await revokeAgent(catalog, who, { actor: "test", nowMs: 6_800 })).toBe(true);
      for (const key of ["D", "E"]) {
        expect(await offer(key, "F", 6_900)).toEqual({ result: "refused", reason: "revoked_key" });
        expect(await confirm(key, 6_900)).toEqual({ result: "refused", reason: "revoked_key" });
      }
      expect(await enrolledAgents(catalog, "default")).toMatchObject([
        { revokedMs: 6_800, isRevocationSent: false },
      ]);
      const all = (await revokedKeys(catalog)).map(({ publicKey }) => publicKey);
      await markRevocationsSent(catalog, all, 7_000);
      expect((await revokedKeys(catalog)).every(({ isSent }) => isSent)).toBe(true);
      await forgetReplacedKeys(catalog, 1_650);
      expect(await revoked()).toEqual(["D", "E"]);
      const actions = (await catalog.audit()).map(({ action }) => action);
      expect(actions.filter((action) => action === "confirm_key")).toHaveLength(2);
      expect(actions).toContain("refuse_renewal");
    },
    30_000,
  );

test("agentsDue() names those that are late, those that another key has signed, and those with other rights", async () => {
  const catalog = await enrolled(await sqlite());
  const due = (nowMs: number, signer = "S1", rights = "R1") =>
    agentsDue(catalog, { nowMs, signer, rights });
  expect(await due(790)).toEqual([]);
  expect(await due(810)).toEqual([who]);
  expect(await due(1, "S2")).toEqual([who]);
  expect(await due(1, "S1", "R2")).toEqual([who]);
  // As a release wrote it that had no marks yet.
  await catalog.transaction("forget rights", (sql) => sql`UPDATE enrolments SET rights = NULL`);
  expect(await due(1)).toEqual([who]);
  await revokeAgent(catalog, who, { actor: "test", nowMs: 2 });
  expect(await due(1, "S2")).toEqual([]);
});

const revoked = (publicKey: string, expiresMs: number) => ({
  publicKey,
  revokedMs: 5_500,
  expiresMs,
  isSent: true,
});

test("revocationsOf() adds keys, keeps those of others, and lets go what has run out", () => {
  const all = [revoked("A", 10_000), revoked("B", Number.POSITIVE_INFINITY), revoked("C", 1e9)];
  const held = { A: 6, B: 9, other: 3 };
  expect(revocationsOf(held, all, 10_000)).toEqual({ A: 6, B: 9, C: 6, other: 3 });
  expect(revocationsOf(held, all, 10_001)).toEqual({ B: 9, C: 6, other: 3 });
  expect(revocationsOf(held, all, -Infinity)).toEqual({ A: 6, B: 9, C: 6, other: 3 });
});
