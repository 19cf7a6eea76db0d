import { parseArgs } from "node:util";
import type { Browser, Page } from "playwright-core";
import { machineLoad } from "#test/support/bench_world.ts";
import { findChromium, launchChromium, openPage } from "#test/support/chromium.ts";
import { longestTasks, mainThreadTasks } from "#test/support/main_thread_tasks.ts";
import { servePanelPage } from "#test/support/panel_page.ts";

/**
 * Does a chart of far too many series leave the page free? Chromium draws one time series panel of `--series` series with 61 samples each,
 * moves the pointer over it `--moves` times, and asks for a thousand series. A task is one of the page's main thread, on the clock and
 * in time that the thread had a processor for: where the two differ, the machine was busy with other things.
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
    const longest = (act: () => Promise<unknown>) => longestOf(browser, page, act);
    const load = await longest(async () => {
      await page.goto(`/?given=series_${series}&kind=timeseries&size=1200x500`);
      await page.locator(".graph-canvas canvas").waitFor();
    });
    const pointer = await longest(() => moved(page, Number(values.moves)));
    const more = page.getByRole("button", { name: /^Show / });
    const hasMore = (await more.count()) > 0;
    const show = hasMore ? await longest(() => more.click()) : null;
    const pointerOfMore = hasMore ? await longest(() => moved(page, Number(values.moves))) : null;
    return {
      series,
      load,
      pointer,
      show_more: show,
      pointer_of_more: pointerOfMore,
      complaints: complaints.length,
      machine_load: machineLoad(),
    };
  } finally {
    await browser.close();
  }
}

/** Of what is done, and of what the page still does about it. */
async function longestOf(browser: Browser, page: Page, act: () => Promise<unknown>) {
  const { tasks } = await mainThreadTasks(browser, page, async () => {
    await act();
    await page.waitForTimeout(1_000);
  });
  const { wallMs, cpuMs } = longestTasks(tasks);
  return { task_max_ms: wallMs, task_max_cpu_ms: cpuMs };
}

/** Over the whole chart, to and fro. */
async function moved(page: Page, moves: number): Promise<void> {
  const box = await page.locator(".graph-canvas").boundingBox();
  if (box === null) return;
  for (let i = 0; i < moves; i++) {
    const part = ((i * 37) % 100) / 100;
    await page.mouse.move(
      box.x + 60 + (box.width - 90) * part,
      box.y + box.height * (0.2 + part / 2),
    );
  }
}
