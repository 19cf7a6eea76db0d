import type { Browser, Page } from "playwright-core";
import { z } from "zod";

/** One task of a page's main thread: how long it took, and how much of that the thread had a processor for. */
export type MainThreadTask = { readonly wallMs: number; readonly cpuMs: number };

const Trace = z.object({
  traceEvents: z.array(
    z.object({
      name: z.string(),
      pid: z.number(),
      tid: z.number(),
      dur: z.number().optional(),
      tdur: z.number().optional(),
      args: z.object({ name: z.string().optional() }).optional(),
    }),
  ),
});

/**
 * Runs something and gives the tasks of the page's main thread meanwhile, by Chromium's own trace. On a machine that others use, too, the
 * time on the clock says how busy the machine is; the time of the thread says how much work the page makes.
 */
export async function mainThreadTasks<T>(
  browser: Browser,
  page: Page,
  run: () => Promise<T>,
): Promise<{ readonly result: T; readonly tasks: readonly MainThreadTask[] }> {
  await browser.startTracing(page, {
    categories: ["-*", "disabled-by-default-devtools.timeline"],
  });
  let result: T;
  try {
    result = await run();
  } catch (thrown) {
    await browser.stopTracing();
    throw thrown;
  }
  const { traceEvents } = Trace.parse(JSON.parse((await browser.stopTracing()).toString()));
  const threads = new Map<string, MainThreadTask[]>();
  for (const { name, pid, tid, args } of traceEvents)
    if (name === "thread_name" && args?.name === "CrRendererMain") threads.set(`${pid}/${tid}`, []);
  for (const { name, pid, tid, dur = 0, tdur = 0 } of traceEvents)
    if (name === "RunTask")
      threads.get(`${pid}/${tid}`)?.push({ wallMs: dur / 1_000, cpuMs: tdur / 1_000 });
  // The browser keeps a renderer in reserve, which has next to nothing to do.
  const [tasks = []] = Array.from(threads.values()).toSorted((a, b) => busyMs(b) - busyMs(a));
  return { result, tasks };
}

/** The longest of them on the clock and in work, and how many are over what a frame may take. */
export function longestTasks(tasks: readonly MainThreadTask[], overMs = 50) {
  const longest = (of: (task: MainThreadTask) => number) =>
    Math.round(tasks.reduce((max, task) => Math.max(max, of(task)), 0) * 10) / 10;
  return {
    wallMs: longest(({ wallMs }) => wallMs),
    cpuMs: longest(({ cpuMs }) => cpuMs),
    over: tasks.filter(({ cpuMs }) => cpuMs > overMs).length,
  };
}

function busyMs(tasks: readonly MainThreadTask[]): number {
  return tasks.reduce((sum, { cpuMs }) => sum + cpuMs, 0);
}
