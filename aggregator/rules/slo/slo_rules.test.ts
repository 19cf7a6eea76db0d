import { expect, test } from "bun:test";
import { checkRuleFile } from "../rule_file.ts";
import { plainName } from "../plain_rules.ts";
import { sloRules } from "./slo_rules.ts";

const file = `
version: prometheus/v1
service: shop
labels: { team: web, tier: "1" }
slos:
  - name: orders
    objective: 99.9
    description: Orders are taken.
    labels: { tier: "2" }
    sli:
      events:
        error_query: sum(rate(orders_total{code=~"5.."}[{{.window}}]))
        total_query: sum(rate(orders_total[{{ .window }}]))
    alerting:
      name: OrdersFail
      labels: { category: shop }
      annotations: { runbook: here }
      page_alert: { labels: { routing: pager } }
      ticket_alert: {}
  - name: up
    objective: 95
    description: It is up.
    sli: { raw: { error_ratio_query: "1 - avg(avg_over_time(shop_up[{{.window}}]))" } }
    alerting: { page_alert: { disable: true }, ticket_alert: { disable: true } }
`;
const groups = sloRules(file);
const identity = {
  sloth_id: "shop-orders",
  sloth_service: "shop",
  sloth_slo: "orders",
  team: "web",
  tier: "2",
};
const selector = '{sloth_id="shop-orders", sloth_service="shop", sloth_slo="orders"}';

/** An expression on one line. */
const flat = (text = "") => text.replaceAll(/\s+/g, " ").trim();

test("an objective makes Sloth's three groups, and two where both alerts are off", () => {
  expect(groups.map(({ name, rules }) => [name, rules.length])).toEqual([
    ["sloth-slo-sli-recordings-shop-orders", 8],
    ["sloth-slo-meta-recordings-shop-orders", 7],
    ["sloth-slo-alerts-shop-orders", 2],
    ["sloth-slo-sli-recordings-shop-up", 8],
    ["sloth-slo-meta-recordings-shop-up", 7],
  ]);
});

test("error ratios are recorded by window, and over the period from the shortest of them", () => {
  const [ratios] = groups;
  expect(ratios?.rules.map((rule) => rule.labels?.["sloth_window"])).toEqual(
    ["5m", "30m", "1h", "2h", "6h", "1d", "3d", "30d"], // prettier-ignore
  );
  const [shortest] = ratios?.rules ?? [];
  expect(shortest).toMatchObject({
    record: "slo:sli_error:ratio_rate5m",
    labels: { ...identity, sloth_window: "5m" },
  });
  expect(flat(shortest?.expr)).toBe(
    '(sum(rate(orders_total{code=~"5.."}[5m]))) / (sum(rate(orders_total[5m])))',
  );
  expect(flat(ratios?.rules.at(-1)?.expr)).toBe(
    `sum_over_time(slo:sli_error:ratio_rate5m${selector}[30d]) / ignoring (sloth_window) count_over_time(slo:sli_error:ratio_rate5m${selector}[30d])`,
  );
  expect(groups[3]?.rules[2]?.expr).toBe("(1 - avg(avg_over_time(shop_up[1h])))");
});

test("the objective, its budget and how much of it is left are recorded", () => {
  const rules = new Map(groups[1]?.rules.map((rule) => [plainName(rule), rule]));
  expect(rules.get("slo:objective:ratio")?.expr).toBe("vector(0.9990000000000001)");
  expect(rules.get("slo:error_budget:ratio")?.expr).toBe("vector(1-0.9990000000000001)");
  expect(rules.get("slo:time_period:days")?.expr).toBe("vector(30)");
  expect(flat(rules.get("slo:period_burn_rate:ratio")?.expr)).toBe(
    `slo:sli_error:ratio_rate30d${selector} / on(sloth_id, sloth_slo, sloth_service) group_left slo:error_budget:ratio${selector}`,
  );
  expect(rules.get("slo:period_error_budget_remaining:ratio")?.labels).toEqual(identity);
  expect(rules.get("sloth_slo_info")?.labels).toMatchObject({ sloth_objective: "99.9" });
});

test("alerts fire where both windows of a pair burn too fast: 14.4 and 6 for pages, 3 and 1 for tickets", () => {
  const budget = "0.0009999999999999432";
  const pair = (short: string, long: string, factor: string) => {
    const one = (window: string) =>
      `max(slo:sli_error:ratio_rate${window}${selector} > (${factor} * ${budget})) without (sloth_window)`;
    return `( ${one(short)} and ${one(long)} )`;
  };
  const [page, ticket] = groups[2]?.rules ?? [];
  expect(flat(page?.expr)).toBe(`${pair("5m", "1h", "14.4")} or ${pair("30m", "6h", "6")}`);
  expect(flat(ticket?.expr)).toBe(`${pair("2h", "1d", "3")} or ${pair("6h", "3d", "1")}`);
  expect(page).toMatchObject({
    alert: "OrdersFail",
    labels: { sloth_severity: "page", category: "shop", routing: "pager" },
    annotations: {
      runbook: "here",
      title:
        "(page) {{$labels.sloth_service}} {{$labels.sloth_slo}} SLO error budget burn rate is too fast.",
    },
  });
  expect(ticket?.labels).toEqual({ sloth_severity: "ticket", category: "shop" });
});

test("a file of objectives gives its rules to those who evaluate files", () => {
  const { what, count, faults, groups: read } = checkRuleFile(file, "auto");
  expect({ what, count, faults }).toEqual({ what: "objectives", count: 2, faults: [] });
  expect(read.flatMap(({ rules }) => rules).length).toBe(32);
});
