import { expect, test } from "bun:test";
import { unaccounted } from "#test/support/import_accounting.ts";
import { imported, importedFixture, throughSource } from "#test/support/imported.ts";

const whole = importedFixture("fluent-bit", "fluent-bit.conf");

const access = (path: string, status: string) =>
  `10.0.0.7 - anna [02/Jan/2026:03:04:05 +0100] "GET ${path} HTTP/1.1" ${status} 512 "curl"`;

test("every key of the classic form is carried over or listed, included files among them", () => {
  expect(unaccounted("fluent-bit", whole)).toEqual([]);
  expect(whole.carried).toBeGreaterThan(80);
  expect(JSON.stringify(whole.remarks)).not.toContain("not-to-be-told");
}, 60_000);

test("every key of the YAML form is, too", () => {
  const yaml = importedFixture("fluent-bit", "fluent-bit.yaml");
  expect(unaccounted("fluent-bit", yaml)).toEqual([]);
  expect(yaml.text).toContain("level: debug");
  const { records } = throughSource(yaml, "file_logs", [
    "2026 level=warn",
    " more",
    "2027 level=info",
  ]);
  expect(records.map(({ body, stream }) => [body, stream.level, stream.job])).toEqual([
    ["2026 level=warn\n more", "warn", "fluentbit"],
  ]);
});

test("lines of a web server go through parser, filters and the labels of the output", () => {
  const { records, drops, metrics } = throughSource(whole, "file_logs", [
    access("/a", "200"),
    "",
    access("/health", "200"),
    access("/b", "500"),
    access("/c", "999"),
  ]);
  expect(drops).toEqual({ processor: 3 });
  expect(records).toHaveLength(2);
  expect(records[0]).toMatchObject({
    body: access("/a", "200"),
    stream: { job: "web", code: "200", method: "GET" },
    time: "2026-01-02T02:04:05.000Z",
  });
  expect(records[0]?.attributes).toEqual({
    host: "10.0.0.7",
    user: "anna",
    path: "/a",
    agent: "curl",
    site: "north",
  });
  expect(records[1]?.attributes).toEqual({
    host: "10.0.0.7",
    who: "anna",
    path: "/b",
    route: "/b",
    kind: "bad",
    site: "north",
  });
  const made = metrics.collect(0);
  expect(JSON.stringify(made?.schema.series)).toContain('"log_metric_counter_requests"');
});

test("a parser works on the key that a filter names, and keeps the time where it is told to", () => {
  const { records } = throughSource(whole, "file_logs#2", [
    '{"ts":"2026-01-02T03:04:05Z","a":{"b":1}}',
  ]);
  expect(records[0]).toMatchObject({
    time: "2026-01-02T03:04:05.000Z",
    attributes: { ts: "2026-01-02T03:04:05Z", a_b: "1", site: "north" },
  });
});

test("lines of containers are joined as a parser beside the runtime's says", () => {
  const input = "[INPUT]\n  Name tail\n  Path /var/log/containers/*.log\n";
  const output = "[OUTPUT]\n  Name loki\n  Match *\n";
  const { text, remarks } = imported(
    "fluent-bit",
    `${input}  multiline.parser cri, java\n${output}`,
  );
  expect(text).toContain("type: container_logs");
  expect(text).toContain("mode: stack_traces");
  expect(JSON.stringify(remarks)).not.toContain("not joined");
});

test("an input that our own check refuses is left out alone", () => {
  const text =
    "[INPUT]\n  Name tail\n  Path logs/x.log\n  Tag a\n[INPUT]\n  Name tail\n  Path /x\n  Tag a\n[INPUT]\n  Name syslog\n  Mode udp\n  Listen ::::\n  Tag a\n[OUTPUT]\n  Name es\n  Match a\n";
  const { text: written, remarks } = imported("fluent-bit", text);
  expect(written).toContain("paths: [/x]");
  expect(written).not.toContain("logs/x.log");
  expect(remarks.map(({ at, path, reason }) => `${at} ${path} ${reason}`)).toContain(
    "file:1 input.0 paths.0: expected an absolute path",
  );
  expect(remarks.find(({ path }) => path === "input.2")?.reason).toContain("udp_listen: ");
});

test("a variable that nobody knows is a mistake where it is needed, and else no matter", () => {
  const text =
    "[INPUT]\n  Name tail\n  Path ${DIR}/x.log\n  Tag a\n[OUTPUT]\n  Name es\n  Match *\n  Host ${ES}\n";
  expect(() => imported("fluent-bit", text)).toThrow(
    "file:3: input.0.path: neither the file nor the environment has DIR",
  );
  const known = imported("fluent-bit", text, { environment: { DIR: "/srv" } });
  expect(known.text).toContain("paths: [/srv/x.log]");
});

test("files that can't be read are told of, and so is what their parsers would have done", () => {
  const text =
    "@INCLUDE parts/*.conf\n[SERVICE]\n  Parsers_File nowhere.conf\n[INPUT]\n  Name tail\n  Path /x\n  Parser own\n";
  const { remarks } = imported("fluent-bit", text, { files: {} });
  expect(remarks.map(({ at, reason }) => `${at} ${reason}`)).toEqual([
    "file:1 this file is not read: files by a pattern are not looked for",
    expect.stringMatching(/^file:3 this file is not read: .*nowhere\.conf/),
    expect.stringContaining("no output takes it"),
    "file:7 no such parser is known",
  ]);
});

test("all mistakes of a broken file are named with their lines", () => {
  const text = "Name tail\n[INPUT\n[SERVICE]\n  Log_Level loud\n[INPUT]\n  Name\n  @NEVER x\n";
  let said = "";
  try {
    imported("fluent-bit", text);
  } catch (thrown) {
    said = String(thrown);
  }
  for (const line of [1, 2, 6, 7]) expect(said).toContain(`file:${line}: `);
  expect(() =>
    imported(
      "fluent-bit",
      "[SERVICE]\n  Log_Level loud\n[INPUT]\n Name tail\n Refresh_Interval soon\n",
    ),
  ).toThrow(
    /file:1: service: log_level[\s\S]*file:5: input\.0\.refresh_interval: expected a number/,
  );
});
