import type { BrowserContextOptions, Page } from "playwright-core";
import { phone } from "./ui_browser.ts";

type Theme = "light" | "dark";

/** The sizes that pages are checked in, with the theme that they open in there; inBothThemes() turns them to the other one. */
export const sizes = [
  ["a desk", { colorScheme: "light" }],
  ["a phone", { ...phone, colorScheme: "dark" }],
] as const satisfies readonly (readonly [name: string, options: BrowserContextOptions])[];

/**
 * Runs a check on a page as it is, and again when the system has turned to the other theme, which the page follows. A load takes more
 * processor time than most checks do, so there is one for both.
 */
export async function inBothThemes(
  page: Page,
  check: (theme: Theme) => Promise<void>,
): Promise<void> {
  const isDark = await page.evaluate(() => matchMedia("(prefers-color-scheme: dark)").matches);
  const themes = isDark ? (["dark", "light"] as const) : (["light", "dark"] as const);
  const [first, second] = themes;
  await check(first);
  await page.emulateMedia({ colorScheme: second });
  await page.evaluate(settle);
  await check(second);
}

/** Waits until the page is drawn and no colour is on its way to another; what moves for ever moves on. */
async function settle(): Promise<void> {
  await new Promise((resolve) => {
    requestAnimationFrame(() => requestAnimationFrame(resolve));
  });
  const running = document.getAnimations().filter((each) => each instanceof CSSTransition);
  await Promise.allSettled(running.map(({ finished }) => finished));
}
