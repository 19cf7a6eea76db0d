import { YAML } from "bun";
import { expect, test } from "bun:test";
import { z } from "zod";
import { imported, throughSource } from "#test/support/imported.ts";
import { linesBatch } from "#test/support/lines_batch.ts";
import { chainOf } from "#test/support/processed.ts";
import { unacceptedOf } from "./import_config.ts";
import type { Shipper } from "./shippers.ts";

const Written = z.looseObject({
  sources: z.array(
    z.looseObject({
      fields: z.array(z.string()).optional(),
      processors: z.array(z.unknown()).optional(),
    }),
  ),
});

/** What stops the import of a file, by name. */
const stops = (shipper: Shipper, text: string) =>
  unacceptedOf(imported(shipper, text, shipper === "vector" ? { file: "v.toml" } : {}).remarks, []);

const alloy = (stages: string) => `
loki.source.file "logs" {
  targets    = [{ __path__ = "/x.log", job = "x" }]
  forward_to = [loki.process.p.receiver]
}
loki.process "p" {
  forward_to = [loki.write.out.receiver]
${stages}
}
loki.write "out" {
  endpoint { url = "http://loki" }
}
`;
const computed = 'stage.json { expressions = { level = "levels[0]", other = "" } }';
const geoip = 'stage.geoip { source = "ip" }';
const level = 'stage.labels { values = { level = "" } }';

test.each([
  [computed, 'stage.drop {\n source = "level"\n value = "debug"\n}', ["stage.drop"]],
  [computed, 'stage.drop {\n source = "other"\n value = "debug"\n}', []],
  [computed, 'stage.output { source = "level" }', ["stage.output"]],
  [
    computed,
    `${level}\nstage.match {\n selector = "{level=\\"x\\"}"\n action = "drop"\n}`,
    ["stage.match"],
  ],
  [computed, 'stage.replace {\n source = "level"\n expression = "(x)"\n}', ["stage.replace"]],
  [
    computed,
    `${level}\nstage.limit {\n rate = 1\n burst = 1\n drop = true\n by_label_name = "level"\n}`,
    ["stage.limit"],
  ],
  [computed, level, []],
  [geoip, 'stage.drop {\n source = "geoip_country_name"\n value = "A"\n}', ["stage.drop"]],
  [geoip, 'stage.drop { expression = "geoip_country_name" }', []],
  [computed, 'stage.timestamp {\n source = "level"\n format = "Unix"\n}', []],
])(
  "alloy: behind %j %j, what reads the missing value stops the import: %j",
  (before, then, names) => {
    expect(stops("alloy", alloy(`${before}\n${then}`))).toEqual(
      names.map((name) => `loki.process.p.${name}`),
    );
  },
);

test("alloy: with --accept, a stage that reads a missing value is left out, so that it keeps what it would drop", () => {
  const result = imported(
    "alloy",
    alloy(`${computed}\nstage.output { source = "level" }\n${level}
stage.match {\n selector = "{level!=\\"x\\"}"\n action = "drop"\n}`),
  );
  const { records } = throughSource(result, "file_logs", ["text"]);
  expect(records.map(({ body }) => body)).toEqual(["text"]);
});

const journal = (rules: string, stages: string) => `
loki.relabel "r" {
  forward_to = []
${rules}
}
loki.source.journal "j" {
  relabel_rules = loki.relabel.r.rules
  forward_to    = [loki.process.p.receiver]
}
loki.process "p" {
  forward_to = [loki.write.out.receiver]
${stages}
}
loki.write "out" {
  endpoint { url = "http://loki" }
}
`;
const rule = (body: string) => `rule {\n${body}\n}`;
const unknown = rule('source_labels = ["__meta_x"]\ntarget_label = "x"');

test("alloy: a label of a rule that is left out stops the import where a rule or a stage chooses by it", () => {
  const byStage = 'stage.match {\n selector = "{x=\\"1\\"}"\n action = "drop"\n}';
  expect(stops("alloy", journal(unknown, byStage))).toEqual(["loki.process.p.stage.match"]);
  expect(stops("alloy", journal(unknown, ""))).toEqual([]);
  const copied = `${unknown}\n${rule('source_labels = ["x"]\ntarget_label = "y"')}`;
  const byRule = rule('source_labels = ["y"]\nregex = "1"\naction = "keep"');
  expect(stops("alloy", journal(`${copied}\n${byRule}`, ""))).toHaveLength(1);
});

