import { afterAll, beforeAll, expect, test } from "bun:test";
import { AckPolicy, type NatsConnection, StringCodec, connect } from "nats";
import { messageOf } from "#shared/errors.ts";
import { freePort } from "#test/support/free_port.ts";
import { givenHost } from "#test/support/given_host.ts";
import { expectAssets } from "#test/support/integration_assets.ts";
import { InstanceUnderTest } from "#test/support/integration_world.ts";
import { type NatsServer, natsServerPath, startNats } from "#test/support/nats.ts";
import { nats } from "./integration.ts";

const withServer = test.skipIf(natsServerPath === undefined);

let server: NatsServer | undefined;
let client: NatsConnection | undefined;
let url = "";

beforeAll(async () => {
  if (natsServerPath === undefined) return;
  const port = await freePort();
  url = `http://127.0.0.1:${port}`;
  server = await startNats(() => `http: "127.0.0.1:${port}"\nserver_name: "one"`);
  client = await connect({ servers: server.url });
  await fillStreams(client);
});

afterAll(async () => {
  await client?.close();
  await server?.stop();
});

/** Five messages, of which a consumer got three and acknowledged two; and a mirror of them. */
async function fillStreams(connection: NatsConnection): Promise<void> {
  const manager = await connection.jetstreamManager();
  await manager.streams.add({ name: "ORDERS", subjects: ["orders.*"], max_msgs: 1_000 });
  await manager.streams.add({ name: "COPY", mirror: { name: "ORDERS" } });
  const jetstream = connection.jetstream();
  for (let i = 0; i < 5; i++)
    await jetstream.publish(`orders.${i % 2}`, StringCodec().encode("text"));
  await manager.consumers.add("ORDERS", {
    durable_name: "billing",
    description: "Bills",
    ack_policy: AckPolicy.Explicit,
  });
  const consumer = await jetstream.consumers.get("ORDERS", "billing");
  const messages = await consumer.fetch({ max_messages: 3, expires: 1_000 });
  let taken = 0;
  for await (const message of messages) {
    taken += 1;
    if (taken <= 2) await message.ackAck();
    if (taken === 3) break;
  }
}

withServer("nats: what is told of server, connections and JetStream is the server's", async () => {
  const instance = new InstanceUnderTest(nats, { url });
  const { samples, families, degraded } = await instance.tick();
  expect(degraded).toEqual([]);
  const [value, id] = found(samples, "gnatsd_varz_connections");
  expect(value).toBe(1);
  expect(id).toMatch(/^\{server_id="[A-Z0-9]{56}"\}$/);
  expect(samples.get(`gnatsd_connz_num_connections${id}`)).toBe(1);
  expect(samples.get(`gnatsd_connz_in_msgs${id}`)).toBe(samples.get(`gnatsd_varz_in_msgs${id}`));
  expect(samples.get(`gnatsd_varz_jetstream_config_max_memory${id}`)).toBe(64 * 1_024 * 1_024);
  expect(samples.get(`gnatsd_varz_http_req_stats_varz${id}`)).toBe(1);
  expect(samples.get(`gnatsd_healthz_status${id}`)).toBe(0);
  const [start] = found(samples, "gnatsd_varz_start");
  expect(Math.abs(Date.now() - start)).toBeLessThan(120_000);
  expect([...samples.keys()].find((key) => key.startsWith("gnatsd_varz_server_name"))).toContain(
    'value="one"',
  );
  expect(of(samples, "jetstream_stream_total_messages", "ORDERS")).toBe(5);
  expect(of(samples, "jetstream_stream_subject_count", "ORDERS")).toBe(2);
  expect(of(samples, "jetstream_stream_limit_messages", "ORDERS")).toBe(1_000);
  expect(of(samples, "jetstream_stream_mirror_lag", "COPY")).toBe(0);
  expect(of(samples, "jetstream_consumer_num_ack_pending", "billing")).toBe(1);
  expect(of(samples, "jetstream_consumer_num_pending", "billing")).toBe(2);
  expect(of(samples, "jetstream_consumer_ack_floor_stream_seq", "billing")).toBe(2);
  expect(families.get("gnatsd_varz_in_msgs")?.type).toBe("gauge");
  expect(families.get("gnatsd_connz_in_msgs")?.type).toBe("counter");
  expectAssets(import.meta.dir, samples.keys());
});

