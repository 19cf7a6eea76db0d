import type { Page } from "playwright-core";
import { z } from "zod";
import type { Scene } from "../shoot.ts";

const Listing = z.object({
  data: z.array(z.object({ uid: z.string(), source: z.string(), origin: z.string() })),
});

/** More of a page than this is not pictured: a browser draws no larger one in one piece. */
const heightMaxPx = 6_000;

/** Each board that comes with this Lapwing, from its top to its bottom. */
export async function scenes(url: string): Promise<readonly Scene[]> {
  const answer = await fetch(new URL("/api/v1/dashboards", url));
  const { data } = Listing.parse(await answer.json());
  const builtIn = data.filter(({ origin }) => origin === "built_in");
  return builtIn.map(({ uid, source }): Scene => ({
    name: `board_${source}`,
    path: `/dashboards/${uid}?from=now-15m&to=now`,
    before: (page, { width, height }) => growToWhole(page, width, height),
  }));
}

/** Panels below the edge ask for nothing before they are seen; what they then show may make the page longer once more. */
async function growToWhole(page: Page, width: number, height: number): Promise<void> {
  await page.waitForSelector(".panel-cell");
  let shown = height;
  for (let round = 0; round < growthsMax; round++) {
    const whole = Math.min(Number(await page.evaluate(wholeHeight)), heightMaxPx);
    if (whole <= shown) return;
    await page.setViewportSize({ width, height: whole });
    shown = whole;
    await page.waitForTimeout(300);
  }
}

const growthsMax = 4;
/** What the page scrolls, and the bars around it. */
const wholeHeight = `(({ scrollHeight, clientHeight }) => innerHeight - clientHeight + scrollHeight)(document.querySelector("main"))`;
