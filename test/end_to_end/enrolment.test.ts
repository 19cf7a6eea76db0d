import { afterAll, expect, test } from "bun:test";
import { readFileSync, statSync } from "node:fs";
import { create, toBinary } from "@bufbuild/protobuf";
import type { NatsConnection } from "nats";
import { Events, connect, credsAuthenticator } from "nats";
import { createUser } from "nkeys.js";
import { parse } from "yaml";
import { z } from "zod";
import { createToken } from "#aggregator/fleet/tokens.ts";
import { Catalog } from "#aggregator/catalog/catalog.ts";
import { subjectOf } from "#proto/bus/subjects.ts";
import { HeartbeatSchema } from "#proto/gen/v1/control_pb.js";
import { enrolmentPath } from "#proto/fleet/enrolment.ts";
import { messageOf } from "#shared/errors.ts";
import { asking, until } from "#test/support/asking.ts";
import { lapwing } from "#test/support/command_line.ts";
import { natsServerPath, startNats } from "#test/support/nats.ts";
import { NumberedExporter } from "#test/support/numbered.ts";
import { Stage } from "#test/support/stage.ts";

const stage = new Stage();
afterAll(() => stage.stop());

const Written = z.looseObject({
  tenant: z.string(),
  agent: z.object({ name: z.string(), labels: z.record(z.string(), z.string()) }),
  nats: z.object({ servers: z.array(z.string()), creds_file: z.string() }),
});
const other = { tenant: "default", agent: "00000000000000ff" };

/** Standard output of a command that ends well. */
async function told(...args: string[]): Promise<string> {
  const { code, out, err } = await lapwing(args, { cwd: stage.folder });
  if (code !== 0) throw new Error(`lapwing ${args.join(" ")}: ${err}`);
  return out.trim();
}

function connectAs(url: string, creds: string, inboxPrefix: string): Promise<NatsConnection> {
  const authenticator = credsAuthenticator(readFileSync(creds));
  return connect({ servers: [url], authenticator, inboxPrefix, reconnect: false });
}

/** How an attempt to connect ended. */
async function outcomeOf(connecting: Promise<NatsConnection>): Promise<string> {
  try {
    const nats = await connecting;
    await nats.close();
    return "connected";
  } catch (thrown) {
    return messageOf(thrown);
  }
}

/** What the server says to a subscription. */
async function refusalOf(nats: NatsConnection, subject: string): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  nats.subscribe(subject, { callback: (error) => resolve(error?.message ?? "a message") });
  await nats.flush();
  return Promise.race([promise, Bun.sleep(2_000).then(() => "nothing")]);
}

/** What the server says to messages that may not be sent, in their order. */
async function publishRefusals(nats: NatsConnection, subjects: string[]): Promise<string[]> {
  const refusals: string[] = [];
  const status = nats.status();
  const reading = (async () => {
    for await (const { type, permissionContext } of status) {
      if (type !== Events.Error) continue;
      refusals.push(permissionContext?.subject ?? "");
      if (refusals.length === subjects.length) return;
    }
  })();
  for (const subject of subjects) nats.publish(subject, "x");
  await nats.flush();
  await Promise.race([reading, Bun.sleep(2_000)]);
  return refusals;
}

