import { expect, test } from "bun:test";
import { join } from "node:path";
import { parse } from "yaml";
import { shownConfig } from "#shared/runtime/config/shown_config.ts";
import { ProbesConfig } from "./config.ts";
import { LazyProbesConfig } from "./lazy_config.ts";
import { ProbeModule } from "./module.ts";
import { LabelMatcher } from "./label_matcher.ts";
import { isVantage } from "./vantages.ts";

function mistakes(module: string): string[] {
  const { error } = ProbeModule.safeParse(parse(module));
  return (error?.issues ?? []).map(({ path, message }) => `${path.join(".")}: ${message}`);
}

test("modules as people have them are taken", () => {
  const modules = [
    "{prober: http, timeout: 5s, http: {valid_status_codes: [], method: GET, headers: {Host: vhost.example, Origin: x}, no_follow_redirects: false, preferred_ip_protocol: ip4}}",
    "{prober: http, http: {basic_auth: {username: a, password_file: /p}, compression: gzip, headers: {Accept-Encoding: 'br;q=0.9, gzip'}, enable_http2: false}}",
    "{prober: http, http: {oauth2: {client_id: a, client_secret: b, token_url: 'https://x/t', scopes: [s]}, http_headers: {X-A: {secrets: [s]}}}}",
    "{prober: tcp, tcp: {query_response: [{send: 'NICK prober'}, {expect: 'PING :([^ ]+)', send: 'PONG ${1}'}], tls: true}}",
    "{prober: icmp, icmp: {ttl: 5}}",
    "{prober: dns, dns: {query_name: a.example, query_type: SOA, valid_rcodes: [NOERROR, NXDOMAIN]}}",
    "{prober: grpc, grpc: {service: a, tls: true, metadata: {a: [b]}}}",
    "{prober: tcp, http: {}, icmp: {}}",
  ];
  for (const module of modules) expect([module, mistakes(module)]).toEqual([module, []]);
});

test("every mistake in a module is named", () => {
  expect(mistakes("{prober: htp}")).toEqual([
    "prober: prober 'htp' is not valid: it is one of api, browser, dns, grpc, http, icmp, tcp, unix, websocket",
  ]);
  expect(mistakes("{prober: dns}")[0]).toStartWith("dns.query_name: ");
  const http = mistakes(
    "{prober: http, timeout: soon, http: {no_such: 1, fail_if_body_matches_regexp: ['a)('], enable_http3: true, tls_config: {cert_file: a}}}",
  );
  expect(http).toHaveLength(5);
  expect(http.join("\n")).toContain("HTTP/3 is not supported");
  const cases = [
    ["{prober: http, http: {body: a, body_file: b}}", "http.body_file: give either"],
    [
      "{prober: http, http: {basic_auth: {username: a}, authorization: {credentials: b}}}",
      "http.authorization: at most one",
    ],
    [
      "{prober: http, http: {compression: gzip, headers: {accept-encoding: 'br, identity'}}}",
      "http.compression: ",
    ],
    [
      "{prober: http, http: {fail_if_header_matches: [{header: a}]}}",
      "http.fail_if_header_matches.0.regexp: ",
    ],
    ["{prober: http, http: {valid_http_versions: ['HTTP/3.0']}}", "http.valid_http_versions.0: "],
    [
      "{prober: http, http: {fail_if_body_json_matches_cel: 'body.a =='}}",
      "http.fail_if_body_json_matches_cel: CEL expression",
    ],
    [
      "{prober: http, http: {fail_if_body_json_matches_cel: 'body.all(a, body.all(b, true))'}}",
      'http.fail_if_body_json_matches_cel: CEL expression "body.all(a, body.all(b, true))": a macro',
    ],
    ["{prober: http, http: {proxy_url: 'socks5://a'}}", "http.proxy_url: "],
    [
      "{prober: tcp, tcp: {query_response: [{expect: a, expect_bytes: b}]}}",
      "tcp.query_response.0.expect_bytes: ",
    ],
    ["{prober: tcp, tcp: {source_ip_address: here}}", "tcp.source_ip_address: "],
    ["{prober: icmp, icmp: {ttl: 256}}", 'icmp.ttl: "ttl" cannot exceed 255'],
    [
      "{prober: dns, dns: {query_name: a, query_type: NOPE}}",
      'dns.query_type: "NOPE" is not a type of DNS',
    ],
    ["{prober: dns, dns: {query_name: a, dns_over_tls: true}}", "dns.dns_over_tls: needs"],
    [
      "{prober: tcp, tcp: {tls_config: {min_version: TLS13, max_version: TLS12}}}",
      "tcp.tls_config.max_version: ",
    ],
  ] as const;
  for (const [module, start] of cases) expect(mistakes(module)[0]).toStartWith(start);
});

