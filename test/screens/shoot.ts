import { join } from "node:path";
import type { Browser, Page } from "playwright-core";

/** A page of the interface in one state: where it is, and what is done there before its picture is taken. */
export type Scene = {
  /** The picture's file name, in lower case with underscores. */
  readonly name: string;
  /** Path and query below the server's address. */
  readonly path: string;
  /** Opens a dialog, a tab or a menu. It throws where the page has no such thing. */
  readonly before?: (page: Page, look: Look) => Promise<void>;
  /** It changes what is on the server: its looks are taken one after the other. */
  readonly changes?: boolean;
  /** Looks in which the scene does not exist, as a sheet that phones do not have. */
  readonly not?: readonly Look["name"][];
};

/** One of the four ways in which every page is looked at. */
export type Look = {
  readonly name: "wide_light" | "wide_dark" | "phone_light" | "phone_dark";
  readonly width: number;
  readonly height: number;
  readonly colorScheme: "light" | "dark";
};

const wide = { width: 1_440, height: 900 };
const phone = { width: 390, height: 844 };

const looks: readonly Look[] = [
  { name: "wide_light", ...wide, colorScheme: "light" },
  { name: "wide_dark", ...wide, colorScheme: "dark" },
  { name: "phone_light", ...phone, colorScheme: "light" },
  { name: "phone_dark", ...phone, colorScheme: "dark" },
];

/** What went wrong on a scene in a look: an error of the page, or a step that found nothing to press. */
export type Trouble = { readonly scene: string; readonly look: string; readonly words: string };

type Given = {
  readonly browser: Browser;
  /** The address of a running Lapwing. */
  readonly url: string;
  readonly scenes: readonly Scene[];
  /** Where the pictures go; the folder exists. */
  readonly out: string;
};

/**
 * Takes a picture of each scene in each look, and puts the four on one sheet `NAME.png` in the folder: wide ones at the
 * left, phones at the right, light above dark. A scene that fails leaves its place empty and is told of; it does not
 * end the run.
 */
export async function shoot({ browser, url, scenes, out }: Given): Promise<Trouble[]> {
  const troubles: Trouble[] = [];
  // A window for each look is most of what a picture costs: it is opened once.
  const pages = await Promise.all(
    looks.map(async (look) => ({ look, page: await openLook(browser, url, look) })),
  );
  for (const scene of scenes) {
    const pictures = new Map<string, Buffer>();
    const take = async ({ look, page }: (typeof pages)[number]): Promise<void> => {
      const told = (thrown: unknown): void => {
        const [words = ""] = String(thrown).split("\n");
        troubles.push({ scene: scene.name, look: look.name, words });
      };
      page.on("pageerror", told);
      try {
        pictures.set(look.name, await shootOne(page, scene, look));
      } catch (error) {
        told(error);
      } finally {
        page.off("pageerror", told);
      }
    };
    const wanted = pages.filter(({ look }) => scene.not?.includes(look.name) !== true);
    if (scene.changes === true) for (const one of wanted) await take(one);
    else await Promise.all(wanted.map(take));
    await putTogether(browser, pictures, join(out, `${scene.name}.png`));
  }
  await Promise.all(pages.map(({ page }) => page.context().close()));
  return troubles;
}

/** What a page keeps in the browser is forgotten with every address: no scene sees what another left. */
async function openLook(browser: Browser, url: string, look: Look): Promise<Page> {
  const context = await browser.newContext({
    baseURL: url,
    viewport: { width: look.width, height: look.height },
    colorScheme: look.colorScheme,
    reducedMotion: "reduce",
    hasTouch: look.width < 600,
    // The page's own policy refuses the conditions that are waited for here.
    bypassCSP: true,
  });
  await context.addInitScript(() => {
    // Pages of their own making, such as about:blank, keep nothing.
    if (location.protocol.startsWith("http")) localStorage.clear();
  });
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  return page;
}

async function shootOne(page: Page, scene: Scene, look: Look): Promise<Buffer> {
  await page.context().setOffline(false);
  await page.goto("about:blank");
  await page.goto(scene.path);
  await settle(page);
  await scene.before?.(page, look);
  await settle(page);
  return await page.screenshot();
}

/** Waits until nothing on the page says that it is loading; pages that follow something are never quiet on the network. */
async function settle(page: Page): Promise<void> {
  await page.waitForLoadState("load");
  await page.locator("main *").first().waitFor();
  await page
    // Below a list that goes on there is always one.
    .locator(".skeleton:not(.logs-pane > .skeleton), [aria-busy=true]")
    .first()
    .waitFor({ state: "detached", timeout: 8_000 })
    .catch(() => undefined);
  await page.waitForTimeout(700);
}

async function putTogether(
  browser: Browser,
  pictures: ReadonlyMap<string, Buffer>,
  path: string,
): Promise<void> {
  const cell = (name: Look["name"], width: number): string => {
    const picture = pictures.get(name);
    const source =
      picture === undefined ? "" : ` src="data:image/png;base64,${picture.toString("base64")}"`;
    return `<td valign="top"><img width="${width}"${source} alt=""></td>`;
  };
  const row = (scheme: "light" | "dark"): string =>
    `<tr>${cell(`wide_${scheme}`, 1_000)}${cell(`phone_${scheme}`, 289)}</tr>`;
  const page = await browser.newPage({ viewport: { width: 1_310, height: 1_270 } });
  await page.setContent(`<body style="margin:0"><table>${row("light")}${row("dark")}</table>`);
  await page.screenshot({ path, fullPage: true });
  await page.close();
}