test.skipIf(natsServerPath === undefined)(
  "an agent that a token enrolled sends its own data, touches nobody else's, and is cut off when revoked (needs nats-server)",
  async () => {
    const keys = stage.path("keys");
    await told("fleet", "init", "--keys", keys, "--resolver-dir", stage.path("jwt"));
    const nats = await startNats(() => readFileSync(`${keys}/nats-server.conf`, "utf8"));
    stage.after(() => nats.stop());
    const aggregator = await stage.start({
      role: "aggregator",
      name: "aggregator",
      config: {
        data_dir: stage.path("aggregator"),
        nats: {
          servers: [nats.url],
          creds_file: `${keys}/aggregator.creds`,
          reconnect_wait: "100ms",
        },
        fleet: { keys },
      },
    });
    const file = stage.path("aggregator.yaml");
    const token = await told(
      "fleet",
      "token",
      "create",
      "--uses",
      "1",
      "--label",
      "site=north",
      "-c",
      file,
    );

    const written = stage.path("enrolled.yaml");
    const enrol = ["agent", "enroll", "--url", aggregator.url, "--token", token];
    await told(...enrol, "--config", written, "--data-dir", stage.path("agent"));
    const config = Written.parse(parse(readFileSync(written, "utf8")));
    expect(config.agent.labels).toEqual({ site: "north" });
    const creds = config.nats.creds_file;
    expect([statSync(creds).mode & 0o777, statSync(written).mode & 0o777]).toEqual([0o600, 0o600]);

    const exporter = new NumberedExporter("one");
    stage.after(() => exporter.stop());
    const agent = await stage.start({
      role: "agent",
      name: "agent",
      config: {
        ...config,
        nats: { ...config.nats, reconnect_wait: "100ms" },
        sources: [],
        scrape_configs: [
          {
            job_name: "one",
            scrape_interval: "1s",
            static_configs: [{ targets: [exporter.target] }],
          },
        ],
      },
    });
    const id = readFileSync(stage.path("agent", "agent", "id"), "utf8").trim();
    await until("the agent's data", async () => {
      const [sample] = await asking(aggregator.url).promql("chaos_number");
      return sample?.metric["site"] === "north";
    });
    // Answered heartbeats bring what is committed: the agent's own inbox and orders work.
    expect(await told("fleet", "agents", "-c", file)).toMatch(new RegExp(`^${id} .*enrolled`, "m"));

    const own = `_INBOX.default.${id}`;
    const thief = await connectAs(nats.url, creds, own);
    const forbidden = (["metrics", "logs", "heartbeat", "control"] as const).map((kind) =>
      subjectOf({ ...other, kind }),
    );
    const sent = [
      ...forbidden,
      subjectOf({ ...other, agent: id, kind: "control" }),
      "$JS.API.INFO",
    ];
    expect(await publishRefusals(thief, sent)).toEqual(sent);
    const heard = [
      subjectOf({ ...other, kind: "control" }),
      "lapwing.>",
      "_INBOX.>",
      `_INBOX.default.${other.agent}.>`,
    ];
    for (const subject of heard)
      expect(await refusalOf(thief, subject)).toContain("Permissions Violation");
    expect(await outcomeOf(connect({ servers: [nats.url], reconnect: false }))).toContain(
      "Authorization",
    );

    // Nor does the aggregator carry a word of it to where it may not publish.
    const spy = await connectAs(nats.url, `${keys}/aggregator.creds`, "_INBOX");
    const orders: string[] = [];
    const order = subjectOf({ ...other, kind: "control" });
    spy.subscribe(order, { callback: (_error, { subject }) => orders.push(subject) });
    await spy.flush();
    const beat = toBinary(HeartbeatSchema, create(HeartbeatSchema, { ...other, agent: id }));
    thief.publish(subjectOf({ ...other, agent: id, kind: "heartbeat" }), beat, { reply: order });
    const refused = 'lapwing_receiver_refused_messages_total{kind="heartbeat"}';
    await until("the beat is refused", async () => {
      return (await asking(aggregator.url).own(refused)) === 1;
    });
    await spy.close();
    expect(orders).toEqual([]);

    await told("fleet", "revoke", id, "-c", file);
    await thief.closed();
    await until(
      "the agent is cut off",
      async () => (await asking(agent.url).ready()).status === 503,
    );
    expect(await outcomeOf(connectAs(nats.url, creds, own))).toContain("Authorization");
    await nats.kill();
    await nats.start();
    await until("the aggregator is back", async () => {
      return (await asking(aggregator.url).ready()).status === 200;
    });
    // The revocation outlives the server that heard of it.
    expect(await outcomeOf(connectAs(nats.url, creds, own))).toContain("Authorization");

    const ask = async (body: unknown) => {
      const init = { method: "POST", body: JSON.stringify(body) };
      const answer = await fetch(new URL(enrolmentPath, aggregator.url), init);
      return [answer.status, await answer.text()];
    };
    const request = { agent: other.agent, name: "b", public_key: createUser().getPublicKey() };
    const audited = `sqlite://${stage.path("aggregator", "aggregator", "catalog.db")}`;
    const catalog = await Catalog.open(audited);
    stage.after(() => catalog.close());
    const terms = { tenant: "default", labels: {}, ttlMs: 1, usesMax: 1 };
    const late = await createToken(catalog, terms, { actor: "test", nowMs: Date.now() - 1 });
    expect(await ask({ ...request, token: late })).toEqual([
      403,
      '{"error":"the token has expired"}',
    ]);
    expect(await ask({ ...request, token })).toEqual([
      403,
      '{"error":"the token was used as often as it may be"}',
    ]);
    const wrong = `${token.slice(0, -4)}AAAA`;
    expect(await ask({ ...request, token: wrong })).toEqual([
      401,
      '{"error":"there is no such token"}',
    ]);
    const actions = (await catalog.audit()).map(({ action }) => action);
    expect(actions).toEqual([
      "create_token",
      "enrol_agent",
      "revoke_agent",
      "create_token",
      "refuse_enrolment",
      "refuse_enrolment",
    ]);
  },
  60_000,
);
