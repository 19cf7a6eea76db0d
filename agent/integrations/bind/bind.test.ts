import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "bun:test";
import { messageOf } from "#shared/errors.ts";
import { freePort } from "#test/support/free_port.ts";
import { givenHost } from "#test/support/given_host.ts";
import { expectAssets } from "#test/support/integration_assets.ts";
import { InstanceUnderTest } from "#test/support/integration_world.ts";
import { throughLogs } from "#test/support/log_entry.ts";
import { BindConfig } from "./config.ts";
import { bind } from "./integration.ts";

const withServer = test.skipIf(Bun.which("named") === null);
const folder = mkdtempSync(join(tmpdir(), "lapwing-bind-"));
const log = join(folder, "named.log");
let server: Bun.Subprocess | undefined;
let port = 0;
let dnsPort = 0;
let url = "";

/** One zone of its own; for all others a server that refuses connections. */
beforeAll(async () => {
  if (Bun.which("named") === null) return;
  port = await freePort();
  dnsPort = await freePort();
  url = `http://127.0.0.1:${port}`;
  const zone = "$TTL 60\n@ SOA ns a 7 60 60 60 60\n@ NS ns\nns A 127.0.0.1\nwww A 127.0.0.2\n";
  writeFileSync(join(folder, "zone"), zone);
  writeFileSync(
    join(folder, "named.conf"),
    `options { directory "${folder}"; listen-on port ${dnsPort} { 127.0.0.1; }; listen-on-v6 { none; }; pid-file none;
       session-keyfile "${folder}/key"; recursion yes; forwarders { 127.0.0.1 port 1; }; forward only;
       dnssec-validation no; };
     controls { };
     logging { channel all { file "${log}"; severity info; print-time yes; print-category yes; print-severity yes; };
       category default { all; }; category resolver { all; }; };
     statistics-channels { inet 127.0.0.1 port ${port} allow { 127.0.0.1; }; };
     zone "example.test" { type primary; file "zone"; };`,
  );
  server = Bun.spawn(["named", "-f", "-n", "1", "-c", join(folder, "named.conf")], {
    stdout: "ignore",
    stderr: "ignore",
  });
  const signal = AbortSignal.timeout(4_500);
  while (!(await isUp())) {
    signal.throwIfAborted();
    await Bun.sleep(20);
  }
});

afterAll(async () => {
  server?.kill();
  await server?.exited;
  rmSync(folder, { recursive: true });
});

async function isUp(): Promise<boolean> {
  const instance = new InstanceUnderTest(bind, { url });
  return instance.tick().then(
    () => true,
    () => false,
  );
}

/** A query of type A over UDP; the answer's response code. */
async function ask(name: string): Promise<number> {
  const labels = name.split(".").map((label) => `${String.fromCodePoint(label.length)}${label}`);
  const head = [0, 7, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0];
  const question = [...Buffer.from(labels.join("")), 0, 0, 1, 0, 1];
  const answer = Promise.withResolvers<number>();
  const socket = await Bun.udpSocket({
    connect: { hostname: "127.0.0.1", port: dnsPort },
    socket: { data: (_socket, bytes) => answer.resolve((bytes[3] ?? 0) & 15) },
  });
  socket.send(Uint8Array.from([...head, ...question]));
  const code = await answer.promise;
  socket.close();
  return code;
}

