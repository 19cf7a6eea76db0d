import { expect, test } from "bun:test";
import { imported, throughSource } from "#test/support/imported.ts";
import { unacceptedOf } from "./import_config.ts";
import type { Shipper } from "./shippers.ts";

/** What stops the import of a file, by name. */
const stops = (shipper: Shipper, text: string, file?: string) =>
  unacceptedOf(imported(shipper, text, file === undefined ? {} : { file }).remarks, []);

const fluentBit = (filter: string) =>
  `[INPUT]\n  Name tail\n  Path /x.log\n[FILTER]\n  Match *\n${filter}\n[OUTPUT]\n  Name loki\n  Match *\n`;

test.each([
  ["  Name lua\n  script x.lua\n  call f", ["filter.0"]],
  ["  Name nest\n  Operation lift\n  Nested_under a", ["filter.0"]],
  ["  Name rewrite_tag\n  Rule log ^a b false", ["filter.0"]],
  ["  Name grep\n  Regex log (?=a)", ["filter.0"]],
  ["  Name record_modifier\n  Allowlist_key a", ["filter.0"]],
  ["  Name parser\n  Key_Name log\n  Parser nowhere", []],
  ["  Name type_converter\n  int_key a b string", []],
])("fluent-bit: of %j %j stops the import", (filter, names) => {
  expect(stops("fluent-bit", fluentBit(filter))).toEqual(names);
});

const tagged = (tag: string) =>
  `[INPUT]\n  Name tail\n  Tag ${tag}\n  Path /x.log\n[FILTER]\n  Name grep\n  Match_Regex ^web\\..*\n` +
  "  Exclude log noise\n[OUTPUT]\n  Name loki\n  Match web.*\n[OUTPUT]\n  Name null\n  Match *\n";

test("fluent-bit: Match_Regex is asked of the tag, and records for output null alone stop the import", () => {
  const drops = (tag: string) =>
    throughSource(imported("fluent-bit", tagged(tag)), "file_logs", ["noise", "x"]).records.length;
  expect([drops("web.a"), drops("app")]).toEqual([1, 2]);
  expect(stops("fluent-bit", tagged("app"))).toEqual(["input.0.tag"]);
});

const vector = (program: string, more = "") =>
  `[sources.in]\ntype = "file"\ninclude = ["/x.log"]\n[transforms.t]\ntype = "remap"\ninputs = ["in"]\n` +
  `source = '''\n${program}\n'''\n${more}[sinks.out]\ntype = "console"\ninputs = ["t"]\n`;

test("vector: JSON that is parsed out of a variable is read, one object within another", () => {
  const program = `message = del(.message)
. |= object!(parse_json!(string!(message)))

parent = del(.parent)
. |= object!(parse_json!(string!(parent)))

child = del(.child)
. |= object!(parse_json!(string!(child)))`;
  const result = imported("vector", vector(program), { file: "v.toml" });
  expect(result.remarks.filter(({ weight }) => weight === "error")).toEqual([]);
  const line = JSON.stringify({
    a: 1,
    parent: JSON.stringify({ child: JSON.stringify({ b: "2" }) }),
  });
  const { records } = throughSource(result, "file_logs", [line]);
  expect(records.map(({ attributes }) => attributes)).toEqual([{ a: "1", b: "2" }]);
});

test.each([
  ['if sha2(.a) == "b" { abort }', ["transforms.t.source"]],
  ['.message = encrypt!(.message, "AES", key: "k")', ["transforms.t.source"]],
  ['. = {\n "a": .b\n}', ["transforms.t.source"]],
  [".c = uuid_v4()", []],
  ["del(.a)", []],
])("vector: of the program %j %j stops the import", (program, names) => {
  expect(stops("vector", vector(program), "v.toml")).toEqual(names);
});

