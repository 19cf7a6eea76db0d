import { afterAll, beforeAll, expect, spyOn, test } from "bun:test";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseCreds } from "nats-jwt";
import { parse } from "yaml";
import { enroll } from "#agent/enroll.ts";
import { enrolmentRoutes } from "#aggregator/api/routes/fleet/enrolment_routes.ts";
import { Enroller } from "#aggregator/fleet/enroller.ts";
import { makeOperatorKeys, readOperatorKeys } from "#aggregator/fleet/operator_keys.ts";
import { createToken, listTokens } from "#aggregator/fleet/tokens.ts";
import { Catalog } from "#aggregator/catalog/catalog.ts";
import { systemClock } from "#shared/runtime/clock.ts";
import { silentLogger } from "#shared/runtime/log.ts";
import { createSelfMetrics } from "#shared/runtime/self_metrics.ts";

// A host and the aggregator's endpoint over HTTP, when something goes wrong between them.

const folder = mkdtempSync(join(tmpdir(), "lapwing-enrolment-again-"));
const servers = ["nats://nats:4222"];
let catalog: Catalog;
let answersLost = 0;
let server: Bun.Server<undefined>;
const said: string[] = [];
const log = spyOn(console, "log").mockImplementation((text: string) => void said.push(text));

beforeAll(async () => {
  await makeOperatorKeys(join(folder, "keys"), "./jwt");
  catalog = await Catalog.open(`sqlite://${join(folder, "catalog.db")}`);
  const keys = () => readOperatorKeys(join(folder, "keys"));
  const metrics = createSelfMetrics();
  const shared = { catalog, keys, clock: systemClock, log: silentLogger, metrics };
  const parts = { ...shared, servers, releaseKeys: [], ttlMs: 3_600_000 };
  const app = enrolmentRoutes(new Enroller(parts));
  server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch: async (request) => {
      const answer = await app.fetch(request);
      if (answersLost === 0) return answer;
      answersLost--;
      return new Response("", { status: 502 });
    },
  });
});
afterAll(async () => {
  log.mockRestore();
  await server.stop(true);
  await catalog.close();
  rmSync(folder, { recursive: true });
});

test("enroll() asks with the same key again when an answer was lost, and leaves a configuration alone", async () => {
  const terms = { tenant: "acme", labels: { site: "north" }, ttlMs: 60_000, usesMax: 1 };
  const token = await createToken(catalog, terms, { actor: "test", nowMs: Date.now() });
  const config = join(folder, "lapwing.yaml");
  const dataDir = join(folder, "data");
  const before = "agent:\n  name: web-1\n  labels: { site: mine, rack: a1 } # by hand\n";
  writeFileSync(config, before);
  const tokenFile = join(folder, "token");
  writeFileSync(tokenFile, `${token}\n`);
  const flags = { url: server.url.href, tokenFile, config, dataDir };

  answersLost = 1;
  await expectRefused(enroll(flags), "502");
  const seed = readFileSync(join(dataDir, "agent", "nats.seed"), "utf8").trim();
  await enroll(flags);
  expect((await listTokens(catalog, "acme")).map(({ uses }) => uses)).toEqual([1]);

  expect(readFileSync(config, "utf8")).toBe(before);
  const file = join(dataDir, "agent", "enrolled.yaml");
  const credsFile = join(dataDir, "agent", "nats.creds");
  expect(parse(readFileSync(file, "utf8"))).toEqual({
    tenant: "acme",
    data_dir: dataDir,
    agent: { name: "web-1", labels: { site: "mine", rack: "a1" } },
    nats: { servers, creds_file: credsFile },
  });
  expect(said.at(-1)).toBe(`put the keys of ${file} into ${config}, and start it again`);
  expect((await parseCreds(readFileSync(credsFile))).key).toBe(seed);
  expect(existsSync(join(dataDir, "agent", "nats.seed"))).toBe(false);

  const creds = readFileSync(credsFile, "utf8");
  const another = await createToken(catalog, terms, { actor: "test", nowMs: Date.now() });
  await expectRefused(
    enroll({ url: flags.url, config, dataDir, token: another }),
    "enrolled with another key",
  );
  // What the agent runs with is as it was.
  expect(readFileSync(credsFile, "utf8")).toBe(creds);
  await expectRefused(enroll({ url: flags.url, dataDir }), "one of --token and --token-file");
  await expectRefused(enroll({ url: "ftp://x", dataDir, token }), "expected http://");
});

async function expectRefused(enrolling: Promise<void>, why: string): Promise<void> {
  const message = await enrolling.then(
    () => "enrolled",
    (thrown: unknown) => String(thrown),
  );
  expect(message).toContain(why);
}
