import { gzipSync } from "node:zlib";
import { afterAll, expect, test } from "bun:test";
import { ProbeCertificates } from "#test/support/probe_certificates.ts";
import { ProbeTargets } from "#test/support/probe_targets.ts";
import { probe } from "#test/support/probing.ts";
import { Cidr, checkGuard, requestGuard } from "../net/address_guard.ts";

const certificates = new ProbeCertificates();
const targets = new ProbeTargets();
afterAll(() => {
  targets.close();
  certificates.remove();
});
const port = await targets.http();
const base = `http://127.0.0.1:${port}`;
const trusted = `tls_config: {ca_file: ${certificates.authority}}`;
const http = (keys = "") => `{prober: http, http: {${keys}}}`;

test("a plain page: phases, status, length, version, time of change", async () => {
  const { isGood, samples } = await probe(http(), `127.0.0.1:${port}/`);
  expect(isGood).toBe(true);
  expect([...samples.keys()].filter((name) => name.includes("phase"))).toEqual(
    ["connect", "processing", "resolve", "tls", "transfer"].map(
      (phase) => `probe_http_duration_seconds{phase="${phase}"}`,
    ),
  );
  expect(samples.get("probe_http_status_code")).toBe(200);
  expect(samples.get("probe_http_content_length")).toBe(-1);
  expect(samples.get("probe_http_uncompressed_body_length")).toBe(11);
  expect(samples.get("probe_http_version")).toBe(1.1);
  expect(samples.get("probe_http_last_modified_timestamp_seconds")).toBe(1_445_412_480);
  expect(samples.get("probe_ip_protocol")).toBe(4);
  expect((await probe(http(), `${base}/length`)).samples.get("probe_http_content_length")).toBe(5);
});

test("redirects are followed, counted, and end after ten", async () => {
  const followed = await probe(http(), `${base}/redirect?to=/length`);
  expect([followed.isGood, followed.samples.get("probe_http_redirects")]).toEqual([true, 1]);
  const endless = await probe(http(), `${base}/loop`);
  expect([endless.isGood, endless.samples.get("probe_http_redirects")]).toEqual([false, 11]);
  const cut = await probe(
    http("follow_redirects: false, valid_status_codes: [302]"),
    `${base}/redirect`,
  );
  expect([cut.isGood, cut.samples.get("probe_http_uncompressed_body_length")]).toEqual([true, 0]);
  const wanted = http('fail_if_body_not_matches_regexp: [\'"cookie":"id=42"\']');
  expect((await probe(wanted, `${base}/cookie`)).isGood).toBe(true);
});

const unless = (regexp: string) =>
  http(`basic_auth: {username: me, password: secret}, fail_if_body_matches_regexp: ['${regexp}']`);

test("a redirect to another host takes no credentials along", async () => {
  const other = `http://localhost:${port}/headers`;
  expect((await probe(unless("uthorization"), `${base}/headers`)).isGood).toBe(false);
  expect((await probe(unless("uthorization"), `${base}/redirect?to=${other}`)).isGood).toBe(true);
});

test("TLS: version, cipher, expiry of the chain, the certificate's names", async () => {
  const secure = await targets.https(certificates, "good");
  const { isGood, samples } = await probe(http(trusted), `https://localhost:${secure}/`);
  expect(isGood).toBe(true);
  expect(samples.get("probe_http_version")).toBe(2);
  expect(samples.get("probe_http_ssl")).toBe(1);
  expect(samples.get('probe_tls_version_info{version="TLS 1.3"}')).toBe(1);
  expect(samples.get('probe_tls_cipher_info{cipher="TLS_AES_128_GCM_SHA256"}')).toBe(1);
  const days = (name: string) => ((samples.get(name) ?? 0) - Date.now() / 1_000) / 86_400;
  expect(days("probe_ssl_earliest_cert_expiry")).toBeCloseTo(90, 1);
  expect(days("probe_ssl_last_chain_expiry_timestamp_seconds")).toBeCloseTo(90, 1);
  const info = [...samples.keys()].find((name) => name.startsWith("probe_ssl_last_chain_info"));
  expect(info).toContain(String.raw`subject="CN=localhost,OU=one,O=Org\\, Inc.,ST=Hamburg,C=DE"`);
  expect(info).toContain('issuer="CN=intermediate,O=Test CA"');
  expect(info).toContain('subjectalternative="localhost,foo.example"');
  const old = await probe(http(`enable_http2: false, ${trusted}`), `https://127.0.0.1:${secure}/`);
  expect([old.isGood, old.samples.get("probe_http_version")]).toEqual([true, 1.1]);
  const failing = await probe(http(`fail_if_ssl: true, ${trusted}`), `https://localhost:${secure}`);
  expect([failing.isGood, failing.reason]).toEqual([false, "Final request was over SSL"]);
  const named = await probe(http(trusted), `https://127.0.0.1:${secure}/`, {
    hostname: "foo.example",
  });
  expect(named.isGood).toBe(true);
});