test("vector: unknown transforms, ways that part and fields that a sink holds back stop the import", () => {
  const transform = (type: string) =>
    vector(".a = 1").replace(
      'inputs = ["t"]',
      `inputs = ["u"]\n[transforms.u]\ntype = "${type}"\ninputs = ["t"]`,
    );
  expect(stops("vector", transform("dedupe"), "v.toml")).toEqual(["transforms.u"]);
  expect(stops("vector", transform("lua"), "v.toml")).toEqual(["transforms.u"]);
  const parted = `${vector(".a = 1")}[sinks.raw]\ntype = "console"\ninputs = ["in"]\n`;
  expect(stops("vector", parted, "v.toml")).toEqual(["sinks.raw.inputs"]);
  const held = (key: string) => `${vector('.a = "1"')}encoding.${key} = ["a"]\n`;
  expect(stops("vector", held("only_fields"), "v.toml")).toEqual([
    "sinks.out.encoding.only_fields",
  ]);
  const { records } = throughSource(
    imported("vector", held("except_fields"), { file: "v.toml" }),
    "file_logs",
    ["x"],
  );
  expect(records[0]?.attributes).toEqual({});
  const kept = vector("abort").replace("source =", "drop_on_abort = false\nsource =");
  expect(stops("vector", kept, "v.toml")).toEqual(["transforms.t.drop_on_abort"]);
});

test("vector: a metric of a log has the name of its field, in the namespace of its sink", () => {
  const text = `[sources.in]
type = "file"
include = ["/x.log"]
[transforms.count]
type = "log_to_metric"
inputs = ["in"]
[[transforms.count.metrics]]
type = "counter"
field = "message"
[sinks.p]
type = "prometheus_exporter"
inputs = ["count"]
default_namespace = "vector"
[sinks.l]
type = "loki"
inputs = ["in"]
`;
  const result = imported("vector", text, { file: "v.toml" });
  const { metrics } = throughSource(result, "file_logs", ["a", "b"]);
  const made = metrics.collect(0);
  expect(made?.schema.series.map(({ __name__ }) => __name__)).toEqual(["vector_message"]);
  expect(made?.rows[0]?.values[0]).toBe(2);
});

test("vector: histograms of logs have the buckets of their sink", () => {
  const text = `[sources.in]
type = "file"
include = ["/x.log"]
[transforms.parse]
type = "remap"
inputs = ["in"]
source = ". = parse_json!(.message)"
[transforms.took]
type = "log_to_metric"
inputs = ["parse"]
[[transforms.took.metrics]]
type = "histogram"
field = "took"
[sinks.p]
type = "prometheus_exporter"
inputs = ["took"]
buckets = [1.0, 10.0]
`;
  const result = imported("vector", text, { file: "v.toml" });
  const { metrics } = throughSource(result, "file_logs", ['{"took":3}', '{"took":30}']);
  const series = metrics.collect(0)?.schema.series ?? [];
  expect(series.flatMap(({ le }) => (le === undefined ? [] : [le]))).toEqual([
    "1.0",
    "10.0",
    "+Inf",
  ]);
});

test.each([
  ['Add who "web server"', "web server"],
  ["Add who 'web server'", "web server"],
  [String.raw`Set "who" "a \"b\""`, 'a "b"'],
  ["Add who web server", "web server"],
])("fluent-bit: modify takes what is quoted in %j as one word", (change, value) => {
  const result = imported("fluent-bit", fluentBit(`  Name modify\n  ${change}`));
  const { records } = throughSource(result, "file_logs", ["line"]);
  expect(records[0]?.attributes.who).toBe(value);
});

test("vector: transforms behind metrics that are scraped stop the import", () => {
  const text = `[sources.in]
type = "prometheus_scrape"
endpoints = ["http://127.0.0.1:9100/metrics"]
[transforms.few]
type = "filter"
inputs = ["in"]
condition = 'starts_with(.name, "node_")'
[sinks.p]
type = "prometheus_remote_write"
inputs = ["few"]
default_namespace = "v"
`;
  expect(stops("vector", text, "v.toml")).toEqual(["transforms.few"]);
  expect(imported("vector", text, { file: "v.toml" }).remarks.map(({ path }) => path)).toContain(
    "sinks.p.default_namespace",
  );
});

const job = (discovery: string) =>
  `scrape_configs:\n  - job_name: a\n    docker_sd_configs: [${discovery}]\n`;

test("promtail: a discovery that chooses containers stops the import", () => {
  expect(stops("promtail", job("{ host: unix:///run/docker.sock }"))).toEqual([]);
  expect(stops("promtail", job('{ filters: [{ name: label, values: ["logging=on"] }] }'))).toEqual([
    "scrape_configs.0.docker_sd_configs.0.filters",
  ]);
});
