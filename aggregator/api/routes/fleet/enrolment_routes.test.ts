import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { decode, type User } from "nats-jwt";
import { createAccount, createUser } from "nkeys.js";
import { Enroller } from "#aggregator/fleet/enroller.ts";
import { makeOperatorKeys, readOperatorKeys } from "#aggregator/fleet/operator_keys.ts";
import { createToken } from "#aggregator/fleet/tokens.ts";
import { Catalog } from "#aggregator/catalog/catalog.ts";
import { enrolmentPath } from "#proto/fleet/enrolment.ts";
import { systemClock } from "#shared/runtime/clock.ts";
import { silentLogger } from "#shared/runtime/log.ts";
import { createSelfMetrics } from "#shared/runtime/self_metrics.ts";
import { enrolmentRoutes } from "./enrolment_routes.ts";

let folder = "";
let catalog: Catalog;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "lapwing-enrolment-routes-"));
  await makeOperatorKeys(folder, "./jwt");
  catalog = await Catalog.open(`sqlite://${join(folder, "catalog.db")}`);
});
afterAll(async () => {
  await catalog.close();
  await rm(folder, { recursive: true });
});

const servers = ["nats://nats:4222"];
const ttlMs = 3_600_000;

async function served() {
  let ms = 0;
  const clock = { ...systemClock, monotonic: () => ms };
  const keys = await readOperatorKeys(folder);
  const metrics = createSelfMetrics();
  const parts = {
    catalog,
    keys: () => Promise.resolve(keys),
    servers,
    releaseKeys: [],
    ttlMs,
    clock,
    log: silentLogger,
    metrics,
  };
  const app = enrolmentRoutes(new Enroller(parts));
  const post = async (body: string) => {
    const answer = await app.request(enrolmentPath, { method: "POST", body });
    const json: unknown = await answer.json().catch(() => undefined);
    return { status: answer.status, retryAfter: answer.headers.get("retry-after"), json };
  };
  const wait = (addedMs: number): void => {
    ms += addedMs;
  };
  return { post, wait, metrics, keys };
}

const host = (token: string, public_key = createUser().getPublicKey()) =>
  JSON.stringify({ token, agent: "00000000000000aa", name: "web-1", public_key });

test("enrolmentRoutes() signs a key for its agent's own subjects, for the account", async () => {
  const { post, keys } = await served();
  const terms = { tenant: "acme", labels: { site: "north" }, ttlMs: 60_000, usesMax: 1 };
  const token = await createToken(catalog, terms, { actor: "test", nowMs: Date.now() });
  const key = createUser().getPublicKey();
  const beforeSeconds = Math.floor(Date.now() / 1_000);
  const { status, json } = await post(host(token, key));
  expect({ status, json }).toEqual({
    status: 200,
    json: {
      jwt: expect.any(String),
      tenant: "acme",
      servers,
      labels: { site: "north" },
      release_keys: [],
    },
  });
  const claims = decode<User>(Object(json).jwt);
  expect(claims.exp).toBeWithin(beforeSeconds + 3_600, beforeSeconds + 3_660);
  expect(claims).toMatchObject({
    sub: key,
    iss: keys.signing.getPublicKey(),
    nats: {
      issuer_account: keys.account,
      pub: {
        allow: [
          "lapwing.acme.metrics.00000000000000aa",
          "lapwing.acme.logs.00000000000000aa",
          "lapwing.acme.heartbeat.00000000000000aa",
          "lapwing.acme.renew.00000000000000aa",
          "lapwing.acme.release.00000000000000aa",
          "$JS.API.DIRECT.GET.KV_LAPWING_CONFIGURATION_acme.$KV.LAPWING_CONFIGURATION_acme.00000000000000aa",
        ],
      },
      sub: {
        allow: [
          "lapwing.acme.control.00000000000000aa",
          "$KV.LAPWING_CONFIGURATION_acme.00000000000000aa",
          "_INBOX.acme.00000000000000aa.>",
        ],
      },
      resp: { max: 1 },
    },
  });
});

test("enrolmentRoutes() names what is wrong in a request, and repeats nothing of it", async () => {
  const { post } = await served();
  const key = createUser().getPublicKey();
  const broken = `${key.slice(0, -1)}${key.endsWith("A") ? "B" : "A"}`;
  for (const [body, keys] of [
    ["{", "body"],
    ["[]", "body"],
    [host("secret", broken), "public_key"],
    [host("secret", createAccount().getPublicKey()), "public_key"],
    [host("secret".repeat(100)), "token"],
  ] as const)
    expect(await post(body)).toMatchObject({
      status: 400,
      json: { error: `not as expected: ${keys}` },
    });
  expect((await post("x".repeat(5_000))).status).toBe(413);
});

test("enrolmentRoutes() lets 50 attempts through at once, and 10 more each second", async () => {
  const { post, wait, metrics } = await served();
  const statuses = async (n: number) => {
    const all: number[] = [];
    for (let i = 0; i < n; i++) all.push((await post(host("wrong"))).status);
    return all;
  };
  expect(await statuses(50)).toEqual(Array.from({ length: 50 }, () => 401));
  expect(await post(host("wrong"))).toMatchObject({ status: 429, retryAfter: "1" });
  wait(1_000);
  expect(await statuses(11)).toEqual([...Array.from({ length: 10 }, () => 401), 429]);
  const text = await metrics.text();
  expect(text).toContain('lapwing_fleet_enrolments_total{result="unknown_token"} 60');
  expect(text).toContain('lapwing_fleet_enrolments_total{result="too_many"} 2');
});
