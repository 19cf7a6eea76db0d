import type { Page } from "playwright-core";
import { inTurn, isPhone, point, press, see, toEnd, touch } from "../steps.ts";
import type { Look, Scene } from "../shoot.ts";

/** A range that ends now and does not move on, so that lines stay where they are while they are pressed. */
const still = "from=now-15m&to=now&refresh=off";
const list = `/logs?${still}`;
const shop = `${list}&f=${encodeURIComponent('service_name="shop"')}`;
const firstLine = touch(".logs-row:not(.absent)");

/** The page with a query in LogQL. */
function logql(query: string): string {
  return `${list}&lang=logql&q=${encodeURIComponent(query)}`;
}

/** A button of the bar above the lines, by its place: on a phone it has no words. */
function barButton(name: string) {
  return async (page: Page): Promise<void> => {
    await page.locator(".logs-bar .button").filter({ hasText: name }).first().click();
  };
}

function detail(name: string) {
  return async (page: Page): Promise<void> => {
    await page.getByRole("radio", { name, exact: true }).click();
  };
}

/** On a phone, and beside an open line, the fields are a sheet. */
const facets = async (page: Page, look: Look): Promise<void> => {
  if (isPhone(look)) await barButton("Fields")(page);
  await page.locator(".logs-facet button").nth(1).click();
};

const lines: readonly Scene[] = [
  { name: "logs_page", path: list, before: see(".logs-page") },
  {
    name: "logs_volume_pointed",
    path: list,
    before: point(".logs-volume-block .u-over, .logs-volume-block svg, .logs-volume-block canvas"),
  },
  { name: "logs_line", path: shop, before: firstLine },
  { name: "logs_line_json", path: shop, before: inTurn(firstLine, detail("JSON")) },
  { name: "logs_line_context", path: shop, before: inTurn(firstLine, detail("Context")) },
  { name: "logs_words", path: `${list}&q=payment%20declined` },
  {
    name: "logs_filters",
    path: `${shop}${encodeURIComponent(' .detected_level="error"|"warn" ~json:status!="201"')}`,
  },
  { name: "logs_columns", path: `${shop}&cols=detected_level%2Cservice_name%2Cteam` },
  { name: "logs_wrap", path: `${list}&wrap=on&f=${encodeURIComponent('service_name="gateway"')}` },
  { name: "logs_indented", path: `${shop}&json=pretty&wrap=on` },
  { name: "logs_colours", path: `${list}&f=${encodeURIComponent('service_name="builder"')}` },
  { name: "logs_oldest", path: `${list}&order=oldest&dedup=numbers` },
  { name: "logs_none", path: `${list}&q=no-such-word` },
  { name: "logs_facets", path: list, before: facets },
  {
    name: "logs_live",
    path: "/logs?live=on",
    before: async (page) => {
      await page.locator(".logs-row:not(.absent)").nth(5).waitFor();
    },
  },
  {
    name: "logs_live_paused",
    path: "/logs?live=on",
    before: async (page) => {
      await page.locator(".logs-row:not(.absent)").nth(5).waitFor();
      await barButton("Pause")(page);
      await page.waitForTimeout(1_500);
    },
  },
];

const asked: readonly Scene[] = [
  { name: "logs_logql", path: logql('{service_name="shop"} | json | status >= 400') },
  { name: "logs_broken", path: logql('{service_name="shop"} | | json') },
  {
    name: "logs_metric",
    path: logql('sum by (service_name) (count_over_time({service_name=~".+"}[1m]))'),
    before: see("canvas"),
  },
  { name: "logs_metric_broken", path: logql("sum by (x) (count_over_time({}[1m]))") },
  {
    name: "logs_cannot",
    path: logql('{service_name="shop"} | json | line_format "{{.msg}}"'),
    before: async (page) => page.getByRole("radio", { name: "Words" }).click(),
  },
];

const menus: readonly Scene[] = [
  { name: "logs_view_menu", path: list, before: barButton("View") },
  { name: "logs_download_menu", path: list, before: barButton("Download") },
  { name: "logs_cost", path: list, before: press("What the search cost") },
  { name: "logs_saved", path: shop, before: press("Saved searches and history") },
  {
    name: "logs_saved_one",
    path: shop,
    before: async (page, look) => {
      await page.getByRole("button", { name: "Saved searches and history" }).click();
      await page.getByText("Saved for everybody").waitFor();
      const kept = page.locator(".logs-saved-row").filter({ hasText: "Lines of the shop" });
      await page.waitForTimeout(500);
      // Looks are taken side by side: one of them saves, once.
      if ((await kept.count()) > 0 || look.name !== "wide_light") return;
      await page.getByLabel("Name of this search").fill("Lines of the shop");
      await page.getByRole("button", { name: "Save", exact: true }).click();
      await kept.first().waitFor();
    },
  },
  { name: "logs_add", path: list, before: press("Add to dashboard") },
  {
    name: "logs_column_menu",
    path: `${shop}&cols=detected_level%2Cteam`,
    before: touch(".logs-heads button.clip"),
    not: ["phone_light", "phone_dark"],
  },
];

const tabs: readonly Scene[] = [
  { name: "logs_patterns", path: `${list}&tab=patterns`, before: see(".logs-pattern") },
  { name: "logs_fields", path: `${list}&tab=fields`, before: see(".logs-field-card") },
  {
    name: "logs_fields_end",
    path: `${list}&tab=fields`,
    before: inTurn(see(".logs-field-card"), toEnd),
  },
  {
    name: "logs_field",
    path: `${shop}&tab=fields`,
    before: inTurn(touch(".logs-field-card"), see(".logs-values tbody tr")),
  },
  { name: "logs_services", path: `/logs/services?${still}` },
  { name: "logs_services_team", path: `/logs/services?label=team&${still}` },
  { name: "logs_services_none", path: `/logs/services?q=no-such-service&${still}` },
];

/** Logs: lines, what is known of one, queries, menus, and the same by pattern, field and service. */
export const scenes: readonly Scene[] = [...lines, ...asked, ...menus, ...tabs];