test("certificates: unknown authority, wrong name, expired; none of it matters where verification is off", async () => {
  const reasons: string[] = [];
  for (const name of ["good", "wrong", "expired"] as const) {
    const secure = await targets.https(certificates, name);
    const url = `https://localhost:${secure}/`;
    const { isGood, reason, samples } = await probe(http(name === "good" ? "" : trusted), url);
    expect([isGood, samples.get("probe_http_status_code")]).toEqual([false, 0]);
    reasons.push(reason);
    const loose = await probe(http("tls_config: {insecure_skip_verify: true}"), url);
    expect(loose.isGood).toBe(true);
    const end = loose.samples.get("probe_ssl_last_chain_expiry_timestamp_seconds");
    expect(end).toBe(-62_135_596_800);
  }
  expect(reasons[0]).toContain("certificate: ");
  expect(reasons[1]).toContain("is for DNS:other.example, not for localhost");
  expect(reasons[2]).toMatch(/certificate: .*expired/i);
});

test("body and headers are looked into, unpacked and bounded", async () => {
  const cases: [module: string, path: string, isGood: boolean, byRegex: number][] = [
    ["fail_if_body_not_matches_regexp: ['wor.d$']", "/", true, 0],
    ["fail_if_body_matches_regexp: ['(?i)HELLO']", "/", false, 1],
    ["fail_if_header_not_matches: [{header: X-Test, regexp: '^a'}]", "/", true, 0],
    ["fail_if_header_matches: [{header: x-test, regexp: '^a'}]", "/", false, 1],
    ["fail_if_header_matches: [{header: X-None, regexp: '^a'}]", "/", false, 1],
    ["fail_if_header_matches: [{header: X-None, regexp: a, allow_missing: true}]", "/", true, 0],
    ["compression: gzip, fail_if_body_not_matches_regexp: ['^packed']", "/gzip", true, 0],
    ["compression: gzip", "/", false, 0],
    ["body_size_limit: 3B", "/", false, 0],
    ["valid_http_versions: ['HTTP/2.0']", "/", false, 0],
    ["fail_if_not_ssl: true", "/", false, 0],
    ["", "/broken", false, 0],
  ];
  for (const [module, path, isGood, byRegex] of cases) {
    const result = await probe(http(module), base + path);
    expect([module, result.isGood]).toEqual([module, isGood]);
    expect([module, result.samples.get("probe_failed_due_to_regex")]).toEqual([module, byRegex]);
  }
});

const cel = (expression: string, path = "/json") =>
  probe(http(`fail_if_body_json_not_matches_cel: '${expression}'`), base + path);

test("conditions of CEL on JSON, in linear time", async () => {
  const good = await cel('body.status == "ok" && body.items.exists(i, i.id == 7.0)');
  expect([good.isGood, good.samples.get("probe_failed_due_to_cel")]).toEqual([true, 0]);
  expect((await cel('body.status.matches("^o.$")')).isGood).toBe(true);
  const bad = await cel('body.status == "down"');
  expect([bad.isGood, bad.samples.get("probe_failed_due_to_cel")]).toEqual([false, 1]);
  expect((await cel("body.nothing == 1")).isGood).toBe(false);
  expect((await cel("true", "/")).reason).toContain("JSON");
});

