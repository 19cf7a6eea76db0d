import type { Page } from "playwright-core";
import { foreign } from "../boards/small.ts";
import { giveDashboards } from "../given_dashboards.ts";
import type { Scene } from "../shoot.ts";

const shop = "/dashboards/screens-shop";
const press = (name: string) => (page: Page) =>
  page.getByRole("button", { name, exact: true }).first().click();
const choose = (button: string, entry: string) => async (page: Page) => {
  await press(button)(page);
  await page.getByRole("menuitem", { name: entry, exact: true }).click();
};

/** Changes the dashboard: a row more. */
const changed = press("Add row");

const edit: readonly Scene[] = [
  { name: "dashboards_edit", path: `${shop}?edit=yes` },
  {
    name: "dashboards_edit_end",
    path: `${shop}?edit=yes`,
    before: async (page) => {
      await page.getByRole("button", { name: "Add panel" }).scrollIntoViewIfNeeded();
      await page.waitForTimeout(1_000);
    },
  },
  { name: "dashboards_edit_panel_menu", path: `${shop}?edit=yes`, before: press("Menu of Memory") },
  { name: "dashboards_edit_row_menu", path: `${shop}?edit=yes`, before: press("Menu of By mode") },
  {
    name: "dashboards_edit_row",
    path: `${shop}?edit=yes`,
    before: choose("Menu of Mode $mode", "Settings of the row"),
  },
  {
    name: "dashboards_edit_place",
    path: "/dashboards/screens-edited?edit=yes",
    before: async (page) => {
      await choose("Menu of Memory", "Move and resize by keys")(page);
      await page.keyboard.press("Shift+ArrowLeft");
    },
    not: ["phone_light", "phone_dark"],
  },
  {
    name: "dashboards_edit_removed",
    path: "/dashboards/screens-edited?edit=yes",
    before: choose("Menu of Memory", "Remove"),
  },
  { name: "dashboards_edit_kinds", path: `${shop}?edit=yes`, before: press("Add panel") },
  {
    name: "dashboards_edit_kinds_none",
    path: `${shop}?edit=yes`,
    before: async (page) => {
      await press("Add panel")(page);
      await page.getByLabel("Search kinds").fill("no such kind");
    },
  },
  {
    name: "dashboards_save",
    path: `${shop}?edit=yes`,
    before: async (page) => {
      await changed(page);
      await press("Save")(page);
    },
  },
  {
    name: "dashboards_save_copy",
    path: "/dashboards/lapwing-hosts?from=now-15m&to=now",
    before: choose("More of this dashboard", "Save a copy"),
  },
  {
    name: "dashboards_leave",
    path: `${shop}?edit=yes`,
    before: async (page) => {
      await changed(page);
      await page.getByRole("link", { name: "Hosts" }).first().click();
      await page.getByText("Leave without saving?").waitFor();
    },
  },
  { name: "dashboards_new", path: "/dashboards/new" },
];

const tab = (name: RegExp) => (page: Page) => page.getByRole("tab", { name }).click();
/** Opens a section of the panel's form, and brings it to the top. */
const section = (name: string) => async (page: Page) => {
  const summary = page.locator(".panel-editor-side summary", { hasText: name }).first();
  await summary.evaluate((element) => {
    element.closest("details")?.setAttribute("open", "");
    element.scrollIntoView({ block: "start" });
  });
};
const kinds = "/dashboards/screens-kinds?edit=yes&panel=";
const editors: readonly (readonly [name: string, panel: number])[] = [
  ["timeseries", 1],
  ["stat", 11],
  ["gauge", 12],
  ["table", 31],
  ["logs", 32],
  ["text", 33],
  ["heatmap", 2],
  ["state_timeline", 3],
];

const panelEditor: readonly Scene[] = [
  ...editors.map(([name, panel]): Scene => ({
    name: `dashboards_editor_${name}`,
    path: `${kinds}${panel}`,
  })),
  { name: "dashboards_editor_fault", path: "/dashboards/screens-faults?edit=yes&panel=4" },
  { name: "dashboards_editor_gone", path: `${kinds}99` },
  { name: "dashboards_editor_kind", path: `${kinds}1`, before: press("Kind: Time series") },
  {
    name: "dashboards_editor_overrides",
    path: `${kinds}1`,
    before: async (page) => {
      await section("Overrides")(page);
      await press("Add override")(page);
      await page.getByLabel("Which").fill("idle");
      await press("Add a property: Add a property")(page);
      await page.getByRole("option", { name: "Colour" }).first().click();
      await section("Overrides")(page);
    },
  },
  {
    name: "dashboards_editor_fields",
    path: `${shop}?edit=yes&panel=10`,
    before: section("Fields"),
  },
  { name: "dashboards_editor_links", path: `${shop}?edit=yes&panel=12`, before: section("Links") },
  { name: "dashboards_editor_repeat", path: `${shop}?edit=yes&panel=20`, before: section("Panel") },
  {
    name: "dashboards_editor_transformations",
    path: `${kinds}21`,
    before: tab(/^Transformations/),
  },
  {
    name: "dashboards_editor_transformation_added",
    path: `${kinds}21`,
    before: async (page) => {
      await tab(/^Transformations/)(page);
      await press("Add a transformation: Add a transformation")(page);
    },
  },
];

/** Reads the text of a dashboard in the import's dialog. */
const read = (text: string) => async (page: Page) => {
  await press("Import")(page);
  await page.getByLabel("Or paste it").fill(text);
  await press("Read")(page);
};

const imports: readonly Scene[] = [
  { name: "dashboards_import", path: "/dashboards", before: press("Import") },
  { name: "dashboards_import_fault", path: "/dashboards", before: read('{"title": 7,') },
  {
    name: "dashboards_import_report",
    path: "/dashboards",
    before: read(JSON.stringify(foreign.document)),
  },
  {
    name: "dashboards_import_file",
    path: "/dashboards",
    before: async (page) => {
      await press("Import")(page);
      const { uid: _taken, ...document } = foreign.document;
      await page.getByLabel("Choose a file, or drop one here").setInputFiles({
        name: "from_grafana.json",
        mimeType: "application/json",
        buffer: Buffer.from(JSON.stringify({ ...document, panels: [], templating: {} })),
      });
      await page.getByText("Everything is carried over").waitFor();
    },
  },
];

const explore = `/explore?q.A=${encodeURIComponent("sum by (mode) (rate(node_cpu_seconds_total[1m]))")}&from=now-15m&to=now`;

const adds: readonly Scene[] = [
  { name: "dashboards_add_explore", path: explore, before: press("Add to dashboard") },
  {
    name: "dashboards_add_explore_old",
    path: explore,
    before: async (page) => {
      await press("Add to dashboard")(page);
      await page.getByRole("radio", { name: "One that exists" }).click();
      await page.getByRole("button", { name: /^Dashboard/ }).click();
    },
  },
  {
    name: "dashboards_add_logs",
    path: "/logs?from=now-15m&to=now",
    before: press("Add to dashboard"),
  },
];

/** All of them, once the dashboards that they show are on the server. */
export async function scenes(url: string): Promise<readonly Scene[]> {
  await giveDashboards(url);
  return [...edit, ...panelEditor, ...imports, ...adds];
}
