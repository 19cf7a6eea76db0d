import { afterAll, beforeAll, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { connect } from "node:net";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { StatsD } from "hot-shots";
import { asking, until } from "#test/support/asking.ts";
import { LapwingProcess } from "#test/support/lapwing_process.ts";
import { LineReader } from "#test/support/line_reader.ts";

// Clients of StatsD, Graphite and collectd as they are, to a whole `lapwing up`: what they sent is asked for by PromQL and SQL, and the account adds up.

const anyPort = "127.0.0.1:0";
const mapping = `
mappings:
- { match: "legacy.*.time", name: legacy_seconds, labels: { shop: "$1" }, observer_type: histogram, histogram_options: { buckets: [0.1, 1] } }
- { match: "secret.*", name: secret, action: drop }
`;
let folder = "";
let up: LapwingProcess;
let lapwing: ReturnType<typeof asking>;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "lapwing-metric-senders-"));
  const file = join(folder, "mapping.yml");
  await writeFile(file, mapping);
  up = await LapwingProcess.start({
    role: "up",
    name: "up",
    folder,
    config: {
      data_dir: join(folder, "data"),
      sources: [],
      receivers: {
        statsd: {
          udp_listen: anyPort,
          tcp_listen: anyPort,
          interval: "200ms",
          mapping_config: file,
        },
        collectd: {
          udp_listen: anyPort,
          security_level: "encrypt",
          users: [{ username: "agent", password: "secret" }],
        },
        graphite: { tcp_listen: anyPort, udp_listen: anyPort },
      },
    },
  });
  lapwing = asking(up.url);
});
afterAll(async () => {
  await up.end("SIGKILL");
  await rm(folder, { recursive: true, force: true });
});

/** The port that the receiver told in the process's log. */
async function portOf(message: string): Promise<number> {
  const log = await readFile(join(folder, "up.log"), "utf8");
  const line = log.split("\n").find((text) => text.includes(`"msg":"${message}"`)) ?? "";
  return Number(/"port":(\d+)/.exec(line)?.[1]);
}

/** The only value of a query, as soon as it is what is wanted. */
function becomes(query: string, wanted: number): Promise<boolean> {
  return until(`${query} = ${wanted}`, async () => {
    const answer = await lapwing.promql(query);
    if (answer.length === 1 && answer[0]?.value === wanted) return true;
    throw new Error(JSON.stringify(answer));
  });
}

function closed(client: StatsD): Promise<void> {
  return new Promise((resolve, reject) =>
    client.close((error) => (error instanceof Error ? reject(error) : resolve())),
  );
}

test("hot-shots's metrics arrive over UDP: counters, gauges, sets, timers and distributions", async () => {
  const client = new StatsD({
    host: "127.0.0.1",
    port: await portOf("StatsD is taken over UDP"),
    prefix: "shop.",
    globalTags: { env: "prod" },
  });
  client.increment("orders", 3, { route: "/pay" });
  client.increment("orders", 2, 1, ["route:/pay"]);
  client.gauge("queue", 12);
  client.gaugeDelta("queue", -2);
  for (const user of ["ann", "bob", "ann"]) client.set("users", user);
  client.timing("query", 250);
  client.timing("query", 750);
  client.distribution("size", 5);
  await closed(client);
  await becomes('shop_orders{env="prod", route="/pay"}', 5);
  await becomes("shop_queue", 10);
  await becomes("max_over_time(shop_users[1m])", 2);
  await becomes("histogram_count(shop_query)", 2);
  await becomes("histogram_sum(shop_query)", 1);
  await becomes("histogram_avg(shop_size)", 5);
  await becomes("increase(shop_orders[1m]) > bool 0", 1);
});

