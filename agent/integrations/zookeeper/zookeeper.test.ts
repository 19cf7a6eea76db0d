import { afterAll, beforeAll, expect, test } from "bun:test";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { messageOf } from "#shared/errors.ts";
import { severity } from "#shared/model/logs.ts";
import { freePort } from "#test/support/free_port.ts";
import { givenHost } from "#test/support/given_host.ts";
import { expectAssets } from "#test/support/integration_assets.ts";
import { LogsUnderTest } from "#test/support/integration_logs.ts";
import { InstanceUnderTest } from "#test/support/integration_world.ts";
import { zookeeper } from "./integration.ts";

const java = Bun.which("java");
const isInstalled = java !== null && existsSync("/usr/share/java/zookeeper.jar");
const withServer = test.skipIf(!isInstalled);
const mainClass = "org.apache.zookeeper.server.quorum.QuorumPeerMain";

const folder = mkdtempSync(join(tmpdir(), "lapwing-zookeeper-"));
let port = 0;
let server: Bun.Subprocess | undefined;

beforeAll(async () => {
  port = await freePort();
  if (!isInstalled || java === null) return;
  const config = join(folder, "zoo.cfg");
  writeFileSync(
    config,
    `tickTime=2000
dataDir=${join(folder, "data")}
clientPort=${port}
clientPortAddress=127.0.0.1
admin.enableServer=false
4lw.commands.whitelist=mntr
`,
  );
  const flags = ["-Xmx64m", "-XX:TieredStopAtLevel=1", "-cp", "/usr/share/java/*"];
  server = Bun.spawn([java, ...flags, mainClass, config], { stdout: "ignore", stderr: "ignore" });
  const signal = AbortSignal.timeout(30_000);
  while ((await reasonAt(port)) !== "answered") {
    signal.throwIfAborted();
    await Bun.sleep(100);
  }
});

afterAll(async () => {
  server?.kill("SIGKILL");
  await server?.exited;
  rmSync(folder, { recursive: true, force: true });
});

function reasonAt(at: number): Promise<string> {
  const instance = new InstanceUnderTest(zookeeper, { address: `127.0.0.1:${at}` }, 300);
  return instance.tick().then(() => "answered", messageOf);
}

withServer("zookeeper: what mntr says is told under its names", async () => {
  const { samples, degraded } = await new InstanceUnderTest(zookeeper, {
    address: `127.0.0.1:${port}`,
  }).tick();
  expect(degraded).toEqual([]);
  expect(samples.get('zk_server_state{state="standalone"}')).toBe(1);
  expect(samples.get("zk_server_leader")).toBe(0);
  expect(samples.get("zk_znode_count")).toBe(5);
  expect(samples.get("zk_num_alive_connections")).toBe(1);
  expect([...samples.keys()].find((key) => key.startsWith("zk_version"))).toContain("3.");
  expectAssets(import.meta.dir, samples.keys());
});

withServer("zookeeper: found by the class that Java runs, watched where it answers", async () => {
  const processes = [{ name: "java", args: ["java", "-Xmx1G", mainClass, "zoo.cfg"] }];
  const address = `127.0.0.1:${port}`;
  expect(await zookeeper.detect(givenHost({ processes, ports: { [port]: 0 } }))).toEqual([
    {
      confidence: 1,
      because: ["process java (pid 100) runs ZooKeeper", `${address} answers mntr`],
      options: { address },
      needs: [],
    },
  ]);
  const [silent] = await zookeeper.detect(givenHost({ processes }));
  expect(silent?.needs[0]?.why).toContain("4lw.commands.whitelist=mntr");
});

test("zookeeper: a leader is one; lines that are no numbers are left out", async () => {
  const leader = answering(
    "zk_version\t3.8.0, built on 2022-02-25 08:49 UTC\nzk_server_state\tleader\nzk_followers\t2\nzk_min_latency\tNaN\nzk_odd name\t1\nzk_text\tabc\nzk_empty\t\n",
  );
  const { samples } = await new InstanceUnderTest(zookeeper, {
    address: `127.0.0.1:${leader.port}`,
  }).tick();
  leader.stop(true);
  expect(samples.get("zk_server_leader")).toBe(1);
  expect([...samples.keys()].toSorted()).toEqual([
    "zk_followers",
    "zk_min_latency",
    "zk_server_leader",
    'zk_server_state{state="leader"}',
    "zk_up",
    'zk_version{version="3.8.0, built on 2022-02-25 08:49 UTC"}',
  ]);
});

test("zookeeper: a server that may not be asked, has no quorum, is silent or gone makes the tick fail", async () => {
  const shut = answering("mntr is not executed because it is not in the whitelist.\n");
  const alone = answering("This ZooKeeper instance is not currently serving requests\n");
  const silent = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data: () => {} } });
  expect(await reasonAt(shut.port)).toBe(
    'mntr was answered with "mntr is not executed because it is not in the whitelist." (set 4lw.commands.whitelist=mntr in zoo.cfg)',
  );
  expect(await reasonAt(alone.port)).toBe(
    'mntr was answered with "This ZooKeeper instance is not currently serving requests"',
  );
  expect(await reasonAt(silent.port)).toBe("no answer in time");
  expect(await reasonAt(await freePort())).toContain("ECONNREFUSED");
  for (const each of [shut, alone, silent]) each.stop(true);
});

/** Answers whatever is asked with this, and hangs up. */
function answering(text: string): Bun.TCPSocketListener {
  return Bun.listen({
    hostname: "127.0.0.1",
    port: 0,
    socket: {
      data: (socket) => {
        socket.write(text);
        socket.end();
      },
    },
  });
}

test("zookeeper: records of its log have their time, severity and stack traces", () => {
  const text = `2026-11-21 21:45:02,860 [myid:1] - INFO  [main:QuorumPeerConfig@174] - Reading configuration
2026-11-21 21:45:03,001 [myid:] - WARN  [NIOWorkerThread-1:NIOServerCnxn@371] - Close of session
java.io.IOException: ZooKeeperServer not running
	at org.apache.zookeeper.server.NIOServerCnxn.readLength(NIOServerCnxn.java:554)
2026-11-21 21:45:04,000 - ERROR [main:X@1] - of Debian's form
`;
  const records = new LogsUnderTest(zookeeper, {}).read("server", text);
  expect(records.map(({ severity: level }) => level)).toEqual([
    severity.info,
    severity.warn,
    severity.error,
  ]);
  expect(Date.parse(records[0]?.time ?? "")).toBe(new Date(2026, 10, 21, 21, 45, 2, 860).getTime());
  expect(records[1]?.body).toContain("readLength");
});
