import { afterAll, expect, test } from "bun:test";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { serverFolder, serverProgram, startDaemon } from "#test/support/daemon.ts";
import { freePort } from "#test/support/free_port.ts";
import { ProbeCertificates } from "#test/support/probe_certificates.ts";
import { probe } from "#test/support/probing.ts";

const certificates = new ProbeCertificates();
afterAll(() => certificates.remove());
const trusted = `tls_config: {ca_file: ${certificates.authority}}`;
const tcp = (steps: readonly string[], keys = "") =>
  `{prober: tcp, tcp: {${keys} query_response: [${steps.join(", ")}]}}`;
const listens = async (port: number) =>
  (await probe("{prober: tcp}", `127.0.0.1:${port}`, { timeoutMs: 500 })).isGood;

const nginx = serverProgram("nginx");
test.skipIf(nginx === null)(
  "nginx: HTTP/2 and 1.1, redirect to https, gzip, a virtual host",
  async () => {
    await using folder = await serverFolder("probe-nginx");
    const [plain, secure] = [await freePort(), await freePort()];
    const config = `daemon off; master_process off; pid ${folder.path}/pid; error_log stderr crit;
events {}
http {
  access_log off; client_body_temp_path ${folder.path}/b; proxy_temp_path ${folder.path}/p; fastcgi_temp_path ${folder.path}/f; uwsgi_temp_path ${folder.path}/u; scgi_temp_path ${folder.path}/s;
  server { listen 127.0.0.1:${plain} default_server; return 301 https://localhost:${secure}$request_uri; }
  server { listen 127.0.0.1:${plain}; server_name shop.example; return 200 "the shop"; }
  server {
    listen 127.0.0.1:${secure} ssl http2; server_name localhost;
    ssl_certificate ${certificates.file("good.pem")}; ssl_certificate_key ${certificates.file("good.key")};
    gzip on; gzip_min_length 1; gzip_types text/plain;
    default_type text/plain;
    location / { return 200 "hello from nginx"; }
  }
}`;
    writeFileSync(join(folder.path, "nginx.conf"), config);
    const command = [nginx ?? "", "-p", folder.path, "-c", join(folder.path, "nginx.conf")];
    const server = await startDaemon(command, () => listens(secure));
    try {
      const http = (keys: string) => `{prober: http, http: {${trusted}, ${keys}}}`;
      const followed = await probe(
        http("fail_if_not_ssl: true, valid_http_versions: [HTTP/2.0]"),
        `localhost:${plain}/x`,
      );
      expect([followed.isGood, followed.reason]).toEqual([true, ""]);
      expect(followed.samples.get("probe_http_redirects")).toBe(1);
      const packed = http(
        "enable_http2: false, compression: gzip, headers: {Accept-Encoding: gzip}, fail_if_body_not_matches_regexp: ['^hello from nginx$']",
      );
      const unpacked = await probe(packed, `https://localhost:${secure}/`);
      expect([unpacked.isGood, unpacked.reason]).toEqual([true, ""]);
      const shop = "{prober: http, http: {fail_if_body_not_matches_regexp: [shop]}}";
      expect((await probe(shop, `127.0.0.1:${plain}`, { hostname: "shop.example" })).isGood).toBe(
        true,
      );
    } finally {
      await server.stop();
    }
  },
);

const named = serverProgram("named");
const dns = (keys: string) =>
  `{prober: dns, dns: {${keys} query_name: example.test, query_type: SOA, ${trusted}}}`;

test.skipIf(named === null)("BIND: over UDP, TCP, TLS and HTTPS", async () => {
  await using folder = await serverFolder("probe-named");
  const [plain, tls, https] = [await freePort(), await freePort(), await freePort()];
  const zone = "$TTL 60\n@ IN SOA ns1 host 7 600 60 8640 60\n@ IN NS ns1\nns1 IN A 127.0.0.1\n";
  writeFileSync(join(folder.path, "zone"), zone);
  const config = `options { directory "${folder.path}"; pid-file "${folder.path}/pid"; session-keyfile none; recursion no; dnssec-validation no;
  listen-on port ${plain} { 127.0.0.1; };
  listen-on port ${tls} tls own { 127.0.0.1; };
  listen-on port ${https} tls own http own { 127.0.0.1; };
  listen-on-v6 { none; }; };
tls own { cert-file "${certificates.file("good.pem")}"; key-file "${certificates.file("good.key")}"; };
http own { endpoints { "/dns-query"; }; };
controls { };
zone "example.test" { type master; file "zone"; };
`;
  writeFileSync(join(folder.path, "named.conf"), config);
  const command = [named ?? "", "-4", "-g", "-c", join(folder.path, "named.conf")];
  const isUp = async () => (await probe(dns(""), `127.0.0.1:${plain}`, { timeoutMs: 500 })).isGood;
  const server = await startDaemon(command, isUp);
  try {
    for (const [keys, target] of [
      ["", `127.0.0.1:${plain}`],
      ["transport_protocol: tcp,", `127.0.0.1:${plain}`],
      ["transport_protocol: tcp, dns_over_tls: true,", `localhost:${tls}`],
      ["transport_protocol: https,", `localhost:${https}`],
      ["transport_protocol: https,", `https://127.0.0.1:${https}/dns-query`],
    ] as const) {
      const { isGood, reason, samples } = await probe(dns(keys), target);
      expect([keys, isGood, reason]).toEqual([keys, true, ""]);
      expect(samples.get("probe_dns_serial")).toBe(7);
    }
    const elsewhere = await probe(
      dns("transport_protocol: https,"),
      `https://localhost:${https}/other`,
    );
    expect(elsewhere.reason).toContain("HTTP status 404");
  } finally {
    await server.stop();
  }
});

