import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { Browser } from "playwright-core";
import { machineLoad, rounded } from "#test/support/bench_world.ts";
import { builtUi } from "#test/support/built_ui.ts";
import { findChromium, launchChromium, openPage } from "#test/support/chromium.ts";
import { LapwingProcess } from "#test/support/lapwing_process.ts";
import { mainThreadTasks } from "#test/support/main_thread_tasks.ts";
import { NodeHosts, intervalMs } from "#test/support/node_hosts.ts";
import { recordedScrapes } from "#test/support/recorded_scrapes.ts";
import { saveDashboard } from "#test/support/save_dashboard.ts";
import { writeStore } from "#test/support/write_store.ts";

/** What people put on a dashboard of hosts: a line for each host, for each processor, single values, and a table. */
const panels: readonly (readonly [kind: string, expr: string])[] = [
  ["timeseries", '1 - avg by (instance) (rate(node_cpu_seconds_total{mode="idle"}[5m]))'],
  ["timeseries", "node_load1"],
  ["timeseries", "node_load5"],
  ["timeseries", "node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes"],
  ["timeseries", "sum by (instance) (rate(node_network_receive_bytes_total[$__rate_interval]))"],
  ["timeseries", "sum by (instance) (rate(node_network_transmit_bytes_total[$__rate_interval]))"],
  ["timeseries", "sum by (instance) (rate(node_disk_read_bytes_total[$__rate_interval]))"],
  ["timeseries", "sum by (instance) (rate(node_disk_written_bytes_total[$__rate_interval]))"],
  ["timeseries", 'rate(node_cpu_seconds_total{mode="user"}[$__rate_interval])'],
  ["timeseries", "sum by (mode) (rate(node_cpu_seconds_total[$__rate_interval]))"],
  ["timeseries", "rate(node_context_switches_total[$__rate_interval])"],
  ["timeseries", "node_filefd_allocated"],
  ["timeseries", "node_procs_running"],
  ["timeseries", "rate(node_vmstat_pgfault[$__rate_interval])"],
  ["timeseries", "node_memory_Cached_bytes"],
  ["timeseries", "topk(5, sum by (instance) (rate(node_cpu_seconds_total[5m])))"],
  ["stat", "count(node_load1)"],
  ["stat", "max(node_load1)"],
  ["gauge", "1 - avg(rate(node_cpu_seconds_total{mode='idle'}[5m]))"],
  ["bargauge", "node_load15"],
];

/** Wide and high enough for all of it. */
const viewport = { width: 1_440, height: 2_400 };
const uid = "bench";

/**
 * How long does a dashboard of `--panels` panels over a day of `--hosts` hosts take to be whole? Chromium loads its page as by a bookmark,
 * and opens it from the list as most people do, `--rounds` times each after one that warms the browser's cache and what the aggregator
 * keeps; all panels are on the screen. Whole is when each panel shows a picture of its answer. `page_cpu_ms` is the work of the page's
 * thread for one load, whatever else the machine has to do. `--hours`, `--data DIR` (kept there, and used again).
 */
export async function run(args: readonly string[]): Promise<Record<string, unknown>> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      hosts: { type: "string", default: "10" },
      hours: { type: "string", default: "24" },
      panels: { type: "string", default: "20" },
      rounds: { type: "string", default: "7" },
      data: { type: "string" },
    },
  });
  const chromiumPath = findChromium();
  if (chromiumPath === undefined) return { skipped: "there is no Chromium" };
  const scrapes = await recordedScrapes();
  if (scrapes.length === 0) return { skipped: "the recorded scrapes are absent" };
  await builtUi();
  const hosts = Number(values.hosts);
  const nodes = new NodeHosts(scrapes, hosts);
  const folder = values.data ?? (await mkdtemp(join(tmpdir(), "lapwing-bench-")));
  const count = Math.round((Number(values.hours) * 3_600_000) / intervalMs);
  await writeStore(join(folder, "data"), nodes, hosts, count, true);
  const up = await LapwingProcess.start({
    role: "up",
    name: "up",
    folder,
    config: { data_dir: join(folder, "data"), storage: { compaction: { enabled: false } } },
  });
  let browser: Browser | undefined;
  try {
    await saveDashboard(up.url, uid, documentOf(Number(values.panels), `now-${values.hours}h`));
    browser = await launchChromium(chromiumPath);
    const rounds = await measured(browser, up, Number(values.panels), Number(values.rounds));
    return {
      hosts,
      panels: Number(values.panels),
      ...rounds,
      compaction: "off",
      machine_load: machineLoad(),
    };
  } finally {
    await browser?.close();
    await up.end("SIGTERM");
    if (values.data === undefined) await rm(folder, { recursive: true, force: true });
  }
}

