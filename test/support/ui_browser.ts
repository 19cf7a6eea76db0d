import { expect } from "bun:test";
import type { BrowserContextOptions, Page } from "playwright-core";
import { builtUi } from "./built_ui.ts";
import { launchChromium, openPage, type TestPage } from "./chromium.ts";
import { serveUiFixture, type UiFixture } from "./ui_fixture.ts";

/** The built interface and a browser, for the tests of one file. */
export type UiBrowser = {
  /** Where the interface was built. */
  readonly dist: string;
  /** Runs on a server with so many hosts and in a fresh profile, and expects that the page complained of nothing. */
  on(
    server: { readonly hosts: number; readonly hostile?: boolean },
    options: BrowserContextOptions,
    run: (page: Page, fixture: UiFixture, opened: TestPage) => Promise<void>,
  ): Promise<void>;
  close(): Promise<void>;
};

export const phone = { viewport: { width: 390, height: 844 }, hasTouch: true };

export async function openUiBrowser(chromiumPath: string): Promise<UiBrowser> {
  const dist = await builtUi();
  const browser = await launchChromium(chromiumPath);
  return {
    dist,
    async on(server, options, run) {
      await using fixture = serveUiFixture({ dist, ...server });
      const opened = await openPage(browser, { baseURL: fixture.url, ...options });
      try {
        await run(opened.page, fixture, opened);
        expect(opened.complaints).toEqual([]);
      } finally {
        await opened.page.context().close();
      }
    },
    async close() {
      await browser.close();
    },
  };
}
