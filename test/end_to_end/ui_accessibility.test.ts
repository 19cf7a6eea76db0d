import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { axeFindings } from "#test/support/axe.ts";
import { inBothThemes, sizes } from "#test/support/both_themes.ts";
import { findChromium } from "#test/support/chromium.ts";
import { openUiBrowser, type UiBrowser } from "#test/support/ui_browser.ts";

const chromiumPath = findChromium();
if (chromiumPath === undefined) console.warn("skipped: the accessibility tests need Chromium");
setDefaultTimeout(60_000);

describe.skipIf(chromiumPath === undefined)("the interface for everyone", () => {
  let ui: UiBrowser;

  beforeAll(async () => {
    ui = await openUiBrowser(chromiumPath ?? "");
  });

  afterAll(() => ui.close());

  test("the keyboard alone reaches the page, the places, the times and the hosts, with focus visible", async () => {
    await ui.on({ hosts: 2 }, {}, async (page) => {
      await page.goto("/hosts");
      await page.getByRole("link", { name: "web-001.example.net" }).waitFor();
      const reached: string[] = [];
      for (let i = 0; i < 40; i++) {
        await page.keyboard.press("Tab");
        const { name, outlined } = await page.evaluate(() => {
          const at = document.activeElement;
          const style = at === null ? undefined : getComputedStyle(at.closest(".filter-box") ?? at);
          return {
            name:
              at === null || at === document.body
                ? ""
                : (at.getAttribute("aria-label") ?? at.textContent),
            outlined: style?.outlineStyle !== "none",
          };
        });
        if (name !== "") expect({ name, outlined }).toEqual({ name, outlined: true });
        reached.push(name);
      }
      const order = [
        "Skip to the page",
        "Lapwing",
        "Overview",
        "Hosts",
        "Data",
        "Time range: Last 15 minutes",
        "Refresh: Live",
        "web-001.example.net",
      ];
      const places = order.map((name) => reached.indexOf(name));
      expect(places).toEqual(places.toSorted((a, b) => a - b));
      expect(places[0]).toBe(0);
      await page.getByRole("link", { name: "web-001.example.net" }).focus();
      await page.keyboard.press("Enter");
      await page.waitForURL("**/hosts/agent-001");
    });
  });

  test("the theme follows the system, can be chosen, and is remembered", async () => {
    await ui.on({ hosts: 1 }, { colorScheme: "dark" }, async (page) => {
      await page.goto("/hosts");
      const background = (): Promise<string> =>
        page.evaluate(() => getComputedStyle(document.body).backgroundColor);
      await page.getByRole("button", { name: "Theme: system" }).waitFor();
      expect(await background()).toBe("rgb(16, 22, 29)");
      await page.getByRole("button", { name: "Theme: system" }).click();
      await page.getByRole("button", { name: "Theme: light" }).waitFor();
      expect(await background()).toBe("rgb(255, 255, 255)");
      await page.reload();
      await page.getByRole("button", { name: "Theme: light" }).waitFor();
      expect(await background()).toBe("rgb(255, 255, 255)");
    });
  });

  for (const [size, options] of sizes) {
    test(`axe finds nothing to complain of in either theme on ${size}`, async () => {
      await ui.on({ hosts: 5 }, options, async (page, _fixture, { complaints }) => {
        for (const path of [
          "/",
          "/hosts",
          "/hosts?view=grid&group=site",
          "/hosts/agent-005",
          "/hosts/agent-005?tab=services",
          "/hosts/agent-005?tab=events",
          "/agents/agent-005?tab=configuration",
          "/data",
        ]) {
          await page.goto(path);
          await page
            .locator(
              ".sparkline:has(path[d^='M']), .event-list li, .panel canvas, main .table, .job, .flow",
            )
            .first()
            .waitFor();
          await inBothThemes(page, async (theme) => {
            const found = await axeFindings(page);
            expect({ path, theme, found }).toEqual({ path, theme, found: [] });
          });
        }
        complaints.length = 0;
      });
    });
  }
});
