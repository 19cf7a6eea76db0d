import { afterAll, beforeAll, expect, test } from "bun:test";
import { messageOf } from "#shared/errors.ts";
import { type Daemon, serverFolder, serverProgram, startDaemon } from "#test/support/daemon.ts";
import { expectLikeExporter } from "#test/support/exporter_peer.ts";
import { freePort } from "#test/support/free_port.ts";
import { hostOf } from "#test/support/host_view.ts";
import { expectAssets } from "#test/support/integration_assets.ts";
import { LogsUnderTest } from "#test/support/integration_logs.ts";
import { InstanceUnderTest } from "#test/support/integration_world.ts";
import { realAsking } from "#test/support/real_asking.ts";
import { haproxy } from "./integration.ts";
import { addProxies } from "./proxies.ts";
import { readHaproxyFile } from "./server_config.ts";

const program = serverProgram("haproxy");
const withServer = test.skipIf(program === null);

let folder: Awaited<ReturnType<typeof serverFolder>>;
let server: Daemon | undefined;
let application: Bun.Server<undefined> | undefined;
let syslog: Bun.udp.Socket<"buffer"> | undefined;
let port = 0;
const logged: string[] = [];

const config = () => `global
  log 127.0.0.1:${syslog?.port} local0
  log-send-hostname here
  maxconn 50
  stats socket ${folder.path}/sock mode 600 level user  # a comment
defaults
  log global
  mode http
  option httplog
  timeout connect 1s
  timeout client 5s
  timeout server 5s
frontend web
  bind 127.0.0.1:${port} name first
  option socket-stats
  http-request use-service prometheus-exporter if { path /metrics }
  stats enable
  stats uri /stats
  use_backend none if { path /none }
  default_backend app
backend app
  option httpchk GET /
  server "a" 127.0.0.1:${application?.port} check inter 200
  server off 127.0.0.1:1 disabled
backend none
  server gone 127.0.0.1:1 check inter 200
`;
const page = (path: string) => `http://127.0.0.1:${port}${path}`;

beforeAll(async () => {
  folder = await serverFolder("haproxy");
  if (program === null) return;
  application = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch: ({ url }) => new Response("hello", { status: url.endsWith("/lost") ? 404 : 200 }),
  });
  syslog = await Bun.udpSocket({
    hostname: "127.0.0.1",
    port: 0,
    socket: {
      data: (_socket, bytes) =>
        void logged.push(
          bytes
            .toString()
            .replace(/^<\d+>/, "")
            .trimEnd(),
        ),
    },
  });
  port = await freePort();
  await Bun.write(`${folder.path}/haproxy.cfg`, config());
  const command = [program, "-db", "-f", `${folder.path}/haproxy.cfg`];
  server = await startDaemon(command, async () => {
    const { samples } = await new InstanceUnderTest(haproxy, {
      socket: `${folder.path}/sock`,
    }).tick();
    return (
      samples.get('haproxy_server_status{proxy="none",server="gone",state="DOWN"}') === 1 &&
      samples.get('haproxy_server_check_status{proxy="app",server="a",state="L7OK"}') === 1
    );
  });
});

afterAll(async () => {
  await server?.stop();
  syslog?.close();
  await application?.stop(true);
  await folder[Symbol.asyncDispose]();
});

withServer(
  "haproxy: the socket's answers are those of its own endpoint, by names, types and labels",
  async () => {
    for (const path of ["/", "/lost", "/none"]) await (await fetch(page(path))).text();
    const metrics = await fetch(page("/metrics"));
    const body = await metrics.text();
    const collected = await new InstanceUnderTest(haproxy, {
      socket: `${folder.path}/sock`,
    }).tick();
    expect(collected.degraded).toEqual([]);
    expectLikeExporter(body, collected);
    const { samples } = collected;
    const responses = (proxy: string, code: string) =>
      samples.get(`haproxy_backend_http_responses_total{proxy="${proxy}",code="${code}"}`);
    expect([responses("app", "2xx"), responses("app", "4xx"), responses("none", "5xx")]).toEqual([
      1, 1, 1,
    ]);
    expect(samples.get('haproxy_server_status{proxy="app",server="off",state="MAINT"}')).toBe(1);
    expect(samples.get('haproxy_backend_agg_server_status{proxy="app",state="UP"}')).toBe(1);
    expect(samples.get("haproxy_process_max_connections")).toBe(50);
  },
);

