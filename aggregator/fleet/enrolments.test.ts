import { afterAll, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { postgresMissing, startPostgres } from "#test/support/postgres.ts";
import { Catalog } from "../catalog/catalog.ts";
import { enrol, enrolledAgents, revokeAgent, revokedKeys } from "./enrolments.ts";
import { createToken, listTokens, revokeToken, takeApart } from "./tokens.ts";

const cleanups: (() => Promise<void>)[] = [];
afterAll(async () => {
  for (const cleanup of cleanups.toReversed()) await cleanup();
});

const by = { actor: "test", nowMs: 1_000 };
const signing = (nowMs: number) => ({ nowMs, expiresMs: nowMs + 60_000, signer: "A", rights: "R" });
const terms = { tenant: "default", labels: { site: "north" }, ttlMs: 1_000, usesMax: 2 };

function hostOf(n: number, key = n) {
  const agent = n.toString(16).padStart(16, "0");
  return { agent, name: `host-${n}`, public_key: `U${"A".repeat(54)}${"ABCDEFGH"[key]}` };
}

async function sqlite(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "lapwing-enrolments-"));
  cleanups.push(() => rm(folder, { recursive: true }));
  return `sqlite://${join(folder, "catalog.db")}`;
}

async function postgres(): Promise<string> {
  const server = await startPostgres();
  cleanups.push(() => server.stop());
  return server.url;
}

async function opened(url: string): Promise<Catalog> {
  const catalog = await Catalog.open(url);
  cleanups.push(() => catalog.close());
  return catalog;
}

const engines = [
  { engine: "SQLite", url: sqlite, missing: undefined },
  { engine: "PostgreSQL", url: postgres, missing: postgresMissing },
];

for (const { engine, url, missing } of engines)
  test.skipIf(missing !== undefined)(
    `enrol() keeps to a token's uses, time and revocation in ${engine}`,
    async () => {
      const address = await url();
      const catalog = await opened(address);
      // SQLite waits for another connection's lock without letting this process go on.
      const beside = engine === "SQLite" ? catalog : await opened(address);
      const token = await createToken(catalog, terms, by);
      const ask = (n: number, nowMs = 1_500, key = n) =>
        enrol(n % 2 === 0 ? catalog : beside, { token, ...hostOf(n, key) }, signing(nowMs));

      const [stored] = await listTokens(catalog, "default");
      expect(JSON.stringify(stored)).not.toContain(takeApart(token).secret);
      // All at once, of which a catalog may turn some away for the moment, but never let three in.
      const atOnce = await Promise.allSettled([0, 1, 2, 3, 4, 5].map((n) => ask(n)));
      const taken = atOnce.filter(
        (each) => each.status === "fulfilled" && each.value.result === "enrolled",
      );
      expect(taken.length).toBeWithin(1, 3);
      for (const n of [6, 7]) await ask(n);
      expect(await ask(6)).toMatchObject(
        taken.length === 2 ? { result: "refused", reason: "used_up_token" } : { tenant: "default" },
      );
      expect((await listTokens(catalog, "default"))[0]).toMatchObject({ uses: 2, usesMax: 2 });
      const agents = await enrolledAgents(catalog, "default");
      expect(agents.length).toBe(2);

      const first = Number.parseInt(agents[0]?.agent ?? "", 16);
      expect(await ask(first)).toEqual({
        result: "repeated",
        tenant: "default",
        labels: { site: "north" },
      });
      expect(await ask(first, 2_000)).toEqual({ result: "refused", reason: "expired_token" });

      const second = await createToken(catalog, { ...terms, usesMax: 9 }, by);
      const askSecond = (n: number, key: number) =>
        enrol(catalog, { token: second, ...hostOf(n, key) }, signing(1_500));
      const spare = [0, 1, 2, 3, 4, 5, 6, 7].find((n) =>
        agents.every(({ agent }) => agent !== hostOf(n).agent),
      );
      expect(await askSecond(first, spare ?? 0)).toEqual({
        result: "refused",
        reason: "enrolled_agent",
      });
      expect(await askSecond(spare ?? 0, first)).toEqual({
        result: "refused",
        reason: "known_key",
      });
      const who = { tenant: "default", agent: hostOf(first).agent };
      expect(await revokeAgent(catalog, who, by)).toBe(true);
      expect(await revokeAgent(catalog, { ...who, agent: "none" }, by)).toBe(false);
      expect(await revokedKeys(catalog)).toEqual([
        {
          publicKey: hostOf(first).public_key,
          revokedMs: 1_000,
          expiresMs: 61_500,
          isSent: false,
        },
      ]);
      expect(await askSecond(first, first)).toEqual({ result: "refused", reason: "known_key" });
      expect(await askSecond(first, spare ?? 0)).toMatchObject({ result: "enrolled" });

      const { id } = takeApart(second);
      expect(await revokeToken(catalog, { tenant: "elsewhere", id }, by)).toBe(false);
      expect(await revokeToken(catalog, { tenant: "default", id }, by)).toBe(true);
      expect(await askSecond(8, 7)).toEqual({ result: "refused", reason: "revoked_token" });
      expect(
        await enrol(catalog, { token: `lwe_${id}_${"A".repeat(43)}`, ...hostOf(8, 7) }, signing(1)),
      ).toEqual({ result: "refused", reason: "unknown_token" });
    },
    30_000,
  );