const sshd = serverProgram("sshd");
// It refuses to start without this folder, which the package's service makes where it runs.
const canRunSshd = existsSync("/run/sshd") || process.getuid?.() === 0;
test.skipIf(sshd === null || !canRunSshd)("sshd: its banner", async () => {
  mkdirSync("/run/sshd", { recursive: true });
  await using folder = await serverFolder("probe-sshd");
  const key = join(folder.path, "key");
  Bun.spawnSync(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key]);
  const port = await freePort();
  const options = [`HostKey=${key}`, `PidFile=${folder.path}/pid`, "ListenAddress=127.0.0.1"];
  const command = [
    sshd ?? "",
    "-D",
    "-e",
    "-f",
    "/dev/null",
    "-p",
    String(port),
    ...options.flatMap((option) => ["-o", option]),
  ];
  const server = await startDaemon(command, () => listens(port));
  try {
    const banner = tcp([
      '{expect: "^SSH-2.0-([^ ]+)", send: "SSH-2.0-probe", labels: [{name: version, value: "${1}"}]}',
    ]);
    const { isGood, samples } = await probe(banner, `127.0.0.1:${port}`);
    expect(isGood).toBe(true);
    expect(
      [...samples.keys()].some((name) => name.startsWith('probe_expect_info{version="OpenSSH_')),
    ).toBe(true);
  } finally {
    await server.stop();
  }
});

const postfixPrograms = "/usr/lib/postfix/sbin";
const mayPostfix = existsSync(`${postfixPrograms}/master`) && process.getuid?.() === 0;
test.skipIf(!mayPostfix)(
  "Postfix: EHLO, STARTTLS and EHLO again",
  async () => {
    await using folder = await serverFolder("probe-postfix");
    const port = await freePort();
    for (const name of [
      "etc",
      "data",
      "queue/pid",
      "queue/public",
      "queue/private",
      "queue/maildrop",
    ])
      mkdirSync(join(folder.path, name), { recursive: true, mode: 0o755 });
    await Bun.$`cd ${folder.path} && chown postfix data queue/private queue/maildrop queue/public`.quiet();
    const main = `compatibility_level = 3.6
queue_directory = ${folder.path}/queue
data_directory = ${folder.path}/data
daemon_directory = ${postfixPrograms}
myhostname = mail.example.test
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
alias_maps =
smtpd_peername_lookup = no
smtpd_tls_security_level = may
smtpd_tls_cert_file = ${certificates.file("good.pem")}
smtpd_tls_key_file = ${certificates.file("good.key")}
`;
    const services = `127.0.0.1:${port} inet n - n - - smtpd
tlsmgr unix - - n 1000? 1 tlsmgr
anvil unix - - n - 1 anvil
rewrite unix - - n - - trivial-rewrite
proxymap unix - - n - - proxymap
`;
    writeFileSync(join(folder.path, "etc/main.cf"), main);
    writeFileSync(join(folder.path, "etc/master.cf"), services);
    const server = Bun.spawn([`${postfixPrograms}/master`, "-d", "-c", join(folder.path, "etc")], {
      stdout: "ignore",
      stderr: "ignore",
      // It ends its programs by their process group.
      detached: true,
    });
    try {
      const steps = [
        '{expect: "^220 ([^ ]+) ESMTP", send: "EHLO probe\\r"}',
        '{expect: "^250-STARTTLS", send: "STARTTLS\\r"}',
        '{expect: "^220 2.0.0 Ready"}',
        "{starttls: true}",
        '{send: "EHLO probe\\r"}',
        '{expect: "^250[- ]SMTPUTF8|^250[- ]8BITMIME", send: "QUIT\\r"}',
      ];
      for (let tries = 0; tries < 200 && !(await listens(port)); tries++) await Bun.sleep(25);
      const { isGood, reason, samples } = await probe(
        tcp(steps, `${trusted},`),
        `localhost:${port}`,
      );
      expect([isGood, reason]).toEqual([true, ""]);
      expect(samples.get('probe_tls_version_info{version="TLS 1.3"}')).toBe(1);
    } finally {
      server.kill();
      await server.exited;
    }
  },
  20_000,
);
