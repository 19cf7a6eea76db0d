import { YAML } from "bun";
import { expect, test } from "bun:test";
import { z } from "zod";
import { AgentConfig } from "#agent/config/config.ts";
import { imported, throughSource } from "#test/support/imported.ts";
import { type Imported, unacceptedOf } from "../import_config.ts";

/** What stops the import of a file, by name. */
const stops = (text: string) => unacceptedOf(imported("alloy", text).remarks, []);

const Written = z.looseObject({
  global: z.looseObject({ external_labels: z.unknown() }).optional(),
  scrape_configs: z.array(z.looseObject({ relabel_configs: z.unknown() })).optional(),
  integrations: z.unknown().optional(),
});
const documentOf = ({ text }: Imported) => Written.parse(YAML.parse(text));

const alloy = (middle: string, first: string) => `
loki.source.file "logs" {
  targets    = [{ __path__ = "/x.log", job = "x" }]
  forward_to = [${first}.receiver]
}
${middle}
loki.write "out" {
  endpoint { url = "http://loki" }
}
`;
const passing = (name: string, more = "") =>
  alloy(
    `${name} "a" {\n  forward_to = [loki.process.b.receiver]\n${more}\n}
loki.process "b" {
  forward_to = [loki.write.out.receiver]
  stage.drop { expression = "noise" }
}`,
    `${name}.a`,
  );

test("alloy: loki.secretfilter becomes redact, and stops the import because redact knows fewer secrets", () => {
  const text = passing("loki.secretfilter", '  redact_with = "<$SECRET_NAME>"');
  expect(stops(text)).toEqual(["loki.secretfilter.a"]);
  const result = imported("alloy", text);
  expect(unacceptedOf(result.remarks, ["loki.secretfilter.a"])).toEqual([]);
  const key = `ghp_${"a1B2".repeat(9)}`;
  const { records } = throughSource(result, "file_logs", [`token ${key}`, "noise"]);
  expect(records.map(({ body }) => body)).toEqual(["token [redacted:cloud_key]"]);
});

test("alloy: a component that the import does not know is an error where data pass it, and what is behind it is followed", () => {
  const result = imported("alloy", passing("loki.enrich"));
  expect(unacceptedOf(result.remarks, [])).toEqual(["loki.enrich.a"]);
  expect(result.remarks.map(({ reason }) => reason)).toContain(
    "records pass loki.enrich, which the import does not know",
  );
  expect(throughSource(result, "file_logs", ["noise", "x"]).records).toHaveLength(1);
});

const stage = (text: string) =>
  alloy(
    `loki.process "p" {\n  forward_to = [loki.write.out.receiver]\n  ${text}\n}`,
    "loki.process.p",
  );

test("alloy: stages that drop or mask and are not carried over stop the import, others do not", () => {
  expect(stops(stage('stage.luhn { replacement = "*" }'))).toEqual(["loki.process.p.stage.luhn"]);
  expect(stops(stage("stage.truncate { }"))).toEqual(["loki.process.p.stage.truncate"]);
  expect(stops(stage('stage.geoip { source = "ip" }'))).toEqual([]);
  expect(stops(stage('stage.drop { expression = "x" }'))).toEqual([]);
});

const rules = (action: string) => `
discovery.kubernetes "pods" {
  role = "pod"
  selectors {
    role  = "pod"
    field = "spec.nodeName=" + constants.hostname
  }
}
discovery.relabel "pods" {
  targets = discovery.kubernetes.pods.targets
  rule {
    source_labels = ["__meta_kubernetes_pod_label_app"]
    regex         = "web"
    action        = "${action}"
    ${action === "replace" ? 'target_label = "app"' : ""}
  }
}
loki.source.kubernetes "pods" {
  targets    = discovery.relabel.pods.output
  forward_to = [loki.write.out.receiver]
}
loki.write "out" { }
`;

test("alloy: rules over labels that nothing here knows stop the import where they keep or drop", () => {
  expect(stops(rules("keep"))).toEqual(["discovery.relabel.pods.rule"]);
  expect(stops(rules("replace"))).toEqual([]);
  expect(stops(rules("replace").replace("spec.nodeName=", "metadata.name="))).toEqual([
    "discovery.kubernetes.pods.selectors",
  ]);
});

