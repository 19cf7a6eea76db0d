import { expect } from "bun:test";
import { chromium, type Browser, type BrowserContextOptions, type Page } from "playwright-core";

const candidates = [
  process.env["CHROMIUM"],
  // The same engine without the browser's own windows, which take half of the processor time of a test.
  "/usr/bin/chromium-headless-shell",
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
];
const flags = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--disable-background-networking",
];

/** Where Chromium is, or undefined where the machine has none and its tests are skipped. */
export function findChromium(): string | undefined {
  for (const path of candidates) {
    if (path !== undefined && Bun.file(path).size > 0) return path;
  }
  return Bun.which("chromium") ?? undefined;
}

export type TestPage = {
  readonly page: Page;
  /** What the page complained of: console errors and exceptions that nobody caught. */
  readonly complaints: string[];
};

/** A headless browser without a network beyond this machine. */
export async function launchChromium(
  executablePath: string,
  more: readonly string[] = [],
): Promise<Browser> {
  return chromium.launch({ executablePath, args: [...flags, ...more], headless: true });
}

/** A fresh profile with one page; close its context after use. */
export async function openPage(
  browser: Browser,
  options: BrowserContextOptions = {},
): Promise<TestPage> {
  const context = await browser.newContext({ viewport: { width: 1_440, height: 900 }, ...options });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "error") complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
  return { page, complaints };
}

/** Runs a test in a page of its own, closes it, and fails where the page complained. */
export async function withPage(
  browser: Browser,
  options: BrowserContextOptions,
  run: (opened: TestPage) => Promise<void>,
): Promise<void> {
  const opened = await openPage(browser, options);
  try {
    await run(opened);
    expect(opened.complaints).toEqual([]);
  } finally {
    await opened.page.context().close();
  }
}

/** What runs a test on a page at `path` of a server, as withPage() does. Browser and address are asked for when a test runs. */
export function pagesOf(browser: () => Browser, baseURL: () => string) {
  return (
    path: string,
    run: (page: Page, complaints: string[]) => Promise<void>,
    options: BrowserContextOptions = {},
  ): Promise<void> =>
    withPage(browser(), { baseURL: baseURL(), ...options }, async ({ page, complaints }) => {
      await page.goto(path);
      await run(page, complaints);
    });
}
