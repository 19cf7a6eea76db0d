import { afterAll, beforeAll, expect, test } from "bun:test";
import { chmod, mkdir } from "node:fs/promises";
import { messageOf } from "#shared/errors.ts";
import {
  type Daemon,
  pageAnswers,
  serverFolder,
  serverProgram,
  startDaemon,
} from "#test/support/daemon.ts";
import { expectLikeExporter } from "#test/support/exporter_peer.ts";
import { freePort } from "#test/support/free_port.ts";
import { hostOf } from "#test/support/host_view.ts";
import { expectAssets } from "#test/support/integration_assets.ts";
import { LogsUnderTest } from "#test/support/integration_logs.ts";
import { InstanceUnderTest } from "#test/support/integration_world.ts";
import { realAsking } from "#test/support/real_asking.ts";
import { squid } from "./integration.ts";

const program = serverProgram("squid");
const exporter = serverProgram("prometheus-squid-exporter");
const withServer = test.skipIf(program === null);

let folder: Awaited<ReturnType<typeof serverFolder>>;
let server: Daemon | undefined;
let application: Bun.Server<undefined> | undefined;
let port = 0;
const url = () => `http://127.0.0.1:${port}`;

const config = () => `http_port 127.0.0.1:${port}
http_access allow localhost manager
http_access deny manager
http_access deny CONNECT
http_access allow localhost
http_access deny all
cachemgr_passwd secret config
visible_hostname localhost
pid_filename ${folder.path}/run/pid
access_log ${folder.path}/run/access.log
cache_log ${folder.path}/run/cache.log
coredump_dir ${folder.path}/run
cache_mem 8 MB
shutdown_lifetime 0 seconds
netdb_filename none
pinger_enable off
`;

beforeAll(async () => {
  folder = await serverFolder("squid");
  port = await freePort();
  if (program === null) return;
  application = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch: ({ url: asked }) =>
      new Response("hello", {
        status: asked.endsWith("/lost") ? 404 : 200,
        headers: { "Cache-Control": "max-age=60" },
      }),
  });
  await mkdir(`${folder.path}/run`);
  // Root's Squid becomes the user proxy before it opens its files.
  await chmod(`${folder.path}/run`, 0o777);
  await Bun.write(`${folder.path}/squid.conf`, config());
  server = await startDaemon([program, "-N", "-f", `${folder.path}/squid.conf`], () =>
    pageAnswers(`${url()}/squid-internal-mgr/counters`),
  );
}, 30_000);

afterAll(async () => {
  await server?.stop();
  await application?.stop(true);
  await folder[Symbol.asyncDispose]();
});

async function throughProxy(path: string): Promise<void> {
  const options = { proxy: url(), keepalive: false };
  await (await fetch(`http://127.0.0.1:${application?.port}${path}`, options)).text();
}

withServer(
  "squid: requests and hits are those of the proxy; its logs are read and counted",
  async () => {
    const instance = new InstanceUnderTest(squid, { url: url() });
    const before = (await instance.tick()).samples;
    for (const path of ["/page", "/page", "/lost"]) await throughProxy(path);
    const { samples, degraded } = await instance.tick();
    expect(degraded).toEqual([]);
    const grown = (key: string) => (samples.get(key) ?? 0) - (before.get(key) ?? 0);
    expect(grown("squid_client_http_hits_total")).toBe(1);
    expect(grown("squid_server_http_requests_total")).toBe(2);
    expect(samples.get('squid_up{host="127.0.0.1"}')).toBe(1);
    expect(samples.get("squid_info_Maximum_number_of_file_descriptors")).toBeGreaterThan(100);
    expect(samples.has("squid_info_Hits_as_pct_of_all_requests_5min")).toBe(true);
    expect(samples.has("squid_info_on_disk_objects")).toBe(true);

    const logs = new LogsUnderTest(squid, {});
    const log = Bun.file(`${folder.path}/run/access.log`);
    const signal = AbortSignal.timeout(5_000);
    while (!(await log.text()).includes("/lost")) {
      signal.throwIfAborted();
      await Bun.sleep(20);
    }
    const records = logs.read("access", await log.text());
    const lost = records.find(({ body }) => body.includes("/lost"));
    expect(lost?.severity).toBe(13);
    expect(lost?.attributes).toMatchObject({
      client_address: "127.0.0.1",
      result: "TCP_MISS",
      status: "404",
      method: "GET",
      hierarchy: "HIER_DIRECT",
    });
    expect(Math.abs(Date.now() - Date.parse(lost?.time ?? ""))).toBeLessThan(120_000);
    const counted = logs.counted();
    const hit = 'squid_access_requests_total{code="2xx",method="GET",result="TCP_MEM_HIT"}';
    expect(counted.get(hit)).toBe(1);
    const [first] = logs.read("error", await Bun.file(`${folder.path}/run/cache.log`).text());
    expect(Math.abs(Date.now() - Date.parse(first?.time ?? ""))).toBeLessThan(120_000);
    expectAssets(import.meta.dir, [...samples.keys(), ...counted.keys()]);
  },
);

