import { parseArgs } from "node:util";
import type { Page } from "playwright-core";
import { machineLoad, rounded } from "#test/support/bench_world.ts";
import { findChromium, launchChromium, openPage } from "#test/support/chromium.ts";
import { servePanelPage } from "#test/support/panel_page.ts";

/**
 * Does a chart of far too many series leave the page free? Chromium draws one time series panel of `--series` series with 61 samples each,
 * moves the pointer over it `--moves` times, and asks for a thousand series. A task is what the browser itself calls long (over 50 ms of
 * the page's own thread); 0 where there was none.
 */
export async function run(args: readonly string[]): Promise<Record<string, unknown>> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      series: { type: "string", default: "10000" },
      moves: { type: "string", default: "100" },
    },
  });
  const chromiumPath = findChromium();
  if (chromiumPath === undefined) return { skipped: "there is no Chromium" };
  const series = Number(values.series);
  await using served = await servePanelPage();
  const browser = await launchChromium(chromiumPath);
  try {
    const { page, complaints } = await openPage(browser, { baseURL: served.url });
    await page.addInitScript(() => {
      new PerformanceObserver((list) => {
        for (const { duration } of list.getEntries())
          performance.mark("task", { detail: duration });
      }).observe({ type: "longtask", buffered: true });
    });
    const startedMs = performance.now();
    await page.goto(`/?given=series_${series}&kind=timeseries&size=1200x500`);
    await page.locator(".graph-canvas canvas").waitFor();
    const load = await longestTask(page);
    const loadMs = performance.now() - startedMs;
    const few = await moved(page, Number(values.moves));
    const more = page.getByRole("button", { name: /^Show / });
    const hasMore = (await more.count()) > 0;
    if (hasMore) await more.click();
    const show = await longestTask(page);
    const many = await moved(page, Number(values.moves));
    return {
      series,
      load_ms: rounded(loadMs, 0),
      load_task_max_ms: load,
      pointer_task_max_ms: few,
      show_more_task_max_ms: hasMore ? show : null,
      pointer_of_1000_task_max_ms: hasMore ? many : null,
      complaints: complaints.length,
      machine_load: machineLoad(),
    };
  } finally {
    await browser.close();
  }
}

/** Since it was last asked for. */
async function longestTask(page: Page): Promise<number> {
  await page.waitForTimeout(1_000);
  return page.evaluate(() => {
    const tasks = performance.getEntriesByName("task");
    performance.clearMarks("task");
    return Math.max(
      0,
      ...tasks.map((entry) => (entry instanceof PerformanceMark ? Number(entry.detail) : 0)),
    );
  });
}

/** Over the whole chart, to and fro. */
async function moved(page: Page, moves: number): Promise<number> {
  const box = await page.locator(".graph-canvas").boundingBox();
  if (box === null) return 0;
  for (let i = 0; i < moves; i++) {
    const part = ((i * 37) % 100) / 100;
    await page.mouse.move(
      box.x + 60 + (box.width - 90) * part,
      box.y + box.height * (0.2 + part / 2),
    );
  }
  return longestTask(page);
}
