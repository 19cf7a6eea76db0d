import { expect, test } from "bun:test";
import { Variable } from "#shared/dashboards/dashboard.ts";
import { interpolate } from "./interpolate.ts";
import { withMatchers } from "./matchers.ts";
import { parseVariableQuery, type VariableQuestion } from "./variable_query.ts";
import { parseCustomOptions, queryOptions } from "./variable_options.ts";
import { variableOrder } from "./variable_order.ts";
import { chosenFrom, filtersOf, resolveVariables, valuesOf } from "./variables.ts";

const window = { startMs: 0, endMs: 3_600_000 };
const query = (name: string, text: string, more: Record<string, unknown> = {}) =>
  Variable.parse({ kind: "query", name, query: text, ...more });

async function resolved(variables: readonly Variable[], address = "") {
  const asked: VariableQuestion[] = [];
  const states = await resolveVariables(
    variables,
    { chosen: chosenFrom(new URLSearchParams(address)), globals: new Map(), window },
    async (question) => {
      asked.push(question);
      if (JSON.stringify(question).includes("broken")) throw new Error("no such metric");
      return ["b", "a", "a", "10", "9"];
    },
  );
  return { states, asked, values: valuesOf(states) };
}

test("parseVariableQuery() reads Grafana's words", () => {
  expect(parseVariableQuery('label_values(up{a="x,y"}, job)', "metrics")).toEqual({
    ask: "label_values",
    source: "metrics",
    label: "job",
    match: 'up{a="x,y"}',
  });
  expect(parseVariableQuery("label_values(job) ", "logs")).toMatchObject({
    source: "logs",
    label: "job",
    match: undefined,
  });
  expect(parseVariableQuery("label_names()", "metrics")).toMatchObject({ match: undefined });
  expect(parseVariableQuery("metrics(node_.*)", "metrics")).toMatchObject({ pattern: "node_.*" });
  expect(parseVariableQuery("query_result(topk(5, sum by (a) (up)))", "metrics")).toMatchObject({
    expr: "topk(5, sum by (a) (up))",
  });
  expect(parseVariableQuery('up{job="a"}', "metrics")).toMatchObject({ ask: "series" });
});

test("parseCustomOptions() reads names, values and written commas", () => {
  expect(parseCustomOptions(String.raw`a, b\,c , key : value, 1 : 2 : 3,`)).toEqual([
    { text: "a", value: "a" },
    { text: "b,c", value: "b,c" },
    { text: "key", value: "value" },
    { text: "1 : 2", value: "3" },
  ]);
});

const kept = (regex: string, sort: "none" | "num_desc" | "nat_asc" | "ci_asc" = "none") =>
  queryOptions(["web-10:x", "web-9:y", "DB-1:z"], regex, sort).map(({ value }) => value);

test("queryOptions() keeps, names and sorts", () => {
  expect(kept("/web-(\\d+)/")).toEqual(["10", "9"]);
  expect(kept("/WEB/i", "num_desc")).toEqual(["web-10:x", "web-9:y"]);
  expect(kept("", "nat_asc")).toEqual(["DB-1:z", "web-9:y", "web-10:x"]);
  expect(kept("web-9:y")).toEqual(["web-9:y"]);
  expect(
    queryOptions(['x{name="n1",id="1"} 5'], '/name="(?<text>[^"]+)|id="(?<value>[^"]+)/g', "none"),
  ).toEqual([{ text: "n1", value: "1" }]);
  expect(() => queryOptions(["a"], "/(?=a)/", "none")).toThrow("(?=a)");
});

test("variableOrder() asks those first that others need, and refuses rings", () => {
  const order = variableOrder([
    query("c", "label_values(x{a=~\"$a\", b='${b:regex}'}, c)"),
    query("b", 'label_values(x{a="[[a]]"}, b)'),
    query("a", "label_values(a)"),
  ]);
  expect(order.map((group) => group.map(({ name }) => name))).toEqual([["a"], ["b"], ["c"]]);
  expect(() =>
    variableOrder([query("z", "$x"), query("x", "$y"), query("y", "$x"), query("a", "1")]),
  ).toThrow("variables x → y → x wait for each other");
});

