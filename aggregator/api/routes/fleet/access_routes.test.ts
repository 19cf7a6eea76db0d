import { afterAll, expect, test } from "bun:test";
import { enrol } from "#aggregator/fleet/enrolments.ts";
import { createToken, takeApart, tokenLimits } from "#aggregator/fleet/tokens.ts";
import { accessRoutes } from "./access_routes.ts";
import { asking, openedCatalog } from "./fleet_routes.fixture.ts";

const cleanups: (() => Promise<void>)[] = [];
afterAll(async () => {
  for (const cleanup of cleanups.toReversed()) await cleanup();
});

async function served(more: { mayChange?: boolean; canEnrol?: boolean } = {}) {
  const { catalog, clock, close } = await openedCatalog();
  cleanups.push(close);
  const told = { revocations: 0 };
  const parts = { catalog, clock, servers: ["nats://nats:4222"], canEnrol: true, mayChange: true };
  const onRevoked = (): void => void told.revocations++;
  const of = (tenant: string) => asking(accessRoutes({ ...parts, tenant, onRevoked, ...more }));
  const audit = () =>
    catalog.transaction("read the audit", async (sql) => [...(await sql`SELECT * FROM audit`)]);
  return { ask: of("acme"), of, told, catalog, audit };
}

const hour = { ttl: "1h", uses: 2, labels: { site: "north" } };
const host = { agent: "00000000000000aa", name: "web-1", public_key: `U${"A".repeat(55)}` };
const signing = { nowMs: 6_000, expiresMs: 60_000, signer: "A", rights: "R" };

test("accessRoutes() tells a token once, with no secret in lists, the audit or later answers", async () => {
  const { ask, audit } = await served();
  const made = await ask("POST", "/tokens", hour);
  expect([made.status, made.headers.get("cache-control")]).toEqual([201, "no-store"]);
  expect(made.json).toMatchObject({ expiresMs: 3_605_000, usesMax: 2 });
  const { token } = Object(made.json);
  const { id, secret } = takeApart(token);
  const list = await ask("GET", "/enrolments");
  const [row] = Object(list.json).tokens;
  expect(row).toEqual({
    id,
    tenant: "acme",
    labels: { site: "north" },
    uses: 0,
    createdMs: 5_000,
    expiresMs: 3_605_000,
    usesMax: 2,
  });
  // The whole token is understood as its id, and not repeated.
  const revoked = await ask("POST", `/tokens/${token}/revoke`);
  expect([revoked.status, revoked.json]).toEqual([200, { id }]);
  const again = await ask("POST", `/tokens/${token}/revoke`);
  expect([again.status, again.json]).toEqual([
    404,
    { error: `there is no token "${id}" in force` },
  ]);
  const entries = await audit();
  expect(entries.map(({ actor, action }) => `${actor}: ${action}`).toSorted()).toEqual([
    "anonymous (HTTP): create_token",
    "anonymous (HTTP): revoke_token",
  ]);
  for (const text of [list.text, revoked.text, again.text, JSON.stringify(entries)])
    expect(text).not.toContain(secret);
});

test("accessRoutes() changes nothing where that is not allowed, and names the command that does", async () => {
  const { ask } = await served({ mayChange: false });
  for (const [path, command] of [
    ["/tokens", "lapwing fleet token create"],
    ["/tokens/a/revoke", "lapwing fleet token revoke"],
    ["/agents/a/revoke", "lapwing fleet revoke"],
  ] as const) {
    const { status, json } = await ask("POST", path, hour);
    expect({ path, status, json }).toEqual({
      path,
      status: 403,
      json: { error: `fleet.http_changes is not set: use ${command}` },
    });
  }
  const { json } = await ask("GET", "/enrolments");
  expect(json).toMatchObject({ may_change: false, tokens: [], servers: ["nats://nats:4222"] });
});

test("accessRoutes() says what it expected instead of what it was sent", async () => {
  const { ask } = await served();
  for (const [body, ...parts] of [
    ["{", "the body is not as expected, JSON"],
    [{ ...hour, ttl: "2y" }, "expected 1ms to 1y, such as 1h", "at ttl"],
    [{ ...hour, ttl: 60 }, "at ttl"],
    [{ ...hour, uses: 0 }, "expected number to be >=1", "at uses"],
    [{ ...hour, uses: tokenLimits.usesMax + 1 }, "<=100000", "at uses"],
    [{ ...hour, labels: { "a-b": "1" } }, "expected names of letters, digits and _, such as site"],
    [{ ...hour, more: 1, uses: "3" }, 'Unrecognized key: "more"', "at uses"],
  ] as const) {
    const { status, json } = await ask("POST", "/tokens", body);
    expect({ body, status }).toEqual({ body, status: 400 });
    for (const part of parts) expect(Object(json).error).toContain(part);
  }
  const long = await ask("POST", "/tokens", { ...hour, labels: { site: "x".repeat(70_000) } });
  expect([long.status, long.json]).toEqual([
    413,
    { error: "the body is too long: expected 65536 bytes at most" },
  ]);
});

test("accessRoutes() makes no token without keys to enrol with", async () => {
  const { ask } = await served({ canEnrol: false });
  const { status, json } = await ask("POST", "/tokens", hour);
  expect([status, json]).toEqual([
    400,
    { error: "fleet.keys is not set: there is nothing to enrol hosts with" },
  ]);
});

test("accessRoutes() sees and changes what is of its tenant alone", async () => {
  const { ask, of, told, catalog } = await served();
  const terms = { tenant: "other", labels: {}, ttlMs: 60_000, usesMax: 5 };
  const token = await createToken(catalog, terms, { actor: "test", nowMs: 5_000 });
  await enrol(catalog, { token, ...host }, signing);
  expect((await ask("GET", "/enrolments")).json).toMatchObject({ tokens: [], agents: [] });
  expect((await ask("POST", `/tokens/${takeApart(token).id}/revoke`)).status).toBe(404);
  const refused = await ask("POST", `/agents/${host.agent}/revoke`);
  expect([refused.status, refused.json]).toEqual([
    404,
    { error: `there is no enrolled agent "${host.agent}"` },
  ]);
  expect(told.revocations).toBe(0);
  const other = of("other");
  expect((await other("POST", `/agents/${host.agent}/revoke`)).status).toBe(200);
  expect(told.revocations).toBe(1);
  const { tokens, agents } = Object((await other("GET", "/enrolments")).json);
  expect(tokens).toMatchObject([{ uses: 1 }]);
  expect(agents).toMatchObject([{ agent: host.agent, name: "web-1", revokedMs: 5_000 }]);
});

test("createToken() keeps a tenant to so many tokens in force, and those of no use do not count", async () => {
  const { ask, catalog } = await served();
  const { inForceMax } = tokenLimits;
  await catalog.transaction("fill", async (sql) => {
    for (let i = 0; i < inForceMax; i++)
      await sql`INSERT INTO enrolment_tokens
        (id, tenant, hash, labels, created_ms, expires_ms, uses, uses_max)
        VALUES (${`t${i}`}, 'acme', '', '{}', 1, 9000, 0, 1)`;
  });
  const { status, json } = await ask("POST", "/tokens", hour);
  expect([status, json]).toEqual([
    429,
    { error: "1000 tokens are in force: expected no more, revoke some first" },
  ]);
  expect(Object((await ask("GET", "/enrolments")).json).tokens).toHaveLength(inForceMax);
  await ask("POST", "/tokens/t7/revoke");
  expect((await ask("POST", "/tokens", hour)).status).toBe(201);
});