test("alloy: labels that entries of the journal have here alone stop the import where a stage chooses by them", () => {
  const drops = 'stage.match {\n selector = "{unit=\\"a\\"}"\n action = "drop"\n}';
  expect(stops("alloy", journal("", drops))).toEqual(["loki.process.p.stage.match"]);
  const made = rule('source_labels = ["__journal__systemd_unit"]\ntarget_label = "unit"');
  expect(stops("alloy", journal(made, drops))).toEqual([]);
  expect(
    stops("alloy", journal("", `stage.static_labels { values = { unit = "b" } }\n${drops}`)),
  ).toEqual([]);
});

const container = (rules: string, selector: string) => `
scrape_configs:
- job_name: pods
  kubernetes_sd_configs: [{role: pod}]
  relabel_configs:
${rules}
  pipeline_stages:
  - match: {selector: '${selector}', action: drop}
`;

test("promtail: labels that a labelmap would make stop the import where a stage chooses by one", () => {
  const map = "  - {action: labelmap, regex: __meta_kubernetes_pod_label_(.+)}";
  expect(stops("promtail", container(map, '{app="x"}'))).toHaveLength(1);
  expect(stops("promtail", container(map, '{namespace="x"}'))).toEqual([]);
  const first =
    "  - {source_labels: [__meta_kubernetes_pod_label_app, __meta_kubernetes_pod_name], target_label: app}";
  expect(stops("promtail", container(first, '{app="x"}'))).toHaveLength(1);
});

const fluentBit = (filter: string) =>
  `[INPUT]\n  Name tail\n  Path /x.log\n[FILTER]\n  Match *\n  Name parser\n  Key_Name log\n  Parser nowhere\n` +
  `[FILTER]\n  Match *\n${filter}\n[OUTPUT]\n  Name loki\n  Match *\n`;

test.each([
  ["  Name grep\n  Exclude level debug", ["filter.1"]],
  ["  Name grep\n  Exclude log debug", []],
  ["  Name modify\n  Condition Key_exists level\n  Add a b", []],
])("fluent-bit: behind a parser that is not known %j stops the import: %j", (filter, names) => {
  expect(stops("fluent-bit", fluentBit(filter))).toEqual(names);
});

const behind = (first: string, then: string) =>
  `[INPUT]\n  Name tail\n  Path /x.log\n[FILTER]\n  Match *\n${first}\n[FILTER]\n  Match *\n${then}\n` +
  `[OUTPUT]\n  Name loki\n  Match *\n`;

test.each([
  ["  Name kubernetes", "  Name grep\n  Exclude $kubernetes['labels']['app'] x", ["filter.1"]],
  ["  Name kubernetes", "  Name grep\n  Exclude app x", []],
  ["  Name type_converter\n  int_key a b string", "  Name grep\n  Exclude b 1", ["filter.1"]],
  ["  Name type_converter\n  int_key a b string", "  Name grep\n  Exclude a 1", []],
  ["  Name record_modifier\n  Uuid_key id", "  Name grep\n  Regex id .", ["filter.1"]],
  [
    "  Name modify\n  Condition A_key_matches x\n  Add b c",
    "  Name grep\n  Regex b c",
    ["filter.1"],
  ],
])("fluent-bit: behind %j the filter %j stops the import: %j", (first, then, names) => {
  expect(stops("fluent-bit", behind(first, then))).toEqual(names);
});

const vector = (program: string, condition: string) =>
  `[sources.in]\ntype = "file"\ninclude = ["/x.log"]\n[transforms.t]\ntype = "remap"\ninputs = ["in"]\n` +
  `source = '''\n${program}\n'''\n[transforms.f]\ntype = "filter"\ninputs = ["t"]\ncondition = '${condition}'\n` +
  `[sinks.out]\ntype = "console"\ninputs = ["f"]\n`;

test.each([
  [".c = sha2(.a)", '.c == "x"', ["transforms.f"]],
  ["if is_weird(.a) { .c = 1 }", '.c == "x"', ["transforms.f"]],
  [".c, err = encode_it(.a, [x for y])", '.c == "x"', ["transforms.f"]],
  [".c = sha2(.a)\n.d = .c", '.d == "x"', ["transforms.f"]],
  ['.c = sha2(.a)\nif .c == "x" { .d = 1 } else { .d = 2 }', ".d == 2", ["transforms.f"]],
  [".c = sha2(.a)", '.d == "x"', []],
])(
  "vector: behind the program %j the filter %j stops the import: %j",
  (program, condition, names) => {
    expect(stops("vector", vector(program, condition))).toEqual(names);
  },
);

