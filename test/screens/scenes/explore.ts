import type { Page } from "playwright-core";
import { inTurn, isPhone, point, press, reach, see, tab, touch, write } from "../steps.ts";
import type { Look, Scene } from "../shoot.ts";

const still = "from=now-10m&to=now";
const byMode = 'sum by (mode) (rate(node_cpu_seconds_total{mode!="idle"}[1m]))';

/** Explore with these parameters. */
function at(parameters: Readonly<Record<string, string>>): string {
  return `/explore?${new URLSearchParams(parameters).toString()}&${still}`;
}

const picture = see(".result canvas");
const inspect = async (page: Page, look: Look): Promise<void> => {
  await picture(page, look);
  // Without room for words the button is its icon.
  await page.locator(".explore-tools .button").nth(2).click();
};
const share = async (page: Page): Promise<void> => {
  await page.locator(".explore-tools .button").last().click();
};

const views: readonly Scene[] = [
  { name: "explore_page", path: "/explore" },
  { name: "explore_lines", path: at({ "q.A": byMode }), before: point(".result .u-over") },
  { name: "explore_one", path: at({ "q.A": "node_load1" }), before: point(".result .u-over") },
  { name: "explore_bars", path: at({ "q.A": byMode, view: "bars" }), before: picture },
  { name: "explore_stacked", path: at({ "q.A": byMode, view: "stacked" }), before: picture },
  { name: "explore_points", path: at({ "q.A": byMode, view: "points" }), before: picture },
  {
    name: "explore_heatmap",
    path: at({
      "q.A": "sum by (le) (rate(lapwing_ingest_flush_seconds_bucket[1m]))",
      view: "heatmap",
    }),
  },
  { name: "explore_table", path: at({ "q.A": "node_cpu_seconds_total", view: "table" }) },
  { name: "explore_raw", path: at({ "q.A": "node_cpu_seconds_total", view: "raw" }) },
  {
    name: "explore_instant",
    path: at({ "q.A": "node_filesystem_avail_bytes", "as.A": "instant" }),
  },
  { name: "explore_both", path: at({ "q.A": byMode, "as.A": "both", "name.A": "{{mode}}" }) },
  {
    name: "explore_end",
    path: at({ "q.A": "node_network_receive_bytes_total" }),
    before: inTurn(picture, reach(".results > :last-child")),
  },
];

const queries: readonly Scene[] = [
  { name: "explore_builder", path: at({ "q.A": byMode, "as.A": "builder" }) },
  {
    name: "explore_builder_binary",
    path: at({
      "q.A":
        "rate(node_disk_read_bytes_total[5m]) / on(instance) group_left rate(node_intr_total[5m]) * 100",
      "as.A": "builder",
    }),
  },
  {
    name: "explore_builder_step",
    path: at({ "q.A": "node_load1", "as.A": "builder" }),
    before: press("Add a step"),
  },
  {
    name: "explore_builder_cannot",
    path: at({ "q.A": "node_load1 @ 17", "as.A": "builder" }),
  },
  {
    name: "explore_formula",
    path: at({
      "q.A": "node_memory_MemAvailable_bytes",
      "q.B": "node_memory_MemTotal_bytes",
      "q.C": "A / B * 100",
      "as.A": "hidden",
      "as.B": "hidden",
    }),
  },
  { name: "explore_explain", path: at({ "q.A": byMode }), before: press("Explain") },
  { name: "explore_more", path: at({ "q.A": byMode }), before: press("More for A") },
  {
    name: "explore_completion",
    path: at({}),
    before: async (page) => {
      await page.getByRole("textbox", { name: "Query A in PromQL" }).click();
      await page.keyboard.type("rate(node_cpu", { delay: 30 });
      await page.locator(".cm-tooltip-autocomplete").waitFor();
    },
  },
  { name: "explore_broken", path: at({ "q.A": "sum(rate(node_load1[5m]) nonsense" }) },
  { name: "explore_unknown_function", path: at({ "q.A": "rat(node_load1[5m])" }) },
  { name: "explore_no_data", path: at({ "q.A": 'node_load1{instance="nowhere"}' }) },
  { name: "explore_too_many", path: at({ "q.A": '{__name__=~"node_.+"}' }) },
  {
    name: "explore_long",
    path: at({
      "q.A": `label_replace(node_load1, "very_long_label", "${"word-".repeat(60)}", "", "")`,
    }),
  },
];

const sheets: readonly Scene[] = [
  { name: "explore_inspect", path: at({ "q.A": byMode }), before: inspect },
  { name: "explore_inspect_sql", path: at({ "q.A": byMode }), before: inTurn(inspect, tab("SQL")) },
  {
    name: "explore_inspect_data",
    path: at({ "q.A": byMode }),
    before: inTurn(inspect, tab("Data")),
  },
  {
    name: "explore_inspect_response",
    path: at({ "q.A": byMode }),
    before: inTurn(inspect, tab("Response")),
  },
  {
    name: "explore_inspect_request",
    path: at({ "q.A": byMode }),
    before: inTurn(inspect, tab("Request")),
  },
  {
    name: "explore_history",
    path: at({ "q.A": byMode }),
    before: inTurn(picture, touch(".explore-tools .button:nth-child(2)")),
  },
  {
    name: "explore_library",
    path: at({ "q.A": byMode }),
    before: inTurn(picture, touch(".explore-tools .button:nth-child(2)"), tab(/^Saved/)),
  },
  { name: "explore_metrics", path: at({}), before: press("Metrics") },
  {
    name: "explore_metrics_one",
    path: at({}),
    before: inTurn(press("Metrics"), write("Search metrics", "cpu_seconds"), touch(".metric-row")),
  },
  {
    name: "explore_add",
    path: at({ "q.A": byMode }),
    before: async (page) => {
      await page.locator(".result canvas").first().waitFor();
      await page.locator(".explore-tools .button").nth(3).click();
    },
  },
  { name: "explore_share", path: at({ "q.A": byMode }), before: inTurn(picture, share) },
];

const cpu = "/explore/metrics?metric=node_cpu_seconds_total";
const withoutQuery: readonly Scene[] = [
  { name: "metrics_page", path: `/explore/metrics?${still}` },
  { name: "metrics_prefix", path: `/explore/metrics?prefix=node_&${still}` },
  { name: "metrics_found", path: `/explore/metrics?q=memory&type=gauge&${still}` },
  { name: "metrics_none", path: `/explore/metrics?q=no-such-metric&${still}` },
  { name: "metrics_by_label", path: `${cpu}&${still}`, before: see(".chart-card canvas") },
  { name: "metrics_by_value", path: `${cpu}&by=mode&${still}`, before: see(".chart-card canvas") },
  {
    name: "metrics_conditions",
    path: `${cpu}&by=cpu&where=mode%21%3D%22idle%22%2Cjob%3D%22node%22&${still}`,
    before: see(".chart-card canvas"),
  },
  { name: "metrics_related", path: `${cpu}&${still}`, before: pressRadio("Related") },
  { name: "metrics_gone", path: `/explore/metrics?metric=no_such_metric&${still}` },
];

function pressRadio(name: string) {
  return async (page: Page, look: Look): Promise<void> => {
    await page.getByRole("radio", { name, exact: true }).click();
    await page
      .locator(isPhone(look) ? ".metric-card" : ".metric-card svg")
      .first()
      .waitFor();
  };
}

/** Explore in each of its forms, its sheets, and the same without a query. */
export const scenes: readonly Scene[] = [...views, ...queries, ...sheets, ...withoutQuery];