withServer("haproxy: statistics by HTTP give the same of proxies", async () => {
  const bySocket = await new InstanceUnderTest(haproxy, { socket: `${folder.path}/sock` }).tick();
  const byPage = await new InstanceUnderTest(haproxy, { stats_url: page("/stats;csv") }).tick();
  expect(proxies(byPage.samples.keys())).toEqual(proxies(bySocket.samples.keys()));
});

withServer("haproxy: any beginning of the statistics gives numbers, and no fault", async () => {
  const text = await (await fetch(page("/stats;csv"))).text();
  let numbers = 0;
  const sink = {
    add: (_family: unknown, value: number) =>
      void (numbers += Number.isFinite(value) ? 1 : Number.NaN),
  };
  for (let length = 0; length <= text.length; length += 7) addProxies(sink, text.slice(0, length));
  expect(numbers).toBeGreaterThan(1_000);
});

withServer(
  "haproxy: detection prefers its endpoint to the socket, and the socket to the page",
  async () => {
    const processes = [{ name: "haproxy", args: ["haproxy", "-f", "/cfg/haproxy.cfg"] }];
    const found = async (text: string) => {
      const files = { "/cfg/haproxy.cfg": text, "/var/log/haproxy.log": "" };
      return (await haproxy.detect(hostOf({ processes, files, ...realAsking })))[0]?.options;
    };
    const whole = config();
    const noEndpoint = whole.replace(/^.*prometheus-exporter.*$/m, "");
    expect(await found(whole)).toEqual({ metrics_url: page("/metrics") });
    expect(await found(noEndpoint)).toEqual({ socket: `${folder.path}/sock` });
    expect(await found(noEndpoint.replace("stats socket", "#"))).toEqual({
      stats_url: page("/stats;csv"),
    });
    const unread = hostOf({ processes, listeners: [{ port, pid: 100 }], ...realAsking });
    expect((await haproxy.detect(unread))[0]?.options).toEqual({ metrics_url: page("/metrics") });
  },
);

withServer("haproxy: its log is read and counted, and the assets name what there is", async () => {
  await (await fetch(page("/lost"))).text();
  const signal = AbortSignal.timeout(5_000);
  while (!logged.some((line) => line.includes("/lost"))) {
    signal.throwIfAborted();
    await Bun.sleep(10);
  }
  const logs = new LogsUnderTest(haproxy, {});
  const records = logs.read(undefined, `${logged.join("\n")}\n`);
  const lost = records.find(({ body }) => body.includes("/lost"));
  expect(lost?.severity).toBe(13);
  expect(lost?.attributes).toMatchObject({
    client_address: "127.0.0.1",
    frontend: "web",
    backend: "app",
    server: "a",
    status: "404",
    method: "GET",
    path: "/lost",
    termination: "----",
  });
  expect(records.find(({ body }) => body.includes("none/gone is DOWN"))?.severity).toBe(17);
  const counted = logs.counted();
  const key = 'haproxy_access_requests_total{backend="app",code="4xx",method="GET"}';
  expect(counted.get(key)).toBe(logged.filter((line) => line.includes("/lost")).length);
  expect(counted.get('haproxy_access_request_seconds_count{backend="app",code="4xx"}')).toBe(
    counted.get(key) ?? 0,
  );
  const { samples } = await new InstanceUnderTest(haproxy, {
    socket: `${folder.path}/sock`,
  }).tick();
  expectAssets(import.meta.dir, [...samples.keys(), ...counted.keys()]);
});

