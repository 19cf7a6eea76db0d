import { YAML } from "bun";
import { expect, test } from "bun:test";
import { AgentConfig } from "#agent/config/config.ts";
import { unaccounted } from "#test/support/import_accounting.ts";
import { imported, importedFixture, throughSource } from "#test/support/imported.ts";

const whole = importedFixture("promtail", "promtail.yaml");

test("every key of a file is carried over or listed", () => {
  expect(unaccounted("promtail", whole)).toEqual([]);
  expect(whole.carried).toBeGreaterThan(100);
}, 60_000);

test("the same file gives the same text, and no secret shows in what is told", () => {
  expect(importedFixture("promtail", "promtail.yaml").text).toBe(whole.text);
  expect(JSON.stringify(whole.remarks)).not.toContain("not-to-be-shown");
  expect(whole.text).not.toContain("not-to-be-shown");
});

test("lines of a web server come out as Promtail's stages make them", () => {
  const at = new Date().toISOString().slice(11, 19);
  const day = new Date();
  const month = day.toLocaleString("en", { month: "short", timeZone: "UTC" });
  const date = `${String(day.getUTCDate()).padStart(2, "0")}/${month}/${day.getUTCFullYear()}`;
  const line = (path: string, more = "") =>
    `10.0.0.7 - - [${date}:${at} +0000] "GET ${path} HTTP/1.1" 200 512 "-" "x${more}"`;
  const long = line("/long", "y".repeat(9_000));
  const { records, drops, metrics } = throughSource(whole, "file_logs", [
    line("/a"),
    "  goes on",
    line("/health"),
    long,
    "9 is no access",
  ]);
  expect(drops).toEqual({ processor: 1 });
  expect(records).toHaveLength(3);
  expect(records[0]).toMatchObject({
    body: `${line("/a")}\n  goes on`,
    stream: { job: "nginx", team: "web", app: "web-nginx", code: "200", verb: "get" },
    attributes: { path: "/a", address: "10.0.0.7" },
    time: `${day.toISOString().slice(0, 10)}T${at}.000Z`,
  });
  // Older than a day and longer than 8 kB: both must hold.
  expect(records[1]?.attributes).toEqual({ path: "/long", address: "10.0.0.7" });
  expect(records[2]?.stream.code).toBeUndefined();
  const sent = metrics.collect(0);
  const names = sent?.schema.series.map(({ __name__ }) => __name__);
  expect(names).toContain("web_http_bytes_total");
  const of = (name: string) => sent?.rows[0]?.values[names?.indexOf(name) ?? -1];
  expect([of("web_http_bytes_total"), of("promtail_custom_sizes_count")]).toEqual([1_024, 2]);
});

test("a match is asked once, a drop ends it, output and labels follow", () => {
  const [first = ""] = whole.text.split("- type: sample").slice(0, 1);
  // Sampling and limits are chance and time.
  const calm = { ...whole, text: first.slice(0, first.lastIndexOf("\n") + 1) };
  const { records, drops } = throughSource(calm, "file_logs#2", [
    '{"time":"2026-01-02T03:04:05.678Z","level":"warn","message":{"text":"audit token=abc"},"user-name":"u"}',
    '{"time":"2026-01-02T03:04:05Z","level":"info","message":{"text":"noise"}}',
    "no JSON",
  ]);
  expect(drops).toEqual({ processor: 1, unparsed: 1 });
  expect(records).toHaveLength(1);
  expect(records[0]).toMatchObject({
    body: "audit token=abc",
    stream: { job: "app", kind: "audit", level: "warn" },
    time: "2026-01-02T03:04:05.678Z",
  });
  expect(records[0]?.stream.filename).toBeUndefined();
});

test("a value can become more than one label, in a match and behind it, and labels can be copied", () => {
  const { records } = throughSource(
    imported(
      "promtail",
      `scrape_configs:
  - job_name: a
    static_configs: [{ labels: { job: a, zone: z, __path__: /x } }]
    pipeline_stages:
      - logfmt: { mapping: { app: , level: } }
      - match: { selector: '{job="a"} |= "web"', stages: [{ labels: { service: app } }] }
      - labels: { name: app, level: , area: zone }
      - labels: { also: app, lvl: level }
      - structured_metadata: { kept: level }
`,
    ),
    "file_logs",
    ["app=web level=warn", "app=db level=info"],
  );
  const [web, db] = records.map(({ stream }) => stream);
  expect(web).toMatchObject({ service: "web", name: "web", also: "web", lvl: "warn", area: "z" });
  expect(db).toMatchObject({ name: "db", also: "db", lvl: "info", area: "z", zone: "z" });
  expect(db).not.toHaveProperty("service");
  // As Promtail has it, a label that becomes structured metadata is no label any more.
  expect(records.map(({ attributes }) => attributes)).toEqual([{ kept: "warn" }, { kept: "info" }]);
  expect(web).not.toHaveProperty("level");
});

const joining = "{multiline: {firstline: '^\\S'}}";

