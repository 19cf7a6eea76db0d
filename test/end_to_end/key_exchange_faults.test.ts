import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createUser } from "nkeys.js";
import { keepAddress } from "#agent/enroll/aggregator_address.ts";
import { readCredentials, writeCredentials } from "#agent/enroll/credentials_file.ts";
import { KeyKeeper, type KeeperSession } from "#agent/enroll/key_keeper.ts";
import { renewalRoutes } from "#aggregator/api/routes/fleet/renewal_routes.ts";
import { agentJwt } from "#aggregator/fleet/agent_jwt.ts";
import { enrol, revokeAgent, revokedKeys } from "#aggregator/fleet/enrolments.ts";
import { makeOperatorKeys, readOperatorKeys } from "#aggregator/fleet/operator_keys.ts";
import { Renewer, signingOf } from "#aggregator/fleet/renewer.ts";
import { createToken } from "#aggregator/fleet/tokens.ts";
import { Catalog } from "#aggregator/catalog/catalog.ts";
import { confirmRequest, renewRequest } from "#proto/fleet/renewal.ts";
import type { RenewalAnswer, RenewalRequest } from "#proto/fleet/renewal.ts";
import { messageOf } from "#shared/errors.ts";
import { silentLogger } from "#shared/runtime/log.ts";
import { createSelfMetrics } from "#shared/runtime/self_metrics.ts";
import { until } from "#test/support/asking.ts";

// The agent's side and the aggregator's, with a real catalog, ended between any two steps of an exchange.

const folder = mkdtempSync(join(tmpdir(), "lapwing-key-exchange-"));
const keys = () => readOperatorKeys(join(folder, "keys"));
const ttlMs = 3_600_000;
let catalog: Catalog;
/** A host's and an aggregator's, which agree. JWTs tell the real time of their signing, so it is set anew for each host. */
let nowMs = Date.now();
const clock = {
  now: () => nowMs,
  monotonic: () => performance.now(),
  sleep: () => Bun.sleep(1),
};
const parts = () => ({
  catalog,
  keys,
  ttlMs,
  graceMs: 10 * ttlMs,
  clock,
  log: silentLogger,
  metrics: createSelfMetrics(),
  onReplaced: () => {},
});

beforeAll(async () => {
  await makeOperatorKeys(join(folder, "keys"), "./jwt");
  catalog = await Catalog.open(`sqlite://${join(folder, "catalog.db")}`);
});
afterAll(async () => {
  await catalog.close();
  rmSync(folder, { recursive: true });
});

let hosts = 0;
/** What a link tells whose credentials have run out. */
const disconnected = () => ({ connected: false, detail: "'Authorization Violation'" });

/** A host with credentials; `open` starts its agent anew. */
async function enrolledHost() {
  nowMs = Date.now();
  const agent = (++hosts).toString(16).padStart(16, "0");
  const who = { tenant: "default", agent };
  const home = join(folder, agent);
  mkdirSync(home);
  const terms = { tenant: "default", labels: {}, ttlMs, usesMax: 1 };
  const token = await createToken(catalog, terms, { actor: "test", nowMs });
  const key = createUser();
  const publicKey = key.getPublicKey();
  const signing = signingOf(await keys(), nowMs, ttlMs);
  await enrol(catalog, { token, agent, name: agent, public_key: publicKey }, signing);
  const credsFile = join(home, "nats.creds");
  const jwt = await agentJwt(await keys(), { ...who, publicKey }, signing.expiresMs);
  await writeCredentials(credsFile, jwt, key);
  const open = async () => {
    const shared = { clock, log: silentLogger, metrics: createSelfMetrics() };
    const keeper = await KeyKeeper.open({ ...shared, ...who, credsFile, folder: home });
    if (keeper === undefined) throw new Error("these credentials are not looked after");
    return keeper;
  };
  const keyOnDisk = async () => (await readCredentials(credsFile)).claims.publicKey;
  return { who, home, credsFile, firstKey: publicKey, open, keyOnDisk };
}

class Killed extends Error {}

/** The places where a process may end; each is passed once in an undisturbed exchange. */
const places = [
  "request on its way",
  "answer on its way",
  "tried out",
  "written",
  "confirmation on its way",
  "confirmed",
] as const;

