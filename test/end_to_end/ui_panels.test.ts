import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import type { Browser, Page } from "playwright-core";
import { axeFindings } from "#test/support/axe.ts";
import { findChromium, launchChromium, openPage } from "#test/support/chromium.ts";
import { servePanelPage, type PanelPage } from "#test/support/panel_page.ts";
import { panelKinds } from "#ui/panels/registry.ts";

const chromiumPath = findChromium();
if (chromiumPath === undefined) console.warn("skipped: the tests of panels need Chromium");
setDefaultTimeout(60_000);
/** A folder for pictures of the panels, to be looked at. */
const pictures = process.env["LAPWING_PANEL_PICTURES"];

describe.skipIf(chromiumPath === undefined)("panels in Chromium", () => {
  let browser: Browser;
  let served: PanelPage;

  beforeAll(async () => {
    served = await servePanelPage();
    browser = await launchChromium(chromiumPath ?? "");
  });

  afterAll(async () => {
    await browser.close();
    await served[Symbol.asyncDispose]();
  });

  /** Opens the page in one theme, waits until every panel shows something, and expects that nothing was thrown or complained of. */
  async function on(
    query: string,
    colorScheme: "light" | "dark",
    run: (page: Page) => Promise<void>,
  ): Promise<void> {
    const { page, complaints } = await openPage(browser, { baseURL: served.url, colorScheme });
    try {
      await page.goto(`/?${query}`);
      await page
        .locator("section[data-kind]")
        .nth(panelKinds.length - 1)
        .waitFor();
      await page.waitForFunction(
        () =>
          [...document.querySelectorAll("section[data-kind] > div")].every(
            (body) => body.childElementCount > 0 && body.textContent !== "Loading",
          ) && document.querySelector(".skeleton") === null,
      );
      await run(page);
      if (pictures !== undefined) {
        const name = query.replace(/\W+/g, "_");
        await page.screenshot({ path: `${pictures}/${name}_${colorScheme}.png`, fullPage: true });
      }
      expect(await page.locator(".thrown").allInnerTexts()).toEqual([]);
      expect(complaints).toEqual([]);
    } finally {
      await page.context().close();
    }
  }

  for (const theme of ["light", "dark"] as const) {
    test(`every kind draws its sample, and axe finds nothing to complain of, in the ${theme} theme`, async () => {
      await on("given=sample", theme, async (page) => {
        // A picture on a canvas is drawn when it is not all of one colour.
        const blank = await page.evaluate(() =>
          [...document.querySelectorAll("section[data-kind]")]
            .filter((section) => {
              const canvases = [...section.querySelectorAll("canvas")];
              return (
                canvases.length > 0 &&
                canvases.every((canvas) => {
                  const context = canvas.getContext("2d");
                  const { width, height } = canvas;
                  const bytes = context?.getImageData(0, 0, width, height).data ?? [];
                  return bytes.every((byte) => byte === 0);
                })
              );
            })
            .map((section) => section.getAttribute("data-kind")),
        );
        expect(blank).toEqual([]);
        expect(await page.locator("section[data-kind] .panel-nothing").count()).toBe(0);
        expect(await axeFindings(page)).toEqual([]);
      });
    });
  }

  test("pictures over time share the crosshair, its values and annotations; a click on what is linked shows where it leads", async () => {
    await on("given=linked&tooltip=shared&incomplete&size=400x200", "light", async (page) => {
      const others = ["state_timeline", "status_history", "candlestick"];
      const inOthers = (what: string) =>
        page.locator(others.map((kind) => `[data-kind=${kind}] ${what}`).join(", "));
      for (const kind of ["timeseries", "heatmap", ...others]) {
        const ticks = page.locator(`[data-kind=${kind}] .annotation-tick`);
        await ticks.nth(1).waitFor();
        expect(await ticks.count()).toBe(2);
      }
      expect(await inOthers(".time-incomplete").count()).toBe(others.length);
      // All of them at once in the window, so that each may show its values.
      await page.addStyleTag({
        content: `section:not(${["timeseries", "heatmap", "barchart", ...others].map((kind) => `[data-kind=${kind}]`).join(", ")}) { display: none }`,
      });
      const canvas = page.locator("[data-kind=heatmap] canvas").first();
      await canvas.hover({ position: { x: 150, y: 60 } });
      await canvas.hover({ position: { x: 160, y: 60 } });
      await page.waitForFunction(
        () => document.querySelectorAll(".tooltip.fixed, .graph-tooltip").length === 5,
      );
      expect(await inOthers(".time-crosshair:visible").count()).toBe(others.length);
      // Each says its own sample's time: they are of one moment, but for a step, once all follow the second move.
      await page.waitForFunction(() => {
        const times = Array.from(document.querySelectorAll<HTMLElement>(".tooltip-time"), (time) =>
          Date.parse(time.innerText.slice(0, 19)),
        );
        return Math.max(...times) - Math.min(...times) <= 120_000;
      });
      await canvas.click({ position: { x: 160, y: 60 } });
      const pinned = page.getByRole("dialog");
      expect(await pinned.getByRole("link").allInnerTexts()).toEqual([
        expect.stringMatching(/^Row \d+ of /),
      ]);
      await page.keyboard.press("Escape");
      await pinned.waitFor({ state: "detached" });
      // ECharts' own pictures, too.
      await page
        .locator("[data-kind=barchart] canvas")
        .first()
        .click({ position: { x: 86, y: 110 } });
      await pinned.waitFor();
      expect(await pinned.getByRole("link").count()).toBe(1);
      await pinned.getByRole("button", { name: "Close" }).click();
      await pinned.waitFor({ state: "detached" });
      await page.mouse.move(0, 0);
      await page.waitForFunction(
        () => document.querySelector(".tooltip.fixed, .graph-tooltip") === null,
      );
      expect(await inOthers(".time-crosshair:visible").count()).toBe(0);
      // A bucket leads by its newest value, a flow by its largest, a frame by its row.
      const linked: [kind: string, x: number, y: number, title: string][] = [
        ["histogram", 110, 170, "Row 289 of latency"],
        ["sankey", 110, 20, "Row 0 of bytes"],
        ["flame_graph", 20, 27, "Row 1 of value"],
      ];
      await page.addStyleTag({ content: "section[data-kind] { display: block !important }" });
      for (const [kind, x, y, title] of linked) {
        await page.locator(`[data-kind=${kind}] canvas`).first().click({ position: { x, y } });
        await pinned.getByRole("link", { name: title, exact: true }).waitFor();
        await page.keyboard.press("Escape");
        await pinned.waitFor({ state: "detached" });
      }
    });
  });

  test("names with markup, of 300 letters or from right to left are text, in pictures, legends and tables", async () => {
    await on("given=hostile", "light", async (page) => {
      expect(await page.title()).toBe("Panels");
      const found = await page.evaluate(() => ({
        images: document.querySelectorAll("img, script[src='x'], iframe, form, style[data-x]")
          .length,
        // Ours is bold in the text panel alone, where people write markup.
        bold: [...document.querySelectorAll("section[data-kind] b")].filter(
          (element) =>
            element.textContent === "bold" && element.closest("[data-kind=text]") === null,
        ).length,
        links: [...document.querySelectorAll("[data-kind=text] a")].map((link) => [
          link.getAttribute("href"),
          link.getAttribute("rel"),
        ]),
        wide: document.documentElement.scrollWidth > innerWidth,
      }));
      expect(found.images).toBe(0);
      expect(found.bold).toBe(0);
      expect(found.wide).toBe(false);
      expect(found.links.length).toBeGreaterThan(0);
      for (const [href, rel] of found.links) {
        expect(href ?? "https:").toMatch(/^https:/);
        expect(rel).toContain("noopener");
      }
      // The tooltip of a canvas and the one of ECharts.
      for (const kind of ["state_timeline", "barchart"]) {
        const canvas = page.locator(`[data-kind=${kind}] canvas`).first();
        await canvas.scrollIntoViewIfNeeded();
        const box = await canvas.boundingBox();
        expect(box).not.toBeNull();
        if (box === null) return;
        for (const part of [0.3, 0.4, 0.5, 0.6]) {
          await page.mouse.move(box.x + box.width * part, box.y + box.height * 0.75);
          if ((await page.locator(".tooltip.floating:visible").count()) > 0) break;
        }
        await page.locator(".tooltip.floating:visible").first().waitFor();
        expect(await page.locator(".tooltip img, .tooltip b").count()).toBe(0);
      }
      expect(await page.title()).toBe("Panels");
    });
  });

  test("without data every kind that asks for some says in words what is missing", async () => {
    await on("given=empty", "dark", async (page) => {
      const silent = await page.evaluate(
        (asking) =>
          [...document.querySelectorAll<HTMLElement>("section[data-kind]")]
            .filter((section) => asking.includes(section.dataset["kind"] ?? ""))
            .filter((section) => (section.querySelector("div")?.innerText ?? "").trim() === "")
            .map((section) => section.dataset["kind"]),
        panelKinds.filter(({ asks }) => asks).map(({ kind }) => kind),
      );
      expect(silent).toEqual([]);
    });
  });

  test("in a place of 200 by 120 nothing leaves its panel", async () => {
    await on("given=sample&size=200x120", "light", async (page) => {
      const outside = await page.evaluate(() =>
        [...document.querySelectorAll<HTMLElement>("section[data-kind] > div")]
          .filter((body) => body.scrollWidth > 201 || body.scrollHeight > 121)
          .map(
            (body) =>
              `${body.parentElement?.dataset["kind"]} ${body.scrollWidth} ${body.scrollHeight}`,
          ),
      );
      expect(outside).toEqual([]);
    });
  });

  test("sixty times the usual series are drawn within their limits", async () => {
    const startedMs = performance.now();
    await on("given=many", "light", async (page) => {
      expect(await page.locator("section[data-kind] .panel-corner").count()).toBeGreaterThan(0);
    });
    expect(performance.now() - startedMs).toBeLessThan(30_000);
  });
});
