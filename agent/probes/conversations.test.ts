import { afterAll, expect, test } from "bun:test";
import { join } from "node:path";
import { createServer } from "node:net";
import { ProbeCertificates } from "#test/support/probe_certificates.ts";
import { ProbeTargets } from "#test/support/probe_targets.ts";
import { probe } from "#test/support/probing.ts";

const certificates = new ProbeCertificates();
const targets = new ProbeTargets();
afterAll(() => {
  targets.close();
  certificates.remove();
});
const trusted = `tls_config: {ca_file: ${certificates.authority}}`;
const tcp = (keys = "") => `{prober: tcp, tcp: {${keys}}}`;

test("tcp: a port that is open, closed, or not named", async () => {
  const port = await targets.tcp(() => {});
  expect((await probe(tcp(), `127.0.0.1:${port}`)).isGood).toBe(true);
  expect((await probe(tcp("source_ip_address: 127.0.0.9"), `127.0.0.1:${port}`)).isGood).toBe(true);
  expect((await probe(tcp(), "127.0.0.1:1")).reason).toContain(
    "cannot connect to 127.0.0.1 port 1",
  );
  expect((await probe(tcp(), "127.0.0.1")).reason).toContain("host:port");
  const only6 = tcp("preferred_ip_protocol: ip6, ip_protocol_fallback: false");
  expect((await probe(only6, `127.0.0.1:${port}`)).reason).toContain("no address of ip6");
});

test("tcp: a banner is matched, answered, and told", async () => {
  const heard: string[] = [];
  const closed = Promise.withResolvers<void>();
  const port = await targets.tcp((socket) => {
    socket.write("hello\r\nSSH-2.0-OpenSSH_9.9 Debian\r\n");
    socket.on("data", (data) => heard.push(data.toString()));
    socket.on("close", () => closed.resolve());
  });
  const step = `{expect: "^SSH-2.0-([^ _]+)_(?P<version>\\\\S+)", send: "got \${1} \${version} $$", labels: [{name: product, value: "\${1}"}]}`;
  const { isGood, samples } = await probe(tcp(`query_response: [${step}]`), `127.0.0.1:${port}`);
  expect(isGood).toBe(true);
  expect(samples.get('probe_expect_info{product="OpenSSH"}')).toBe(1);
  await closed.promise;
  expect(heard).toEqual(["got OpenSSH 9.9 $\n"]);
  const closing = await targets.tcp((socket) => void socket.end("nothing of it\r\n"));
  const wrong = await probe(tcp('query_response: [{expect: "^SSH"}]'), `127.0.0.1:${closing}`);
  expect([wrong.isGood, wrong.samples.get("probe_failed_due_to_regex")]).toEqual([false, 1]);
  const bytes = await targets.tcp((socket) => void socket.write("+OK x"));
  const exact = (text: string) =>
    probe(tcp(`query_response: [{expect_bytes: "${text}"}]`), `127.0.0.1:${bytes}`);
  expect((await exact("+OK")).isGood).toBe(true);
  expect((await exact("-ER")).samples.get("probe_failed_due_to_bytes")).toBe(1);
});

test("tcp: TLS from the start, and after STARTTLS", async () => {
  const pop = await targets.tls(certificates, "+OK ready\r\n");
  const greeted = `tls: true, ${trusted}, query_response: [{expect: "^[+]OK"}]`;
  const from = await probe(tcp(greeted), `localhost:${pop}`);
  expect(from.isGood).toBe(true);
  expect(from.samples.get('probe_tls_version_info{version="TLS 1.2"}')).toBe(1);
  const tooOld = tcp(
    `tls: true, tls_config: {ca_file: ${certificates.authority}, min_version: TLS13}`,
  );
  expect((await probe(tooOld, `localhost:${pop}`)).reason).toContain("TLS handshake");
  const smtp = await targets.smtp(certificates);
  const talk = [
    '{expect: "^220", send: "EHLO me\\r"}',
    '{expect: "^250 STARTTLS", send: "STARTTLS\\r"}',
    '{expect: "^220"}',
    "{starttls: true}",
    '{send: "EHLO me\\r"}',
    '{expect: "AUTH"}',
  ];
  const mail = await probe(
    tcp(`${trusted}, query_response: [${talk.join(", ")}]`),
    `localhost:${smtp}`,
  );
  expect([mail.isGood, mail.reason]).toEqual([true, ""]);
  expect(mail.samples.has("probe_ssl_earliest_cert_expiry")).toBe(true);
  const strangers = await probe(tcp(`query_response: [${talk.join(", ")}]`), `localhost:${smtp}`);
  expect(strangers.reason).toContain("certificate: ");
});