test("lines of containers are joined as the first stage says, also behind what takes their lines apart", () => {
  const { text } = imported(
    "promtail",
    `scrape_configs:
  - job_name: a
    docker_sd_configs: [{host: "unix:///var/run/docker.sock"}]
    pipeline_stages: [${joining}]
  - job_name: b
    static_configs: [{labels: {__path__: /var/log/pods/*/*/*.log}}]
    pipeline_stages: [{cri: {}}, ${joining}]
`,
  );
  const written: unknown = YAML.parse(text);
  expect(AgentConfig.safeParse(written).success).toBe(true);
  expect(written).toMatchObject({
    sources: ["docker", "cri"].map(() => ({
      type: "container_logs",
      multiline: { mode: "start", start: "^\\S" },
    })),
  });
});

const containersOf = (kind: string, rules: string, stages = "[]") =>
  imported(
    "promtail",
    `scrape_configs:
  - job_name: a
    ${kind}_sd_configs: [{role: pod}]
    relabel_configs: ${rules}
    pipeline_stages: ${stages}
`,
  );
const sourceOf = (text: string): unknown => {
  const written: unknown = YAML.parse(text);
  expect(AgentConfig.safeParse(written).success).toBe(true);
  return written;
};

test("of several labels of a pod those that are known count, the others are empty and told of", () => {
  const rules = `
      - source_labels: [__meta_kubernetes_pod_label_app, __meta_kubernetes_pod_name]
        regex: ^;*([^;]+)(;.*)?$
        target_label: app
      - {source_labels: [__meta_kubernetes_namespace, app], separator: /, target_label: job}
      - {source_labels: [__meta_kubernetes_pod_node_name], target_label: node_name}
      - {source_labels: [__meta_kubernetes_pod_label_app], target_label: only}
      - {source_labels: [__meta_kubernetes_pod_label_app, __meta_kubernetes_pod_name], regex: a.*, action: keep}`;
  const made = containersOf("kubernetes", rules, `[{cri: {}}, ${joining}]`);
  expect(sourceOf(made.text)).toMatchObject({
    sources: [{ type: "container_logs", multiline: { mode: "start", start: "^\\S" } }],
  });
  expect(made.remarks.filter(({ path }) => path.includes("relabel"))).toMatchObject([
    { path: expect.stringMatching(/\.0$/), reason: expect.stringContaining("so it is empty") },
    { path: expect.stringMatching(/\.3$/), reason: expect.stringContaining("nothing like it") },
    { path: expect.stringMatching(/\.4$/), reason: expect.stringContaining("nothing like it") },
  ]);
  const rules0 = made.text.slice(made.text.indexOf("relabel_configs"));
  expect(rules0).toContain("__meta_kubernetes_pod_label_app");
  expect(rules0).toContain("source_labels: [namespace, app]");
  expect(rules0).toContain("source_labels: [host]");
});

test("names of Docker's containers come without the slash that the discovery puts before them", () => {
  const { text, remarks } = containersOf(
    "docker",
    `
      - {source_labels: [__meta_docker_container_name], regex: '/(.*)', target_label: name}
      - {source_labels: [__meta_docker_container_label_com_docker_compose_service], target_label: service}
      - {source_labels: [__meta_docker_container_id], target_label: id}`,
  );
  sourceOf(text);
  expect(text).toContain("regex: /?(.*)");
  expect(text).toContain("source_labels: [container]");
  expect(text).toContain("source_labels: [compose_service]");
  expect(remarks.map(({ reason }) => reason).join()).toContain(
    "__meta_docker_container_id: nothing",
  );
});

test("variables are expanded where that is asked for; one that is not set is a mistake with its line", () => {
  const text =
    "clients:\n  - url: ${URL:-http://x}\n    external_labels: { site: '${SITE}', v: '${1}' }\n";
  const expanded = (environment: Record<string, string>) =>
    imported("promtail", text, { environment, expandEnv: true }).text;
  expect(expanded({ SITE: "north" })).toContain("site: north");
  expect(() => expanded({})).toThrow("file:3: the environment has no SITE");
  expect(imported("promtail", text).text).toContain("site: '${SITE}'");
});

test("all mistakes of a broken file are named with their places", () => {
  const text = `server: { log_level: loud }
target_config: { sync_period: soon }
scrape_configs:
  - job_name: a
    static_configs: [{ labels: { __path__: /x } }]
    relabel_configs: [{ action: keep, regex: '(' }]
    pipeline_stages:
      - regex: { expression: '(' }
      - drop: { longer_than: much }
      - timestamp: { source: x }
      - limit: { rate: many, drop: true }
  - job_name: [b]
`;
  let said = "";
  try {
    imported("promtail", text);
  } catch (thrown) {
    said = String(thrown);
  }
  for (const place of [1, 2, 6, 8, 9, 10, 11, 12]) expect(said).toContain(`file:${place}: `);
  expect(() => imported("promtail", "a: [1\nb: {")).toThrow("file:2: YAML: ");
  expect(() => imported("promtail", "- a")).toThrow("file:1: expected a map of keys");
});
