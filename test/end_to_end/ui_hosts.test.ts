import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { appendFileSync, readFileSync, writeFileSync } from "node:fs";
import { cpus, release } from "node:os";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { axeFindings } from "#test/support/axe.ts";
import { inBothThemes, sizes } from "#test/support/both_themes.ts";
import { findChromium, launchChromium, openPage } from "#test/support/chromium.ts";
import { freePort } from "#test/support/free_port.ts";
import type { LapwingProcess } from "#test/support/lapwing_process.ts";
import { Stage } from "#test/support/stage.ts";
import { builtUi } from "#test/support/built_ui.ts";

const chromiumPath = findChromium();
if (chromiumPath === undefined) console.warn("skipped: the tests of a real host need Chromium");
setDefaultTimeout(240_000);

describe.skipIf(chromiumPath === undefined)("pages of hosts over this host", () => {
  const stage = new Stage();
  const logFile = stage.path("shop.log");
  let port = 0;
  let failingPort = 0;
  let up: LapwingProcess;
  let browser: Browser;
  let exporter: ReturnType<typeof serveExporter>;

  const start = (): Promise<LapwingProcess> =>
    stage.start({
      role: "up",
      name: "up",
      config: {
        listen: `127.0.0.1:${port}`,
        data_dir: stage.path("data"),
        agent: { name: "web-1" },
        global: { scrape_interval: "1s", scrape_timeout: "1s" },
        fleet: { interval: "1s" },
        scrape_configs: [
          { job_name: "shop", static_configs: [{ targets: [`127.0.0.1:${exporter.port}`] }] },
          { job_name: "gone", static_configs: [{ targets: [`127.0.0.1:${failingPort}`] }] },
        ],
        sources: [
          { type: "host_metrics", interval: "1s" },
          { type: "file_logs", paths: [logFile] },
        ],
        integrations: { processes: [{}] },
      },
    });

  beforeAll(async () => {
    await builtUi();
    browser = await launchChromium(chromiumPath ?? "");
    port = await freePort();
    failingPort = await freePort();
    exporter = serveExporter();
    writeFileSync(logFile, "the shop is open\n");
    up = await start();
  });

  afterAll(async () => {
    await browser?.close();
    await exporter?.stop(true);
    await stage.stop();
  });

  /** Opens a path and expects that the page complained of nothing but `excused`. */
  async function on(
    path: string,
    run: (page: Page) => Promise<void>,
    options: BrowserContextOptions = {},
    excused = /^$/,
  ): Promise<void> {
    const { page, complaints } = await openPage(browser, { baseURL: up.url, ...options });
    try {
      await page.goto(path);
      await run(page);
      expect(complaints.filter((words) => !excused.test(words))).toEqual([]);
    } finally {
      await page.context().close();
    }
  }

  test("the list shows this host with its figures, and leads to its page by the keyboard alone", async () => {
    await on("/hosts", async (page) => {
      const row = page.getByRole("row").filter({ hasText: "web-1" });
      await row.getByText("live", { exact: true }).waitFor();
      const memory = row.locator(".memory .known");
      await memory.waitFor();
      expect(Math.abs(Number(await memory.innerText()) - memoryShare())).toBeLessThan(10);
      await page.keyboard.press("/");
      await page.keyboard.type("web");
      await page.waitForURL(/q=web/);
      await page.getByRole("link", { name: "web-1" }).focus();
      await page.keyboard.press("Enter");
      await page.waitForURL(/\/hosts\/\w+/);
    });
  });

  test("its page has the facts of this machine, charts of its data, processes, log, targets, configuration and events", async () => {
    await on("/hosts", async (page) => {
      await openHost(page);
      const facts = await page.locator(".facts").innerText();
      expect(facts).toContain(release());
      expect(facts).toMatch(new RegExp(`CPUs\\s+${cpus().length}\\b`, "i"));
      for (const title of ["CPU by mode", "Load average", "Memory", "Network"])
        await page.getByRole("region", { name: title }).first().locator("canvas").waitFor();
      const open = (tab: string) => page.getByRole("tab", { name: tab }).click();

      await open("Processes");
      await page.getByText("bun", { exact: true }).first().waitFor();

      await open("Logs");
      const line = `order ${Date.now()} is paid`;
      appendFileSync(logFile, `${line}\n`);
      await page.getByRole("log").getByText(line).waitFor();

      await open("Targets");
      const failing = page.getByRole("row", { name: /gone/ });
      await failing.getByText(/ECONNREFUSED/).waitFor();
      await page.getByRole("row", { name: /shop/ }).getByText("up").waitFor();
      await page.getByRole("button", { name: "1 failing" }).click();
      await page.waitForURL(/only=failing/);
      expect(await page.getByRole("row", { name: /shop/ }).count()).toBe(0);

      await open("Configuration");
      await page.getByText("shop", { exact: true }).click();
      await page.getByText("job_name: shop").waitFor();

      await open("Events");
      await page.getByText(/web-1 is new, with version/).waitFor();
    });
  });

  test("killed and started again: the page says so, keeps its pictures, and recovers by itself", async () => {
    // Also what it answers before its store is open.
    const excused =
      /status of 503|ERR_CONNECTION_REFUSED|ERR_EMPTY_RESPONSE|ERR_CONNECTION_RESET|ERR_INCOMPLETE/;
    await on(
      "/hosts",
      async (page) => {
        await openHost(page);
        const chart = page.getByRole("region", { name: "Load average" });
        await chart.locator("canvas").waitFor();
        await up.end("SIGKILL");
        const strip = page.getByText("The aggregator does not answer.");
        await strip.waitFor();
        expect(await chart.locator("canvas").count()).toBe(1);
        up = await start();
        await strip.waitFor({ state: "detached" });
        await page.locator(".host-state").getByText("live", { exact: true }).waitFor();
        await page.locator(".corner.failed").first().waitFor({ state: "detached" });
        await page.getByRole("tab", { name: "Logs" }).click();
        const line = `back ${Date.now()}`;
        appendFileSync(logFile, `${line}\n`);
        await page.getByRole("log").getByText(line).waitFor();
      },
      {},
      excused,
    );
  });

  for (const [size, options] of sizes)
    test(`axe finds nothing to complain of in either theme on ${size}, and nothing is wider than it`, async () => {
      await on(
        "/hosts",
        async (page) => {
          await page.locator(".memory .known").waitFor();
          await expectSound(page);
          await openHost(page);
          for (const tab of ["Overview", "Processes", "Logs", "Targets", "Configuration"]) {
            await page.getByRole("tab", { name: tab }).click();
            await page.locator("canvas, [role=log] .log-text, .row-table, .job").first().waitFor();
            await expectSound(page);
          }
        },
        options,
      );
    });
});

async function openHost(page: Page): Promise<void> {
  await page.getByRole("link", { name: "web-1" }).click();
  await page.waitForURL(/\/hosts\/\w+$/);
}

/** Percent of the machine's memory in use. */
function memoryShare(): number {
  const text = readFileSync("/proc/meminfo", "utf8");
  const [available = Number.NaN, total = Number.NaN] = ["MemAvailable", "MemTotal"].map((name) =>
    Number(new RegExp(`^${name}: +(\\d+)`, "m").exec(text)?.[1]),
  );
  return 100 * (1 - available / total);
}

async function expectSound(page: Page): Promise<void> {
  await inBothThemes(page, async (theme) => {
    const url = page.url();
    const found = await axeFindings(page);
    const extra = await page.evaluate(
      () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
    );
    expect({ url, theme, found, extra }).toEqual({ url, theme, found: [], extra: 0 });
  });
}

function serveExporter() {
  return Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: () => new Response("orders_total 12\n"),
  });
}