test("a proxy carries plain requests and tunnels", async () => {
  const seen: string[] = [];
  const secure = await targets.https(certificates, "good");
  const { connect } = await import("node:net");
  const proxy = await targets.tcp((socket) => {
    socket.once("data", (data) => {
      seen.push(data.toString().split("\r\n")[0] ?? "");
      const isTunnel = data.toString().startsWith("CONNECT");
      const onward = connect(isTunnel ? secure : port, "127.0.0.1");
      onward.on("error", () => {});
      if (isTunnel) socket.write("HTTP/1.1 200 OK\r\n\r\n");
      else onward.write(data);
      onward.pipe(socket);
      socket.pipe(onward);
    });
  });
  const through = `proxy_url: "http://127.0.0.1:${proxy}", ${trusted}`;
  expect((await probe(http(through), `${base}/length`)).isGood).toBe(true);
  expect((await probe(http(through), `https://localhost:${secure}/`)).isGood).toBe(true);
  const skipping = http(`${through}, skip_resolve_phase_with_proxy: true`);
  const skipped = await probe(skipping, "http://no.such.invalid/length");
  expect(skipped.isGood).toBe(true);
  expect(skipped.samples.has("probe_dns_lookup_time_seconds")).toBe(false);
  // What goes without the proxy is resolved and checked here after all.
  const direct = http(
    `proxy_url: "http://127.0.0.1:${proxy}", no_proxy: localhost, skip_resolve_phase_with_proxy: true`,
  );
  const guard = checkGuard([Cidr.parse("127.0.0.0/8")]);
  expect((await probe(direct, `http://localhost:${port}/`, { guard })).isForbidden).toBe(true);
  expect(seen).toEqual([
    `GET http://127.0.0.1:${port}/length HTTP/1.1`,
    `CONNECT 127.0.0.1:${secure} HTTP/1.1`,
    "GET http://no.such.invalid/length HTTP/1.1",
  ]);
});

test("forbidden addresses are not connected to, by name or by redirect", async () => {
  const guard = requestGuard([], []);
  const metadata = await probe(http(), "http://169.254.169.254/latest", { guard });
  expect([metadata.isGood, metadata.isForbidden]).toEqual([false, true]);
  expect(metadata.reason).toContain("169.254.169.254 is forbidden (169.254.0.0/16)");
  const to = encodeURIComponent("http://[::ffff:169.254.169.254]/");
  const redirected = await probe(http(), `${base}/redirect?to=${to}`, { guard });
  expect([redirected.isGood, redirected.isForbidden]).toEqual([false, true]);
  const noLoopback = checkGuard([Cidr.parse("127.0.0.0/8")]);
  expect(
    (await probe(http(), `http://localhost:${port}/`, { guard: noLoopback })).isForbidden,
  ).toBe(true);
});

test("bad servers cost bounded time and memory", async () => {
  const short = { timeoutMs: 200 };
  const silent = await probe(http(), `${base}/never`, short);
  expect([silent.isGood, silent.samples.get("probe_http_status_code")]).toEqual([false, 0]);
  expect(silent.reason).toContain("no answer within 0.2 s");
  const before = process.memoryUsage().rss;
  const endless = await probe(http("fail_if_body_matches_regexp: ['y']"), `${base}/endless`);
  expect(endless.reason).toContain("larger than 16777216 bytes");
  expect(process.memoryUsage().rss - before).toBeLessThan(256 * 1024 * 1024);
  expect((await probe(http("body_size_limit: 1MB"), `${base}/endless`)).reason).toContain(
    "1048576",
  );
  expect((await probe(http(), `${base}/endless`, short)).isGood).toBe(false);
  const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024));
  const packed = await targets.tcp((socket) => {
    socket.write("HTTP/1.1 200 OK\r\n\r\n");
    socket.end(bomb);
  });
  const unpacking = await probe(http("compression: gzip"), `127.0.0.1:${packed}`, {
    timeoutMs: 10,
  });
  expect(unpacking.reason).toContain("no answer within 0.01 s");
  const says = async (text: string) => {
    const bad = await targets.tcp((socket) => void socket.end(text));
    return (await probe(http(), `127.0.0.1:${bad}`)).reason;
  };
  expect(await says("SSH-2.0-x\r\n")).toContain("malformed HTTP status line");
  expect(await says("")).toContain("closed without an answer");
  expect(await says(`HTTP/1.1 200 OK\r\nX: ${"a".repeat(70_000)}\r\n`)).toContain("65536 bytes");
  expect(await says(`HTTP/1.1 200 OK\r\n${`X: ${"a".repeat(60_000)}\r\n`.repeat(6)}`)).toContain(
    "headers of more",
  );
  expect(await says("HTTP/1.1 100 Continue\r\n\r\n".repeat(20))).toContain("interim");
  expect(await says("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc")).toContain("6 bytes early");
  expect(await says("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n")).toContain(
    "chunked",
  );
  const garbage = await targets.tcp((socket) => void socket.write("no TLS at all\r\n".repeat(9)));
  expect((await probe(http(), `https://127.0.0.1:${garbage}`)).reason).toContain("TLS handshake");
  const mute = await targets.tcp(() => {});
  expect((await probe(http(), `https://127.0.0.1:${mute}`, short)).reason).toContain(
    "TLS handshake",
  );
});