withServer("bind: queries, answers, the resolver and zones are the server's", async () => {
  expect([await ask("www.example.test"), await ask("no.example.test")]).toEqual([0, 3]);
  expect(await ask("elsewhere.test")).toBe(2);
  const { samples, families, degraded } = await new InstanceUnderTest(bind, { url }).tick();
  expect(degraded).toEqual([]);
  expect(samples.get('bind_incoming_queries_total{type="A"}')).toBe(3);
  expect(samples.get('bind_incoming_requests_total{opcode="QUERY"}')).toBe(3);
  expect(samples.get('bind_responses_total{result="Success"}')).toBe(1);
  expect(samples.get('bind_responses_total{result="NXDOMAIN"}')).toBe(1);
  expect(samples.get('bind_response_rcodes_total{rcode="SERVFAIL"}')).toBe(1);
  expect(samples.get("bind_query_recursions_total")).toBe(1);
  expect(samples.get('bind_resolver_queries_total{view="_default",type="A"}')).toBe(1);
  expect(samples.get('bind_zone_serial{view="_default",zone_name="example.test"}')).toBe(7);
  expect(samples.get('bind_resolver_query_duration_seconds_count{view="_default"}')).toBe(0);
  expect(families.get("bind_resolver_query_duration_seconds_bucket")?.type).toBe("histogram");
  const boot = samples.get("bind_boot_time_seconds") ?? 0;
  expect(Math.abs(boot - Date.now() / 1_000)).toBeLessThan(60);
  expectAssets(import.meta.dir, samples.keys(), {
    bind_resolver_cache_rrsets: "nothing is cached while no other server answers",
  });
  const few = await new InstanceUnderTest(bind, { url, zones: false }).tick();
  expect([...few.samples.keys()].filter((key) => key.startsWith("bind_zone_serial"))).toEqual([]);
});

withServer("bind: lines of the log get category, severity and time", async () => {
  const [entry] = bind.logs?.(BindConfig.parse({ log_files: [log] })) ?? [];
  const refused = await lineWith("connection refused resolving");
  const { records } = throughLogs(entry, [refused]);
  expect(records[0]).toMatchObject({
    attributes: { category: "lame-servers", level: "info" },
    severity: 9,
  });
  expect(records[0]?.body).toStartWith("connection refused resolving 'elsewhere.test/A/IN'");
  expect(Math.abs(Date.parse(records[0]?.time ?? "") - Date.now())).toBeLessThan(60_000);
});

async function lineWith(text: string): Promise<string> {
  const signal = AbortSignal.timeout(4_000);
  for (;;) {
    const line = (await Bun.file(log).text()).split("\n").find((each) => each.includes(text));
    if (line !== undefined) return line;
    signal.throwIfAborted();
    await Bun.sleep(20);
  }
}

withServer(
  "bind: found by process and channel, with words on what to set where there is none",
  async () => {
    const processes = [{ name: "named" }];
    const [found] = await bind.detect(
      givenHost({ processes, ports: { 53: 0, 953: 0, [port]: 0 } }),
    );
    expect(found).toMatchObject({ confidence: 1, options: { url }, needs: [] });
    const [closed] = await bind.detect(givenHost({ processes, ports: { 53: 0 } }));
    expect(closed?.needs[0]?.why).toContain("statistics-channels {");
  },
);

test("bind: what is no statistics channel is named; zones that lack degrade, and the rest goes on", async () => {
  let server200: unknown = "<html>";
  const odd = Bun.serve({
    port: 0,
    fetch: ({ url: asked }) =>
      asked.endsWith("/server")
        ? new Response(typeof server200 === "string" ? server200 : JSON.stringify(server200))
        : new Response("", { status: 404 }),
  });
  const tick = () => new InstanceUnderTest(bind, { url: odd.url.href }, 300).tick();
  expect(await tick().catch(messageOf)).toBe("GET /json/v1/server: the answer is not JSON");
  server200 = { some: "thing" };
  expect(await tick().catch(messageOf)).toBe("GET /json/v1/server: not BIND's statistics");
  server200 = {
    "json-stats-version": "1.7",
    nsstats: { QrySuccess: 3 },
    views: { v: { resolver: 5 } },
  };
  const { samples, degraded } = await tick();
  expect(samples.get('bind_responses_total{result="Success"}')).toBe(3);
  expect(degraded).toEqual([
    "zones: GET /json/v1/zones: server returned HTTP status 404 Not Found",
  ]);
  await odd.stop(true);
});
