import { afterAll, beforeAll, expect, test } from "bun:test";
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
import { apache } from "./integration.ts";

const program = serverProgram("apache2");
const exporter = serverProgram("prometheus-apache-exporter");
const withServer = test.skipIf(program === null);
const modules = "/usr/lib/apache2/modules";

let folder: Awaited<ReturnType<typeof serverFolder>>;
let server: Daemon | undefined;
let port = 0;
const url = () => `http://127.0.0.1:${port}/server-status?auto`;

const config = (path: string) => `ServerRoot ${path}
ServerName localhost
PidFile ${path}/pid
Listen 127.0.0.1:${port}
${[
  "mpm_event",
  "authz_core",
  "authz_host",
  "status",
  "proxy",
  "slotmem_shm",
  "proxy_balancer",
  "lbmethod_byrequests",
  "proxy_http",
]
  .map((name) => `LoadModule ${name}_module ${modules}/mod_${name}.so`)
  .join("\n")}
User nobody
Group nogroup
ErrorLog ${path}/error.log
DefaultRuntimeDir ${path}
DocumentRoot ${path}/www
StartServers 1
ServerLimit 1
MinSpareThreads 1
MaxSpareThreads 5
ThreadsPerChild 5
MaxRequestWorkers 5
ExtendedStatus On
ProxyStatus On
LogFormat "%h %l %u %t \\"%r\\" %>s %O \\"%{Referer}i\\" \\"%{User-Agent}i\\" %D" timed
LogFormat "%v:%p %h %l %u %t \\"%r\\" %>s %O \\"%{Referer}i\\" \\"%{User-Agent}i\\"" vhost
CustomLog ${path}/access.log timed
<Proxy balancer://mine>
  BalancerMember http://127.0.0.1:1
</Proxy>
ProxyPass /b balancer://mine
# <Location /commented> SetHandler server-status </Location>
<Location /server-status>
  SetHandler server-status
  Require local
</Location>
`;

beforeAll(async () => {
  port = await freePort();
  folder = await serverFolder("apache");
  if (program === null) return;
  await Bun.write(`${folder.path}/apache.conf`, config(folder.path));
  await Bun.write(`${folder.path}/www/index.html`, "hello");
  const command = [program, "-f", `${folder.path}/apache.conf`, "-DFOREGROUND"];
  server = await startDaemon(command, () => pageAnswers(url()));
});

afterAll(async () => {
  await server?.stop();
  await folder[Symbol.asyncDispose]();
});

withServer(
  "apache: requests, workers and balancers are those of the server; its logs are read",
  async () => {
    const instance = new InstanceUnderTest(apache, { url: url() });
    const before = (await instance.tick()).samples.get("apache_accesses_total") ?? 0;
    for (const path of ["/index.html", "/gone", "/b/x"])
      await (await fetch(`http://127.0.0.1:${port}${path}`)).text();
    // Counted by the worker after the last byte was sent.
    await Bun.sleep(200);
    const { samples, degraded } = await instance.tick();
    expect(degraded).toEqual([]);
    // A request counts once it is answered: three, and the first look at the page.
    expect(samples.get("apache_accesses_total")).toBe(before + 4);
    expect(samples.get('apache_workers{state="busy"}')).toBe(1);
    expect(samples.get('apache_scoreboard{state="reply"}')).toBe(1);
    const worker = 'balancer="balancer://mine",worker="http://127.0.0.1:1"';
    expect(samples.get(`apache_proxy_balancer_accesses_total{${worker}}`)).toBe(1);
    expect(samples.get("apache_version")).toBeGreaterThan(2.03);

    const logs = new LogsUnderTest(apache, { request_time: "microseconds" });
    const text = await Bun.file(`${folder.path}/access.log`).text();
    const asked = logs.read("access", text).filter(({ body }) => !body.includes("server-status"));
    expect(asked.map(({ severity, attributes }) => [severity, attributes.status])).toEqual([
      [9, "200"],
      [13, "404"],
      [17, "503"],
    ]);
    const microseconds = Number(/(\d+)$/.exec(asked[0]?.body ?? "")?.[1]);
    expect(Number(asked[0]?.attributes.request_seconds)).toBeCloseTo(microseconds / 1_000_000, 9);
    const counted = logs.counted();
    expect(counted.get('apache_access_requests_total{code="5xx",method="GET"}')).toBe(1);
    expect(counted.get('apache_access_request_seconds_count{code="4xx"}')).toBe(1);
    const errors = logs.read("error", await Bun.file(`${folder.path}/error.log`).text());
    const refused = errors.find(({ attributes }) => attributes.module === "proxy");
    expect(refused?.severity).toBe(17);
    expect(errors.some(({ attributes }) => attributes.code?.startsWith("AH"))).toBe(true);
    expectAssets(import.meta.dir, [...samples.keys(), ...counted.keys()]);
  },
);

