import { expect, test } from "bun:test";
import { unaccounted } from "#test/support/import_accounting.ts";
import { imported, importedFixture, throughSource } from "#test/support/imported.ts";

const whole = importedFixture("vector", "vector.toml");

const event = (own: object) =>
  JSON.stringify({
    ts: "2026-01-02T03:04:05+0000",
    lvl: "WARN",
    user: "anna",
    path: "/a",
    status: 200,
    secret: "x",
    message: "ip=10.0.0.7 token=abc",
    ...own,
  });
const reading = (path: string) =>
  `[sources.a]\ntype = "file"\ninclude = ["${path}"]\n[sinks.s]\ntype = "console"\ninputs = ["a"]\ntoken = "$TOKEN"\n`;

test("every key of a TOML file is carried over or listed, with its line", () => {
  expect(unaccounted("vector", whole)).toEqual([]);
  expect(whole.carried).toBeGreaterThan(60);
  expect(JSON.stringify(whole.remarks)).not.toContain("not-to-be-told");
  expect(
    whole.remarks.find(({ path }) => path === "sources.devices.tls.verify_certificate")?.at,
  ).toBe("vector.toml:117");
}, 60_000);

test("every key of a YAML file is, too, and syslog is taken apart in both of its forms", () => {
  const yaml = importedFixture("vector", "vector.yaml");
  expect(unaccounted("vector", yaml)).toEqual([]);
  const { records, drops } = throughSource(yaml, "file_logs", [
    "<34>Jan  2 03:04:05 web su[7]: failed",
    "  for root",
    '<165>1 2026-01-02T03:04:05.003Z web app 8710 ID47 [x@1 a="b\\]"] an event',
    "<34>Jan  2 03:04:05 web cron[8]: quiet",
  ]);
  expect(drops).toEqual({ processor: 1 });
  expect(
    records.map(({ body, attributes }) => [
      body,
      attributes.appname,
      attributes.procid,
      attributes.hostname,
    ]),
  ).toEqual([
    ["failed\n  for root", "su", "7", "web"],
    ["an event", "app", "8710", "web"],
  ]);
  expect(records[1]?.time).toBe("2026-01-02T03:04:05.003Z");
  expect(records[1]?.nanos).toBe(0);
});

test("a program in VRL does to lines what its statements say", () => {
  // Lines of that file begin with a digit, so its joining has no part in this.
  const calm = { ...whole, text: whole.text.replace(/ {4}multiline:\n(?: {6}.*\n)+/, "") };
  const { records, drops, metrics } = throughSource(calm, "file_logs", [
    event({}),
    event({ status: 503 }),
    event({ status: 503, message: "expected" }),
    event({ path: "/health" }),
    event({ path: "/metrics/x" }),
    event({ lvl: "Debug" }),
  ]);
  expect(drops).toEqual({ processor: 3 });
  expect(records.map(({ attributes }) => attributes.kind)).toEqual(["good", "bad", "good"]);
  expect(records[0]).toMatchObject({
    body: "ip=10.0.0.7 [REDACTED]",
    stream: { job: "web", site: "north", level: "warn" },
    time: "2026-01-02T03:04:05.000Z",
  });
  const { attributes } = records[0] ?? {};
  expect(attributes).toMatchObject({
    ip: "10.0.0.7",
    env: "prod",
    who: "anna",
    where: "prod//a",
    path: "/a",
  });
  for (const name of ["secret", "user", "if_1"]) expect(attributes).not.toHaveProperty(name);
  const made = metrics.collect(0);
  expect(made?.rows[0]?.values[0]).toBe(4);
  expect(JSON.stringify(made?.schema.series)).toContain("web_requests");
});

test("fields of containers and of the journal have their names here; those that nothing here has are told of", () => {
  const text = JSON.stringify({
    sources: {
      pods: { type: "kubernetes_logs" },
      journal: { type: "journald", current_boot_only: false },
    },
    transforms: {
      only: {
        type: "filter",
        inputs: ["journal"],
        condition:
          '._SYSTEMD_UNIT == "ssh.service" && .PRIORITY == "3" && contains(string!(.message), "PID")',
      },
    },
    sinks: {
      a: {
        type: "loki",
        inputs: ["pods"],
        labels: {
          ns: "{{ kubernetes.pod_namespace }}",
          pod: "{{ kubernetes.pod_name }}",
          app: "{{ kubernetes.pod_labels.app }}",
        },
      },
      b: { type: "console", inputs: ["only"] },
    },
  });
  const { text: written, remarks } = imported("vector", text, { file: "v.json" });
  expect(written).toContain("source_labels: [namespace]\n            target_label: ns");
  expect(written).toContain("unit=`ssh.service`");
  expect(written).toContain("|~ `PID`");
  expect(
    remarks
      .filter(({ path }) => path.endsWith(".type"))
      .map(({ path, reason }) => [path, reason.split(" is ")[0]]),
  ).toEqual([
    ["sources.pods.type", "nothing like kubernetes_pod_labels_app"],
    ["sources.journal.type", "nothing like PRIORITY"],
  ]);
});