test("haproxy: lines of connections, captured headers and broken requests are told apart", () => {
  const logs = new LogsUnderTest(haproxy, {});
  const client = "10.0.0.1:33320 [21/Nov/2026:21:50:57.123]";
  const records = logs.read(
    undefined,
    syslogLine(`${client} tcpin db/one 0/2/345 212 -- 1/1/0/0/0 0/0`) +
      syslogLine(
        `${client} web~ app/a 1/0/0/12/+34 200 +217 - - ---- 1/1/0/0/0 0/0 {www.example.org|x} {} "POST /p?q=1 HTTP/2.0"`,
      ) +
      syslogLine(
        `${client} web web/<NOSRV> -1/-1/-1/-1/0 400 0 - - PR-- 1/1/0/0/0 0/0 "<BADREQ>"`,
      ) +
      syslogLine("backend app has no server available!") +
      "Nov 21 21:50:57 host sshd[7]: not of this server\n",
  );
  expect(
    records.map(({ severity, attributes }) => [
      severity,
      attributes.backend,
      attributes.bytes,
      attributes.method,
      attributes.took_ms,
    ]),
  ).toEqual([
    [9, "db", "212", undefined, "345"],
    [9, "app", "217", "POST", "34"],
    [13, "web", "0", undefined, "0"],
    [21, undefined, undefined, undefined, undefined],
    [0, undefined, undefined, undefined, undefined],
  ]);
  expect(records.at(-1)?.stream["job"]).toBe("files");
});

test("haproxy: its own endpoint is scraped, with the options of the entry", () => {
  const options = haproxy.config.parse({
    metrics_url: "https://lb:8405/m?scope=server",
    username: "u",
    password_file: "/p",
  });
  expect(haproxy.scrape?.(options)).toMatchObject({
    scheme: "https",
    metrics_path: "/m",
    params: { scope: ["server"] },
    basic_auth: { username: "u", password_file: "/p" },
    static_configs: [{ targets: ["lb:8405"] }],
  });
  expect(haproxy.scrape?.(haproxy.config.parse({}))).toBeUndefined();
  expect(haproxy.config.safeParse({ socket: "/a", stats_url: "http://a/s;csv" }).success).toBe(
    false,
  );
});

test("haproxy: what is no socket of HAProxy's makes the tick fail with what came instead", async () => {
  const other = Bun.listen({
    hostname: "127.0.0.1",
    port: 0,
    socket: { data: (socket) => void socket.end("Unknown command.\n") },
  });
  const silent = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data: () => {} } });
  expect(await reasonOf(`127.0.0.1:${other.port}`)).toContain('got "Unknown command."');
  expect(await reasonOf(`127.0.0.1:${silent.port}`)).toBe("no answer in time");
  expect(await reasonOf("/nowhere/sock")).toContain("ENOENT");
  const [finding] = await haproxy.detect(hostOf({ processes: [{ name: "haproxy" }] }));
  expect(finding?.needs[0]?.why).toContain("stats socket /run/haproxy/admin.sock");
  other.stop(true);
  silent.stop(true);
});

test("readHaproxyFile() keeps sections apart, and leaves out what this host can't reach", () => {
  expect(
    readHaproxyFile(`global
  stats socket unix@/run/x.sock mode 600
  stats socket ipv4@127.0.0.1:9999
frontend a
  bind :80,*:81
  bind *:443 ssl crt /x
  bind /run/y.sock
  bind "$HOST":82
listen b
  bind [::]:8404 v4v6
  stats enable
  http-request use-service prometheus-exporter if { path_beg /m } { src 10.0.0.0/8 }
`),
  ).toEqual({
    sockets: ["/run/x.sock"],
    metricsUrls: ["http://127.0.0.1:8404/m"],
    statsUrls: ["http://127.0.0.1:8404/haproxy?stats;csv"],
  });
});

/** Series of proxies, by their names and labels. */
function proxies(names: Iterable<string>): string[] {
  return [...names].filter((name) => !/^haproxy_(process|up)/.test(name)).toSorted();
}

function syslogLine(message: string): string {
  return `Nov 21 21:50:57 host haproxy[7]: ${message}\n`;
}

function reasonOf(socket: string): Promise<string> {
  const instance = new InstanceUnderTest(haproxy, { socket }, 300);
  return instance.tick().then(() => "answered", messageOf);
}
