import { expect, test } from "bun:test";
import { plainName } from "../plain_rules.ts";
import { IntegrationRulesConfig } from "./config.ts";
import { type ProvidedKind, tunedRules } from "./provided_rules.ts";

const rules = `groups:
  - name: redis
    rules:
      - alert: RedisDown
        expr: redis_up == 0
        for: 2m
        labels: { severity: critical }
        annotations: { summary: down, description: why }
      - record: redis:busy
        expr: rate(busy[5m])
      - alert: RedisBusy
        expr: redis:busy > 0.8
`;
const slo = `version: prometheus/v1
service: redis
slos:
  - name: availability
    objective: 99.9
    description: It answers.
    sli: { raw: { error_ratio_query: "1 - avg(avg_over_time(redis_up[{{.window}}]))" } }
    alerting: { name: RedisAvailability, page_alert: {}, ticket_alert: {} }
`;
const provided: readonly ProvidedKind[] = [
  {
    kind: "redis",
    files: [
      { file: "integrations/redis/rules.yaml", form: "rules", text: rules },
      { file: "integrations/redis/slo.yaml", form: "objectives", text: slo },
    ],
  },
];

function tuned(config: object) {
  const { kinds, mistakes } = tunedRules(provided, IntegrationRulesConfig.parse(config));
  const groups = kinds.flatMap(({ files }) => files.flatMap((file) => file.groups));
  const all = groups.flatMap((group) => group.rules.map((rule) => ({ ...rule, group })));
  return {
    all,
    groups,
    mistakes,
    find: (name: string) => all.find((one) => plainName(one) === name),
  };
}

test("without changes all rules are there, and alerts of objectives have a severity", () => {
  const { all, mistakes } = tuned({});
  expect(mistakes).toEqual([]);
  expect(all.length).toBe(3 + 17);
  const alerts = all.filter((rule) => plainName(rule) === "RedisAvailability");
  expect(alerts.map(({ labels }) => labels)).toEqual([
    { severity: "critical", sloth_severity: "page" },
    { severity: "warning", sloth_severity: "ticket" },
  ]);
});

test("changes stand in place of what the rule says, and an empty label removes one", () => {
  const { find, groups, mistakes } = tuned({
    change: {
      RedisDown: {
        for: "5m",
        keep_firing_for: "1m",
        expr: "redis_up < 1",
        labels: { severity: "", team: "db" },
        annotations: { summary: "changed" },
      },
      RedisBusy: { threshold: 0.9, interval: "5m" },
    },
  });
  expect(mistakes).toEqual([]);
  expect(find("RedisDown")).toMatchObject({
    expr: "redis_up < 1",
    for: "5m",
    keep_firing_for: "1m",
    labels: { team: "db" },
    annotations: { summary: "changed", description: "why" },
  });
  expect(find("RedisDown")?.labels).toEqual({ team: "db" });
  expect(find("RedisBusy")).toMatchObject({ expr: "redis:busy > 0.9" });
  expect(groups.slice(0, 2).map(({ name, interval }) => [name, interval])).toEqual([
    ["redis", undefined],
    ["redis every 5m", "5m"],
  ]);
});

test.each([
  [["RedisDown"], "RedisDown", 19],
  [["redis"], "RedisBusy", 0],
  [["redis/availability"], "RedisAvailability", 3],
  [["RedisAvailability"], "RedisAvailability", 18],
])("off: %j leaves out %s", (off, name, count) => {
  const { all, find, mistakes } = tuned({ off });
  expect(mistakes).toEqual([]);
  expect(find(name)).toBeUndefined();
  expect(all.length).toBe(count);
});

test("all mistakes are found at once, with their keys", () => {
  const { mistakes } = tuned({
    also: ["redis", "oracle"],
    off: ["RedisDwn"],
    change: {
      Other: { for: "1m" },
      RedisDown: { threshold: 1 },
      "redis:busy": { for: "1m" },
    },
  });
  expect(mistakes).toEqual([
    'rules.integrations.also: "oracle": expected one of redis',
    expect.stringContaining('rules.integrations.off: "RedisDwn": expected a kind, a rule'),
    expect.stringContaining('rules.integrations.change: "Other": expected the name of a rule'),
    expect.stringContaining(
      "rules.integrations.change.RedisDown.threshold: expected an expression",
    ),
    "rules.integrations.change.redis:busy.for: expected none for a recording rule",
  ]);
});

test.each([
  [{ expr: "sum(" }, "expected PromQL"],
  [{ for: "soon" }, "expected a duration"],
  [{ interval: "0s" }, "expected a duration above 0"],
  [{ expr: "x", threshold: 1 }, "expected either expr or threshold"],
  [{ annotations: { a: "{{ $x }}" } }, "expected a template"],
  [{ labels: { "a-b": "c" } }, "expected a name"],
])("the change %j is refused by its schema", (change, message) => {
  const { error } = IntegrationRulesConfig.safeParse({ change: { RedisDown: change } });
  expect(JSON.stringify(error?.issues)).toContain(message);
});
