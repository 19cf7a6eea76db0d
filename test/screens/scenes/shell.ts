import type { Page } from "playwright-core";
import { inTurn, press, see, write } from "../steps.ts";
import type { Scene } from "../shoot.ts";

const openPicker = async (page: Page): Promise<void> => {
  await page.getByRole("button", { name: /^Time range/ }).click();
  await page.getByLabel("From").waitFor();
};
const openPalette = async (page: Page): Promise<void> => {
  await page.getByRole("button", { name: "Search Ctrl K" }).click();
  await page.getByPlaceholder(/^Pages, hosts/).waitFor();
};

/** Cuts the page off from its aggregator once it has drawn something, until it says so. */
async function goAway(page: Page): Promise<void> {
  await page.locator("main h1, main .toolbar, main .block").first().waitFor();
  await page.waitForTimeout(1_500);
  await page.context().setOffline(true);
  await page.locator(".away").waitFor();
}

/** What frames every page: navigation, times, keys. */
export const scenes: readonly Scene[] = [
  { name: "shell_no_page", path: "/nothing-here" },
  { name: "shell_palette", path: "/hosts", before: openPalette },
  {
    name: "shell_palette_found",
    path: "/hosts",
    before: inTurn(openPalette, async (page) => {
      await page.keyboard.type("node_cpu", { delay: 20 });
      await page.getByRole("option").nth(2).waitFor();
    }),
  },
  {
    name: "shell_palette_none",
    path: "/hosts",
    before: inTurn(openPalette, (page) => page.keyboard.type("zzzzqq")),
  },
  {
    name: "shell_keys",
    path: "/hosts",
    before: async (page) => {
      await page.keyboard.press("?");
      await page.getByRole("dialog", { name: "Keys" }).waitFor();
    },
  },
  { name: "shell_time", path: "/hosts", before: openPicker },
  {
    name: "shell_time_found",
    path: "/hosts",
    before: inTurn(openPicker, write("Search quick ranges", "day")),
  },
  {
    name: "shell_time_calendar",
    path: "/hosts",
    before: inTurn(openPicker, press("Calendar"), see(".rdp-day_button")),
  },
  {
    name: "shell_time_fault",
    path: "/hosts",
    before: inTurn(openPicker, write("From", "yesterdy"), press("Apply"), see(".field-fault")),
  },
  {
    name: "shell_time_zone",
    path: "/hosts",
    before: inTurn(openPicker, async (page) => {
      await page.getByRole("button", { name: /^Time zone/ }).click();
      await page.getByPlaceholder("Search", { exact: true }).fill("ber");
    }),
  },
  {
    name: "shell_time_absolute",
    path: "/hosts?from=1774744200000&to=1774747800000&tz=America/Argentina/Buenos_Aires",
  },
  {
    name: "shell_refresh",
    path: "/hosts",
    before: (page) => page.getByRole("button", { name: /^Refresh:/ }).click(),
  },
  {
    name: "shell_toast",
    path: "/hosts?from=now-1h&to=now",
    before: async (page) => {
      await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
      await page.keyboard.press("t");
      await page.keyboard.press("c");
      await page.locator(".toast").first().waitFor();
    },
  },
  {
    name: "shell_theme",
    path: "/hosts",
    before: async (page) => {
      await page.getByRole("button", { name: /^Theme/ }).click();
      await page.getByRole("button", { name: /^Theme/ }).click();
      await page.locator("html[data-theme='dark']").waitFor();
    },
  },
  {
    name: "shell_narrow",
    path: "/hosts",
    before: (page) => page.getByRole("button", { name: "Collapse" }).click(),
    not: ["phone_light", "phone_dark"],
  },
  { name: "shell_away_overview", path: "/", before: goAway },
  { name: "shell_away_hosts", path: "/hosts", before: goAway },
  { name: "shell_away_logs", path: "/logs", before: goAway },
];
