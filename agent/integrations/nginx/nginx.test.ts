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
import { integrations } from "../registry.ts";
import { nginx } from "./integration.ts";
import { parseNginx } from "./server_config.ts";

const program = serverProgram("nginx");
const exporter = serverProgram("prometheus-nginx-exporter");
const withServer = test.skipIf(program === null);

let folder: Awaited<ReturnType<typeof serverFolder>>;
let server: Daemon | undefined;
let port = 0;

const config = (path: string) => `daemon off; pid ${path}/pid; error_log ${path}/error.log info;
worker_processes 1; events { worker_connections 64; }
http {
  client_body_temp_path ${path}/a; proxy_temp_path ${path}/b; fastcgi_temp_path ${path}/c;
  uwsgi_temp_path ${path}/d; scgi_temp_path ${path}/e;
  log_format timed '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent '
                   '"$http_referer" "$http_user_agent" rt=$request_time uct="$upstream_connect_time"';
  access_log ${path}/access.log timed;
  include ${path}/sites/*.conf;
}`;
const site = () => `# a "comment" { that; means nothing
server { listen 127.0.0.1:${port}; location = /status { stub_status; access_log off; }
  location / { return 200 "hello"; } location /gone { return 404; } location /file { root /nowhere; } }`;

beforeAll(async () => {
  port = await freePort();
  folder = await serverFolder("nginx");
  if (program === null) return;
  await Bun.write(`${folder.path}/nginx.conf`, config(folder.path));
  await Bun.write(`${folder.path}/sites/one.conf`, site());
  const command = [program, "-p", folder.path, "-c", `${folder.path}/nginx.conf`];
  server = await startDaemon(command, () => pageAnswers(`http://127.0.0.1:${port}/status`));
});

afterAll(async () => {
  await server?.stop();
  await folder[Symbol.asyncDispose]();
});

withServer(
  "nginx: requests and connections are those of the server; its logs are read and counted",
  async () => {
    const instance = new InstanceUnderTest(nginx, { url: `http://127.0.0.1:${port}/status` });
    const before = (await instance.tick()).samples.get("nginx_http_requests_total") ?? 0;
    for (const path of ["/", "/gone", "/file"])
      await (await fetch(`http://127.0.0.1:${port}${path}`)).text();
    const { samples, degraded } = await instance.tick();
    expect(degraded).toEqual([]);
    // Three and the second look at the page.
    expect(samples.get("nginx_http_requests_total")).toBe(before + 4);
    expect(samples.get("nginx_connections_writing")).toBe(1);
    expect(samples.get("nginx_connections_accepted")).toBe(
      samples.get("nginx_connections_handled") ?? 0,
    );

    const logs = new LogsUnderTest(nginx, {});
    const text = await Bun.file(`${folder.path}/access.log`).text();
    const odd = text.split("\n")[0]?.replace("GET", "BREW");
    const records = logs.read("access", `${text}${odd}\nnot a line of an access log\n`);
    expect(records.map(({ severity, attributes }) => [severity, attributes.status])).toEqual([
      [9, "200"],
      [13, "404"],
      [13, "404"],
      [9, "200"],
      [0, undefined],
    ]);
    const counted = logs.counted();
    expect(counted.get('nginx_access_requests_total{code="2xx",method="GET"}')).toBe(1);
    expect(counted.get('nginx_access_requests_total{code="2xx"}')).toBe(1);
    expect(counted.get('nginx_access_requests_total{code="4xx",method="GET"}')).toBe(2);
    expect(counted.get('nginx_access_bytes_total{code="2xx"}')).toBe(10);
    expect(counted.get('nginx_access_request_seconds_count{code="4xx"}')).toBe(2);

    const errors = await Bun.file(`${folder.path}/error.log`).text();
    const failed = logs.read("error", errors).find(({ body }) => body.includes("/nowhere"));
    expect(failed?.severity).toBe(17);
    expect(failed?.attributes.request).toBe("GET /file HTTP/1.1");
    expectAssets(import.meta.dir, [...samples.keys(), ...counted.keys()]);
  },
);

test.skipIf(program === null || exporter === null)(
  "nginx: names, types and labels are the exporter's",
  async () => {
    const url = `http://127.0.0.1:${port}/status`;
    const at = await freePort();
    const command = [
      exporter ?? "",
      "-nginx.scrape-uri",
      url,
      "-web.listen-address",
      `127.0.0.1:${at}`,
    ];
    const peer = await startDaemon(command, () => pageAnswers(`http://127.0.0.1:${at}/metrics`));
    const body = await (await fetch(`http://127.0.0.1:${at}/metrics`)).text();
    await peer.stop();
    expectLikeExporter(body, await new InstanceUnderTest(nginx, { url }).tick());
  },
);

