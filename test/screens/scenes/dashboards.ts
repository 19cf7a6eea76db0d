import type { Locator, Page } from "playwright-core";
import { giveAnnotations, giveDashboards } from "../given_dashboards.ts";
import type { Scene } from "../shoot.ts";

const shop = "/dashboards/screens-shop";
const press = (name: string) => (page: Page) =>
  page.getByRole("button", { name, exact: true }).first().click();

/** Opens the menu of a row of the list. */
const rowMenu = (title: string) => press(`Actions of ${title}`);

const list: readonly Scene[] = [
  { name: "dashboards_list", path: "/dashboards" },
  { name: "dashboards_list_searched", path: "/dashboards?q=screens&sort=title" },
  { name: "dashboards_list_starred", path: "/dashboards?starred=yes" },
  { name: "dashboards_list_folder", path: "/dashboards?folder=Screens" },
  { name: "dashboards_list_nothing", path: "/dashboards?q=no+such+board&tags=mysql" },
  {
    name: "dashboards_list_tags",
    path: "/dashboards",
    before: press("Tags"),
  },
  {
    name: "dashboards_list_row_menu",
    path: "/dashboards?q=screens",
    before: rowMenu("Web shop"),
  },
  {
    name: "dashboards_list_delete",
    path: "/dashboards?q=screens",
    before: async (page) => {
      await rowMenu("Web shop")(page);
      await page.getByRole("menuitem", { name: "Delete" }).click();
    },
  },
];

/** Where the variables stand behind one button, as on phones, it is opened. */
async function openVariables(page: Page): Promise<void> {
  await page.locator(".variables-toggle, .variables").first().waitFor();
  const button = page.locator(".variables-toggle");
  if ((await button.count()) > 0) await button.click();
}

const pressVariable = (name: string | RegExp) => async (page: Page) => {
  await openVariables(page);
  await page.locator(".variables").getByRole("button", { name }).first().click();
};

const boards: readonly Scene[] = [
  { name: "dashboards_built_in", path: "/dashboards/lapwing-hosts?from=now-15m&to=now" },
  { name: "dashboards_built_in_own", path: "/dashboards/lapwing-lapwing?from=now-15m&to=now" },
  { name: "dashboards_board", path: shop },
  { name: "dashboards_board_rows", path: shop, before: scrolledTo("By mode") },
  { name: "dashboards_board_end", path: shop, before: scrolledTo("Closed at first") },
  { name: "dashboards_kinds_time", path: "/dashboards/screens-kinds" },
  {
    name: "dashboards_kinds_values",
    path: "/dashboards/screens-kinds",
    before: scrolledTo("Values"),
  },
  {
    name: "dashboards_kinds_shapes",
    path: "/dashboards/screens-kinds",
    before: scrolledTo("Shapes"),
  },
  {
    name: "dashboards_kinds_lists",
    path: "/dashboards/screens-kinds",
    before: scrolledTo("Lists"),
  },
  { name: "dashboards_board_menu", path: shop, before: press("More of this dashboard") },
  { name: "dashboards_panel_menu", path: shop, before: press("Menu of CPU by mode") },
  { name: "dashboards_panel_links", path: shop, before: press("Links of Load of cart") },
  {
    name: "dashboards_panel_about",
    path: shop,
    before: (page) => page.getByRole("button", { name: "About CPU busy" }).focus(),
  },
  { name: "dashboards_panel_alone", path: `${shop}?view=14` },
  { name: "dashboards_panel_alone_copy", path: `${shop}?view=20%3Aiowait` },
  { name: "dashboards_panel_alone_gone", path: `${shop}?view=99` },
  { name: "dashboards_kiosk", path: `${shop}?kiosk=yes` },
  { name: "dashboards_variables", path: shop, before: openVariables },
  { name: "dashboards_variable_one", path: shop, before: pressVariable(/^Service: /) },
  {
    name: "dashboards_variable_many",
    path: shop,
    before: async (page) => {
      await pressVariable(/^CPU mode: /)(page);
      await page.keyboard.type("ir");
    },
  },
  {
    name: "dashboards_variable_text",
    path: shop,
    before: async (page) => {
      await openVariables(page);
      await page.getByLabel("Line holds").fill("a text that is longer than its field is wide");
    },
  },
  { name: "dashboards_variable_filter", path: shop, before: pressVariable("Add a filter") },
  {
    name: "dashboards_variable_failed",
    path: "/dashboards/screens-faults",
    before: pressVariable(/^broken/),
  },
  { name: "dashboards_links", path: shop, before: pressVariable("Lapwing's own") },
  {
    name: "dashboards_annotations_hidden",
    path: `${shop}?hidden=Deployments`,
    before: openVariables,
  },
  { name: "dashboards_annotate", path: shop, before: annotate },
  {
    name: "dashboards_annotation_words",
    changes: true,
    path: shop,
    before: async (page) => (await markOf(page)).hover(),
  },
  {
    name: "dashboards_annotation",
    changes: true,
    path: shop,
    before: async (page) => (await markOf(page)).click(),
  },
  { name: "dashboards_tooltip", path: shop, before: pinned },
  { name: "dashboards_faults", path: "/dashboards/screens-faults" },
  {
    name: "dashboards_faults_end",
    path: "/dashboards/screens-faults",
    before: (page) =>
      page.getByRole("region", { name: "A source that is none" }).scrollIntoViewIfNeeded(),
  },
  {
    name: "dashboards_stale",
    path: shop,
    before: async (page) => {
      await page.context().setOffline(true);
      await press("More of this dashboard")(page);
      await page.getByRole("menuitem", { name: "Refresh everything" }).click();
    },
  },
  { name: "dashboards_none", path: "/dashboards/no-such-dashboard" },
  { name: "dashboards_empty", path: "/dashboards/screens-empty" },
  { name: "dashboards_foreign", path: "/dashboards/screens-foreign" },
  { name: "dashboards_broken_file", path: "/dashboards?q=broken" },
];

/** All of them, once the dashboards that they show are on the server. */
export async function scenes(url: string): Promise<readonly Scene[]> {
  await giveDashboards(url);
  return [...list, ...boards];
}

function scrolledTo(row: string) {
  return async (page: Page): Promise<void> => {
    await page
      .getByRole("heading", { name: row, exact: true })
      .evaluate((element) => element.scrollIntoView({ block: "start" }));
    await page.waitForTimeout(1_500);
  };
}

/** The picture of a panel's time axis, with what is drawn over it. */
const overOf = (page: Page) =>
  page.getByRole("region", { name: "CPU by mode", exact: true }).locator(".u-over");

/** With Ctrl, a click makes a mark. */
async function annotate(page: Page): Promise<void> {
  const over = overOf(page);
  await over.scrollIntoViewIfNeeded();
  await over.click({ modifiers: ["Control"], position: { x: 60, y: 30 } });
  await page.getByRole("dialog").waitFor();
}

/** A click keeps what is said of a moment, with what can be done there. */
async function pinned(page: Page): Promise<void> {
  const over = overOf(page);
  await over.scrollIntoViewIfNeeded();
  const box = await over.boundingBox();
  await over.click({ position: { x: (box?.width ?? 200) * 0.7, y: 30 } });
}

/** A mark made by hand some minutes ago. */
async function markOf(page: Page): Promise<Locator> {
  await giveAnnotations(page.url());
  await page.reload();
  const region = page.getByRole("region", { name: "CPU by mode", exact: true });
  return region.getByRole("button", { name: /^Deployed 4\.2/ });
}
