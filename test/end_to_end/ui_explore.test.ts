import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import type { Browser, Page } from "playwright-core";
import { axeFindings } from "#test/support/axe.ts";
import { inBothThemes, sizes } from "#test/support/both_themes.ts";
import { builtUi } from "#test/support/built_ui.ts";
import { findChromium, launchChromium, pagesOf } from "#test/support/chromium.ts";
import type { LapwingProcess } from "#test/support/lapwing_process.ts";
import { askedPromql } from "#test/support/query_requests.ts";
import { Stage } from "#test/support/stage.ts";

const chromiumPath = findChromium();
if (chromiumPath === undefined) console.warn("skipped: the tests of Explore need Chromium");
setDefaultTimeout(120_000);
const still = "from=now-5m&to=now&refresh=off";

const editor = (page: Page) => page.getByRole("textbox", { name: "Query A in PromQL" });
const asked = (page: Page) => new URL(page.url()).searchParams.get("q.A");

describe.skipIf(chromiumPath === undefined)("Explore over real metrics of this host", () => {
  const stage = new Stage();
  let up: LapwingProcess;
  let browser: Browser;

  beforeAll(async () => {
    await builtUi();
    browser = await launchChromium(chromiumPath ?? "");
    up = await stage.start({
      role: "up",
      name: "explore",
      config: {
        data_dir: stage.path("data"),
        sources: [{ type: "host_metrics", interval: "1s" }],
      },
    });
    await untilThere("count(count_over_time(node_cpu_seconds_total[1m]) > 3)");
  });

  afterAll(async () => {
    await browser?.close();
    await stage.stop();
  });

  /** Waits until an expression gives something. */
  async function untilThere(expr: string): Promise<void> {
    for (;;) {
      const answer = await fetch(
        `${up.url}/api/v1/query?${new URLSearchParams({ query: expr }).toString()}`,
      );
      if ((await answer.text()).includes('"value":')) return;
      await Bun.sleep(200);
    }
  }

  const on = pagesOf(
    () => browser,
    () => up.url,
  );

  test("a query is typed with completion from the data, run with Enter, and stays in the URL", async () => {
    await on(`/explore?${still}`, async (page) => {
      await editor(page).click();
      await page.keyboard.type("node_memory_MemAv", { delay: 20 });
      const option = page.getByRole("option", { name: /node_memory_MemAvailable_bytes/ });
      await option.waitFor();
      expect(await option.innerText()).toContain("gauge");
      // A list that opened under the fingers is not taken from; the first Enter after a moment is, the second runs.
      await page.waitForTimeout(200);
      await page.keyboard.press("Enter");
      await page.keyboard.press("Enter");
      await page.getByText(/step \d+\w+, \d+ points, 1 series/).waitFor();
      expect(asked(page)).toBe("node_memory_MemAvailable_bytes");
      await page.locator(".result canvas").first().waitFor();
    });
  });

  test("a broken query is marked where it is wrong, and the last good picture stays", async () => {
    await on(`/explore?q.A=node_load1&view=raw&${still}`, async (page) => {
      await page.locator(".raw-row").getByText("node_load1").waitFor();
      let requests = 0;
      page.on("request", (request) => {
        if (askedPromql(request)?.query.includes("nonsense") === true) requests++;
      });
      await editor(page).click();
      await page.keyboard.press("ControlOrMeta+A");
      await page.keyboard.type("node_load1 nonsense");
      await page.keyboard.press("Escape");
      await page.keyboard.press("Enter");
      await page
        .getByRole("alert")
        .getByText(/unexpected identifier "nonsense"/)
        .waitFor();
      await page.locator(".cm-lintRange-error").getByText("nonsense").waitFor();
      expect(await page.locator(".raw-row").innerText()).toContain("node_load1");
      await page.getByText(/A not refreshed/).waitFor();
      expect(requests).toBe(1);
    });
  });

  test("blocks write PromQL and read it back, and say what they can't show", async () => {
    const expr = 'sum by (mode) (rate(node_cpu_seconds_total{mode!="idle"}[1m]))';
    await on(
      `/explore?${new URLSearchParams({ "q.A": expr }).toString()}&${still}`,
      async (page) => {
        await page.getByRole("radio", { name: "Blocks" }).click();
        const sum = page.getByRole("group", { name: "sum", exact: true });
        await sum.waitFor();
        await sum.getByRole("button", { name: "Remove sum" }).click();
        await page.waitForURL(
          (url) => url.searchParams.get("q.A") === 'rate(node_cpu_seconds_total{mode!="idle"}[1m])',
        );
        await page.getByRole("button", { name: "Explain" }).click();
        await page.getByText("then per-second rate over 1 minute.").waitFor();
        await page.goto(`/explore?q.A=node_load1%20%40%2017&as.A=builder&${still}`);
        await page.getByText("Blocks can't show a fixed time (@): node_load1 @ 17.").waitFor();
      },
    );
  });

  test("formulas over queries, an instant table, and what the query took", async () => {
    const search = new URLSearchParams({
      "q.A": "node_memory_MemAvailable_bytes",
      "q.B": "node_memory_MemTotal_bytes",
      "q.C": "A / B * 100",
      "as.C": "instant",
      "as.A": "hidden",
      "as.B": "hidden",
    });
    await on(`/explore?${search.toString()}&${still}`, async (page) => {
      await page.getByText("at the end of the range, 1 series").waitFor();
      await page.getByRole("button", { name: "Inspect", exact: true }).click();
      const sheet = page.getByRole("dialog");
      await sheet.getByText("Time in the aggregator").waitFor();
      await sheet.getByText("Samples read", { exact: true }).waitFor();
      await sheet.getByRole("tab", { name: "Request" }).click();
      await sheet
        .getByText("(node_memory_MemAvailable_bytes) / (node_memory_MemTotal_bytes) * 100", {
          exact: true,
        })
        .waitFor();
      await sheet.getByRole("tab", { name: "SQL" }).click();
      await sheet
        .getByText(/FROM metrics/)
        .first()
        .waitFor();
    });
  });

  test("$__rate_interval follows the pace of the samples, and the answer says of what it is made", async () => {
    // Pushed with their times: a busy machine reads itself later than each second.
    const endMs = Date.now();
    const lines = Array.from(
      { length: 61 },
      (_, i) => `paced total=${i} ${endMs - (60 - i) * 1_000}`,
    );
    const pushed = await fetch(`${up.url}/api/v2/write?precision=ms`, {
      method: "POST",
      body: lines.join("\n"),
    });
    expect(pushed.status).toBe(204);
    const query = new URLSearchParams({ "q.A": "rate(paced_total[$__rate_interval])" });
    await on(`/explore?${query.toString()}&${still}`, async (page) => {
      await page.getByText(/step 1s, \d+ points, 1 series, raw samples, /).waitFor();
      await page.getByRole("button", { name: "Inspect", exact: true }).click();
      await page.getByRole("tab", { name: "Request" }).click();
      await page.getByRole("dialog").getByText("rate(paced_total[4s])", { exact: true }).waitFor();
    });
  });

  test("an answer is drawn in each form, and one of them becomes a panel of a dashboard", async () => {
    const query = new URLSearchParams({
      "q.A": 'sum by (mode) (rate(node_cpu_seconds_total{mode!="idle"}[1m]))',
    });
    // Of a few seconds' samples a panel's first steps may hold none: it asks again.
    await on(`/explore?${query.toString()}&from=now-5m&to=now&refresh=5s`, async (page) => {
      for (const [view, shown] of [
        ["Bars", ".result.timeseries canvas"],
        ["Points", ".result.timeseries canvas"],
        ["Heatmap", ".result.heatmap canvas"],
        ["Table", ".result.table :text-is('system')"],
        ["Raw", ".raw-row:has-text('system')"],
        ["Stacked", ".result.timeseries canvas"],
      ] as const) {
        await page.getByRole("radio", { name: view, exact: true }).click();
        await page.locator(shown).first().waitFor();
      }
      await page.getByRole("button", { name: "Add to dashboard" }).click();
      await page.getByLabel("Title of the panel").fill("CPU by mode");
      await page.getByLabel("Name of the dashboard").fill("Made in a test");
      await page.getByRole("button", { name: "Add the panel" }).click();
      await page.getByRole("link", { name: "Open the dashboard" }).click();
      const panel = page.getByRole("region", { name: "CPU by mode" });
      await panel.locator("canvas").first().waitFor();
      await page.getByRole("heading", { name: "Made in a test" }).waitFor();
    });
  });

  test("the history keeps what was run and its star, and saved queries are everybody's", async () => {
    await on(`/explore?q.A=node_load5&view=table&${still}`, async (page) => {
      await page.getByText(/1 series, /).waitFor();
      await page.getByRole("button", { name: "History and saved" }).click();
      await page.getByRole("button", { name: "Star", exact: true }).click();
      await page.reload();
      await page.getByRole("button", { name: "History and saved" }).click();
      await page.getByRole("button", { name: "Remove the star" }).waitFor();
      await page.getByRole("tab", { name: "Saved, for all" }).click();
      await page.getByLabel("Title", { exact: true }).fill("Load");
      await page.getByRole("button", { name: "Save these queries" }).click();
      await page.getByRole("button", { name: "Delete Load" }).waitFor();
    });
    await on(`/explore?${still}`, async (page) => {
      await page.getByRole("button", { name: "History and saved" }).click();
      await page.getByText("Nothing was run yet").waitFor();
      await page.getByRole("tab", { name: "Saved, for all" }).click();
      await page.getByRole("button", { name: /^Load/ }).click();
      await page.waitForURL(/view=table/);
      expect(asked(page)).toBe("node_load5");
    });
  });

  test("metrics are browsed as pictures, broken down by label, and a value is left out", async () => {
    await on(`/explore/metrics?${still}`, async (page) => {
      await page.getByLabel("Search metrics").fill("node_cpu_seconds");
      await page.getByRole("button", { name: /^node_cpu_seconds_total/ }).click();
      await page.waitForURL(/metric=node_cpu_seconds_total/);
      await page.getByRole("button", { name: "Show each value of mode" }).click();
      await page.getByRole("button", { name: "Leave out idle" }).click();
      await page.getByRole("button", { name: "Remove the condition mode != idle" }).waitFor();
      expect(new URL(page.url()).searchParams.get("where")).toBe('mode!="idle"');
      await page.getByRole("link", { name: "Open in Explore" }).click();
      await page.waitForURL((url) => url.pathname === "/explore");
      const expr = 'sum by (mode) (rate(node_cpu_seconds_total{mode!="idle"}[$__rate_interval]))';
      await editor(page).getByText(expr).waitFor();
    });
  });

  for (const [size, options] of sizes) {
    test(`axe finds nothing in either theme on ${size}, and nothing overflows`, async () => {
      for (const [path, shown] of [
        [`/explore?${still}`, ".start"],
        [`/explore?q.A=rate(node_cpu_seconds_total[1m])&as.A=builder&${still}`, ".result canvas"],
        [`/explore/metrics?${still}`, ".metric-card svg"],
        [`/explore/metrics?metric=node_cpu_seconds_total&${still}`, ".chart-card canvas"],
      ] as const) {
        await on(
          path,
          async (page) => {
            await page.locator(shown).first().waitFor();
            await inBothThemes(page, async (theme) => {
              const found = await axeFindings(page);
              const sideways = await page.evaluate<number>(
                "document.querySelector('main').scrollWidth - document.querySelector('main').clientWidth",
              );
              expect({ path, theme, found, sideways }).toEqual({
                path,
                theme,
                found: [],
                sideways: 0,
              });
            });
          },
          options,
        );
      }
    });
  }
});