withServer(
  "nginx: detection reads the server's files, follows includes and asks the page that they name",
  async () => {
    const args = [`nginx: master process nginx -c ${folder.path}/nginx.conf`];
    const files = {
      [`${folder.path}/nginx.conf`]: config(folder.path),
      [`${folder.path}/sites/one.conf`]: site(),
    };
    const found = await nginx.detect(
      hostOf({ processes: [{ name: "nginx", args }], files, ...realAsking }),
    );
    expect(found).toMatchObject([
      {
        confidence: 1,
        needs: [],
        options: {
          url: `http://127.0.0.1:${port}/status`,
          access_logs: [`${folder.path}/access.log`],
          error_logs: [`${folder.path}/error.log`],
        },
      },
    ]);
  },
);

test("nginx: without a status page it is found by name, and told what to write; nothing is found without it", async () => {
  const files = { "/etc/nginx/nginx.conf": "http { server { listen 80; } }" };
  const [finding] = await nginx.detect(hostOf({ processes: [{ name: "nginx" }], files }));
  expect(finding?.needs.map(({ key }) => key)).toEqual(["url"]);
  expect(finding?.needs[0]?.why).toContain("stub_status;");
  expect(await nginx.detect(hostOf({ processes: [{ name: "sshd" }] }))).toEqual([]);
});

test("nginx: what is not the status page makes the tick fail with what came instead", async () => {
  const other = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch: () => new Response("<html>hi\n"),
  });
  const denied = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch: () => new Response("", { status: 403 }),
  });
  const silent = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data: () => {} } });
  expect(await reasonOf(other.port)).toBe('expected the page of stub_status, got "<html>hi"');
  expect(await reasonOf(denied.port)).toBe("server returned HTTP status 403 Forbidden");
  expect(await reasonOf(silent.port)).toMatch(/no complete answer|cancelled|stopped/);
  await other.stop(true);
  await denied.stop(true);
  silent.stop(true);
});

test("nginx: a password in the URL is refused, and so is a log file without a folder", () => {
  expect(nginx.config.safeParse({ url: "http://a:b@127.0.0.1/" }).success).toBe(false);
  expect(nginx.config.safeParse({ error_logs: ["error.log"] }).success).toBe(false);
  expect(Object.keys(integrations)).toContain("nginx");
});

test("nginx: a format of one's own, JSON too, is read by its text, which detection finds", async () => {
  const json =
    '{"t":"$time_iso8601","ip":"$remote_addr","req":"$request","st":$status,"b":$body_bytes_sent,"rt":$request_time,"ua":"$http_user_agent"}';
  const plain =
    "$remote_addr [$time_local] $request_method ${request_uri} $status $bytes_sent $upstream_addr ups=$upstream_response_time $request_time";
  const lines = {
    [json]:
      '{"t":"2026-11-21T21:32:23+00:00","ip":"::1","req":"GET /a?b=\\"c\\" HTTP/1.1","st":503,"b":7,"rt":0.250,"ua":"x \\"y\\" z"}',
    [plain]:
      "::1 [21/Nov/2026:21:32:23 +0000] GET /a 503 7 10.0.0.1:80, 10.0.0.2:80 ups=0.1, 0.1 0.250",
  };
  for (const [format, line] of Object.entries(lines)) {
    const logs = new LogsUnderTest(nginx, { access_log_format: format });
    const [record, other] = logs.read("access", `${line}\nsomething else\n`);
    expect(record?.time).toBe("2026-11-21T21:32:23.000Z");
    expect(record?.severity).toBe(17);
    expect(record?.attributes).toMatchObject({
      client_address: "::1",
      method: "GET",
      path: "/a",
      status: "503",
      bytes: "7",
      request_seconds: "0.250",
    });
    expect(other?.attributes).toEqual({});
    const counted = logs.counted();
    expect(counted.get('nginx_access_requests_total{code="5xx",method="GET"}')).toBe(1);
    expect(counted.get('nginx_access_request_seconds_sum{code="5xx"}')).toBe(0.25);
    const text = `http { log_format own escape=json '${format.slice(0, 20)}' '${format.slice(20)}'; access_log /var/log/nginx/access.log own buffer=32k; }`;
    const files = { "/etc/nginx/nginx.conf": text };
    const [finding] = await nginx.detect(hostOf({ processes: [{ name: "nginx" }], files }));
    expect(finding?.options).toEqual({ access_log_format: format });
  }
});

test("parseNginx() takes any beginning of a file for what it holds", () => {
  const text = site();
  for (let length = 0; length <= text.length; length++) parseNginx(text.slice(0, length));
  expect(parseNginx("a \"b c\" 'd;e' ${f}; g { h; } }} i;")).toEqual([
    { words: ["a", "b c", "d;e", "${f}"], block: [] },
    { words: ["g"], block: [{ words: ["h"], block: [] }] },
    { words: ["i"], block: [] },
  ]);
});

function reasonOf(at: number | undefined): Promise<string> {
  const instance = new InstanceUnderTest(nginx, { url: `http://127.0.0.1:${at}/` }, 200);
  return instance.tick().then(() => "answered", messageOf);
}
