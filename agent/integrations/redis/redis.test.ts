import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "bun:test";
import { messageOf } from "#shared/errors.ts";
import { severity } from "#shared/model/logs.ts";
import { askServer } from "#test/support/ask_server.ts";
import { pageAnswers, serverProgram, startDaemon } from "#test/support/daemon.ts";
import { expectLikeExporter } from "#test/support/exporter_peer.ts";
import { freePort } from "#test/support/free_port.ts";
import { hostOf } from "#test/support/host_view.ts";
import { expectAssets } from "#test/support/integration_assets.ts";
import { LogsUnderTest } from "#test/support/integration_logs.ts";
import { InstanceUnderTest } from "#test/support/integration_world.ts";
import { type RedisServer, redisMissing, startRedis } from "#test/support/redis.ts";
import { redis } from "./integration.ts";

const withServer = test.skipIf(redisMissing !== undefined);
const password = "s3cr3t-of-redis";

let server: RedisServer;
let replica: RedisServer;
/** Those that one test alone needs. */
const further: RedisServer[] = [];
let folder = "";

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "lapwing-redis-test-"));
  if (redisMissing !== undefined) return;
  server = await startRedis({ requirepass: password, "repl-diskless-sync-delay": "0" });
  replica = await startRedis({
    replicaof: `127.0.0.1 ${server.port}`,
    masterauth: password,
    requirepass: password,
  });
});

afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  if (redisMissing !== undefined) return;
  for (const each of further) await each.stop();
  await replica.stop();
  await server.stop();
});

withServer("redis: keys, commands, memory and a replica are those of the server", async () => {
  await server.command("SET", "kept", "1");
  await server.command("SET", "short", "1", "EX", "1000");
  for (const key of ["kept", "kept", "gone"]) await server.command("GET", key);
  await server.command("NOSUCH");
  const instance = new InstanceUnderTest(redis, { address: at(server), password });
  let { samples, degraded } = await instance.tick();
  const deadline = AbortSignal.timeout(10_000);
  while (!samples.has(lagOf(samples)) && !deadline.aborted)
    ({ samples, degraded } = await instance.tick());
  expect(degraded).toEqual([]);
  expect(samples.get('redis_db_keys{db="db0"}')).toBe(2);
  expect(samples.get('redis_db_keys{db="db7"}')).toBe(0);
  expect(samples.get('redis_db_keys_expiring{db="db0"}')).toBe(1);
  expect(samples.get("redis_keyspace_hits_total")).toBe(2);
  expect(samples.get("redis_keyspace_misses_total")).toBe(1);
  expect(samples.get('redis_commands_total{cmd="get"}')).toBe(3);
  expect(samples.get('redis_commands_latencies_usec_bucket{cmd="get",le="+Inf"}')).toBe(3);
  expect(samples.get('redis_latency_percentiles_usec_count{cmd="get"}')).toBe(3);
  expect(samples.get('redis_errors_total{err="ERR"}')).toBeGreaterThan(0);
  expect(samples.get("redis_config_maxclients")).toBeGreaterThan(0);
  expect(samples.get("redis_connected_slaves")).toBe(1);
  const onReplica = await new InstanceUnderTest(redis, { address: at(replica), password }).tick();
  const link = `redis_master_link_up{master_host="127.0.0.1",master_port="${server.port}"}`;
  expect(onReplica.samples.get(link)).toBe(1);
  const sentinel = await onSentinel();
  expectAssets(import.meta.dir, [...samples.keys(), ...onReplica.samples.keys(), ...sentinel], {
    redis_cluster_state: "only a node of a cluster has it",
    redis_cluster_slots_fail: "only a node of a cluster has it",
  });
});

function at({ port }: RedisServer): string {
  return `127.0.0.1:${port}`;
}

/** The series of the one replica's lag, whatever its port and state are. */
function lagOf(samples: ReadonlyMap<string, number>): string {
  const found = [...samples.keys()].find((key) => key.startsWith("redis_connected_slave_lag"));
  return found ?? "none yet";
}