test("tcp: a server that never ends a line, and one that says nothing, cost bounded time", async () => {
  const step = 'query_response: [{expect: "x"}]';
  const flood = await targets.tcp((socket) => void socket.write("a".repeat(200_000)));
  expect((await probe(tcp(step), `127.0.0.1:${flood}`)).reason).toContain("65536 bytes");
  const mute = await targets.tcp(() => {});
  const silent = await probe(tcp(step), `127.0.0.1:${mute}`, { timeoutMs: 150 });
  expect(silent.reason).toContain("no answer within 0.15 s");
});

test("unix: the same conversation on a socket of this host", async () => {
  const path = join(certificates.folder, "probe.sock");
  const server = createServer((socket) => void socket.end("ready\n"));
  await new Promise<void>((resolve) => server.listen(path, resolve));
  const module = '{prober: unix, unix: {query_response: [{expect: "^ready$"}]}}';
  expect((await probe(module, path)).isGood).toBe(true);
  expect((await probe(module, `${path}.none`)).reason).toContain("cannot connect");
  server.close();
});

const grpc = (keys = "") => `{prober: grpc, grpc: {${keys}}}`;

const status = (name: string) => `probe_grpc_healthcheck_response{serving_status="${name}"}`;

test("grpc: serving, not serving, unknown, over TLS, and what does not speak it", async () => {
  const plain = await targets.grpc();
  const up = await probe(grpc(), `127.0.0.1:${plain}`);
  expect(up.isGood).toBe(true);
  expect(up.samples.get(status("SERVING"))).toBe(1);
  const down = await probe(grpc("service: down"), `127.0.0.1:${plain}`);
  expect([down.isGood, down.samples.get(status("NOT_SERVING"))]).toEqual([false, 1]);
  const missing = await probe(grpc("service: missing"), `127.0.0.1:${plain}`);
  expect([missing.isGood, missing.samples.get("probe_grpc_status_code")]).toEqual([false, 5]);
  const secure = await targets.grpc(certificates);
  const over = await probe(grpc(`tls: true, ${trusted}`), `localhost:${secure}`);
  expect([over.isGood, over.samples.get("probe_grpc_ssl")]).toEqual([true, 1]);
  expect(over.samples.get('probe_tls_version_info{version="TLS 1.3"}')).toBe(1);
  const other = await probe(grpc(), `127.0.0.1:${await targets.http()}`, { timeoutMs: 1_000 });
  expect([other.isGood, other.samples.get("probe_grpc_status_code")]).toEqual([false, 14]);
});

test("websocket: upgrade, conversation, refusal", async () => {
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: (request, self) =>
      new URL(request.url).pathname === "/ws" && self.upgrade(request)
        ? undefined
        : new Response("no", { status: 403 }),
    websocket: {
      open: (socket) => void socket.send("welcome 42"),
      message: (socket, message) => void socket.send(`echo ${message.toString()}`),
    },
  });
  const steps = `[{expect: "^welcome (\\\\d+)", send: "n=\${1}"}, {expect: "^echo n=42$"}]`;
  const module = (last = "") =>
    `{prober: websocket, websocket: {query_response: ${last || steps}}}`;
  const good = await probe(module(), `ws://127.0.0.1:${server.port}/ws`);
  expect([good.isGood, good.reason]).toEqual([true, ""]);
  expect(good.samples.get("probe_websocket_connection_upgraded")).toBe(1);
  expect(good.samples.get("probe_websocket_status_code")).toBe(101);
  const wrong = await probe(module('[{expect: "^nothing"}]'), `ws://127.0.0.1:${server.port}/ws`);
  expect([wrong.isGood, wrong.samples.get("probe_websocket_failed_due_to_regex")]).toEqual([
    false,
    1,
  ]);
  const refused = await probe(module(), `ws://127.0.0.1:${server.port}/other`);
  expect([refused.isGood, refused.samples.get("probe_websocket_status_code")]).toEqual([
    false,
    403,
  ]);
  expect((await probe(module(), "http://127.0.0.1/")).reason).toContain("ws or wss");
  await server.stop(true);
});
