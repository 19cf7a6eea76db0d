import { appendFileSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { Browser, CDPSession, Page } from "playwright-core";
import { openStore } from "#aggregator/blocks/open_store.ts";
import { StoreConfig } from "#aggregator/blocks/config.ts";
import { systemClock } from "#shared/runtime/clock.ts";
import { createLogger } from "#shared/runtime/log.ts";
import { createSelfMetrics } from "#shared/runtime/self_metrics.ts";
import { machineLoad, rounded } from "#test/support/bench_world.ts";
import { builtUi } from "#test/support/built_ui.ts";
import { findChromium, launchChromium, openPage } from "#test/support/chromium.ts";
import { LapwingProcess } from "#test/support/lapwing_process.ts";
import { longestTasks, mainThreadTasks } from "#test/support/main_thread_tasks.ts";
import { writeLogBlocks } from "#test/support/write_log_blocks.ts";

const writeEveryMs = 100;
const heapEveryMs = 5_000;

/**
 * Does the list of logs scroll through a million lines without jank, and does its memory stay flat while it follows? Chromium reads a real
 * `lapwing up`: it scrolls down as fast as `--pixels` a frame allow until the last line or for `--seconds`, and then follows a file to
 * which `--rate` lines a second are written for `--minutes`. A frame is the time between two animation frames; a task is one of the
 * page's main thread, on the clock and in time that the thread had a processor for: where the two differ, the machine was busy with
 * other things. Heap, nodes and listeners are counted after a collection. `--lines`.
 */
export async function run(args: readonly string[]): Promise<Record<string, unknown>> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      lines: { type: "string", default: "1000000" },
      seconds: { type: "string", default: "240" },
      pixels: { type: "string", default: "4000" },
      minutes: { type: "string", default: "3" },
      rate: { type: "string", default: "100" },
    },
  });
  const chromiumPath = findChromium();
  if (chromiumPath === undefined) return { skipped: "there is no Chromium" };
  await builtUi();
  const folder = await mkdtemp(join(tmpdir(), "lapwing-bench-"));
  const live = join(folder, "live.log");
  writeFileSync(live, "");
  const endMs = Date.now();
  await writeLines(join(folder, "data", "aggregator"), Number(values.lines), endMs);
  const up = await LapwingProcess.start({
    role: "up",
    name: "up",
    folder,
    config: {
      data_dir: join(folder, "data"),
      storage: { compaction: { enabled: false } },
      sources: [{ type: "file_logs", paths: [live] }],
    },
  });
  const browser = await launchChromium(chromiumPath);
  try {
    const { page, complaints } = await openPage(browser, { baseURL: up.url });
    const cdp = await page.context().newCDPSession(page);
    const scroll = await scrolled({
      browser,
      page,
      cdp,
      endMs,
      seconds: Number(values.seconds),
      pixels: Number(values.pixels),
    });
    const follow = await followed(page, cdp, live, Number(values.minutes), Number(values.rate));
    return {
      lines: Number(values.lines),
      ...scroll,
      ...follow,
      complaints: complaints.length,
      compaction: "off",
      machine_load: machineLoad(),
    };
  } finally {
    await browser.close();
    await up.end("SIGTERM");
    await rm(folder, { recursive: true, force: true });
  }
}

async function writeLines(dataDir: string, lines: number, endMs: number): Promise<void> {
  const store = await openStore(StoreConfig.parse({ compaction: { enabled: false } }), {
    dataDir,
    clock: systemClock,
    log: createLogger("error"),
    metrics: createSelfMetrics(),
  });
  try {
    await writeLogBlocks(store, "default", lines, endMs);
  } finally {
    await store.close();
  }
}

type Scrolling = {
  readonly browser: Browser;
  readonly page: Page;
  readonly cdp: CDPSession;
  readonly endMs: number;
  readonly seconds: number;
  readonly pixels: number;
};

async function scrolled({ browser, page, cdp, endMs, seconds, pixels }: Scrolling) {
  const query = encodeURIComponent('{system=~".+"}');
  const range = `from=${endMs - 3_600_000}&to=${endMs + 1_000}`;
  await page.goto(`/logs?lang=logql&q=${query}&${range}&side=off`);
  await page.locator(".logs-row:not(.absent)").first().waitFor();
  await page.locator(".logs-bars path").first().waitFor({ timeout: 120_000 });
  const { result: found, tasks } = await mainThreadTasks(browser, page, () =>
    page.evaluate(scrollDown, { seconds, pixels }),
  );
  const frames = found.frames.toSorted((a, b) => a - b);
  const longest = longestTasks(tasks);
  return {
    lines_scrolled: found.lines,
    scroll_seconds: rounded(found.ms / 1_000, 1),
    frame_p99_ms: rounded(frames[Math.floor(frames.length * 0.99)] ?? 0, 1),
    frame_max_ms: rounded(frames.at(-1) ?? 0, 1),
    frames_over_50_ms: frames.filter((ms) => ms > 50).length,
    frames: frames.length,
    task_max_ms: longest.wallMs,
    task_max_cpu_ms: longest.cpuMs,
    tasks_over_50_cpu_ms: longest.over,
    scroll_heap_mb: (await memoryOf(cdp)).heapMb,
  };
}