test("resolveVariables() fills chained variables into each other", async () => {
  const { asked, values, states } = await resolved(
    [
      query("pod", 'label_values(up{job=~"$job"}, pod)', { sort: "num_asc" }),
      query("job", "label_values(up, job)", {
        multi: true,
        include_all: true,
        current: ["$__all"],
      }),
    ],
    "var-job=a&var-job=b.c",
  );
  expect(asked[1]).toMatchObject({ match: String.raw`up{job=~"(a|b\\.c)"}` });
  expect([...states.keys()]).toEqual(["pod", "job"]);
  expect(states.get("pod")?.options.map(({ value }) => value)).toEqual(["a", "b", "9", "10"]);
  expect(interpolate("$pod $job", values)).toBe("a {a,b.c}");
});

test("resolveVariables() chooses what the address says, then what was kept, then all or the first", async () => {
  const { states } = await resolved(
    [
      query("address", "x", { current: ["a"] }),
      query("kept", "x", { current: ["a", "gone"], multi: true }),
      query("gone", "x", { current: ["gone"] }),
      query("all", "x", { include_all: true, all_value: ".+" }),
      query("other", "x", { include_all: true }),
    ],
    "var-address=unknown&var-other=All",
  );
  const chosen = [...states.values()].map((state) => state.chosen);
  expect(chosen).toEqual([["unknown"], ["a"], ["b"], ["$__all"], ["$__all"]]);
  expect(states.get("all")?.value).toMatchObject({ values: [".+"], raw: true, all: true });
  expect(states.get("other")?.value.values).toEqual(["b", "a", "10", "9"]);
});

test("resolveVariables() says why one failed and resolves the others", async () => {
  const { states } = await resolved([query("bad", "label_values(broken, x)"), query("good", "x")]);
  expect(states.get("bad")).toMatchObject({ failed: "no such metric", options: [] });
  expect(states.get("good")?.failed).toBeUndefined();
});

test("resolveVariables() knows intervals, texts, constants and filters", async () => {
  const { states, values } = await resolved(
    [
      Variable.parse({
        kind: "interval",
        name: "step",
        options: ["1m", "5m"],
        auto: { steps: 60, min: "10s" },
        current: "$__auto_interval_step",
      }),
      Variable.parse({ kind: "text", name: "search", value: "none" }),
      Variable.parse({ kind: "constant", name: "site", value: "x-$search" }),
      Variable.parse({ kind: "datasource", name: "datasource", type: "prometheus" }),
      Variable.parse({ kind: "filters", name: "Filters" }),
    ],
    "var-search=abc&var-Filters=job|%3D~|a__gfp__b&var-Filters=nonsense",
  );
  expect(interpolate("$step $search $site $datasource", values)).toBe("1m abc x-abc lapwing");
  expect(filtersOf(states)).toEqual([{ name: "job", op: "=~", value: "a|b" }]);
  expect(states.get("Filters")?.chosen).toEqual(["job|=~|a__gfp__b"]);
});

test("withMatchers() adds conditions to every selector of an expression", () => {
  const conditions = [{ name: "job", op: "=", value: 'a"b' }] as const;
  expect(withMatchers('sum(rate(a{b="c"}[5m])) / b{} + c offset 5m', "metrics", conditions)).toBe(
    'sum(rate(a{b="c", job="a\\"b"}[5m])) / b{job="a\\"b"} + c{job="a\\"b"} offset 5m',
  );
  expect(withMatchers('{__name__="x",} or "text{}"', "metrics", conditions)).toContain(
    '{__name__="x",job=',
  );
  expect(
    withMatchers(
      'sum(rate({b="}"} |= "{x}" [5m])) / count_over_time({a="b"}[1m])',
      "logs",
      conditions,
    ),
  ).toBe(
    'sum(rate({b="}", job="a\\"b"} |= "{x}" [5m])) / count_over_time({a="b", job="a\\"b"}[1m])',
  );
});