test("hot-shots's events and checks are records", async () => {
  const client = new StatsD({
    host: "127.0.0.1",
    port: await portOf("StatsD is taken over UDP"),
  });
  client.event("Deployed", "version 7\nby ann", { alert_type: "warning" }, { team: "a" });
  client.check("db.ok", client.CHECKS.CRITICAL, { hostname: "db1", message: "no answer" });
  await closed(client);
  const rows = await until("the records", async () => {
    const found = await lapwing.sql(
      "SELECT stream['kind'] AS kind, body, severity, attributes['title'], attributes['tag_team'], attributes['check'] FROM logs WHERE stream['job'] = 'dogstatsd' ORDER BY kind",
    );
    return found.length === 2 && found;
  });
  expect(rows).toEqual([
    ["event", "version 7\nby ann", 13, "Deployed", "a", null],
    ["service_check", "no answer", 17, null, null, "db.ok"],
  ]);
  await becomes('dogstatsd_service_check_status{check="db.ok", host="db1"}', 2);
});

test("plain lines over UDP, and hot-shots over TCP, go through the rules of statsd_exporter's file", async () => {
  const socket = await Bun.udpSocket({});
  const port = await portOf("StatsD is taken over UDP");
  socket.send(
    "legacy.a.time:50|ms\nlegacy.a.time:500|ms\nsecret.x:1|c\nnonsense",
    port,
    "127.0.0.1",
  );
  socket.close();
  const client = new StatsD({
    protocol: "tcp",
    host: "127.0.0.1",
    port: await portOf("StatsD is taken over TCP"),
  });
  client.timing("legacy.a.time", 5_000);
  await closed(client);
  await becomes('legacy_seconds_bucket{shop="a", le="0.1"}', 1);
  await becomes('legacy_seconds_bucket{shop="a", le="1"}', 2);
  await becomes('legacy_seconds_count{shop="a"}', 3);
});

test("Graphite's lines arrive over TCP and UDP, at their own times", async () => {
  const seconds = Math.floor(Date.now() / 1_000) - 30;
  const connection = connect(await portOf("Graphite is taken over TCP"), "127.0.0.1");
  connection.end(`servers.a.load;dc=x 1 ${seconds}\nservers.a.load;dc=x 2 ${seconds + 10}\n`);
  const socket = await Bun.udpSocket({});
  const line = `servers.b.load 3 ${seconds}`;
  socket.send(line, await portOf("Graphite is taken over UDP"), "127.0.0.1");
  socket.close();
  await becomes('servers_a_load{dc="x"}', 2);
  await becomes(`timestamp(servers_a_load @ ${seconds})`, seconds);
  await becomes("servers_b_load", 3);
});

const collectd = Bun.which("collectd") ?? ["/usr/sbin/collectd"].find((path) => existsSync(path));
if (collectd === undefined) console.warn("skipped: needs an installed collectd");

test.skipIf(collectd === undefined)("collectd's values arrive encrypted", async () => {
  const own = await mkdtemp(join(folder, "collectd-"));
  const file = join(own, "collectd.conf");
  await writeFile(
    file,
    `Hostname "edge"
BaseDir "${own}"
PIDFile "${join(own, "pid")}"
Interval 1
LoadPlugin load
LoadPlugin memory
LoadPlugin network
<Plugin network>
  <Server "127.0.0.1" "${await portOf("collectd's protocol is taken")}">
    SecurityLevel Encrypt
    Username "agent"
    Password "secret"
  </Server>
</Plugin>
`,
  );
  const sender = Bun.spawn([collectd ?? "", "-f", "-C", file], { stdout: "pipe", stderr: "pipe" });
  const said = new LineReader(sender.stderr);
  while (!(await said.next()).includes("entering read-loop")) continue;
  // It sends what it holds when it ends; on a busy machine its first read may come late.
  await Bun.sleep(2_500);
  sender.kill("SIGTERM");
  await sender.exited;
  await becomes('count(collectd_load_shortterm{instance="edge"})', 1);
  await becomes('count(collectd_memory{memory="free", instance="edge"})', 1);
});

test("what was refused is in the account, which adds up after a stop", async () => {
  const account = await until("the account", async () => {
    const lane = await lapwing.account("metrics");
    return lane?.dropped["relabel"] === 1 && lane.dropped["invalid_sample"] === 1 && lane;
  });
  const dropped = Object.values(account.dropped).reduce((sum, count) => sum + count, 0);
  expect(dropped).toBe(2);
  expect(account.collected).toBe(account.stored + account.inFlight + dropped);
  expect(await up.end("SIGTERM")).toBe(0);
});
