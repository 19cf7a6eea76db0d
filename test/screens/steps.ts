import type { Page } from "playwright-core";
import type { Look } from "./shoot.ts";

export type Step = (page: Page, look: Look) => Promise<void>;

/** Presses a button by its name, or by words that begin it. */
export function press(name: string | RegExp): Step {
  return (page) => page.getByRole("button", { name, exact: true }).first().click();
}

/** Chooses a tab. */
export function tab(name: string | RegExp): Step {
  return (page) => page.getByRole("tab", { name }).first().click();
}

/** Presses the first of what a selector finds. */
export function touch(selector: string): Step {
  return (page) => page.locator(selector).first().click();
}

/** Waits for the first of what a selector finds. */
export function see(selector: string): Step {
  return (page) => page.locator(selector).first().waitFor();
}

/** Types into the field of that name. */
export function write(field: string | RegExp, text: string): Step {
  return (page) => page.getByLabel(field).first().fill(text);
}

/** Holds the pointer over the middle of the first of what a selector finds, as for a tooltip; a phone has no pointer. */
export function point(selector: string): Step {
  return async (page, look) => {
    const target = page.locator(selector).first();
    await target.waitFor();
    if (!isPhone(look)) await target.hover();
  };
}

/** Scrolls until the first of what a selector finds is in view. */
export function reach(selector: string): Step {
  return (page) => page.locator(selector).first().scrollIntoViewIfNeeded();
}

/** Scrolls the page to its end. */
export const toEnd: Step = async (page) => {
  await page.evaluate("document.querySelector('main').scrollTo(0, 1e6)");
};

/** One step after the other. */
export function inTurn(...steps: readonly Step[]): Step {
  return async (page, look) => {
    for (const step of steps) await step(page, look);
  };
}

export function isPhone(look: Look): boolean {
  return look.width < 600;
}