test("alloy: words of journal priorities become a label, and records are dropped by it", () => {
  const rules = rule('source_labels = ["__journal_priority_keyword"]\ntarget_label = "priority"');
  const drops = 'stage.match {\n selector = "{priority=~\\"info|debug\\"}"\n action = "drop"\n}';
  const result = imported("alloy", journal(rules, drops));
  expect(unacceptedOf(result.remarks, [])).toEqual([]);
  expect(result.remarks.filter(({ weight }) => weight === "error")).toEqual([]);
  const { sources } = Written.parse(YAML.parse(result.text));
  expect(sources[0]?.fields).toEqual(["PRIORITY"]);
  const batch = {
    ...linesBatch(["a", "b", "c", "d"]),
    attributes: [{ priority: "3" }, { priority: "6" }, { priority: "7" }, {}],
  };
  const { records } = chainOf(sources[0]?.processors ?? []).take(batch);
  expect(
    records.map(({ body, stream, attributes }) => [body, stream.priority, attributes]),
  ).toEqual([
    ["a", "error", {}],
    ["d", undefined, {}],
  ]);
});

const record = (text: string) =>
  imported(
    "fluent-bit",
    `[INPUT]\n  Name tail\n  Path /x.log\n[FILTER]\n  Match *\n  Name record_modifier\n  Record ${text}\n`,
  );

const attributes = (text: string) =>
  throughSource(record(text), "file_logs", ["x"]).records.map((own) => own.attributes);

test("fluent-bit: record_modifier takes double quotes off, and no other ones", () => {
  expect(attributes('team "the \\"first\\" one"')).toEqual([{ team: 'the "first" one' }]);
  expect(attributes("team 'first'")).toEqual([{ team: "'first'" }]);
  expect(attributes('"team" first')).toEqual([{ team: "first" }]);
});

test("vector: a threshold of throttle by kind stops the import, and is said in words", () => {
  const result = imported(
    "vector",
    `[sources.in]\ntype = "file"\ninclude = ["/x.log"]\n[transforms.t]\ntype = "throttle"\ninputs = ["in"]\n` +
      `window_secs = 1\nthreshold = {events = 5, json_bytes = 100}\n[sinks.out]\ntype = "console"\ninputs = ["t"]\n`,
    { file: "v.toml" },
  );
  expect(unacceptedOf(result.remarks, [])).toEqual(["transforms.t"]);
  expect(result.remarks.map(({ reason }) => reason)).toContain(
    "threshold by events and bytes is not known: expected a number of events",
  );
});

const logsOf = (then: string) =>
  `[sources.in]\ntype = "opentelemetry"\ngrpc.address = "0.0.0.0:4317"\nhttp.address = "0.0.0.0:4318"\n` +
  `[transforms.f]\ntype = "filter"\ninputs = ["in.logs"]\ncondition = '.level == "x"'\n` +
  `[sinks.out]\ntype = "console"\ninputs = ["f"${then}]\n`;

test("vector: outputs of a source by name are followed", () => {
  expect(imported("vector", logsOf(""), { file: "v.toml" }).text).toContain("level");
  const errors = imported("vector", logsOf(', "in.traces"'), { file: "v.toml" }).remarks.filter(
    ({ weight, reason }) => weight === "error" && reason.includes("traces"),
  );
  expect(errors).toHaveLength(1);
});

const rerouted = (program: string, more: string) =>
  vector(program, ".a == 1").replace("[transforms.f]", `${more}\n[transforms.f]`);

test("vector: records that abort sends another way stop the import", () => {
  const abort = 'if .a == "b" { abort }';
  expect(stops("vector", rerouted(abort, "reroute_dropped = true"))).toEqual([
    "transforms.t.reroute_dropped",
  ]);
  expect(stops("vector", rerouted(abort, "reroute_dropped = false"))).toEqual([]);
  expect(stops("vector", rerouted(".b = 1", "reroute_dropped = true"))).toEqual([]);
});
