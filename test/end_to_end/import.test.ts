import { afterAll, expect, test } from "bun:test";
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { lapwing } from "#test/support/command_line.ts";
import { Stage } from "#test/support/stage.ts";

const stage = new Stage();
afterAll(() => stage.stop());
const fixtures = join(import.meta.dir, "../../agent/import/fixtures");

test.each([
  ["alloy", "config.alloy"],
  ["fluent-bit", "fluent-bit.conf"],
  ["promtail", "promtail.yaml"],
  ["vector", "vector.toml"],
])(
  "import %s stops at what it must not leave out, and writes the rest when that is accepted",
  async (shipper, file) => {
    const output = stage.path(`${shipper}.yaml`);
    writeFileSync(output, "old");
    const env = { SITE: "north" };
    const args = ["import", shipper, join(fixtures, file), "--output", output];
    const stopped = await lapwing(args, { env });
    const names = [...stopped.err.matchAll(/--accept '([^']+)'/g)].map(([, name = ""]) => name);
    expect([stopped.code, stopped.out, readFileSync(output, "utf8")]).toEqual(
      names.length > 0 ? [1, "", "old"] : [0, "", expect.stringContaining("sources:")],
    );
    expect(names.length > 0).toBe(shipper !== "alloy" && shipper !== "promtail");
    const accepting = names.flatMap((name) => ["--accept", name]);
    const imported = await lapwing([...args, ...accepting], { env });
    expect(imported).toMatchObject({ code: 0, out: "" });
    const remarks = imported.err.trimEnd().split("\n");
    expect(remarks.at(-1)).toMatch(/: \d+ settings carried over, \d+ not$/);
    expect(remarks.length).toBeGreaterThan(10);
    expect(imported.err).not.toMatch(/not-to-be-/);
    expect(statSync(output).mode & 0o777).toBe(0o600);
    expect(await lapwing(["check", output])).toMatchObject({ code: 0, err: "" });
  },
);

test("what is imported goes to the standard output, and pipeline test runs it", async () => {
  const file = stage.path("config.yaml");
  writeFileSync(
    file,
    "scrape_configs:\n  - job_name: a\n    static_configs: [{ labels: { job: a, __path__: /x } }]\n" +
      "    pipeline_stages: [{ logfmt: { mapping: { level: } } }, { labels: { level: } }]\n",
  );
  const imported = await lapwing(["import", "promtail", file]);
  const config = stage.path("imported.yaml");
  writeFileSync(config, imported.out);
  const tried = await lapwing(["pipeline", "test", "--config", config], {
    input: "level=warn a=b\n",
  });
  expect(JSON.parse(tried.out)).toMatchObject({
    stream: { job: "a", level: "warn" },
    attributes: {},
    body: "level=warn a=b",
  });
});

test("a broken file gives all its mistakes and exit code 1, and nothing is written", async () => {
  const file = stage.path("broken.alloy");
  writeFileSync(
    file,
    'logging { level = "loud" }\nloki.process "a" {\n  stage.regex { }\n}\n= 1\n',
  );
  const output = stage.path("never.yaml");
  const { code, out, err } = await lapwing(["import", "alloy", file, "--output", output]);
  expect({ code, out }).toEqual({ code: 1, out: "" });
  expect(err).toStartWith(`${file}:5: `);
  expect(existsSync(output)).toBe(false);
  const unknown = await lapwing(["import", "logstash", file]);
  expect(unknown.code).toBe(1);
  expect(unknown.err).toContain("expected one of alloy, fluent-bit, promtail, vector");
  const absent = await lapwing(["import", "vector", stage.path("absent.toml")]);
  expect(absent.code).toBe(1);
  expect(absent.err).toContain("absent.toml: ENOENT");
  expect(readFileSync(file, "utf8")).toContain("loud");
});
