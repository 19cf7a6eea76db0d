import { expect, test } from "bun:test";
import { appendFileSync, existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { findChromium, launchChromium, openPage } from "#test/support/chromium.ts";

const root = join(import.meta.dir, "..", "..");
const isCheckout = existsSync(join(root, ".git"));
const chromium = findChromium();
const installMaxMs = 180_000;
/** From the end of the installation to the first chart. */
const firstChartMaxMs = 15_000;

const Answer = z.object({ data: z.object({ result: z.array(z.unknown()) }) });

/** A clone with an empty home; where npm finds its registry, and what it has downloaded, is all that it keeps of this user. */
async function startInFreshClone(folder: string) {
  const clone = join(folder, "lapwing");
  const home = join(folder, "home");
  mkdirSync(home);
  expect(Bun.spawnSync(["git", "clone", "-q", root, clone]).exitCode).toBe(0);
  const child = Bun.spawn(["npm", "start", "--", "--listen", "127.0.0.1:0"], {
    cwd: clone,
    stdout: "ignore",
    stderr: "pipe",
    env: {
      PATH: process.env.PATH ?? "",
      HOME: home,
      LAPWING_INTEGRATIONS__DETECT: "false",
      NPM_CONFIG_USERCONFIG: join(homedir(), ".npmrc"),
      NPM_CONFIG_CACHE: process.env["npm_config_cache"] ?? join(homedir(), ".npm"),
      LAPWING_SOURCES: JSON.stringify([
        { type: "host_metrics" },
        { type: "file_logs", paths: [join(folder, "app.log")] },
      ]),
    },
  });
  const url = await listeningUrl(child.stderr);
  return { child, url };
}

async function listeningUrl(stream: ReadableStream<Uint8Array>): Promise<string> {
  const found = Promise.withResolvers<string>();
  void (async () => {
    const decoder = new TextDecoder();
    let text = "";
    for await (const chunk of stream) {
      text += decoder.decode(chunk, { stream: true });
      const url = /"url":"([^"]+)","msg":"listening"/.exec(text)?.[1];
      if (url !== undefined) found.resolve(url);
    }
    found.reject(new Error(`ended before it listened:\n${text}`));
  })();
  return found.promise;
}

/** Asks until there is a result; gives the milliseconds that it took. */
async function untilAnswered(url: string, maxMs: number): Promise<number> {
  const startedMs = performance.now();
  while (performance.now() - startedMs < maxMs) {
    const response = await fetch(url);
    const { data } = Answer.parse(await response.json());
    if (data.result.length > 0) return performance.now() - startedMs;
    await Bun.sleep(100);
  }
  throw new Error(`nothing at ${url} after ${maxMs} ms`);
}

test.skipIf(!isCheckout || Bun.which("npm") === null)(
  "npm start in a fresh clone shows this host's charts and logs (needs git and npm)",
  async () => {
    const folder = mkdtempSync(join(tmpdir(), "lapwing-clone-"));
    appendFileSync(join(folder, "app.log"), "the first line\n");
    const { child, url } = await startInFreshClone(folder);
    try {
      const rate = encodeURIComponent("sum(rate(node_cpu_seconds_total[1m]))");
      const chartMs = await untilAnswered(`${url}api/v1/query?query=${rate}`, firstChartMaxMs);
      const lines = encodeURIComponent('{job="files"} |= "first line"');
      await untilAnswered(`${url}loki/api/v1/query_range?query=${lines}`, firstChartMaxMs);
      console.log(`first chart ${Math.round(chartMs)} ms after it listened`);
      if (chromium !== undefined) await seeInChromium(chromium, url);
      child.kill("SIGTERM");
      await child.exited;
      await untilGone(url);
    } finally {
      child.kill("SIGKILL");
      rmSync(folder, { recursive: true, force: true });
    }
  },
  installMaxMs,
);

/** What npm started must end with it, and drain within its 10 s. */
async function untilGone(url: string): Promise<void> {
  for (const deadline = performance.now() + 11_000; performance.now() < deadline;) {
    try {
      await fetch(url);
    } catch {
      return;
    }
    await Bun.sleep(100);
  }
  throw new Error(`${url} still answers`);
}

async function seeInChromium(path: string, url: string): Promise<void> {
  const browser = await launchChromium(path);
  try {
    const { page, complaints } = await openPage(browser);
    await page.goto(url);
    await page.locator('a[href^="/hosts/"]').first().click();
    await page.getByText("CPU by mode").waitFor();
    await page.locator("canvas").first().waitFor();
    await page.getByRole("tab", { name: "Logs" }).click();
    await page.getByText("the first line").waitFor();
    expect(complaints).toEqual([]);
  } finally {
    await browser.close();
  }
}
