import { afterAll, beforeAll, expect, test } from "bun:test";
import { chmod } from "node:fs/promises";
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
import { type Collected, InstanceUnderTest } from "#test/support/integration_world.ts";
import { namedCounter } from "./counter_name.ts";
import { varnish } from "./integration.ts";

const program = serverProgram("varnishd");
const exporter = serverProgram("prometheus-varnish-exporter");
const withServer = test.skipIf(program === null);

let folder: Awaited<ReturnType<typeof serverFolder>>;
let server: Daemon | undefined;
let application: Bun.Server<undefined> | undefined;
let port = 0;
const name = () => `${folder.path}/v`;

beforeAll(async () => {
  folder = await serverFolder("varnish");
  port = await freePort();
  if (program === null) return;
  application = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response("hello") });
  const vcl = `vcl 4.1;
backend app { .host = "127.0.0.1"; .port = "${application.port}";
  .probe = { .url = "/"; .interval = 1s; .initial = 8; .window = 8; .threshold = 3; } }`;
  await Bun.write(`${folder.path}/one.vcl`, vcl);
  await chmod(`${folder.path}/one.vcl`, 0o644);
  const threads = ["thread_pools=1", "thread_pool_min=10", "thread_pool_max=20"];
  const command = [program, "-F", "-n", name(), "-a", `127.0.0.1:${port}`];
  const rest = ["-f", `${folder.path}/one.vcl`, "-s", "malloc,10m", "-T", "none"];
  server = await startDaemon(
    [...command, ...rest, ...threads.flatMap((parameter) => ["-p", parameter])],
    () => pageAnswers(`http://127.0.0.1:${port}/`),
  );
}, 30_000);

afterAll(async () => {
  await server?.stop();
  await application?.stop(true);
  await folder[Symbol.asyncDispose]();
});

withServer("varnish: requests, hits and backends are those of the server", async () => {
  const instance = new InstanceUnderTest(varnish, { name: name() });
  // Workers add up their counts when they rest: what the start asked comes first.
  const before = (await requestsAre(instance, 1)).samples;
  for (const _ of [1, 2, 3]) await (await fetch(`http://127.0.0.1:${port}/page`)).text();
  const { samples, degraded } = await requestsAre(instance, 4);
  const grown = (key: string) => (samples.get(key) ?? 0) - (before.get(key) ?? 0);
  expect(degraded).toEqual([]);
  expect(grown("varnish_main_cache_hit")).toBe(2);
  expect(grown("varnish_main_cache_miss")).toBe(1);
  const app = 'backend="app",server="unknown"';
  expect(samples.get(`varnish_backend_up{${app}}`)).toBe(1);
  expect(samples.get('varnish_main_sessions{type="conn"}')).toBeGreaterThan(0);
  expect(samples.get('varnish_sma_g_space{type="s0"}')).toBeGreaterThan(0);
  const logs = new LogsUnderTest(varnish, { request_time: "microseconds" });
  logs.read(
    "access",
    accessLine(200, ' "hit" 1500') + accessLine(503, ' "synth" 20') + accessLine(200, ""),
  );
  const counted = logs.counted();
  const requests = "varnish_access_requests_total";
  expect([...counted].filter(([key]) => key.startsWith(requests))).toEqual([
    [`${requests}{code="2xx",handling="hit",method="GET"}`, 1],
    [`${requests}{code="5xx",handling="synth",method="GET"}`, 1],
    [`${requests}{code="2xx",method="GET"}`, 1],
  ]);
  expect(counted.get('varnish_access_request_seconds_sum{code="2xx",handling="hit"}')).toBe(0.0015);
  expectAssets(import.meta.dir, [...samples.keys(), ...counted.keys()]);
});

test.skipIf(program === null || exporter === null)(
  "varnish: names, types and labels are the exporter's",
  async () => {
    const at = `127.0.0.1:${await freePort()}`;
    const command = [exporter ?? "", "-n", name(), "-web.listen-address", at];
    const answers = () => pageAnswers(`http://${at}/metrics`);
    const peer = await startDaemon(command, answers, { stopMs: 50 });
    const body = await (await fetch(`http://${at}/metrics`)).text();
    await peer.stop();
    expectLikeExporter(body, await new InstanceUnderTest(varnish, { name: name() }).tick());
  },
);