async function onSentinel(): Promise<Iterable<string>> {
  const sentinel = await startRedis(
    {
      "sentinel monitor main 127.0.0.1": `${server.port} 2`,
      "sentinel auth-pass main": password,
    },
    "sentinel",
  );
  try {
    const instance = new InstanceUnderTest(redis, { address: at(sentinel) });
    const { samples, degraded } = await instance.tick();
    expect(degraded).toEqual([]);
    const master = `master_name="main",master_address="127.0.0.1:${server.port}"`;
    expect(samples.get(`redis_sentinel_master_ok_sentinels{${master}}`)).toBe(1);
    expect(samples.get(`redis_sentinel_master_setting_ckquorum{${master}}`)).toBe(2);
    expect(samples.get(`redis_sentinel_master_status{${master},master_status="ok"}`)).toBe(1);
    // One of two that are needed.
    const quorum = [...samples].find(([key]) => key.startsWith("redis_sentinel_master_ckquorum"));
    expect(quorum?.[1]).toBe(0);
    return samples.keys();
  } finally {
    await sentinel.stop();
  }
}

withServer("redis: a node of a cluster tells the state of its cluster", async () => {
  const node = await startRedis({ "cluster-enabled": "yes" });
  further.push(node);
  const { samples, degraded } = await new InstanceUnderTest(redis, { address: at(node) }).tick();
  expect(degraded).toEqual([]);
  // Without slots it fails.
  expect(samples.get("redis_cluster_state")).toBe(0);
  expect(samples.get("redis_cluster_slots_fail")).toBe(0);
  expect(samples.get("redis_cluster_known_nodes")).toBe(1);
});

withServer("redis: a user of few rights gets what it may, and is told the rest", async () => {
  const file = join(folder, "password");
  await Bun.write(file, `${password}\n`);
  await server.command("ACL", "SETUSER", "few", "on", `>${password}`, "+info");
  const few = { address: at(server), username: "few", password_file: file };
  const { samples, degraded } = await new InstanceUnderTest(redis, few).tick();
  expect(samples.get("redis_connected_clients")).toBeGreaterThan(0);
  expect(degraded.map((reason) => reason.replace(/:.*/, ""))).toEqual([
    "config",
    "latency",
    "slowlog",
  ]);
  expect(degraded[0]).toStartWith("config: NOPERM");
  // What the README names is enough.
  const rights =
    "+ping +info +config|get +cluster|info +slowlog|len +slowlog|get +latency|latest +latency|histogram";
  await server.command(
    "ACL",
    "SETUSER",
    "few",
    "reset",
    "on",
    `>${password}`,
    ...rights.split(" "),
  );
  expect((await new InstanceUnderTest(redis, few).tick()).degraded).toEqual([]);
});

withServer("redis: a wrong password or none is told without it", async () => {
  const address = at(server);
  const wrong = { address, password: "wrong" };
  expect(await reasonOf(wrong)).toStartWith("WRONGPASS");
  expect(await reasonOf({ address })).toBe("NOAUTH Authentication required.");
});

test.skipIf(redisMissing !== undefined || Bun.which("openssl") === null)(
  "redis: TLS is checked against the authority that is named",
  async () => {
    const key = join(folder, "key.pem");
    const cert = join(folder, "cert.pem");
    const curve = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1";
    const name = "-subj /CN=redis.test -addext subjectAltName=DNS:redis.test";
    const made = Bun.spawn(
      `openssl req -x509 ${curve} ${name} -keyout ${key} -out ${cert}`.split(" "),
      { stdout: "ignore", stderr: "ignore" },
    );
    expect(await made.exited).toBe(0);
    const tlsPort = await freePort();
    const encrypted = await startRedis({
      "tls-port": String(tlsPort),
      "tls-cert-file": cert,
      "tls-key-file": key,
      "tls-auth-clients": "no",
    });
    further.push(encrypted);
    const address = `127.0.0.1:${tlsPort}`;
    const tls = { ca_file: cert, server_name: "redis.test" };
    const { samples } = await new InstanceUnderTest(redis, { address, tls }).tick();
    expect(samples.get("redis_connected_clients")).toBe(1);
    expect(await reasonOf({ address, tls: true })).not.toBe("answered");
    expect(await reasonOf({ address, tls: { ...tls, server_name: "other.test" } })).not.toBe(
      "answered",
    );
  },
);

