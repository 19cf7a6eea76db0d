import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { unaccounted } from "#test/support/import_accounting.ts";
import { imported, throughSource } from "#test/support/imported.ts";

const text = readFileSync(join(import.meta.dir, "../fixtures/config.alloy"), "utf8");
const whole = imported("alloy", text, { environment: { SITE: "north" } });

const access = (method: string, path: string, status: number) =>
  `10.0.0.7 2026-01-02T03:04:05Z ${method} ${status} 12.5 ${path}`;
const level = (expression: string) => {
  const source = `logging {\n  level = ${expression}\n}\n`;
  return /level: (\w+)/.exec(imported("alloy", source).text)?.[1];
};

test("every argument and block is carried over or listed", () => {
  expect(unaccounted("alloy", whole)).toEqual([]);
  expect(whole.carried).toBeGreaterThan(100);
}, 60_000);

test("lines go through the components on the way to loki.write", () => {
  const { records, drops, metrics } = throughSource(whole, "file_logs", [
    access("GET", "/health", 200),
    access("GET", "/a", 200),
    access("POST", "/b", 500),
    access("POST", "/c", 201),
  ]);
  expect(drops).toEqual({ processor: 1 });
  expect(records.map(({ stream }) => [stream.method, stream.code, stream.kind])).toEqual([
    ["GET", "200", undefined],
    ["POST", "500", "bad"],
    ["POST", "201", "good"],
  ]);
  expect(records[0]).toMatchObject({
    stream: { job: "nginx", team: "web", site: "north" },
    attributes: { address: "10.0.0.7" },
    time: "2026-01-02T03:04:05.000Z",
  });
  const names = metrics.collect(0)?.schema.series.map(({ __name__ }) => __name__);
  expect(names).toContain("web_requests_total");
  expect(names).toContain("loki_process_custom_request_ms_bucket");
});

test("a variable that is not set is empty, as in Alloy, and the report says so", () => {
  const bare = imported("alloy", text);
  expect(bare.text).toContain('site: ""');
  const { weight, reason } = bare.remarks.find(({ path }) => path.endsWith("values.site")) ?? {};
  expect({ weight, reason }).toEqual({
    weight: "note",
    reason: "the environment has no SITE here, so it is empty, as in Alloy",
  });
});

test("expressions that need no Alloy are worked out, others are mistakes where they are needed", () => {
  expect(level('"wa" + "rn"')).toBe("warn");
  expect(level('string.to_lower("ERROR")')).toBe("error");
  expect(level('coalesce(null, "", ("debug"))')).toBe("debug");
  expect(level("`info` // the default")).toBe("info");
  expect(() => level("local.file.x.content")).toThrow(
    "file:2: logging.level: local.file.x.content",
  );
});

test("all mistakes of a broken file are named with their lines, and what follows them is read", () => {
  const broken = `logging {
  level = "a
}
loki.process "x" {
  forward_to = [loki.write.nowhere.receiver]
  stage.regex { expression = "(" }
  stage.json expressions
  stage.drop { longer_than = = }
}
loki.source.file "x" {
  targets    = [{ __path__ = "/x" }]
  forward_to = [loki.process.x.receiver]
}
$
`;
  let said = "";
  try {
    imported("alloy", broken);
  } catch (thrown) {
    said = String(thrown);
  }
  for (const line of [2, 7, 8, 14]) expect(said).toContain(`file:${line}: `);
  expect(() =>
    imported("alloy", broken.replace(/level.*|stage\.(?:json|drop).*|^\$$/gm, "")),
  ).toThrow(/file:5: loki\.process\.x\.forward_to\.0: expected a component[\s\S]*file:6: /);
  const nested = `a {${"b {".repeat(500)}`;
  expect(() => imported("alloy", nested)).toThrow("expected less nesting");
  expect(() => imported("alloy", `a = ${"[".repeat(5_000)}`)).toThrow("expected less nesting");
});

test("components that go in a circle are a mistake", () => {
  const circle = `loki.source.gelf "x" { forward_to = [loki.process.a.receiver] }
loki.process "a" { forward_to = [loki.process.b.receiver] }
loki.process "b" { forward_to = [loki.process.a.receiver] }
`;
  expect(() => imported("alloy", circle)).toThrow(
    "file:3: loki.process.b.forward_to.0: expected no circle",
  );
});
