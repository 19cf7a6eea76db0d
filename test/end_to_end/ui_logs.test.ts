import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { appendFileSync } from "node:fs";
import type { Browser, BrowserContextOptions, Locator, Page, Request } from "playwright-core";
import { axeFindings } from "#test/support/axe.ts";
import { inBothThemes, sizes } from "#test/support/both_themes.ts";
import { until } from "#test/support/asking.ts";
import { builtUi } from "#test/support/built_ui.ts";
import { findChromium, launchChromium, withPage } from "#test/support/chromium.ts";
import { askedLogql } from "#test/support/query_requests.ts";
import { hostile, longLine, writeShopLogs } from "#test/support/shop_logs.ts";
import { Stage } from "#test/support/stage.ts";

const chromiumPath = findChromium();
if (chromiumPath === undefined)
  console.warn("skipped: the tests of the page of logs need Chromium");
setDefaultTimeout(120_000);

const isDownload = (request: Request) => askedLogql(request)?.limit === 2_000;

describe.skipIf(chromiumPath === undefined)("the page of logs", () => {
  const stage = new Stage();
  let browser: Browser;
  let url = "";

  beforeAll(async () => {
    await builtUi();
    writeShopLogs(stage.path("app"));
    const sources = [
      { type: "file_logs", paths: [stage.path("app/*.log")], start_at: "beginning" },
      { type: "host_metrics" },
    ];
    const config = { data_dir: stage.path("data"), ingest: { flush_interval: "200ms" }, sources };
    ({ url } = await stage.start({ role: "up", name: "up", config }));
    await until("all lines are stored", async () => (await countOf(url)) === 1_246);
    browser = await launchChromium(chromiumPath ?? "");
  });

  afterAll(async () => {
    await browser?.close();
    await stage.stop();
  });

  async function on(
    path: string,
    run: (page: Page, complaints: string[]) => Promise<void>,
    options: BrowserContextOptions = {},
  ) {
    await withPage(browser, { baseURL: url, ...options }, async ({ page, complaints }) => {
      await page.goto(path);
      await run(page, complaints);
    });
  }
  test("words find lines and are marked, levels filter, and all of it is in the URL", async () => {
    await on("/logs?refresh=off", async (page) => {
      await rows(page).first().waitFor();
      expect(await rows(page).count()).toBeLessThan(100);
      await page.locator(".logs-levels").getByText("error 300").waitFor();
      await page.keyboard.press("/");
      await page.keyboard.type('"ORDER 1199" -bob');
      await page.keyboard.press("Enter");
      await status(page, "1 line");
      // The key is the page's own, and not the frame's.
      expect(await page.getByRole("dialog").count()).toBe(0);
      expect(await page.locator(".logs-row mark").allInnerTexts()).toEqual(["order 1199"]);
      await page.goto("/logs?refresh=off");
      await page.locator(".logs-levels").getByText("warn 300").click();
      await status(page, "300 lines");
      expect(new URL(page.url()).searchParams.get("f")).toBe('.detected_level="warn"');
      await page.reload();
      await status(page, "300 lines");
    });
  });

  test("words become LogQL and words again; what words can't say is named", async () => {
    await on("/logs?refresh=off&q=order+-bob", async (page) => {
      await rows(page).first().waitFor();
      await page.getByRole("radio", { name: "LogQL" }).click();
      const editor = page.getByRole("textbox", { name: "LogQL" });
      await editor.waitFor();
      expect(await editor.innerText()).toBe('{service_name=~".+"} |~ "(?i)order" !~ "(?i)bob"');
      await page.getByRole("radio", { name: "Words" }).click();
      await page.waitForURL(
        (at) => at.searchParams.get("lang") === null && at.searchParams.get("q") === "order -bob",
      );
      await page.goto(
        `/logs?refresh=off&lang=logql&q=${encodeURIComponent('{job="files"} | json')}`,
      );
      await editor.waitFor();
      await page.getByRole("radio", { name: "Words" }).click();
      await page.getByText("Words can't say this part of the query: | json").waitFor();
    });
  });

  test("facets include and exclude; a field of JSON lines is found by its parser", async () => {
    await on("/logs?refresh=off", async (page) => {
      const facets = page.getByRole("complementary", { name: "Fields" });
      await facets.getByRole("button", { name: /^Include user bob\s*400/ }).click();
      await status(page, "400 lines");
      // What else there is to choose stays in view.
      await facets.getByRole("button", { name: /^Include user alice\s*800/ }).waitFor();
      await facets.getByRole("button", { name: /^Include user alice/ }).click();
      await status(page, /1\s200 lines/);
      await page.getByRole("button", { name: "Clear filters" }).click();
      await facets.getByRole("button", { name: "Exclude user bob" }).click();
      // Lines without the field have another value than the one kept out, as Loki has it.
      await status(page, "846 lines");
      await facets
        .getByRole("button", { name: /^Include detected_level error/ })
        .click({ modifiers: ["Alt"] });
      await status(page, "646 lines");
      const chips = page.getByRole("list", { name: "Filters" });
      expect(await chips.innerText()).toMatch(/user is not\s+bob[\s\S]+level is not\s+error/);
    });
  });

  test("markup stays text, ANSI colours are spans, and a line of 100 kB is cut in the list and whole in its detail", async () => {
    await on("/logs?refresh=off&q=onerror", async (page) => {
      await rows(page).first().waitFor();
      expect(await rows(page).first().locator(".logs-text").innerText()).toBe(hostile);
      expect(await page.locator(".logs-row img, .logs-row script").count()).toBe(0);
      await page.goto("/logs?refresh=off&q=alarm");
      await rows(page).first().waitFor();
      expect((await page.locator(".ansi-red").allInnerTexts()).join("")).toBe("red alarm");
      await page.goto('/logs?refresh=off&q="long+line"');
      await rows(page).first().click();
      expect((await rows(page).first().locator(".logs-text").innerText()).length).toBeLessThan(
        1_000,
      );
      await page.getByRole("button", { name: /Show .* more characters/ }).click();
      expect(await page.getByLabel("The line", { exact: true }).innerText()).toBe(longLine);
      expect(await page.title()).not.toContain("owned");
    });
  });

  test("a line has its context, and its link opens it again", async () => {
    await on('/logs?refresh=off&q="needle+itself"', async (page) => {
      await rows(page).first().waitFor();
      await page.keyboard.press("j");
      await page.getByRole("complementary", { name: "Line" }).waitFor();
      await page.keyboard.press("c");
      const around = page.getByRole("group", { name: "Lines around it" });
      await around.waitFor();
      const texts = await around.locator("li > span").allInnerTexts();
      expect(texts.slice(-3)).toEqual(["needle before", "needle itself", "needle after"]);
      expect(await around.locator("[aria-current=true]").innerText()).toContain("needle itself");
      const line = new URL(page.url()).searchParams.get("line") ?? "";
      await page.goto(`/logs?refresh=off&line=${line}`);
      await opened(page).filter({ hasText: "needle itself" }).waitFor();
    });
  });

  test("a line is shared by a link that stays, leads to its host at that time, and to the rest of its stream", async () => {
    const permissions = ["clipboard-read", "clipboard-write"];
    await on(
      '/logs?q="order+7+done"&from=now-1h',
      async (page) => {
        await rows(page).first().click();
        await page.getByRole("radio", { name: "JSON" }).click();
        const tree = page.locator(".json-tree").first();
        expect((await tree.innerText()).split(/\s+/).join(" ")).toBe(
          "level error msg order 7 done user alice cart {1} items 2",
        );
        await page.getByRole("button", { name: "Copy link" }).click();
        await page.locator(".toast").getByText("Copied").waitFor();
        const link = new URL(await page.evaluate(() => navigator.clipboard.readText()));
        const atMs = Number((link.searchParams.get("line") ?? "").slice(0, 13));
        expect(link.searchParams.get("from")).toBe(String(atMs - 300_000));
        await page.getByRole("link", { name: "Host at that time" }).click();
        await page.waitForURL(/\/hosts\/.*from=\d+/);
        expect(new URL(page.url()).searchParams.get("from")).toBe(String(atMs - 900_000));
        await page.goto(link.href);
        await opened(page).filter({ hasText: "order 7 done" }).waitFor();
        await status(page, "1 line");
        await page.getByRole("radio", { name: "Context" }).click();
        await page.getByRole("button", { name: "Show this stream in the list" }).click();
        await status(page, /1\s200 lines/);
        await opened(page).filter({ hasText: "order 7 done" }).waitFor();
        await rows(page).filter({ hasText: "order 6 done" }).waitFor();
      },
      { permissions },
    );
  });

  test("a search is kept for everybody, opened again and deleted", async () => {
    await on("/logs?refresh=off&q=took&cols=status:90", async (page) => {
      const saved = page.getByRole("button", { name: "Saved searches and history" });
      await saved.click();
      await page.getByLabel("Name of this search").fill("Slow pages");
      await page.keyboard.press("Enter");
      await page.getByRole("button", { name: /^Slow pages/ }).waitFor();
      await page.goto("/logs?refresh=off&q=needle");
      await status(page, "3 lines");
      await saved.click();
      await page.getByRole("button", { name: /^Slow pages/ }).click();
      await status(page, "40 lines");
      expect(new URL(page.url()).searchParams.get("cols")).toBe("status:90");
      await saved.click();
      await page.getByRole("button", { name: "Delete Slow pages" }).click();
      await page.getByText("Nothing is saved yet.").waitFor();
    });
  });

  test("a download that is cancelled gives up what it asks, and there is no file", async () => {
    await on("/logs?refresh=off", async (page) => {
      await page.getByRole("button", { name: "Download", exact: true }).waitFor();
      const files: unknown[] = [];
      page.on("download", (file) => files.push(file));
      // Never answered: only the page itself can end it.
      await page.route(/QueryLogql/, (route) =>
        isDownload(route.request()) ? undefined : route.continue(),
      );
      const asked = page.waitForRequest(isDownload);
      const ended = page.waitForEvent("requestfailed", isDownload);
      await page.getByRole("button", { name: "Download", exact: true }).click();
      await page.getByRole("menuitem", { name: "CSV" }).click();
      await asked;
      await page.getByRole("button", { name: "Cancel" }).click();
      await ended;
      await page.getByText("Download cancelled").first().waitFor();
      expect(files).toEqual([]);
    });
  });

  test("the lines found are downloaded as text, CSV and JSON", async () => {
    await on("/logs?refresh=off&q=took+/page.3?9/&cols=status&order=oldest", async (page) => {
      await status(page, "2 lines");
      const files: string[] = [];
      for (const kind of ["Text", "CSV", "JSON lines"]) {
        await page.getByRole("button", { name: "Download", exact: true }).click();
        const [file] = await Promise.all([
          page.waitForEvent("download"),
          page.getByRole("menuitem", { name: kind }).click(),
        ]);
        files.push(await Bun.file(await file.path()).text());
      }
      const [text = "", csv = "", json = ""] = files;
      const time = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z/g;
      const lines = [9, 39].map((i) => `GET /page/${i} took ${i} ms status=502`);
      expect(text.replaceAll(time, "T")).toBe(lines.map((line) => `T ${line}\n`).join(""));
      expect(csv.replaceAll(time, "T")).toBe(
        ["time,level,status,line", ...lines.map((line) => `T,unknown,502,${line}`), ""].join(
          "\r\n",
        ),
      );
      const first: unknown = JSON.parse(json.split("\n")[0] ?? "");
      expect(first).toMatchObject({ line: lines[0], labels: { filename: expect.any(String) } });
      expect(json.trimEnd().split("\n")).toHaveLength(2);
    });
  });

  test("the list scrolls through all lines both ways, the oldest and the newest first", async () => {
    await on("/logs?refresh=off&q=order&order=oldest&cols=-", async (page) => {
      await rows(page).first().waitFor();
      expect(await rows(page).first().innerText()).toContain("order 0 done");
      const pane = page.getByRole("region", { name: "Log lines" });
      for (let i = 0; i < 10; i++) {
        await pane.evaluate((element) => element.scrollTo(0, element.scrollHeight));
        await page.waitForTimeout(150);
      }
      await rows(page).filter({ hasText: "order 1199 done" }).waitFor();
      expect(await rows(page).count()).toBeLessThan(100);
      await pane.evaluate((element) => element.scrollTo(0, 0));
      await rows(page).filter({ hasText: "order 0 done" }).waitFor();
    });
  });

  test("live lines come within a second, wait while paused, and go on", async () => {
    await on("/logs?live=on&q=fresh", async (page) => {
      await page.getByText("No line yet").waitFor();
      await page.waitForTimeout(300);
      const writtenMs = Date.now();
      appendFileSync(stage.path("app", "web.log"), "fresh one\n");
      await rows(page).filter({ hasText: "fresh one" }).waitFor();
      expect(Date.now() - writtenMs).toBeLessThan(3_000);
      await page.getByRole("button", { name: "Pause" }).click();
      appendFileSync(stage.path("app", "web.log"), "fresh two\n");
      await status(page, "1 line waits");
      expect(await rows(page).count()).toBe(1);
      await page.getByRole("button", { name: "Go on" }).click();
      await rows(page).filter({ hasText: "fresh two" }).waitFor();
      // What is read stays where it is: a line that comes above it is told of.
      await page.goto("/logs?live=on");
      await rows(page).filter({ hasText: "fresh one" }).click();
      const placeOf = () => opened(page).evaluate((row) => row.getBoundingClientRect().top);
      const place = await placeOf();
      appendFileSync(stage.path("app", "web.log"), "fresh three\n");
      await page.getByRole("button", { name: "1 new line" }).waitFor();
      expect(await placeOf()).toBe(place);
      await page.getByRole("button", { name: "1 new line" }).click();
      await rows(page).filter({ hasText: "fresh three" }).waitFor();
    });
  });

  test("a broken query is marked where it is wrong, and what was found before stays", async () => {
    await on(
      `/logs?refresh=off&lang=logql&q=${encodeURIComponent('{job="files"} |= "GET"')}`,
      async (page, complaints) => {
        await rows(page).first().waitFor();
        await page.getByRole("textbox", { name: "LogQL" }).click();
        await page.keyboard.press("End");
        await page.keyboard.type(" | | ", { delay: 10 });
        await page.getByRole("button", { name: "Search", exact: true }).click();
        await page.getByText("syntax error: unexpected | (line 1, column 26)").first().waitFor();
        await page.locator(".cm-lintRange-error").waitFor();
        await page.getByText("Below is what the search before found.").waitFor();
        expect(await rows(page).count()).toBeGreaterThan(10);
        complaints.length = 0;
      },
    );
  });

  test("LogQL that counts becomes a chart, and completion offers labels and values of the data", async () => {
    await on(
      `/logs?refresh=off&lang=logql&q=${encodeURIComponent('sum by (filename) (count_over_time({job="files"}[5m]))')}`,
      async (page) => {
        await page.getByRole("region", { name: "Series", exact: true }).locator("canvas").waitFor();
        expect(
          await page.getByRole("region", { name: "Series", exact: true }).innerText(),
        ).toContain("shop.log");
        await page.goto("/logs?refresh=off&lang=logql");
        await page.getByRole("textbox", { name: "LogQL" }).click();
        await page.keyboard.type("{filena", { delay: 20 });
        await page.locator(".cm-tooltip-autocomplete").getByText("filename").waitFor();
        // Enter within 75 ms of a list's opening runs what was typed.
        await Bun.sleep(200);
        await page.keyboard.press("Enter");
        await page.keyboard.type('"');
        await page.locator(".cm-tooltip-autocomplete").getByText("shop.log").waitFor();
      },
    );
  });

  test("patterns, fields and services say what the lines are", async () => {
    await on("/logs?refresh=off&tab=patterns", async (page) => {
      const pattern = page.locator(".logs-patterns tbody tr").filter({ hasText: "took" }).first();
      await pattern.waitFor();
      await pattern.getByRole("button", { name: /^Show only/ }).click();
      await page.getByRole("tab", { name: "Lines" }).click();
      await rows(page).first().waitFor();
      expect(await rows(page).first().innerText()).toContain("took");
      await page.goto("/logs?refresh=off&tab=fields");
      await page.locator(".logs-field-card").filter({ hasText: "cart_items" }).click();
      await page.waitForURL(/field=cart_items/);
      await page.locator(".logs-values tbody tr").nth(4).waitFor();
      expect(await page.locator(".logs-values tbody tr").count()).toBe(5);
      await page.goto("/logs/services?refresh=off&label=filename");
      const shop = page.locator(".logs-services-row").filter({ hasText: "shop.log" });
      await shop.getByText("25 % errors").waitFor();
      await shop.getByRole("link").click();
      await status(page, /1\s200 lines/);
    });
  });

  for (const [size, options] of sizes)
    test(`axe finds nothing in either theme on ${size}, and nothing overflows`, async () => {
      const looks = {
        "/logs?refresh=off&q=order&f=.detected_level%3D%22error%22": ".logs-row",
        "/logs/services": ".logs-services-row",
        "/logs?tab=patterns&refresh=off": ".logs-pattern",
        "/logs?tab=fields&refresh=off": ".logs-field-card",
      };
      await on(
        "/logs",
        async (page) => {
          for (const [path, shown] of Object.entries(looks)) {
            await page.goto(path);
            await page.locator(shown).first().waitFor();
            if (shown === ".logs-row") await rows(page).first().click();
            await page.waitForTimeout(300);
            await inBothThemes(page, async (theme) => {
              const found = await axeFindings(page);
              expect({ path, theme, found }).toEqual({ path, theme, found: [] });
              expect(
                await page.evaluate("document.documentElement.scrollWidth - innerWidth"),
              ).toBeLessThanOrEqual(0);
            });
          }
        },
        options,
      );
    });
});

function rows(page: Page): Locator {
  return page.locator(".logs-row:not(.absent)");
}

function opened(page: Page): Locator {
  return page.locator(".logs-row[aria-current=true]");
}

function status(page: Page, text: string | RegExp): Promise<void> {
  return page.locator(".logs-bar [role=status]").filter({ hasText: text }).waitFor();
}

async function countOf(url: string): Promise<number> {
  const query = encodeURIComponent('sum(count_over_time({job="files"}[1h]))');
  const answer: unknown = await (await fetch(`${url}/loki/api/v1/query?query=${query}`)).json();
  return Number(/"value":\[[^,]+,"(\d+)"/.exec(JSON.stringify(answer))?.[1] ?? 0);
}