test("checks name a module that is there, and have names of their own", () => {
  const given = parse(`
modules: {up: {prober: tcp}}
checks:
  - {name: a, module: up, targets: ["h:1"]}
  - {name: a, module: nope, targets: [], interval: 0s}`);
  const { error } = ProbesConfig.safeParse(given);
  const places = (error?.issues ?? []).map(({ path }) => path.join("."));
  expect(places).toContain("checks.1.targets");
  expect(places).toContain("checks.1.interval");
  const second = parse(
    "{modules: {}, checks: [{name: a, module: up, targets: [h]}, {name: a, module: up, targets: [h]}]}",
  );
  const later = ProbesConfig.safeParse(second).error?.issues.map(({ message }) => message);
  expect(later).toEqual(['no module "up"', 'check "a" is there twice', 'no module "up"']);
});

test("a module is shown with its defaults and without its secrets", () => {
  const module = ProbeModule.parse(
    parse(
      "{prober: http, http: {basic_auth: {username: me, password: hidden1}, headers: {X-Api-Key: hidden2, Accept: text}, http_headers: {X-A: {secrets: [hidden3]}}, fail_if_body_matches_regexp: ['err.*']}}",
    ),
  );
  const text = shownConfig({ probes: { modules: { a: module } } });
  expect(text).not.toContain("hidden");
  for (const part of ["prober: http", "username: me", "Accept: text", "err.*", "method: GET"])
    expect(text).toContain(part);
});

const match = (...texts: string[]) => texts.map((text) => LabelMatcher.parse(text));

test("vantages are picked by name and by conditions on labels", () => {
  const agent = { name: "web-1", labels: { region: "eu-west", env: "prod" } };
  expect(isVantage({}, agent)).toBe(true);
  expect(isVantage({ agents: ["web-2"] }, agent)).toBe(false);
  expect(isVantage({ agents: ["web-1"], match: match('region=~"eu-.*"') }, agent)).toBe(true);
  expect(isVantage({ match: match('region=~"eu"') }, agent)).toBe(false);
  expect(isVantage({ match: match('env="prod"', 'rack=""', 'zone!="a"') }, agent)).toBe(true);
  expect(isVantage({ match: match('env!~"prod|test"') }, agent)).toBe(false);
  for (const bad of ["region", "region=eu", 'region=~"("', '{a="b"}', '"a"', 'a="b",b="c"', ""])
    expect([bad, LabelMatcher.safeParse(bad).error?.issues[0]?.message]).toEqual([
      bad,
      expect.stringContaining('expected a condition such as region=~"eu-.*"'),
    ]);
  expect(LabelMatcher.safeParse("region=eu").error?.issues[0]?.message).toContain(
    "({region=eu}: 1:9: parse error: unexpected identifier",
  );
});

test("an agent without probes has what an empty section gives", () => {
  expect(LazyProbesConfig.parse(undefined)).toEqual(ProbesConfig.parse({}));
  expect(LazyProbesConfig.safeParse({ modules: { a: { prober: "none" } } }).success).toBe(false);
});

test("what docs/probes.md shows is taken", async () => {
  const text = await Bun.file(join(import.meta.dir, "../../docs/probes.md")).text();
  const blocks = [...text.matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, block = ""]) =>
    parse(block),
  );
  expect(blocks.length).toBeGreaterThan(4);
  for (const block of blocks) {
    if ("scrape_configs" in block) continue;
    const probes = "probes" in block ? block.probes : { modules: block };
    expect(ProbesConfig.safeParse(probes).error?.issues ?? []).toEqual([]);
  }
});