function documentOf(count: number, from: string) {
  const shown = Array.from({ length: count }, (_, i) => {
    const [kind, expr] = panels[i % panels.length] ?? ["stat", "1"];
    const place = { x: (i % 3) * 8, y: Math.floor(i / 3) * 7, w: 8, h: 7 };
    return { id: i + 2, kind, title: `Panel ${i + 1}`, place, queries: [{ ref: "A", expr }] };
  });
  return {
    title: "Bench",
    time: { from, to: "now" },
    rows: [{ id: 1, title: "", panels: shown }],
  };
}

async function measured(browser: Browser, up: LapwingProcess, panelCount: number, rounds: number) {
  const { page, complaints } = await openPage(browser, { baseURL: up.url, viewport });
  let requests = 0;
  page.on("request", (request) => {
    if (/\/api\/v1\/query|QueryService\/Query/.test(request.url())) requests++;
  });
  const timed = async (open: () => Promise<Drawn>): Promise<Round> => {
    requests = 0;
    const cpuBefore = up.cpuSeconds();
    const drawn = await open();
    return { ...drawn, requests, aggregatorCpuMs: (up.cpuSeconds() - cpuBefore) * 1_000 };
  };
  const load = async (): Promise<Drawn> => {
    await page.goto(`/dashboards/${uid}`, { waitUntil: "commit" });
    return page.evaluate(whenWhole, { panelCount, isLink: false });
  };
  const loaded: Round[] = [];
  const opened: Round[] = [];
  for (let round = 0; round <= rounds; round++) {
    const first = await timed(load);
    await page.goto("/dashboards?q=Bench");
    await page.locator(link).first().waitFor();
    const second = await timed(() => page.evaluate(whenWhole, { panelCount, isLink: true }));
    // The first of each fills the caches.
    if (round === 0) continue;
    loaded.push(first);
    opened.push(second);
  }
  await page.goto("about:blank");
  const { tasks } = await mainThreadTasks(browser, page, load);
  await page.context().close();
  return {
    ...figures(loaded),
    page_cpu_ms: rounded(
      tasks.reduce((sum, { cpuMs }) => sum + cpuMs, 0),
      0,
    ),
    from_list: figures(opened),
    complaints: complaints.length,
  };
}

function figures(all: readonly Round[]) {
  const middle = (of: (round: Round) => number): number => {
    const sorted = all.map(of).toSorted((a, b) => a - b);
    return rounded(sorted[Math.floor(sorted.length / 2)] ?? 0, 0);
  };
  return {
    first_panel_ms: middle(({ firstMs }) => firstMs),
    last_panel_ms: middle(({ lastMs }) => lastMs),
    last_panel_min_ms: rounded(Math.min(...all.map(({ lastMs }) => lastMs)), 0),
    last_panel_max_ms: rounded(Math.max(...all.map(({ lastMs }) => lastMs)), 0),
    page_busy_ms: middle(({ busyMs }) => busyMs),
    aggregator_cpu_ms: middle((round) => round.aggregatorCpuMs),
    requests: middle((round) => round.requests),
  };
}

const link = ".board-title a";

type Drawn = { readonly firstMs: number; readonly lastMs: number; readonly busyMs: number };
type Round = Drawn & { readonly requests: number; readonly aggregatorCpuMs: number };

/**
 * Runs in the page: waits until so many panels have the pictures of their answers, since the page was asked for or, with `isLink`, since the
 * first dashboard of the list is clicked. A panel that failed or is empty has none.
 */
async function whenWhole(given: { panelCount: number; isLink: boolean }): Promise<Drawn> {
  const pictures =
    ".graph-canvas canvas, .stat-cell, .bar-gauge-value, .board-panel-body svg[role=img]";
  const waiting = ".board-panel .skeleton, .board-panel .asking";
  let busyMs = 0;
  new PerformanceObserver((list) => {
    for (const { startTime, duration } of list.getEntries())
      if (startTime >= startedMs) busyMs += duration;
  }).observe({ type: "longtask", buffered: true });
  // A page's clock begins when it is asked for.
  const startedMs = given.isLink ? performance.now() : 0;
  if (given.isLink) document.querySelector<HTMLElement>(".board-title a")?.click();
  let firstMs = 0;
  return new Promise((resolve, reject) => {
    // Looked at in each frame, so it must not cost: all panels are looked through only when none waits.
    const frame = (): void => {
      const spentMs = performance.now() - startedMs;
      if (firstMs === 0 && document.querySelector(pictures) !== null) firstMs = spentMs;
      const found =
        firstMs === 0 || document.querySelector(waiting) !== null
          ? 0
          : [...document.querySelectorAll(".board-panel")].filter(
              (panel) => panel.querySelector(pictures) !== null,
            ).length;
      if (found >= given.panelCount) resolve({ firstMs, lastMs: spentMs, busyMs });
      else if (spentMs > 60_000)
        reject(new Error(`${found} of ${given.panelCount} panels are drawn`));
      else requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
  });
}
