import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import type { Page } from "playwright-core";
import { axeFindings } from "#test/support/axe.ts";
import { inBothThemes, sizes } from "#test/support/both_themes.ts";
import { findChromium } from "#test/support/chromium.ts";
import { openUiBrowser, phone, type UiBrowser } from "#test/support/ui_browser.ts";
import { toastEvent } from "#ui/overlays/toast.ts";

const chromiumPath = findChromium();
if (chromiumPath === undefined) console.warn("skipped: the shell's tests need Chromium");
setDefaultTimeout(120_000);

const searchOf = (page: Page): URLSearchParams => new URL(page.url()).searchParams;
const openPicker = async (page: Page): Promise<void> => {
  await page.getByRole("button", { name: /^Time range/ }).click();
  await page.getByLabel("From").waitFor();
};

describe.skipIf(chromiumPath === undefined)("the shell around the pages", () => {
  let ui: UiBrowser;

  beforeAll(async () => {
    ui = await openUiBrowser(chromiumPath ?? "");
  });

  afterAll(() => ui.close());

  test("the palette finds a host by some of its letters, with the keyboard alone", async () => {
    await ui.on({ hosts: 5 }, {}, async (page) => {
      await page.goto("/data?from=now-1h&to=now");
      await page.locator(".flow").first().waitFor();
      await page.keyboard.press("Control+k");
      const field = page.getByPlaceholder(/^Pages, hosts/);
      await field.waitFor();
      await page.keyboard.type("web-002");
      await page.getByRole("option", { name: /web-002/ }).waitFor();
      await page.keyboard.press("Enter");
      await page.waitForURL(/\/hosts\/agent-002/);
      expect(searchOf(page).get("from")).toBe("now-1h");
      await page.getByRole("heading", { level: 1, name: "web-002.example.net" }).waitFor();
      expect(await page.title()).toBe("web-002.example.net · Lapwing");
      await page.keyboard.press("Control+k");
      await field.fill("theme dark");
      await page.keyboard.press("Enter");
      await page.locator("html[data-theme='dark']").waitFor();
      await page.keyboard.press("Control+k");
      await field.fill("zzzzqq");
      await page.getByText("Nothing has this name").waitFor();
      await page.keyboard.press("Escape");
      expect(await page.getByRole("dialog").count()).toBe(0);
    });
  });

  test("keys go to pages, move the time and are listed; in a field they are text", async () => {
    await ui.on({ hosts: 2 }, {}, async (page) => {
      await page.goto("/hosts?from=now-1h&to=now");
      await page.locator(".host").first().waitFor();
      await page.keyboard.press("g");
      await page.keyboard.press("t");
      await page.waitForURL(/\/data/);
      await page.getByRole("heading", { level: 1, name: "Data" }).waitFor();
      expect(await page.evaluate(() => document.activeElement?.tagName)).toBe("H1");
      await page.keyboard.press("t");
      await page.keyboard.press("ArrowLeft");
      await page.waitForURL(/from=\d+&to=\d+/);
      const search = searchOf(page);
      expect(Number(search.get("to")) - Number(search.get("from"))).toBe(3_600_000);
      await page.keyboard.press("t");
      await page.keyboard.press("ArrowRight");
      await page.waitForURL(/from=now-3600s&to=now/);
      await page.keyboard.press("?");
      const help = page.getByRole("dialog", { name: "Keys" });
      await help.getByText("Zoom out").waitFor();
      await help.getByText("Filter hosts").waitFor();
      // A message that comes meanwhile does not take the key from the dialog, and goes with the next one.
      await page.evaluate((name) => {
        dispatchEvent(new CustomEvent(name, { detail: { title: "Meanwhile" } }));
      }, toastEvent);
      const toast = page.locator(".toast", { hasText: "Meanwhile" });
      await toast.waitFor();
      await page.keyboard.press("Escape");
      await help.waitFor({ state: "detached" });
      expect(await toast.count()).toBe(1);
      await page.keyboard.press("Escape");
      await toast.waitFor({ state: "detached" });
      await page.keyboard.press("/");
      await page.keyboard.type("g h?");
      expect(await page.getByLabel("Filter hosts").inputValue()).toBe("g h?");
      expect(new URL(page.url()).pathname).toBe("/data");
    });
  });

  test("the picker reads Grafana's syntax, says what it cannot read, and remembers absolute ranges", async () => {
    await ui.on({ hosts: 1 }, { timezoneId: "Europe/Berlin" }, async (page) => {
      await page.goto("/hosts");
      await openPicker(page);
      await page.getByLabel("From").fill("yesterdy");
      await page.getByRole("button", { name: "Apply" }).click();
      await page.getByText('"yesterdy" is no time').waitFor();
      await page.getByLabel("From").fill("now-1d/d");
      await page.getByLabel("To", { exact: true }).fill("now-1d/d");
      await page.getByRole("button", { name: "Apply" }).click();
      await page.waitForURL(/from=now-1d%2Fd&to=now-1d%2Fd/);
      await page.getByRole("button", { name: "Time range: Yesterday" }).waitFor();
      await openPicker(page);
      await page.getByLabel("From").fill("2026-03-29 01:30:00");
      await page.getByLabel("To", { exact: true }).fill("2026-03-29 03:30:00");
      await page.getByRole("button", { name: "Apply" }).click();
      // The clocks went from 02:00 to 03:00 between the two: it is one hour.
      await page.waitForURL(/from=1774744200000&to=1774747800000/);
      await openPicker(page);
      await page.getByRole("button", { name: "2026-03-29 01:30:00 to 03:30:00" }).last().waitFor();
    });
  });

  test("the zone is in the URL, and everything absolute is read and written in it", async () => {
    await ui.on({ hosts: 1 }, { timezoneId: "America/New_York" }, async (page) => {
      await page.goto("/hosts?from=1774744200000&to=1774747800000");
      await page.getByRole("button", { name: /2026-03-28 20:30:00/ }).waitFor();
      await openPicker(page);
      await page.getByRole("button", { name: /^Time zone/ }).click();
      await page.getByPlaceholder("Search", { exact: true }).fill("tokyo");
      await page.keyboard.press("Enter");
      await page.waitForURL(/tz=Asia%2FTokyo/);
      await page.getByRole("button", { name: /2026-03-29 09:30:00.*, Tokyo/ }).waitFor();
      await page.goto("/hosts?from=2026-03-29T00:30:00Z&to=2026-03-29T01:30:00Z&timezone=utc");
      await page.getByRole("button", { name: /2026-03-29 00:30:00 to 01:30:00, UTC/ }).waitFor();
    });
  });

  test("two clicks in the calendar choose whole days", async () => {
    await ui.on({ hosts: 1 }, { timezoneId: "Europe/Berlin" }, async (page) => {
      await page.goto("/hosts?from=1774744200000&to=1774747800000");
      await openPicker(page);
      await page.getByRole("button", { name: "Calendar" }).click();
      await page.getByRole("button", { name: /^10 March 2026/ }).click();
      await page.getByRole("button", { name: /^12 March 2026/ }).click();
      expect(await page.getByLabel("From").inputValue()).toBe("2026-03-10 00:00:00");
      expect(await page.getByLabel("To", { exact: true }).inputValue()).toBe("2026-03-12 23:59:59");
      await page.getByRole("button", { name: "Apply" }).click();
      await page.waitForURL(/from=1773097200000&to=1773356399000/);
    });
  });

  test("refreshing is chosen, stopped and started again; a range is copied and pasted", async () => {
    const options = { permissions: ["clipboard-read", "clipboard-write"] };
    await ui.on({ hosts: 1 }, options, async (page) => {
      await page.goto("/hosts");
      await page.getByRole("button", { name: "Refresh: Live" }).click();
      await page.getByRole("menuitemcheckbox", { name: "Every 30 s" }).click();
      await page.waitForURL(/refresh=30s/);
      await page.getByRole("button", { name: "Stop updates" }).click();
      await page.waitForURL(/refresh=off/);
      await page.getByRole("button", { name: "Start updates" }).click();
      await page.waitForURL(/refresh=30s/);
      await openPicker(page);
      await page.getByLabel("Search quick ranges").fill("prev month");
      await page.keyboard.press("Enter");
      await page.waitForURL(/from=now-1M%2FM/);
      await page.keyboard.press("t");
      await page.keyboard.press("c");
      await page.getByText("Range copied", { exact: true }).first().waitFor();
      await page.goto("/data");
      await page.locator(".flow").first().waitFor();
      await page.keyboard.press("t");
      await page.keyboard.press("v");
      await page.waitForURL(/\/data\?from=now-1M%2FM&to=now-1M%2FM/);
    });
  });

  test("a strip says that the aggregator is away, and leaves by itself", async () => {
    await ui.on({ hosts: 2 }, {}, async (page, fixture, { complaints }) => {
      await page.goto("/hosts");
      await page.locator(".host").first().waitFor();
      fixture.setFailing(true);
      const strip = page.getByText("The aggregator does not answer.");
      await strip.waitFor({ timeout: 15_000 });
      fixture.setFailing(false);
      await strip.waitFor({ state: "detached", timeout: 15_000 });
      await page.locator(".corner.failed").waitFor({ state: "detached", timeout: 15_000 });
      expect(complaints.splice(0).filter((text) => !text.includes("status of 503"))).toEqual([]);
    });
  });

  test("on a phone the time range is a sheet, and nothing overflows sideways", async () => {
    await ui.on({ hosts: 2 }, phone, async (page) => {
      await page.goto(
        "/hosts?from=1774744200000&to=1774747800000&tz=America/Argentina/Buenos_Aires",
      );
      await page.getByRole("button", { name: /^Time range/ }).tap();
      const sheet = page.getByRole("dialog", { name: "Time range" });
      await sheet.getByRole("button", { name: "Calendar" }).tap();
      await sheet.locator(".rdp-day_button").first().waitFor();
      const extra = await page.evaluate(
        () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
      );
      expect(extra).toBe(0);
      const small = await page.evaluate(() =>
        [...document.querySelectorAll(".sheet button, .top-bar button, .rail a")]
          .map((each) => ({ name: each.textContent, height: each.getBoundingClientRect().height }))
          .filter(({ height }) => height > 0 && height < 40),
      );
      expect(small).toEqual([]);
      const apply = await sheet.getByRole("button", { name: "Apply" }).boundingBox();
      const screen = page.viewportSize();
      expect((apply?.y ?? Infinity) + (apply?.height ?? 0)).toBeLessThan(screen?.height ?? 0);
      // The calendar stands in the place of the quick ranges, until it is closed.
      await sheet.getByRole("button", { name: "Calendar" }).tap();
      await sheet.getByRole("button", { name: "Last 6 hours" }).tap();
      await page.waitForURL(/from=now-6h/);
      expect(await sheet.count()).toBe(0);
    });
  });

  for (const [size, options] of sizes) {
    test(`axe finds nothing to complain of in what lies over the page, in either theme on ${size}`, async () => {
      await ui.on({ hosts: 3 }, options, async (page, _fixture, opened) => {
        await page.goto("/hosts");
        await page.locator(".host").first().waitFor();
        await openPicker(page);
        await page.getByRole("button", { name: "Calendar" }).click();
        await page.locator(".rdp-day_button").first().waitFor();
        await expectClean(page, "picker");
        await page.getByRole("button", { name: /^Time zone/ }).click();
        await page.getByPlaceholder("Search", { exact: true }).waitFor();
        await expectClean(page, "zones");
        await page.keyboard.press("Escape");
        await page.keyboard.press("Escape");
        await page.getByRole("button", { name: /^Refresh/ }).click();
        await expectClean(page, "refresh");
        await page.keyboard.press("Escape");
        await page.keyboard.press("Control+k");
        await page.getByRole("option").first().waitFor();
        await expectClean(page, "palette");
        await page.keyboard.press("Escape");
        await page.getByRole("heading", { level: 1 }).focus();
        await page.keyboard.press("?");
        await page.getByRole("dialog", { name: "Keys" }).waitFor();
        await expectClean(page, "keys");
        opened.complaints.length = 0;
      });
    });
  }
});

async function expectClean(page: Page, what: string): Promise<void> {
  await page.waitForTimeout(200);
  // A menu lies outside the landmarks for as long as it is open, as its pattern asks.
  await inBothThemes(page, async (theme) => {
    const found = await axeFindings(page, { without: ["region"] });
    expect({ what, theme, found }).toEqual({ what, theme, found: [] });
  });
}