test("names and images of Docker's containers are labels here; their ids are not known", () => {
  const text = JSON.stringify({
    sources: { docker: { type: "docker_logs" } },
    sinks: {
      a: {
        type: "loki",
        inputs: ["docker"],
        labels: {
          name: "{{ container_name }}",
          from: "{{ image }}",
          service: "{{ label.com.docker.compose.service }}",
          id: "{{ container_id }}",
        },
      },
    },
  });
  const { text: written, remarks } = imported("vector", text, { file: "v.json" });
  for (const [from, to] of [
    ["container", "name"],
    ["image", "from"],
    ["compose_service", "service"],
  ])
    expect(written).toContain(`source_labels: [${from}]\n            target_label: ${to}`);
  expect(remarks.map(({ reason }) => reason).join()).toContain(
    "nothing like container_id is known of its records here",
  );
});

const program = (source: string) => {
  const config = {
    sources: { a: { type: "file", include: ["/x"] } },
    transforms: { t: { type: "remap", inputs: ["a"], source } },
  };
  return imported("vector", JSON.stringify(config), { file: "vector.json" });
};

test.each([
  ["if true { del(.x) }\n.y = 1", []],
  ['.a = encrypt(.b, "AES", key: "k")\n.c = "x"', [1]],
  ["for_each(.tags) -> |k, v| {\n  log(k)\n}\n.c = 1", [1]],
  [".x = 1 +\n.y = 2\n}", [1, 3]],
  ['if .a == 1 {\n  .b = sha1(.c)\n} else if .a == 2 { abort } else {\n .d = .e ?? "none"\n}', [2]],
  ["x, err = parse_json(.message)\nif err == null { . |= x }", []],
  ["x, err = parse_json(.message)\nif err == null { . = merge!(., x) }\n. = compact(.)", []],
  ["x, err = parse_json(.message)\nif err == null { .ok = true }", [2]],
  ["x, err = parse_json(.message)\nif err != null { . |= x }", [2]],
  ["'unknown", [1]],
])("statements of %j that are not known are told of by their lines", (source, lines) => {
  const told = program(source).remarks.flatMap(
    ({ path }) => /source, line (\d+)$/.exec(path)?.[1] ?? [],
  );
  expect(told.map(Number)).toEqual(lines);
});

test("what was parsed is merged where that went well, and other lines stay as they are", () => {
  const source =
    'x, err = parse_json(.message)\nif err == null {\n  . = merge!(., x)\n}\n. = compact(.)\n.env = "prod"';
  const { records } = throughSource(program(source), "file_logs", [
    '{"a":{"b":1},"c":"x"}',
    "text",
  ]);
  expect(records.map(({ body, attributes }) => [body, attributes])).toEqual([
    ['{"a":{"b":1},"c":"x"}', { a_b: "1", c: "x", env: "prod" }],
    ["text", { env: "prod" }],
  ]);
});
test("a program of any brackets is read in bounded steps", () => {
  for (const source of [
    "(".repeat(3_000),
    "{".repeat(3_000),
    "if a { ".repeat(500),
    ")}]",
    ".a = ".repeat(500),
  ])
    expect(program(source).remarks.length).toBeGreaterThan(0);
});

test("variables come from the environment; one without a value matters where it is needed", () => {
  expect(
    imported("vector", reading("$DIR/x"), { file: "v.toml", environment: { DIR: "/srv" } }).text,
  ).toContain("paths: [/srv/x]");
  expect(imported("vector", reading("${DIR:-/tmp}/x"), { file: "v.toml" }).text).toContain(
    "paths: [/tmp/x]",
  );
  expect(() => imported("vector", reading("$DIR/x"), { file: "v.toml" })).toThrow(
    "v.toml:3: sources.a.include.0: the environment has no DIR",
  );
});

test("mistakes of a file are named with their lines", () => {
  expect(() => imported("vector", "a = 1\n[b\n", { file: "v.toml" })).toThrow(/^v\.toml:2: TOML: /);
  const text =
    '[sources.a]\ntype = "file"\ninclude = ["/x"]\n[sources.a.multiline]\nmode = "halt_before"\ncondition_pattern = "^x"\ntimeout_ms = "soon"\n[transforms]\nt = 1\n';
  expect(() => imported("vector", text, { file: "v.toml" })).toThrow(
    /v\.toml:7: sources\.a\.multiline\.timeout_ms: expected a number/,
  );
  expect(() => imported("vector", text, { file: "v.toml" })).toThrow(
    /v\.toml:9: transforms\.t: expected a map/,
  );
});
