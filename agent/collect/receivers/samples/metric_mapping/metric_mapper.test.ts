import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { parseMappingConfig } from "./mapping_config.ts";
import { type MappedType, MetricMapper, metricNameOf } from "./metric_mapper.ts";

function mapperOf(yaml: string): MetricMapper {
  return new MetricMapper(parseMappingConfig(yaml, "mapping.yml"));
}

function told(mapper: MetricMapper, name: string, type: MappedType = "counter"): unknown {
  const mapped = mapper.map(name, type);
  return mapped && [metricNameOf(mapped.name), mapped.labels];
}

test("globs name components, the first rule wins, and others are left alone", () => {
  const mapper = mapperOf(`
mappings:
- match: "test.dispatcher.*.*.*"
  name: "dispatcher_events_total"
  labels: { processor: "$1", action: "$2", outcome: "$3", job: "test_dispatcher" }
- match: "*.signup.*.*"
  name: "signup_events_total"
  labels: { provider: "$2", outcome: "$3", job: "\${1}_server" }
- match: "foo.signup.*.*"
  name: never
`);
  expect(told(mapper, "test.dispatcher.Foo.send.ok")).toEqual([
    "dispatcher_events_total",
    { processor: "Foo", action: "send", outcome: "ok", job: "test_dispatcher" },
  ]);
  expect(told(mapper, "foo.signup.facebook.failure")).toEqual([
    "signup_events_total",
    { provider: "facebook", outcome: "failure", job: "foo_server" },
  ]);
  expect(told(mapper, "test.web-server.foo.bar")).toBeUndefined();
  expect(told(mapper, "test.dispatcher.Foo.send")).toBeUndefined();
});

test("without an order the most exact component wins, and a way that leads nowhere is left", () => {
  const rules = `
- { match: "a.*.*", name: any }
- { match: "a.b.*", name: exact }
- { match: "a.c.d", name: other }
`;
  expect(told(mapperOf(`mappings: ${rules}`), "a.b.x")).toEqual(["any", {}]);
  const free = mapperOf(`defaults: { glob_disable_ordering: true }\nmappings: ${rules}`);
  expect(told(free, "a.b.x")).toEqual(["exact", {}]);
  expect(told(free, "a.c.x")).toEqual(["any", {}]);
});

test("regular expressions match anywhere, after all globs; $0 is the match; names are as long as they can be", () => {
  const labels = { host: "$1", exec: "$2_no", all: "$0" };
  const match = String.raw`(.*)\.(\w+)--(\w+)`;
  const rule = { match, match_type: "regex", name: "${1}_x", labels };
  const mapper = mapperOf(JSON.stringify({ mappings: [rule] }));
  expect(told(mapper, "h.run--http.status")).toEqual([
    "h_x",
    { host: "h", exec: "", all: "h.run--http" },
  ]);
  const both = mapperOf(`
defaults: { match_type: regex }
mappings:
- { match: ".", name: all, action: drop }
- { match: "a.*", match_type: glob, name: glob }
`);
  expect(told(both, "a.b")).toEqual(["glob", {}]);
  expect(both.map("c", "gauge")?.isDropped).toBe(true);
});

test("a rule may be for one type; options of a rule stand over the defaults", () => {
  const mapper = mapperOf(`
defaults: { ttl: 1m20s, observer_type: summary, summary_options: { max_age: 30s, age_buckets: 3 } }
mappings:
- { match: "a.*", name: counted, match_metric_type: counter, scale: 0.5, help: h, honor_labels: true }
- { match: "a.*", name: seen, match_metric_type: observer, ttl: 0, observer_type: histogram, summary_options: { max_age: 1m } }
`);
  expect(mapper.map("a.b", "counter")).toMatchObject({
    name: "counted",
    scale: 0.5,
    help: "h",
    honorLabels: true,
    options: { ttl: 80_000, observer_type: "summary" },
  });
  expect(mapper.map("a.b", "observer")).toMatchObject({
    name: "seen",
    options: {
      ttl: 0,
      observer_type: "histogram",
      summary_options: { max_age: 60_000, age_buckets: 3 },
    },
  });
  expect(mapper.map("a.b", "gauge")).toBeUndefined();
});

function refused(yaml: string): string {
  try {
    mapperOf(yaml);
    return "taken";
  } catch (thrown) {
    return String(thrown);
  }
}

test("a file with faults is refused, all of them named", () => {
  expect(refused("mappings: [{ match: 'a b', name: x }, { match: a, name: 'x y' }]")).toMatch(
    /mappings\[1\]\.name[\s\S]*/,
  );
  expect(refused("mappings: [{ match: 'a b', name: x }]")).toContain("words and * between dots");
  expect(refused("mappings: [{ match: '(', match_type: regex, name: x }]")).toContain(
    "regular expression",
  );
  expect(refused("mappings: [{ match: a, name: x, timer_type: histogram }]")).toContain(
    "timer_type",
  );
  expect(refused("a: [")).toContain("not YAML");
  expect(refused("")).toBe("taken");
});

test("metricNameOf() writes names as statsd_exporter does", () => {
  for (const [text, wanted] of [
    ["clean", "clean"],
    ["0starts_with_digit", "_0starts_with_digit"],
    ["with.dots", "with_dots"],
    ["with😱emoji", "with_emoji"],
    ["with.*.multiple", "with___multiple"],
    ["test.web-server.foo.bar", "test_web_server_foo_bar"],
    ["a--b", "a_b"],
    ["", ""],
  ] as const)
    expect(metricNameOf(text)).toBe(wanted);
  fc.assert(
    fc.property(fc.string({ minLength: 1 }), (text) => {
      expect(metricNameOf(text)).toMatch(/^[a-zA-Z_][a-zA-Z0-9_]*$/);
    }),
  );
});

test("globs find what a search through all rules finds", () => {
  const component = fc.constantFrom("a", "b", "*");
  const pattern = fc.array(component, { minLength: 1, maxLength: 4 });
  const name = fc.array(fc.constantFrom("a", "b", "c"), { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(fc.array(pattern, { maxLength: 8 }), name, (patterns, components) => {
      const mappings = patterns.map((one, i) => ({ match: one.join("."), name: `rule${i}` }));
      const mapper = mapperOf(JSON.stringify({ mappings }));
      const wanted = patterns.findIndex(
        (one) =>
          one.length === components.length &&
          one.every((part, i) => part === "*" || part === components[i]),
      );
      expect(mapper.map(components.join("."), "gauge")?.name).toBe(
        wanted < 0 ? undefined : `rule${wanted}`,
      );
    }),
  );
});