test("alloy: constants are those of this host, and the report says so", () => {
  const result = imported(
    "alloy",
    `discovery.relabel "x" {
  targets = [{ __address__ = "localhost:1" }]
  rule {
    target_label = "instance"
    replacement  = constants.hostname
  }
}
prometheus.scrape "x" {
  targets    = discovery.relabel.x.output
  forward_to = [prometheus.remote_write.m.receiver]
}
prometheus.remote_write "m" {
  external_labels = { host = constants.hostname + "-x", os = constants.os }
}
`,
  );
  const { global, scrape_configs: jobs } = documentOf(result);
  expect(global?.external_labels).toEqual({ host: "here-x", os: "linux" });
  expect(jobs?.[0]?.relabel_configs).toEqual([{ target_label: "instance", replacement: "here" }]);
  const said = result.remarks.filter(({ reason }) => reason.startsWith("constants.hostname is"));
  expect(said.map(({ weight }) => weight)).toEqual(["note", "note"]);
  const unknown =
    'discovery.relabel "x" {\n  rule {\n    replacement = local.file.a.content\n  }\n}\n';
  const scrape =
    'prometheus.scrape "y" {\n  targets = discovery.relabel.x.output\n  forward_to = []\n}\n';
  expect(() => imported("alloy", unknown + scrape)).toThrow(
    "local.file.a.content is known to Alloy alone",
  );
});

const exporter = (name: string, body: string) => `prometheus.exporter.${name} "a" {\n${body}\n}
prometheus.scrape "${name}" {
  targets         = prometheus.exporter.${name}.a.targets
  forward_to      = [prometheus.remote_write.m.receiver]
  scrape_interval = "30s"
}
`;

test("alloy: exporters that have an integration become one", () => {
  const result = imported(
    "alloy",
    exporter("redis", 'redis_addr = "localhost:6379"\nredis_password = "p"') +
      exporter(
        "postgres",
        'data_source_names = ["postgresql://u:p%40@db:5433/shop?sslmode=disable"]',
      ) +
      exporter("mysql", 'data_source_name = "root:se:cret@(db:3307)/"') +
      exporter("memcached", "") +
      exporter("mongodb", 'mongodb_uri = "mongodb://u:p@m1:27017/admin?authSource=x"') +
      exporter("elasticsearch", 'address = "http://u:p@es:9200/"\nindices = true') +
      exporter("kafka", 'kafka_uris = ["k:9092"]') +
      exporter("apache", "") +
      exporter("squid", 'address = "localhost:3128"') +
      exporter("snmp", 'config_file = "x"') +
      'prometheus.remote_write "m" { }\n',
  );
  const { integrations } = documentOf(result);
  const interval = "30s";
  expect(integrations).toEqual({
    redis: [{ address: "localhost:6379", password: "p", interval }],
    postgresql: [{ address: "db:5433", username: "u", password: "p@", database: "shop", interval }],
    mysql: [{ address: "db:3307", username: "root", password: "se:cret", interval }],
    memcached: [{ address: "localhost:11211", interval }],
    mongodb: [{ address: "m1:27017", username: "u", password: "p", auth_source: "x", interval }],
    elasticsearch: [
      { url: "http://es:9200", username: "u", password: "p", indices: true, interval },
    ],
    kafka: [{ brokers: ["k:9092"], interval }],
    apache: [{ url: "http://localhost/server-status?auto", interval }],
    squid: [{ url: "http://localhost:3128", interval }],
  });
  expect(() => AgentConfig.parse(YAML.parse(result.text))).not.toThrow();
  expect(result.remarks.map(({ reason }) => reason)).toContain(
    "there is no integration like it: run the exporter and scrape it",
  );
});

const otlp = (processor: string) => `otelcol.receiver.otlp "in" {
  grpc { }
  output { logs = [otelcol.processor.${processor}.a.input] }
}
otelcol.processor.${processor} "a" {
  output { logs = [otelcol.exporter.loki.out.input] }
}
otelcol.exporter.loki "out" { forward_to = [loki.write.out.receiver] }
loki.write "out" { }
`;

test("alloy: what OTLP and remote write pass is an error where it changes data", () => {
  expect(stops(otlp("batch"))).toEqual([]);
  expect(stops(otlp("filter"))).toEqual(["otelcol.processor.filter.a"]);
  const written = `prometheus.receive_http "in" {
  http { listen_port = 9999 }
  forward_to = [prometheus.relabel.few.receiver]
}
prometheus.relabel "few" {
  forward_to = [prometheus.remote_write.m.receiver]
  rule {
    source_labels = ["__name__"]
    regex         = "go_.*"
    action        = "drop"
  }
}
prometheus.remote_write "m" { }
`;
  expect(stops(written)).toEqual(["prometheus.relabel.few.rule"]);
});