test("apache: logs with virtual hosts, of IPv6 clients, and errors of several lines are told apart", () => {
  const logs = new LogsUnderTest(apache, {});
  const rest = '- - [21/Nov/2026:21:32:23 +0000] "GET /x HTTP/1.1" 200 12 "-" "curl"';
  const records = logs.read(
    "access",
    `www.example.org:443 1.2.3.4 ${rest}\n::1 ${rest}\nno line\n`,
  );
  expect(
    records.map(({ attributes }) => [attributes.virtual_host, attributes.client_address]),
  ).toEqual([
    ["www.example.org:443", "1.2.3.4"],
    [undefined, "::1"],
    [undefined, undefined],
  ]);
  expect(records[0]?.attributes.entry).toBeUndefined();
  const head = "[Sat Nov 21 21:32:23.123456 2026] [php:error] [pid 7] [client 1.2.3.4:5]";
  const errors = logs.read(
    "error",
    `${head} PHP Fatal error: x\nStack trace:\n#0 {main}\n${head} y\n`,
  );
  expect(errors.map(({ severity, attributes }) => [severity, attributes.message])).toEqual([
    [17, "PHP Fatal error: x\nStack trace:\n#0 {main}"],
    [17, "y"],
  ]);
});

test.skipIf(program === null || exporter === null)(
  "apache: names, types and labels are the exporter's",
  async () => {
    const at = `127.0.0.1:${await freePort()}`;
    const command = [exporter ?? "", `--scrape_uri=${url()}`, `--telemetry.address=${at}`];
    const peer = await startDaemon(command, () => pageAnswers(`http://${at}/metrics`), {
      stopMs: 50,
    });
    const body = await (await fetch(`http://${at}/metrics`)).text();
    await peer.stop();
    expectLikeExporter(body, await new InstanceUnderTest(apache, { url: url() }).tick());
  },
);

withServer(
  "apache: detection reads the server's files and asks the page that they name",
  async () => {
    const files = { "/etc/apache2/apache2.conf": config(folder.path) };
    const processes = [{ name: "apache2" }];
    const listeners = [{ host: "::", port, pid: 100 }];
    expect(
      await apache.detect(hostOf({ processes, listeners, files, ...realAsking })),
    ).toMatchObject([
      {
        confidence: 1,
        needs: [],
        options: {
          url: url(),
          access_logs: [`${folder.path}/access.log`],
          error_logs: [`${folder.path}/error.log`],
          request_time: "microseconds",
        },
      },
    ]);
  },
);

test("apache: without a status page it is told what to write; an httpd of another kind is none", async () => {
  const files = { "/etc/httpd/conf/httpd.conf": "Listen 80" };
  const [finding] = await apache.detect(hostOf({ processes: [{ name: "httpd" }], files }));
  expect(finding?.needs.map(({ key }) => key)).toEqual(["url"]);
  expect(await apache.detect(hostOf({ processes: [{ name: "httpd" }] }))).toEqual([]);
});

test("apache: without ExtendedStatus the rest goes on and says so; another page makes the tick fail", async () => {
  let page = "Scoreboard: _W.\nBusyWorkers: 1\nIdleWorkers: x\n";
  const other = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response(page) });
  const instance = new InstanceUnderTest(apache, { url: `http://127.0.0.1:${other.port}/` }, 500);
  const { samples, degraded } = await instance.tick();
  expect(degraded).toEqual(["requests and bytes are not counted: ExtendedStatus is off"]);
  expect(samples.get('apache_workers{state="busy"}')).toBe(1);
  expect(samples.has('apache_workers{state="idle"}')).toBe(false);
  page = "<html>It works!</html>";
  expect(await instance.tick().then(() => "answered", messageOf)).toBe(
    'expected mod_status\'s ?auto, got "<html>It works!</html>"',
  );
  await other.stop(true);
});