test.skipIf(program === null || exporter === null)(
  "squid: names, types and labels are the exporter's",
  async () => {
    const at = `127.0.0.1:${await freePort()}`;
    const command = [exporter ?? "", "-squid-hostname", "127.0.0.1", "-squid-port", String(port)];
    const answers = () => pageAnswers(`http://${at}/metrics`);
    const peer = await startDaemon([...command, "-listen", at], answers, { stopMs: 50 });
    const body = await (await fetch(`http://${at}/metrics`)).text();
    await peer.stop();
    // Debian's 1.10 called percentiles counters; later ones call them gauges.
    const newer = body.replaceAll(/^(# TYPE squid_[A-Z]\w+_\d+) counter$/gm, "$1 gauge");
    expectLikeExporter(newer, await new InstanceUnderTest(squid, { url: url() }).tick());
  },
);

withServer(
  "squid: detection asks the ports of its process, and tells what the manager needs",
  async () => {
    const processes = [{ name: "squid" }];
    const listeners = [{ protocol: "tcp", host: "::", port, pid: 100 }] as const;
    const files = { "/etc/squid/squid.conf": config() };
    expect(
      await squid.detect(hostOf({ processes, listeners, files, ...realAsking })),
    ).toMatchObject([
      {
        confidence: 1,
        needs: [],
        options: {
          url: url(),
          access_logs: [`${folder.path}/run/access.log`],
          error_logs: [`${folder.path}/run/cache.log`],
        },
      },
    ]);
    const [closed] = await squid.detect(hostOf({ processes, listeners }));
    expect(closed?.needs[0]?.why).toContain("http_access allow localhost manager");
    const [locked] = await squid.detect(hostOf({ processes, listeners, get: refused }));
    expect(locked?.needs.map(({ key }) => key)).toEqual(["password_file"]);
    expect(await squid.detect(hostOf({ listeners }))).toEqual([]);
  },
);

test("squid: messages of its cache log have a process, a severity, and their further lines", () => {
  const records = new LogsUnderTest(squid, {}).read(
    "error",
    "2026/11/21 22:23:51 kid1| WARNING: disk is full\n    listening port: 3128\n" +
      "2026/11/21 22:23:52| FATAL: Bungled squid.conf line 3\n2026/11/21 22:23:53| Ready\n",
  );
  expect(records.map(({ severity, attributes }) => [severity, attributes.process])).toEqual([
    [13, "kid1"],
    [21, undefined],
    [9, undefined],
  ]);
  expect(records[0]?.body).toContain("listening port");
});

test("squid: a page that lacks degrades, one that is refused or of another server makes the tick fail", async () => {
  const counters = "client_http.requests = 7\nclient_http.kbytes_in = x\n";
  const some = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch: ({ url: asked }) =>
      asked.endsWith("/counters") ? new Response(counters) : new Response("", { status: 403 }),
  });
  const { samples, degraded } = await new InstanceUnderTest(squid, {
    url: `http://127.0.0.1:${some.port}`,
  }).tick();
  expect(samples.get("squid_client_http_requests_total")).toBe(7);
  expect(samples.has("squid_client_http_kbytes_in_kbytes_total")).toBe(false);
  expect(degraded).toEqual([
    "service_times: server returned HTTP status 403 Forbidden",
    "info: server returned HTTP status 403 Forbidden",
  ]);
  await some.stop(true);
  const other = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response("<html>") });
  const instance = new InstanceUnderTest(squid, { url: `http://127.0.0.1:${other.port}` });
  expect(await instance.tick().then(() => "answered", messageOf)).toBe(
    'expected the cache manager\'s counters, got "<html>"',
  );
  await other.stop(true);
});

async function refused(): Promise<{ status: number; body: string }> {
  return { status: 401, body: "" };
}