withServer(
  "nats: JetStream is looked into as far as it is wanted, connections if at all",
  async () => {
    const options = { url, jetstream: "streams", connections_max: 0 };
    const { samples } = await new InstanceUnderTest(nats, options).tick();
    const names = new Set([...samples.keys()].map((key) => key.replace(/\{.*/, "")));
    expect(names).toContain("jetstream_stream_total_messages");
    expect(names).not.toContain("jetstream_consumer_num_pending");
    expect(names).not.toContain("gnatsd_connz_total");
    const off = await new InstanceUnderTest(nats, { url, jetstream: "off" }).tick();
    expect([...off.samples.keys()].filter((key) => key.startsWith("jetstream_"))).toEqual([]);
  },
);

withServer(
  "nats: found by process and port, with words on what to set where monitoring is off",
  async () => {
    const port = Number(new URL(url).port);
    const processes = [{ name: "nats-server", args: ["nats-server", "-m", String(port)] }];
    const host = givenHost({ processes, ports: { 4222: 0, [port]: 0 } });
    expect(await nats.detect(host)).toEqual([
      {
        confidence: 1,
        because: ["process nats-server (pid 100)", `${url} answers /varz`],
        options: { url },
        needs: [],
      },
    ]);
    const file = server === undefined ? "" : `${server.folder}/nats.conf`;
    const read = async (path: string) => (path === file ? Bun.file(path).text() : undefined);
    const byFile = givenHost({
      processes: [{ name: "nats-server", args: ["nats-server", "-c", file] }],
      ports: { [server?.port ?? 0]: 0, 5222: 0, 7422: 0, 7522: 0, [port]: 0 },
    });
    expect((await nats.detect({ ...byFile, read }))[0]?.options).toEqual({ url });
    const [off] = await nats.detect(givenHost({ processes, ports: { 4222: 0 } }));
    expect(off?.confidence).toBe(0.4);
    expect(off?.needs[0]?.why).toContain('"http: 127.0.0.1:8222"');
  },
);

test("nats: an unhealthy server counts as such; parts that lack are told, and the rest goes on", async () => {
  const odd = Bun.serve({
    port: 0,
    fetch({ url: asked }) {
      const { pathname } = new URL(asked);
      if (pathname === "/varz") return Response.json({ server_id: "A", connections: 3, mem: "?" });
      if (pathname === "/healthz") return Response.json({ status: "unavailable" }, { status: 503 });
      if (pathname === "/jsz") return new Response("<html>");
      return new Response("404 page not found", { status: 404 });
    },
  });
  const { samples, degraded } = await new InstanceUnderTest(nats, { url: odd.url.href }).tick();
  expect(samples.get('gnatsd_healthz_status{server_id="A"}')).toBe(1);
  expect(samples.get('gnatsd_varz_connections{server_id="A"}')).toBe(3);
  expect(degraded).toEqual([
    "subsz: GET /subsz: server returned HTTP status 404 Not Found",
    "connz: GET /connz: server returned HTTP status 404 Not Found",
    "jsz: GET /jsz: the answer is not JSON",
  ]);
  await odd.stop(true);
});

test("nats: a server that is silent, refuses, or is not there makes the tick fail without saying secrets", async () => {
  const silent = Bun.serve({ port: 0, fetch: () => Bun.sleep(3_000).then(() => new Response()) });
  const shut = Bun.serve({ port: 0, fetch: () => new Response("", { status: 401 }) });
  const secret = { username: "u", password: "hunter2" };
  expect(await reasonOf({ url: silent.url.href })).toContain("GET /varz: ");
  expect(await reasonOf({ url: shut.url.href, ...secret })).toBe(
    "GET /varz: server returned HTTP status 401 Unauthorized",
  );
  expect(await reasonOf({ url: `http://127.0.0.1:${await freePort()}` })).toContain("GET /varz: ");
  expect(() => nats.config.parse({ url: "http://u:hunter2@127.0.0.1:1" })).toThrow(
    "must hold no credentials",
  );
  await silent.stop(true);
  await shut.stop(true);
});

function reasonOf(options: object): Promise<string> {
  return new InstanceUnderTest(nats, options, 200).tick().then(() => "answered", messageOf);
}

/** The one sample of a metric, and its labels. */
function found(samples: ReadonlyMap<string, number>, name: string): [number, string] {
  const [key = "", value = Number.NaN] =
    [...samples].find(([each]) => each.startsWith(`${name}{`)) ?? [];
  return [value, key.slice(name.length)];
}

/** The sample of a metric of the stream or consumer of that name. */
function of(samples: ReadonlyMap<string, number>, name: string, owner: string): number | undefined {
  const entry = [...samples].find(
    ([key]) => key.startsWith(`${name}{`) && key.includes(`_name="${owner}"`),
  );
  return entry?.[1];
}
