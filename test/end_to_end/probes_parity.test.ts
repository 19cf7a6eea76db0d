import { expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "yaml";
import { ProbesConfig } from "#agent/probes/config.ts";
import { createProbeMeters } from "#agent/probes/meters.ts";
import { probeRoutes } from "#agent/probes/probe_routes.ts";
import { systemClock } from "#shared/runtime/clock.ts";
import { createSelfMetrics } from "#shared/runtime/self_metrics.ts";
import { BlackboxExporter, blackboxExporterPath } from "#test/support/blackbox_exporter.ts";
import { freePort } from "#test/support/free_port.ts";
import { ProbeCertificates } from "#test/support/probe_certificates.ts";
import { ProbeTargets } from "#test/support/probe_targets.ts";
import { samplesOf } from "#test/support/probing.ts";

/** Series that came after version 0.23, which is what Debian has. */
const newer =
  /^(?:probe_timeout_seconds|probe_tls_cipher_info|probe_failed_due_to_bytes|probe_expect_info)/;
/** Series that version 0.23 has where nothing was found out yet, and later ones do not. */
const older = /^(?:probe_failed_due_to_regex|probe_ssl_earliest_cert_expiry)$/;
/** Times are another matter: `bun run bench probes`. */
const time = /duration_seconds|lookup_time_seconds/;

const modules = (authority: string) => `
modules:
  http: {prober: http, timeout: 3s}
  http_tls: {prober: http, timeout: 3s, http: {tls_config: {ca_file: ${authority}}}}
  http_one: {prober: http, timeout: 3s, http: {enable_http2: false, tls_config: {ca_file: ${authority}}}}
  http_loose: {prober: http, timeout: 3s, http: {tls_config: {insecure_skip_verify: true}}}
  http_cut: {prober: http, timeout: 3s, http: {follow_redirects: false, valid_status_codes: [302]}}
  http_body: {prober: http, timeout: 3s, http: {fail_if_body_not_matches_regexp: ["wor.d$"], fail_if_header_not_matches: [{header: X-Test, regexp: "^a"}]}}
  http_bad: {prober: http, timeout: 3s, http: {fail_if_body_matches_regexp: ["hello"]}}
  http_gzip: {prober: http, timeout: 3s, http: {compression: gzip, headers: {Accept-Encoding: gzip}}}
  http_limit: {prober: http, timeout: 3s, http: {body_size_limit: 3B}}
  http_post: {prober: http, timeout: 3s, http: {method: POST, body: "a=1", headers: {Content-Type: text/plain}, fail_if_body_not_matches_regexp: ['"content-length":"3"']}}
  http_two: {prober: http, timeout: 3s, http: {valid_http_versions: ["HTTP/2.0"], tls_config: {ca_file: ${authority}}}}
  http_short: {prober: http, timeout: 200ms}
  tcp: {prober: tcp, timeout: 3s}
  pop: {prober: tcp, timeout: 3s, tcp: {tls: true, tls_config: {ca_file: ${authority}}, query_response: [{expect: "^[+]OK"}]}}
  smtp: {prober: tcp, timeout: 3s, tcp: {tls_config: {ca_file: ${authority}}, query_response: [{expect: "^220 ([^ ]+) ESMTP", send: "EHLO me\\r"}, {expect: "^250 STARTTLS", send: "STARTTLS\\r"}, {expect: "^220"}, {starttls: true}, {send: "EHLO me\\r"}, {expect: "^250 AUTH"}]}}
  icmp: {prober: icmp, timeout: 1s}
  grpc: {prober: grpc, timeout: 2s, grpc: {tls: false}}
  grpc_down: {prober: grpc, timeout: 2s, grpc: {service: down}}
  grpc_tls: {prober: grpc, timeout: 2s, grpc: {tls: true, tls_config: {ca_file: ${authority}}}}
  dns_a: {prober: dns, timeout: 2s, dns: {query_name: www.example.test, query_type: A, validate_answer_rrs: {fail_if_not_matches_regexp: ['^www\\.example\\.test\\.\\t300\\tIN\\tA\\t192\\.0\\.2\\.[12]$']}}}
  dns_soa: {prober: dns, timeout: 2s, dns: {transport_protocol: tcp, query_name: example.test, query_type: SOA}}
  dns_txt: {prober: dns, timeout: 2s, dns: {query_name: example.test, query_type: TXT, validate_answer_rrs: {fail_if_not_matches_regexp: ['"semi;colon \\\\"q\\\\""$']}}}
  dns_srv: {prober: dns, timeout: 2s, dns: {query_name: _sip._tcp.example.test, query_type: SRV, validate_additional_rrs: {fail_if_none_matches_regexp: ['AAAA\\t2001:db8::1:0:0:1$']}}}
  dns_none: {prober: dns, timeout: 2s, dns: {query_name: none.example.test, query_type: A}}
`;

const zone = `$TTL 300
@ IN SOA ns1 host.master (2026112101 3600 600 86400 300)
@ IN NS ns1
ns1 IN A 127.0.0.1
www IN A 192.0.2.1
www IN A 192.0.2.2
www IN AAAA 2001:db8:0:0:1::1
@ IN TXT "v=spf1 -all" "semi;colon \\"q\\""
_sip._tcp IN SRV 10 20 5060 www
`;

const named = Bun.which("named", { PATH: `${process.env["PATH"]}:/usr/sbin` });

/** bind9 with a zone of its own; undefined where it is not installed. */
async function startNamed(folder: string) {
  if (named === null) return undefined;
  const port = await freePort();
  writeFileSync(join(folder, "zone"), zone);
  writeFileSync(
    join(folder, "named.conf"),
    `options { directory "${folder}"; listen-on port ${port} { 127.0.0.1; }; listen-on-v6 { none; }; pid-file "${folder}/pid"; session-keyfile none; recursion no; dnssec-validation no; };
controls { };
zone "example.test" { type master; file "zone"; };\n`,
  );
  const log = Bun.spawn([named, "-4", "-g", "-c", join(folder, "named.conf")], {
    stdout: "ignore",
    stderr: "pipe",
  });
  let text = "";
  for await (const chunk of log.stderr) {
    text += Buffer.from(chunk).toString();
    if (/ running$/m.test(text)) break;
  }
  const stop = async () => {
    log.kill();
    // It removes its pid file at the end.
    await log.exited;
  };
  return { port, stop };
}

const plain = (name: string) => name.replace(/serialnumber="[^"]*",/, "");

/** What the other one has and we have not, or with another value, and what we have besides. */
function differences(
  ours: ReadonlyMap<string, number>,
  theirs: ReadonlyMap<string, number>,
): string[] {
  // The serial number is a label that came later.
  const own = new Map([...ours].map(([name, value]) => [plain(name), value]));
  const found: string[] = [];
  for (const [name, value] of theirs)
    if (!own.has(name) ? !older.test(name) : own.get(name) !== value && !time.test(name))
      found.push(`${name}: ours ${own.get(name) ?? "none"}, theirs ${value}`);
  for (const name of own.keys())
    if (!theirs.has(name) && !newer.test(name)) found.push(`${name}: ours alone`);
  return found;
}

test.skipIf(blackboxExporterPath === undefined)(
  "probes agree with the blackbox exporter on success and on every series",
  async () => {
    const folder = mkdtempSync(join(tmpdir(), "lapwing-probes-"));
    const certificates = new ProbeCertificates();
    const targets = new ProbeTargets();
    const bind = await startNamed(folder);
    const text = modules(certificates.authority);
    const exporter = await BlackboxExporter.start(folder, text);
    try {
      const config = ProbesConfig.parse({ allow: ["127.0.0.0/8", "::1"], ...parse(text) });
      const meters = createProbeMeters(createSelfMetrics());
      const routes = probeRoutes(() => config, { clock: systemClock, meters });
      const web = `127.0.0.1:${await targets.http()}`;
      const [good, wrong, expired] = [
        await targets.https(certificates, "good"),
        await targets.https(certificates, "wrong"),
        await targets.https(certificates, "expired"),
      ];
      const banner = await targets.tcp((socket) => void socket.write("no TLS, no HTTP\r\n"));
      const grpc = await targets.grpc();
      const cases: [module: string, target: string][] = [
        ["http", web],
        ["http", `http://localhost:${web.split(":")[1]}/length`],
        ["http", `${web}/redirect?to=/length`],
        ["http", `${web}/redirect?to=http%3A%2F%2F${web}%2Flength`],
        ["http", `${web}/loop`],
        ["http", `${web}/broken`],
        ["http", "127.0.0.1:1"],
        ["http", "http://no.such.invalid/"],
        ["http", `127.0.0.1:${banner}`],
        ["http", `https://127.0.0.1:${banner}`],
        ["http", `https://localhost:${good}`],
        ["http_short", `${web}/never`],
        ["http_tls", `https://localhost:${good}/`],
        ["http_tls", `https://127.0.0.1:${good}/`],
        ["http_one", `https://localhost:${good}/`],
        ["http_tls", `https://localhost:${wrong}/`],
        ["http_tls", `https://localhost:${expired}/`],
        ["http_loose", `https://localhost:${expired}/`],
        ["http_cut", `${web}/redirect`],
        ["http_body", web],
        ["http_body", `${web}/json`],
        ["http_bad", web],
        ["http_gzip", `${web}/gzip`],
        ["http_gzip", web],
        ["http_limit", web],
        ["http_post", `${web}/headers`],
        ["http_two", `https://localhost:${good}/`],
        ["http_two", web],
        ["tcp", `127.0.0.1:${banner}`],
        ["tcp", "127.0.0.1:1"],
        ["tcp", "127.0.0.1"],
        ["pop", `localhost:${await targets.tls(certificates, "+OK ready\r\n")}`],
        ["pop", `localhost:${banner}`],
        ["smtp", `localhost:${await targets.smtp(certificates)}`],
        ["icmp", "127.0.0.1"],
        ["icmp", "localhost"],
        ["grpc", `127.0.0.1:${grpc}`],
        ["grpc_down", `127.0.0.1:${grpc}`],
        ["grpc", "127.0.0.1:1"],
        ["grpc_tls", `localhost:${await targets.grpc(certificates)}`],
        ...(bind === undefined
          ? []
          : (["dns_a", "dns_soa", "dns_txt", "dns_srv", "dns_none"] as const).map(
              (module): [string, string] => [module, `127.0.0.1:${bind.port}`],
            )),
      ];
      for (const [module, target] of cases) {
        const query = `/probe?module=${module}&target=${encodeURIComponent(target)}`;
        const [ours, theirs] = await Promise.all(
          [routes.request(query), fetch(exporter.url + query)].map(async (answer) =>
            samplesOf(await (await answer).text()),
          ),
        );
        expect([module, target, differences(ours ?? new Map(), theirs ?? new Map())]).toEqual([
          module,
          target,
          [],
        ]);
        expect(ours?.has("probe_success")).toBe(true);
      }
    } finally {
      await exporter.stop();
      await bind?.stop();
      targets.close();
      certificates.remove();
      rmSync(folder, { recursive: true });
    }
  },
);