withServer(
  "varnish: without varnishd or without the program, the tick fails with the reason",
  async () => {
    expect(await reasonOf({ name: `${folder.path}/nobody` })).toMatch(/^varnishstat: Could not/);
    expect(await reasonOf({ command: "/nowhere/varnishstat" })).toContain(
      "can't run /nowhere/varnishstat",
    );
    await Bun.write(`${folder.path}/odd`, "#!/bin/sh\necho no JSON\n");
    await chmod(`${folder.path}/odd`, 0o755);
    expect(await reasonOf({ command: `${folder.path}/odd` })).toBe(
      'expected JSON of varnishstat, got "no JSON\\n"',
    );
    await Bun.write(`${folder.path}/slow`, "#!/bin/sh\nsleep 60\n");
    await chmod(`${folder.path}/slow`, 0o755);
    expect(await reasonOf({ command: `${folder.path}/slow` })).toContain("did not end in time");
  },
);

test("varnish: answers of old and new versions, of replaced VCLs and of probes beyond a float are read", async () => {
  await using made = await serverFolder("varnishstat");
  // Of Varnish 4.0 (ident) and 6.0 (VCLs by name), as the exporter reads them.
  const answer = `{"timestamp": "2026-11-21T22:10:08",
    "MAIN.s_sess": ${counterOf("c", "5")}, "MAIN.n_wrk": ${counterOf("g", "7")}, "odd": 3,
    "VBE.default(127.0.0.1,,8080).happy": ${counterOf("b", "2", '"ident": "default(127.0.0.1,,8080)",')},
    "VBE.reload_20260101_000000_1.app.happy": ${counterOf("b", "18446744073709551614")},
    "VBE.reload_20260102_000000_1.app.happy": ${counterOf("b", "18446744073709551615")}}`;
  const command = `${made.path}/varnishstat`;
  await Bun.write(
    command,
    `#!/bin/sh\n[ "$1" = -V ] && echo "varnishstat (varnish-4.0)" || cat <<'E'\n${answer}\nE\n`,
  );
  await chmod(command, 0o755);
  const { samples } = await new InstanceUnderTest(varnish, { command }).tick();
  expect(Object.fromEntries(samples)).toEqual({
    varnish_main_sessions_total: 5,
    varnish_main_worker_threads_total: 7,
    'varnish_backend_happy{backend="app",server="unknown"}': 2 ** 64,
    'varnish_backend_up{backend="app",server="unknown"}': 1,
    'varnish_version{major="4",minor="0",version="4.0"}': 1,
    varnish_up: 1,
  });
  const happy = "VBE.default(127.0.0.1,,8080).happy";
  expect(namedCounter(happy, "b", "", "default(127.0.0.1,,8080)").labels).toEqual([
    "default",
    "127.0.0.1:8080",
  ]);
});

test("varnish: detection takes varnishd's name, and tells that its counters may not be read", async () => {
  const processes = [{ name: "varnishd", args: ["/usr/sbin/varnishd", "-n", "/srv/v"] }];
  const files = { "/srv/v/_.vsm_mgt/_.index": "" };
  expect(
    await varnish.detect(hostOf({ processes, files, units: ["varnish.service"] })),
  ).toMatchObject([{ options: { name: "/srv/v", journal_units: ["varnish.service"] }, needs: [] }]);
  const [closed] = await varnish.detect(hostOf({ processes }));
  expect(closed?.needs[0]?.why).toContain("usermod -aG varnish lapwing");
  const usual = { "/var/lib/varnish/host/_.vsm_mgt/_.index": "" };
  expect(
    await varnish.detect(hostOf({ processes: [{ name: "varnishd" }], files: usual })),
  ).toMatchObject([{ options: {}, needs: [] }]);
  expect(await varnish.detect(hostOf({}))).toEqual([]);
});

function reasonOf(options: object): Promise<string> {
  const instance = new InstanceUnderTest(varnish, options, 400);
  return instance.tick().then(() => "answered", messageOf);
}

async function requestsAre(instance: InstanceUnderTest, count: number): Promise<Collected> {
  const signal = AbortSignal.timeout(5_000);
  for (;;) {
    const collected = await instance.tick();
    if ((collected.samples.get("varnish_main_client_req") ?? 0) >= count) return collected;
    signal.throwIfAborted();
    await Bun.sleep(20);
  }
}

function accessLine(status: number, rest: string): string {
  return `1.2.3.4 - - [21/Nov/2026:21:32:23 +0000] "GET http://a/x HTTP/1.1" ${status} 12 "-" "curl"${rest}\n`;
}

function counterOf(flag: string, number: string, more = ""): string {
  return `{"description": "d", "flag": "${flag}", ${more} "value": ${number}}`;
}
