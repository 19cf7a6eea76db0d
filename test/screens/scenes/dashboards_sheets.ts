import type { Page } from "playwright-core";
import { giveDashboards, giveEdited } from "../given_dashboards.ts";
import type { Scene } from "../shoot.ts";

const shop = "/dashboards/screens-shop";
const edited = "/dashboards/screens-edited";
const settings = `${shop}?edit=yes&sheet=settings`;

const inspect: readonly Scene[] = [
  { name: "dashboards_inspect_data", path: `${shop}?inspect=14` },
  { name: "dashboards_inspect_table", path: "/dashboards/screens-kinds?inspect=31" },
  { name: "dashboards_inspect_json", path: `${shop}?inspect=14&tab=json` },
  { name: "dashboards_inspect_queries", path: `${shop}?inspect=14&tab=queries` },
  { name: "dashboards_inspect_fault", path: "/dashboards/screens-faults?inspect=4&tab=queries" },
  { name: "dashboards_inspect_gone", path: `${shop}?inspect=99` },
];

/** Opens one of the variables in the settings. */
const variable = (name: string) => async (page: Page) => {
  const section = page.getByRole("region", { name: `Variable ${name}`, exact: true });
  await section.locator(".row-toggle").click();
  await section.evaluate((element) => element.scrollIntoView({ block: "start" }));
};

const kinds = ["mode", "service", "window", "words", "site", "source", "filters"];

const settingsScenes: readonly Scene[] = [
  { name: "dashboards_settings", path: settings },
  { name: "dashboards_settings_variables", path: `${settings}&tab=variables` },
  ...kinds.map((name): Scene => ({
    name: `dashboards_settings_variable_${name}`,
    path: `${settings}&tab=variables`,
    before: variable(name),
  })),
  { name: "dashboards_settings_annotations", path: `${settings}&tab=annotations` },
  { name: "dashboards_settings_links", path: `${settings}&tab=links` },
];

const code: readonly Scene[] = [
  { name: "dashboards_code_yaml", path: `${shop}?sheet=code` },
  {
    name: "dashboards_code_json",
    path: `${shop}?sheet=code`,
    before: (page) => page.getByRole("radio", { name: "JSON" }).click(),
  },
  {
    name: "dashboards_code_fault",
    path: `${edited}?sheet=code`,
    before: async (page) => {
      await page.locator(".cm-content").click();
      await page.keyboard.press("Control+Home");
      await page.keyboard.type("colour: red\n");
      await page.getByRole("button", { name: "Apply" }).click();
    },
  },
];

const versions: readonly Scene[] = [
  { name: "dashboards_versions", path: `${edited}?sheet=versions` },
  {
    name: "dashboards_versions_difference",
    path: `${edited}?sheet=versions`,
    before: (page) => page.getByRole("button", { name: "Changes" }).first().click(),
  },
  {
    name: "dashboards_versions_restored",
    changes: true,
    path: `${edited}?sheet=versions`,
    before: async (page) => {
      await giveEdited(new URL(page.url()).origin);
      await page.reload();
      await page.getByRole("button", { name: "Restore" }).last().click();
      await page.getByText("is restored").first().waitFor();
    },
  },
  {
    name: "dashboards_versions_built_in",
    path: "/dashboards/lapwing-hosts?sheet=versions&from=now-15m&to=now",
  },
  { name: "dashboards_notes", path: "/dashboards/screens-foreign?sheet=notes" },
];

/** All of them, once the dashboards that they show are on the server. */
export async function scenes(url: string): Promise<readonly Scene[]> {
  await giveDashboards(url);
  return [...inspect, ...settingsScenes, ...code, ...versions];
}
