import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { z } from "zod";
import { axeFindings } from "#test/support/axe.ts";
import { inBothThemes, sizes } from "#test/support/both_themes.ts";
import { until } from "#test/support/asking.ts";
import { builtUi } from "#test/support/built_ui.ts";
import { findChromium, launchChromium, pagesOf } from "#test/support/chromium.ts";
import type { LapwingProcess } from "#test/support/lapwing_process.ts";
import { Stage } from "#test/support/stage.ts";

const chromiumPath = findChromium();
if (chromiumPath === undefined) console.warn("skipped: the tests of the data page need Chromium");
setDefaultTimeout(120_000);
const Cardinality = z.object({
  metricsBySeries: z.array(z.object({ name: z.string(), series: z.number() })),
});
const tabs = ["account", "storage", "cardinality", "blocks"];

/** "1 234 collected = 1 200 stored + …" as numbers. */
function figuresOf(equation: string): number[] {
  return equation.split(/[=+]/).map((part) => Number(part.replace(/\D/g, "")));
}

describe.skipIf(chromiumPath === undefined)("the data page over real data of this host", () => {
  const stage = new Stage();
  let up: LapwingProcess;
  let browser: Browser;

  beforeAll(async () => {
    await builtUi();
    browser = await launchChromium(chromiumPath ?? "");
    up = await stage.start({
      role: "up",
      name: "data",
      config: {
        data_dir: stage.path("data"),
        sources: [{ type: "host_metrics", interval: "1s" }],
        ingest: { flush_interval: "2s" },
        storage: { deletion: { cancel_period: "1h" } },
      },
    });
    await until("blocks are written", async () => {
      const answer = await asked("lapwing.v1.DataService/ListBlocks", {});
      return answer.includes('"key"');
    });
  });

  afterAll(async () => {
    await browser?.close();
    await stage.stop();
  });

  /** Asks for the deletion of a series. */
  async function ask(): Promise<void> {
    const path = "/api/v1/admin/delete/metrics?query=node_load1";
    expect((await fetch(`${up.url}${path}`, { method: "POST" })).status).toBe(200);
  }

  /** `lapwing storage deletions ...`. */
  async function run(...words: string[]) {
    const child = Bun.spawn(
      [process.execPath, "lapwing.ts", "storage", "deletions", ...words, "--url", up.url],
      { cwd: join(import.meta.dir, "../.."), stdout: "pipe", stderr: "pipe" },
    );
    const [out, err] = await Promise.all([
      new Response(child.stdout).text(),
      new Response(child.stderr).text(),
    ]);
    return { code: await child.exited, out, err };
  }

  async function asked(method: string, body: object): Promise<string> {
    const response = await fetch(`${up.url}/${method}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    return response.text();
  }

  const on = pagesOf(
    () => browser,
    () => up.url,
  );

  test("the flow adds up: collected = stored + in flight + dropped", async () => {
    await on("/data?refresh=off", async (page) => {
      const equation = page.locator(".flow figcaption .quiet").first();
      await equation.waitFor();
      const [collected = 0, stored = 0, inFlight = 0, dropped = 0] = figuresOf(
        await equation.innerText(),
      );
      expect(collected).toBeGreaterThan(0);
      expect(stored + inFlight + dropped).toBe(collected);
    });
  });

  test("a metric leads to its labels, these to their values, and to how to drop them", async () => {
    const told = Cardinality.parse(
      JSON.parse(
        await asked("lapwing.v1.DataService/GetCardinality", { startMs: Date.now() - 900_000 }),
      ),
    );
    const [largest] = told.metricsBySeries;
    await on("/data?tab=cardinality&refresh=off", async (page) => {
      const metrics = page.getByRole("table", { name: "Metrics by series" });
      const row = metrics.getByRole("row").nth(1);
      await row.waitFor();
      expect(await row.innerText()).toContain(String(largest?.series));
      await row.click();
      await page.waitForURL(`**metric=${largest?.name}*`);
      const labels = page.getByRole("table", { name: "Labels by values" });
      await labels.getByRole("row").nth(1).click();
      await page.waitForURL("**label=*");
      await page.getByRole("table", { name: /^Values of / }).waitFor();
      await page.getByText("action: labeldrop").waitFor();
      expect(
        await page.getByRole("link", { name: "Open in Explore" }).getAttribute("href"),
      ).toMatch(/^\/explore\?/);
    });
  });

  test("a block opens with its figures and the SQL that reads its file", async () => {
    await on("/data?tab=blocks&refresh=off", async (page) => {
      const table = page.getByRole("table", { name: "Blocks" });
      await table.getByRole("row").nth(1).click();
      await page.waitForURL("**block=*");
      const sheet = page.getByRole("dialog", { name: "Block" });
      const reads = `read_parquet('${stage.path("data")}`;
      await until("its SQL", async () => (await sheet.innerText()).includes(reads));
    });
  });

  test("storage says what each signal takes, and the export has its figures", async () => {
    await on("/data?tab=storage&refresh=off", async (page) => {
      const table = page.getByRole("table", { name: "Storage by signal and resolution" });
      await table.getByText("as collected").waitFor();
      await page.getByText("Free for blocks").waitFor();
      const exported = page.waitForEvent("download");
      await page.getByRole("button", { name: "Export Storage by signal and resolution" }).click();
      await page.getByRole("menuitem", { name: "Download CSV" }).click();
      expect((await exported).suggestedFilename()).toBe("Storage by signal and resolution.csv");
    });
  });

  test("a deletion that waits is listed, and cancelled on the page and by the command line", async () => {
    await ask();
    await on("/data?tab=storage&refresh=off", async (page) => {
      const table = page.getByRole("table", { name: "Deletions" });
      await table.getByText("node_load1").waitFor();
      // The first is the title of the column.
      await table.getByRole("button", { name: "Cancel" }).last().click();
      await page.getByRole("button", { name: "Cancel deletion" }).click();
      await table.waitFor({ state: "detached" });
    });
    expect(await run("list")).toEqual({ code: 0, out: "no requests\n", err: "" });
    await ask();
    const [, id = ""] = /^(\S+) metrics received: node_load1, /.exec((await run("list")).out) ?? [];
    expect(await run("cancel", "logs", id)).toMatchObject({ code: 1, out: "" });
    expect(await run("cancel", "metrics", id)).toMatchObject({ code: 0, err: "" });
    expect(await run("list")).toMatchObject({ out: "no requests\n" });
    // For the tests below.
    await ask();
  });

  for (const [size, options] of sizes) {
    test(`axe finds nothing in either theme on ${size}, and nothing overflows`, async () => {
      for (const tab of tabs) {
        await on(
          `/data?tab=${tab}&refresh=off`,
          async (page) => {
            await page.locator(".flow, .row-table .data-table").first().waitFor();
            await inBothThemes(page, async (theme) => {
              const found = await axeFindings(page);
              expect({ tab, theme, found }).toEqual({ tab, theme, found: [] });
              const over = await page.evaluate(
                () => document.documentElement.scrollWidth - window.innerWidth,
              );
              expect(over).toBeLessThanOrEqual(0);
            });
          },
          { bypassCSP: true, ...options },
        );
      }
    });
  }
});