test("redis: what is no Redis, is silent, or not there makes the tick fail with the reason", async () => {
  const [other, silent, endless] = [
    serve("HTTP/1.1 400 Bad\r\n\r\n"),
    serve(""),
    serve("*9\r\n".repeat(20)),
  ];
  expect(await reasonAt(other.port)).toBe(
    'answered with "HTTP/1.1 400 Bad", which is not Redis\'s protocol',
  );
  expect(await reasonAt(silent.port)).toBe("no answer in time");
  expect(await reasonAt(endless.port)).toContain("not Redis's protocol");
  expect(await reasonAt(await freePort())).toContain("ECONNREFUSED");
  for (const each of [other, silent, endless]) each.stop(true);
});

function serve(answer: string) {
  return Bun.listen({
    hostname: "127.0.0.1",
    port: 0,
    socket: { data: (socket) => void (answer === "" ? 0 : socket.write(answer)) },
  });
}

function reasonAt(port: number): Promise<string> {
  return reasonOf({ address: `127.0.0.1:${port}` }, 300);
}

async function reasonOf(options: object, timeoutMs = 5_000): Promise<string> {
  const instance = new InstanceUnderTest(redis, options, timeoutMs);
  return instance.tick().then(() => "answered", messageOf);
}

withServer(
  "redis: a server is found by its process and port, and needs a password only where it asks for one",
  async () => {
    const open = await startRedis();
    further.push(open);
    const listeners = [
      { host: "127.0.0.1", port: open.port, pid: 7 },
      { host: "::1", port: open.port, pid: 7 },
      { host: "0.0.0.0", port: open.port + 10_000, pid: 7 },
      { host: "127.0.0.1", port: server.port, pid: 8 },
    ];
    const processes = [7, 8].map((pid) => ({ pid, name: "redis-server" }));
    const found = await redis.detect(hostOf({ processes, listeners, ask: askServer }));
    expect(found.map(({ options, confidence }) => [options.address, confidence])).toEqual([
      [at(open), 1],
      [at(server), 1],
    ]);
    expect(found.map(({ needs }) => needs.map(({ key }) => key))).toEqual([[], ["password_file"]]);
    expect(found[0]?.because).toEqual([
      "process redis-server (pid 7)",
      `listens on ${at(open)}`,
      "answers PING",
    ]);
  },
);

withServer("redis: lines of its log get their time and severity", async () => {
  const text = await Bun.file(join(server.folder, "log.txt")).text();
  const records = new LogsUnderTest(redis, {}).read("server", text);
  const ready = records.find(({ body }) => body.includes("Ready to accept"));
  expect(Date.now() - Date.parse(ready?.time ?? "")).toBeWithin(0, 600_000);
  expect(ready?.severity).toBe(severity.info);
  expect(ready?.stream).toMatchObject({ job: "redis", instance: "127.0.0.1:6379" });
  expect(ready?.attributes).toEqual({ pid: expect.stringMatching(/^\d+$/), role: "M" });
  const started = records.find(({ body }) => body.includes("Redis is starting"));
  expect(started?.severity).toBe(severity.warn);
});

const exporter = serverProgram("prometheus-redis-exporter");
test.skipIf(redisMissing !== undefined || exporter === null)(
  "redis: names, types and labels are the exporter's",
  async () => {
    const listen = `127.0.0.1:${await freePort()}`;
    const url = `http://${listen}/metrics`;
    const flags = ["-redis.addr", `redis://${at(server)}`, "-redis.password", password];
    const daemon = await startDaemon(
      [exporter ?? "", ...flags, "-web.listen-address", listen],
      () => pageAnswers(url),
    );
    const instance = new InstanceUnderTest(redis, { address: at(server), password });
    await instance.tick();
    const body = await (await fetch(url)).text();
    await daemon.stop();
    expectLikeExporter(body, await instance.tick(), [
      [/^redis_(exporter_|target_scrape_|last_key_groups_)/, "of the exporter itself"],
      [/^redis_instance_info/, "newer exporters have the label master_replid"],
      [/^redis_expired_time_cap_reached_total/, "a counter in newer exporters"],
      [/cmd="client\|setname"/, "only the exporter sends it"],
    ]);
  },
);
