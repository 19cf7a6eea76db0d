import { expect, test } from "bun:test";
import { parse } from "yaml";
import { ConfigError } from "#shared/runtime/config/config.ts";
import { checkDocument, mistakesText } from "./document.ts";
import { type Plain, mergeConfiguration } from "./merge.ts";

const merged = (how: "merged" | "remote", file: string, ...layers: string[]) =>
  mergeConfiguration(how, plain(file), layers.map(plain));

function plain(text: string): Plain {
  return Object(parse(text));
}

const file = `
agent: {name: web-1, labels: {site: north}}
data_dir: /var/lib/lapwing
global: {scrape_interval: 15s, scrape_timeout: 5s}
scrape_configs:
  - {job_name: app, static_configs: [{targets: ["a:1"]}]}
  - {job_name: db, scrape_interval: 1m}
sources:
  - {type: host_metrics}
  - {type: file_logs, paths: [/var/log/a.log]}
`;

test("merged: maps are merged, named entries replaced as a whole, others added, the host's own stays", () => {
  const layer = `
agent: {name: another}
data_dir: /tmp
global: {scrape_interval: 30s}
scrape_configs: [{job_name: app, metrics_path: /m}, {job_name: new}]
sources: [{type: journald}, {type: file_logs, name: app, paths: [/srv/app.log]}]
`;
  expect(merged("merged", file, layer)).toEqual(
    plain(`
agent: {name: web-1, labels: {site: north}}
data_dir: /var/lib/lapwing
global: {scrape_interval: 30s, scrape_timeout: 5s}
scrape_configs: [{job_name: db, scrape_interval: 1m}, {job_name: app, metrics_path: /m}, {job_name: new}]
sources:
  - {type: host_metrics}
  - {type: file_logs, paths: [/var/log/a.log]}
  - {type: journald}
  - {type: file_logs, name: app, paths: [/srv/app.log]}
`),
  );
});

test("merged: an entry without a name replaces all of its type that have none, and the usual sources are there where the file names none", () => {
  const layer = "sources: [{type: file_logs, paths: [/b]}]";
  expect(merged("merged", "{}", layer)["sources"]).toEqual([
    { type: "host_metrics" },
    { type: "self_logs" },
    { type: "file_logs", paths: ["/b"] },
  ]);
});

test("a later layer wins over an earlier one", () => {
  const layers = [
    "{global: {scrape_interval: 1m}, probes: {checks: [{name: a, module: tcp}]}}",
    "{global: {scrape_interval: 2m}, probes: {checks: [{name: a, module: icmp}, {name: b}]}}",
  ];
  expect(merged("merged", "sources: []", ...layers)).toEqual({
    sources: [],
    global: { scrape_interval: "2m" },
    probes: { checks: [{ name: "a", module: "icmp" }, { name: "b" }] },
  });
});

test("remote: of the file only what is the host's own", () => {
  expect(merged("remote", file, "scrape_configs: [{job_name: one}]")).toEqual({
    agent: { name: "web-1", labels: { site: "north" } },
    data_dir: "/var/lib/lapwing",
    scrape_configs: [{ job_name: "one" }],
  });
});

function mistakesOf(text: string): string[] {
  try {
    checkDocument("doc.yaml", text);
    return [];
  } catch (thrown) {
    if (!(thrown instanceof ConfigError)) throw thrown;
    expect(thrown.message).not.toContain("hunter2");
    return mistakesText(thrown).split("\n");
  }
}

test("checkDocument() tells every mistake at once, keys of the host's own and secrets among them", () => {
  const text = `
nats: {servers: ["nats://x:4222"]}
global: {scrape_interval: soon}
scrape_configs:
  - job_name: app
    basic_auth: {username: a, password: hunter2}
    static_configs: [{targets: ["a:1"]}]
sources: [{type: nonsense}]
integrations:
  redis: [{address: "127.0.0.1:6379", password: hunter2}]
probes: {modules: {m: {prober: http, http: {proxy_url: "http://u:hunter2@proxy"}}}}
nonsense: 1
`;
  const mistakes = mistakesOf(text);
  for (const part of [
    "nats is",
    "global.scrape_interval is",
    "scrape_configs.0.basic_auth.password is <secret>: a file on the hosts",
    "sources.0.type is",
    "integrations.redis.0.password is <secret>: a file on the hosts",
    "probes.modules.m.http.proxy_url is",
    "nonsense is 1: no such key",
  ])
    expect(mistakes.filter((mistake) => mistake.startsWith(part))).toHaveLength(1);
  expect(mistakes).toHaveLength(7);
});

test("checkDocument() takes files of secrets, and tells which programs hosts would run", () => {
  const text = `
scrape_configs:
  - job_name: app
    basic_auth: {username: a, password_file: /etc/app.password}
    static_configs: [{targets: ["a:1"], labels: {token: public, command: x}}]
sources: [{type: command, command: [uptime]}]
integrations:
  scripts: [{name: a, command: [/usr/bin/true]}]
`;
  expect(checkDocument("doc.yaml", text).programs).toEqual([
    "sources.0.type",
    "sources.0.command",
    "integrations.scripts.0.command",
  ]);
  expect(checkDocument("empty.yaml", "").programs).toEqual([]);
  expect(mistakesOf("- a list")).toHaveLength(1);
  expect(mistakesOf("a: [")).toHaveLength(1);
});