for (const place of places)
  test(`an agent that is killed at "${place}" finds credentials in force on its disk`, async () => {
    const { who, open, keyOnDisk, firstKey } = await enrolledHost();
    const renewer = new Renewer(parts());
    let isKilled = false;
    const end = (here: (typeof places)[number], dying: AbortController): void => {
      if (isKilled || here !== place) return;
      isKilled = true;
      dying.abort();
      throw new Killed(place);
    };
    /** One life of the process, over one connection or two: until it is killed, or the new key is confirmed. */
    const live = async (): Promise<void> => {
      const ending = new AbortController();
      const keeper = await open();
      const session: KeeperSession = {
        ask: async (request: RenewalRequest): Promise<RenewalAnswer> => {
          const isOld = request.kind === "confirm" && request.key === firstKey;
          const [before, after] =
            request.kind === "renew"
              ? (["request on its way", "answer on its way"] as const)
              : (["confirmation on its way", "confirmed"] as const);
          if (!isOld) end(before, ending);
          const answer = await renewer.answer(structuredClone(request), who);
          if (!isOld) end(after, ending);
          if (request.kind === "confirm" && !isOld) ending.abort();
          return answer;
        },
        tryOut: async () => end("tried out", ending),
        reconnect: () => {
          if (place !== "written" || isKilled) return;
          isKilled = true;
          ending.abort();
        },
      };
      await keeper.run(session, ending.signal);
      if (!ending.signal.aborted) await keeper.run(session, ending.signal);
    };
    nowMs += 0.8 * ttlMs;
    for (let lives = 0; lives < 2; lives++) {
      await live();
      const revoked = (await revokedKeys(catalog)).map(({ publicKey }) => publicKey);
      expect(revoked).not.toContain(await keyOnDisk());
    }
    expect(isKilled).toBe(true);
    expect(await keyOnDisk()).not.toBe(firstKey);
    const revoked = (await revokedKeys(catalog)).map(({ publicKey }) => publicKey);
    expect(revoked).toContain(firstKey);
  }, 30_000);

test("an agent whose credentials ran out while it was off exchanges them over HTTP, unless it is revoked", async () => {
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch: renewalRoutes(new Renewer(parts())).fetch,
  });
  try {
    for (const isRevoked of [false, true]) {
      const { who, home, open, keyOnDisk, firstKey } = await enrolledHost();
      const stop = new AbortController();
      const keeper = await open();
      nowMs += 2 * ttlMs;
      if (isRevoked) await revokeAgent(catalog, who, { actor: "test", nowMs });
      const watching = keeper.watch(disconnected, stop.signal);
      await until("the missing address", () => keeper.state().lastError.includes("--renew --url"));
      expect(await keyOnDisk()).toBe(firstKey);
      await keepAddress(home, server.url);
      if (isRevoked)
        await until("the refusal", () => keeper.state().lastError.includes("the key is revoked"));
      else await until("another key", async () => (await keyOnDisk()) !== firstKey);
      stop.abort();
      await watching;
      expect((await keyOnDisk()) === firstKey).toBe(isRevoked);
    }
  } finally {
    await server.stop(true);
  }
}, 30_000);

test("a renewal is refused that its key has not signed, or that comes by another agent's subject", async () => {
  const { who: other } = await enrolledHost();
  const { who, credsFile } = await enrolledHost();
  const renewer = new Renewer(parts());
  const { key } = await readCredentials(credsFile);
  const fresh = createUser().getPublicKey();
  const good = renewRequest(who, key, fresh);
  for (const bad of [
    { ...good, new_key: createUser().getPublicKey() },
    { ...good, agent: other.agent },
    { ...good, key: fresh },
    { ...good, signature: confirmRequest(who, key).signature },
    { ...good, signature: "A" },
  ])
    expect(await renewer.answer(bad)).toEqual({ refused: "bad_signature" });
  expect(await renewer.answer(good, other)).toEqual({ refused: "malformed" });
  expect(await renewer.answer({ ...good, more: 1 }, who)).toEqual({ refused: "malformed" });
  expect(await renewer.answer(undefined, who)).toEqual({ refused: "malformed" });
  const stranger = createUser();
  expect(await renewer.answer(renewRequest(who, stranger, fresh))).toEqual({
    refused: "unknown_key",
  });
  expect(await renewer.answer(good, who)).toEqual({ jwt: expect.any(String) });
});

test("a file of credentials that is torn, or of a person's making, is left alone", async () => {
  const { open, credsFile } = await enrolledHost();
  const whole = readFileSync(credsFile, "utf8");
  for (const text of ["", whole.slice(0, 200), whole.replace("BEGIN USER", "")]) {
    writeFileSync(credsFile, text);
    expect(await failureOf(readCredentials(credsFile))).toContain("holds no credentials");
    expect(await failureOf(open())).toContain("not looked after");
  }
});

function failureOf(action: Promise<unknown>): Promise<string> {
  return action.then(
    () => "nothing",
    (thrown: unknown) => messageOf(thrown),
  );
}
