import { expect, test } from "bun:test";
import { z } from "zod";
import { duration } from "../../text/duration.ts";
import { ConfigError, overrideFromFlag, overridesFromEnvironment, parseConfig } from "./config.ts";

const Schema = z.strictObject({
  listen: z.string().default("127.0.0.1:7600"),
  spool: z.strictObject({ sync_interval: duration.prefault("200ms") }).prefault({}),
  nats: z.strictObject({ token: z.string().min(5).default("12345") }).prefault({}),
  jobs: z.array(z.strictObject({ name: z.string() })).default([]),
});
const parse = (text: string, overrides: Parameters<typeof parseConfig>[1]["overrides"] = []) =>
  parseConfig(Schema, { name: "lapwing.yaml", text, overrides });
const mistakesOf = (text: string) => {
  try {
    parse(text);
  } catch (thrown) {
    if (thrown instanceof ConfigError) return thrown.message.split("\n");
    throw thrown;
  }
  return [];
};

test("parseConfig() of nothing gives the defaults", () => {
  expect(parse("")).toEqual({
    listen: "127.0.0.1:7600",
    spool: { sync_interval: 200 },
    nats: { token: "12345" },
    jobs: [],
  });
});
test("parseConfig() names every mistake with line, key, value and expectation", () => {
  const text =
    "listen: 5\nspool:\n  sync_interval: soon\n  size: 3\njobs:\n  - name: a\n  - nam: b\n";
  expect(mistakesOf(text)).toEqual([
    "lapwing.yaml:1: listen is 5: Invalid input: expected string, received number",
    'lapwing.yaml:3: spool.sync_interval is "soon": expected a duration such as "15s" or "1h30m"',
    "lapwing.yaml:4: spool.size is 3: no such key",
    "lapwing.yaml:7: jobs.1.name is nothing: Invalid input: expected string, received undefined",
    'lapwing.yaml:7: jobs.1.nam is "b": no such key',
  ]);
});
test("parseConfig() does not repeat a secret", () => {
  expect(mistakesOf("nats: {token: abc}")[0]).toContain("nats.token is <secret>");
  expect(mistakesOf("jobs: {password: abc, name: x}")[0]).toContain(
    'jobs is {"password":"<secret>","name":"x"}',
  );
  expect(mistakesOf('jobs: ["http://u:abc@h:1/p"]')[0]).toContain('"http://<secret>@h:1/p"');
  expect(mistakesOf('jobs: ["u:abc@h:1"]')[0]).toContain('"<secret>@h:1"');
});
test("parseConfig() names the line where YAML ends to be YAML", () => {
  expect(mistakesOf("listen: a\nspool: [")[0]).toStartWith("lapwing.yaml:2: (file): YAML:");
});
test("parseConfig() refuses a key given twice", () => {
  expect(mistakesOf("listen: a\nlisten: b")[0]).toContain("YAML: Map keys must be unique");
});
test("overrides win over the file, and a mistake in one names it", () => {
  const environment = { LAPWING_SPOOL__SYNC_INTERVAL: "1s", LAPWING_CONFIG: "x", HOME: "/" };
  const overrides = overridesFromEnvironment(environment, ["LAPWING_CONFIG"]);
  expect(parse("spool: {sync_interval: 5s}", overrides).spool.sync_interval).toBe(1_000);
  expect(() => parse("", [overrideFromFlag("spool.sync_interval=soon")])).toThrow(
    '--set: spool.sync_interval is "soon"',
  );
  const both = [...overrides, overrideFromFlag("spool.sync_interval=soon")];
  expect(() => parse("", both)).toThrow('--set: spool.sync_interval is "soon"');
  expect(parse("", [overrideFromFlag("spool.sync_interval=3s")]).spool.sync_interval).toBe(3_000);
});
