import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import type { Browser } from "playwright-core";
import { axeFindings } from "#test/support/axe.ts";
import { inBothThemes, sizes } from "#test/support/both_themes.ts";
import { until } from "#test/support/asking.ts";
import { findChromium, launchChromium, pagesOf } from "#test/support/chromium.ts";
import { freePort } from "#test/support/free_port.ts";
import type { LapwingProcess } from "#test/support/lapwing_process.ts";
import { Stage } from "#test/support/stage.ts";
import { builtUi } from "#test/support/built_ui.ts";

const chromiumPath = findChromium();
if (chromiumPath === undefined) console.warn("skipped: the overview's tests need Chromium");
setDefaultTimeout(240_000);

describe.skipIf(chromiumPath === undefined)(
  "the overview of a host that was just installed",
  () => {
    const stage = new Stage();
    let up: LapwingProcess;
    let browser: Browser;
    let exporterPort = 0;
    let exporter: ReturnType<typeof serveExporter>;
    let closedPort = 0;

    beforeAll(async () => {
      await builtUi();
      browser = await launchChromium(chromiumPath ?? "");
      exporterPort = await freePort();
      closedPort = await freePort();
      exporter = serveExporter(exporterPort);
      up = await stage.start({
        role: "up",
        name: "overview",
        config: {
          data_dir: stage.path("data"),
          agent: { name: "web-1" },
          global: { scrape_interval: "1s", scrape_timeout: "1s" },
          fleet: { interval: "1s" },
          scrape_configs: [
            { job_name: "shop", static_configs: [{ targets: [`127.0.0.1:${exporterPort}`] }] },
          ],
          sources: [{ type: "host_metrics", interval: "1s" }],
          integrations: { memcached: [{ address: `127.0.0.1:${closedPort}` }] },
        },
      });
    });

    afterAll(async () => {
      await browser?.close();
      await exporter?.stop(true);
      await stage.stop();
    });

    const on = pagesOf(
      () => browser,
      () => up.url,
    );

    test("a new install shows what was found here, and steps whose addresses answer", async () => {
      await on("/", async (page) => {
        const found = page.getByRole("region", { name: "Found on this host" });
        await found.getByText(`127.0.0.1:${closedPort}`).waitFor();
        expect(await found.innerText()).toContain("ECONNREFUSED");
        const otlp = await page.getByRole("region", { name: "Send OTLP" }).innerText();
        const endpoint = /OTEL_EXPORTER_OTLP_ENDPOINT=(\S+)/.exec(otlp)?.[1] ?? "";
        const sent = await fetch(`${endpoint}/v1/metrics`, {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify({ resourceMetrics: [] }),
        });
        expect(sent.status).toBe(200);
        const steps = await page.getByRole("region", { name: "Point Prometheus here" }).innerText();
        const url = /url: (\S+)/.exec(steps)?.[1] ?? "";
        // A request without series, packed by Snappy.
        const written = await fetch(url, {
          method: "POST",
          headers: { "content-encoding": "snappy", "content-type": "application/x-protobuf" },
          body: new Uint8Array([0]),
        });
        expect(written.status).toBe(204);
        const host = await page.getByRole("region", { name: "Add a host" }).innerText();
        expect(host).toContain("--nats-url nats://web-1:4222");
      });
    });

    test("figures are those of the API", async () => {
      await on("/", async (page) => {
        const rates = page.getByRole("region", { name: "Key rates" });
        await rates.getByText("1 of 1").waitFor();
        await rates
          .getByText(/^[\d.]+ ?k?\/s$/)
          .first()
          .waitFor();
        // The page asks anew every few seconds.
        await until("the page's number of series to be the API's", async () => {
          const answer = await fetch(`${up.url}/lapwing.v1.DataService/GetStorage`, {
            method: "POST",
            headers: { "content-type": "application/json" },
            body: "{}",
          });
          const series = Number(/"series":(\d+)/.exec(await answer.text())?.[1]);
          expect(series).toBeGreaterThan(100);
          const shown = /Series in memory\s+([\d\s]+)/.exec(await rates.innerText())?.[1] ?? "";
          // A series more or less may have come between the two questions.
          return Math.abs(Number(shown.replaceAll(/\D/g, "")) - series) < series / 20;
        });
      });
    });

    test("an exporter that stops is the first thing to see, leads to its target, and goes when it is back", async () => {
      await on("/", async (page) => {
        const wrong = page.getByRole("region", { name: "What is wrong now" });
        const link = wrong.getByRole("link", { name: `shop 127.0.0.1:${exporterPort}` });
        await wrong.getByRole("status").first().waitFor();
        expect(await link.count()).toBe(0);
        await exporter.stop(true);
        await link.waitFor();
        const line = wrong
          .getByRole("listitem")
          .filter({ hasText: `shop 127.0.0.1:${exporterPort}` });
        expect(await line.innerText()).toContain("ECONNREFUSED");
        await line.getByText(/ago|just now/).waitFor();
        await link.click();
        await page.waitForURL(/\/agents\/\w+/);
        await page
          .getByRole("row", { name: /shop/ })
          .getByText(/ECONNREFUSED/)
          .waitFor();
        exporter = serveExporter(exporterPort);
        await page.goBack();
        await link.waitFor({ state: "detached" });
      });
    });

    test("changes lead to the host, which tells its events and how to have processes, and to its agent, which tells its configuration", async () => {
      await on("/", async (page) => {
        const changes = page.getByRole("region", { name: "Recent changes" });
        await changes.getByRole("link", { name: /web-1 is new/ }).click();
        await page.waitForURL(/\/hosts\/\w+$/);
        await page.getByRole("tab", { name: "Events" }).click();
        await page.getByText(/web-1 is new, with version/).waitFor();
        await page.getByRole("tab", { name: "Processes" }).click();
        await page.getByText("Processes are not collected on this host").waitFor();
        await page.getByRole("tab", { name: "Memcached" }).click();
        const panel = page.getByRole("region", { name: "Answering" });
        await panel.getByText("down", { exact: true }).waitFor();
        await page.getByRole("link", { name: "Agent", exact: true }).click();
        await page.getByRole("tab", { name: "Configuration" }).click();
        await page.getByText("shop", { exact: true }).click();
        await page.getByText("job_name: shop").waitFor();
      });
    });

    for (const [size, options] of sizes) {
      test(`axe finds nothing to complain of in either theme on ${size}, and nothing is wider than it`, async () => {
        await on(
          "/",
          async (page) => {
            await page.getByRole("region", { name: "Add a host" }).waitFor();
            await page.locator(".sparkline:has(path[d^='M'])").first().waitFor();
            await inBothThemes(page, async (theme) => {
              const found = await axeFindings(page);
              expect({ theme, found }).toEqual({ theme, found: [] });
              const extra = await page.evaluate(
                () =>
                  (document.querySelector("main")?.scrollWidth ?? 0) -
                  (document.querySelector("main")?.clientWidth ?? 0),
              );
              expect(extra).toBe(0);
            });
          },
          options,
        );
      });
    }
  },
);

function serveExporter(port: number) {
  return Bun.serve({
    port,
    hostname: "127.0.0.1",
    fetch: () => new Response("orders_total 12\n"),
  });
}
