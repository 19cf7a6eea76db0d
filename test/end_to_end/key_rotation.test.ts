import { afterAll, expect, test } from "bun:test";
import { copyFileSync, readFileSync } from "node:fs";
import { connect, credsAuthenticator } from "nats";
import { parse } from "yaml";
import { z } from "zod";
import { claimsOf, parseCredentials } from "#proto/fleet/credentials.ts";
import { messageOf } from "#shared/errors.ts";
import { asking, until } from "#test/support/asking.ts";
import { lapwing } from "#test/support/command_line.ts";
import { natsServerPath, startNats } from "#test/support/nats.ts";
import { Stage } from "#test/support/stage.ts";

const stage = new Stage();
afterAll(() => stage.stop());

const Written = z.looseObject({
  tenant: z.string(),
  nats: z.object({ servers: z.array(z.string()), creds_file: z.string() }),
});

/** Standard output of a command that ends well. */
async function told(...args: string[]): Promise<string> {
  const { code, out, err } = await lapwing(args, { cwd: stage.folder });
  if (code !== 0) throw new Error(`lapwing ${args.join(" ")}: ${err}`);
  return out.trim();
}

function claimsIn(file: string) {
  const claims = claimsOf(parseCredentials(readFileSync(file, "utf8"))?.jwt ?? "");
  if (claims?.expiresMs === undefined) throw new Error(`${file} holds nothing that runs out`);
  return { ...claims, expiresMs: claims.expiresMs };
}

const isReady = (url: string) =>
  until("the agent is connected", async () => (await asking(url).ready()).status === 200);

/** How an attempt to connect with a file of credentials ends. */
async function outcomeOf(url: string, creds: string): Promise<string> {
  try {
    const authenticator = credsAuthenticator(readFileSync(creds));
    await (await connect({ servers: [url], authenticator, reconnect: false })).close();
    return "connected";
  } catch (thrown) {
    return messageOf(thrown);
  }
}

test.skipIf(natsServerPath === undefined)(
  "an agent exchanges its key before it runs out, comes back when it ran out, and does neither once it is revoked (needs nats-server)",
  async () => {
    const keys = stage.path("keys");
    await told("fleet", "init", "--keys", keys, "--resolver-dir", stage.path("jwt"));
    const nats = await startNats(() => readFileSync(`${keys}/nats-server.conf`, "utf8"));
    stage.after(() => nats.stop());
    const server = { servers: [nats.url], reconnect_wait: "100ms" };
    const config = {
      data_dir: stage.path("aggregator"),
      nats: { ...server, creds_file: `${keys}/aggregator.creds` },
      fleet: { keys, credentials_ttl: "15s" },
    };
    const aggregator = await stage.start({ role: "aggregator", name: "aggregator", config });
    const file = stage.path("aggregator.yaml");
    const token = await told("fleet", "token", "create", "-c", file);
    const written = stage.path("enrolled.yaml");
    const enrol = ["agent", "enroll", "--url", aggregator.url, "--token", token];
    await told(...enrol, "--config", written, "--data-dir", stage.path("agent"));
    const enrolled = Written.parse(parse(readFileSync(written, "utf8")));
    const creds = enrolled.nats.creds_file;
    const id = readFileSync(stage.path("agent", "agent", "id"), "utf8").trim();
    const own = { ...enrolled, nats: { ...enrolled.nats, reconnect_wait: "100ms" }, sources: [] };
    const start = () => stage.start({ role: "agent", name: "agent", config: own });
    const keyNow = () => claimsIn(creds).publicKey;
    const copied = (name: string) => {
      copyFileSync(creds, stage.path(name));
      return { path: stage.path(name), key: keyNow() };
    };
    const refused = (path: string) =>
      until(
        `${path} is refused`,
        async () => (await outcomeOf(nats.url, path)).includes("Authorization"),
        30_000,
        250,
      );

    // The account's signing key is exchanged: agents are asked to renew, and the old key goes when they have.
    const original = copied("original.creds");
    const agent = await start();
    await isReady(agent.url);
    await told("fleet", "rotate-signing-key", "-c", file);
    const early = await lapwing(["fleet", "rotate-signing-key", "-c", file]);
    expect(early).toMatchObject({ code: 1, err: expect.stringContaining("is not finished") });
    await until("another key", () => keyNow() !== original.key, 40_000);
    await refused(original.path);
    const finish = ["fleet", "rotate-signing-key", "--finish", "-c", file];
    const isFinished = async () => (await lapwing(finish)).code === 0;
    await until("the agents are renewed", isFinished, 15_000, 500);
    await isReady(agent.url);

    // Away until the credentials have run out: it may go on by the key alone.
    await agent.end("SIGKILL");
    const old = copied("old.creds");
    await refused(old.path);
    expect(claimsIn(old.path).expiresMs).toBeLessThanOrEqual(Date.now() + 1_000);
    const again = await start();
    await isReady(again.url);
    expect(keyNow()).not.toBe(old.key);
    expect(await told("fleet", "agents", "-c", file)).toMatch(new RegExp(`^${id} .*enrolled`, "m"));

    await told("fleet", "revoke", id, "-c", file);
    await refused(creds);
    expect(await outcomeOf(nats.url, creds)).toContain("Authorization");
    await until("renewal is refused", () => stage.log("agent").includes("the key is revoked"));
  },
  180_000,
);