/** Runs in the page. */
async function scrollDown({ seconds, pixels }: { seconds: number; pixels: number }) {
  const pane = document.querySelector(".logs-pane");
  if (pane === null) throw new Error("there is no list");
  const frames: number[] = [];
  const startedMs = performance.now();
  let beforeMs = startedMs;
  let stillSinceMs = startedMs;
  await new Promise<void>((resolve) => {
    const frame = (nowMs: number): void => {
      if (nowMs > startedMs) frames.push(nowMs - beforeMs);
      beforeMs = nowMs;
      const before = pane.scrollTop;
      pane.scrollTop = before + pixels;
      if (pane.scrollTop > before) stillSinceMs = nowMs;
      // Nothing more comes: the end, or the aggregator has not answered for long.
      if (nowMs - stillSinceMs > 5_000 || nowMs - startedMs > seconds * 1_000) resolve();
      else requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
  });
  return { frames, lines: Math.round(pane.scrollTop / 24), ms: stillSinceMs - startedMs };
}

async function followed(page: Page, cdp: CDPSession, file: string, minutes: number, rate: number) {
  await page.goto("/logs?live=on&side=off");
  await page.waitForTimeout(1_000);
  let written = 0;
  const startedMs = performance.now();
  const timer = setInterval(() => {
    const due = Math.floor(((performance.now() - startedMs) / 1_000) * rate);
    let text = "";
    for (; written < due; written++)
      text += `request ${written} done in ${written % 97} ms status=200\n`;
    if (text !== "") appendFileSync(file, text);
  }, writeEveryMs);
  const seen: ({ readonly minute: number } & Memory)[] = [];
  try {
    const endMs = startedMs + minutes * 60_000;
    while (performance.now() < endMs) {
      await page.waitForTimeout(Math.min(heapEveryMs, Math.max(100, endMs - performance.now())));
      const memory = await memoryOf(cdp);
      const minute = rounded((performance.now() - startedMs) / 60_000, 2);
      if (Math.floor(minute) > Math.floor(seen.at(-1)?.minute ?? 0))
        console.error(`following for ${minute} minutes: ${JSON.stringify(memory)}`);
      seen.push({ minute, ...memory });
    }
  } finally {
    clearInterval(timer);
  }
  // Until the buffer is full, it grows: what counts is how it goes on.
  const fullMinute = 5_500 / rate / 60;
  const settled = seen.filter(({ minute }) => minute > fullMinute);
  const slopeOf = (of: (memory: Memory) => number, digits: number) =>
    settled.length < 3
      ? null
      : rounded(slope(settled.map((memory) => [memory.minute, of(memory)])), digits);
  return {
    follow_minutes: minutes,
    follow_lines: written,
    follow_heap_mb: seen.at(-1)?.heapMb ?? 0,
    follow_heap_slope_mb_per_minute: slopeOf(({ heapMb }) => heapMb, 3),
    follow_nodes: seen.at(-1)?.nodes ?? 0,
    follow_nodes_slope_per_minute: slopeOf(({ nodes }) => nodes, 1),
    follow_listeners: seen.at(-1)?.listeners ?? 0,
    follow_listeners_slope_per_minute: slopeOf(({ listeners }) => listeners, 1),
  };
}

type Memory = { readonly heapMb: number; readonly nodes: number; readonly listeners: number };

/** What is left of heap, nodes of documents and listeners after a collection. */
async function memoryOf(cdp: CDPSession): Promise<Memory> {
  await cdp.send("HeapProfiler.collectGarbage");
  const { usedSize } = await cdp.send("Runtime.getHeapUsage");
  const { nodes, jsEventListeners } = await cdp.send("Memory.getDOMCounters");
  return { heapMb: rounded(usedSize / 1e6, 1), nodes, listeners: jsEventListeners };
}

/** Of the line through the points that leaves the least squares. */
function slope(points: readonly (readonly [number, number])[]): number {
  const meanX = points.reduce((sum, [x]) => sum + x, 0) / points.length;
  const meanY = points.reduce((sum, [, y]) => sum + y, 0) / points.length;
  const over = points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0);
  return over / points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0);
}
