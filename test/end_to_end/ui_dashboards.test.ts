import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { z } from "zod";
import { axeFindings } from "#test/support/axe.ts";
import { inBothThemes, sizes } from "#test/support/both_themes.ts";
import { until } from "#test/support/asking.ts";
import { builtUi } from "#test/support/built_ui.ts";
import { findChromium, launchChromium, withPage } from "#test/support/chromium.ts";
import { askedPromql } from "#test/support/query_requests.ts";
import { saveDashboard } from "#test/support/save_dashboard.ts";
import { Stage } from "#test/support/stage.ts";

const chromiumPath = findChromium();
if (chromiumPath === undefined) console.warn("skipped: the dashboards' tests need Chromium");
setDefaultTimeout(60_000);

const shared = process.env["LAPWING_SHARED"] ?? join(import.meta.dir, "../../../shared");
const nodeFull = join(shared, "conformance", "grafana-dashboards", "node-exporter-full.json");
const Answer = z.object({ data: z.object({ result: z.array(z.unknown()) }) });

const panel = (id: number, title: string, expr: string, x: number) => ({
  id,
  kind: "timeseries",
  title,
  place: { x, y: 0, w: 12, h: 8 },
  queries: [{ ref: "A", expr }],
});
const board = {
  title: "Loads",
  time: { from: "now-15m", to: "now" },
  refresh: "5s",
  variables: [
    {
      kind: "custom",
      name: "load",
      multi: false,
      options: [
        { text: "one", value: "1" },
        { text: "five", value: "5" },
      ],
      current: ["1"],
    },
  ],
  rows: [
    {
      id: 1,
      title: "",
      panels: [
        panel(2, "Load $load", "node_load$load", 0),
        panel(3, "CPUs", "node_cpu_seconds_total", 12),
      ],
    },
  ],
};
const hostile = {
  title: `<img src=x onerror="document.title='owned'">`,
  schemaVersion: 39,
  panels: [
    {
      id: 1,
      type: "text",
      title: "<script>document.title='owned'</script>",
      gridPos: { x: -5, y: 0, w: 9_999, h: 1e9 },
      options: {
        mode: "html",
        content: `<img src=x onerror="document.title='owned'"><script>document.title='owned'</script><a href="javascript:alert(1)">go</a>`,
      },
    },
    { id: 2, type: "no-such-panel", title: "Unknown", gridPos: { x: 0, y: 9, w: 12, h: 8 } },
    {
      id: 3,
      type: "timeseries",
      title: "Fine",
      gridPos: { x: 0, y: 20, w: 12, h: 8 },
      targets: [{ refId: "A", expr: "node_load1", legendFormat: "<b>{{instance}}</b>" }],
    },
  ],
};

/** Another one without variables. */
const plain = (title: string) => ({
  ...board,
  title,
  refresh: "",
  variables: [],
  rows: [{ id: 1, title: "", panels: [panel(2, "CPUs", "node_cpu_seconds_total", 0)] }],
});

const copied = {
  ...board,
  title: "Copies",
  refresh: "",
  variables: board.variables.map((each) => ({ ...each, multi: true, current: ["1", "5"] })),
  rows: [
    {
      id: 1,
      title: "",
      panels: [
        {
          ...panel(2, "Load $load", "node_load$load", 0),
          repeat: { variable: "load", direction: "across", per_row: 2 },
        },
      ],
    },
  ],
};

/** What Connect answers to a streaming RPC that fails: the stream's end alone. */
function refusal(message: string) {
  const end = Buffer.from(JSON.stringify({ error: { code: "invalid_argument", message } }));
  const head = Buffer.alloc(5);
  head.writeUInt8(2);
  head.writeUInt32BE(end.length, 1);
  return { contentType: "application/connect+proto", body: Buffer.concat([head, end]) };
}

const drawn = (page: Page, title: string) =>
  page.getByRole("region", { name: title, exact: true }).locator("canvas").first();

describe.skipIf(chromiumPath === undefined)("dashboards", () => {
  const stage = new Stage();
  let browser: Browser;
  let url = "";

  beforeAll(async () => {
    await builtUi();
    const config = {
      data_dir: stage.path("data"),
      ingest: { flush_interval: "200ms" },
      sources: [{ type: "host_metrics", interval: "1s" }],
    };
    ({ url } = await stage.start({ role: "up", name: "up", config }));
    browser = await launchChromium(chromiumPath ?? "");
    await until(
      "a load",
      async () => {
        // Charts ask on a grid: there must be a point on it.
        const time = Math.floor(Date.now() / 15_000) * 15;
        const answer = await fetch(
          `${url}api/v1/query?query=rate(node_cpu_seconds_total[1m])&time=${time}`,
        );
        const found = Answer.parse(await answer.json()).data.result;
        return found.length > 0 ? found : undefined;
      },
      40_000,
    );
  });

  afterAll(async () => {
    await browser?.close();
    await stage.stop();
  });

  async function on(
    options: BrowserContextOptions,
    run: (page: Page, complaints: string[]) => Promise<void>,
  ): Promise<void> {
    await withPage(browser, { baseURL: url, ...options }, async ({ page, complaints }) => {
      await run(page, complaints);
    });
  }

  const save = (uid: string, document: unknown): Promise<void> => saveDashboard(url, uid, document);

  test("built-in dashboards are listed, found by words, starred, and shown with what this host sends", async () => {
    await on({}, async (page) => {
      await page.goto("/dashboards");
      await page.getByRole("link", { name: "Hosts", exact: true }).last().waitFor();
      await page.getByLabel("Search dashboards").fill("lapwing hosts");
      await page.getByText(/^\d of \d+ dashboards$/).waitFor();
      await page.getByRole("button", { name: "Star Hosts" }).click();
      await page.goto("/dashboards?starred=yes");
      await page.getByText(/^1 of/).waitFor();
      await page.locator(".board-title a").click();
      await page.waitForURL(/dashboards\/lapwing-hosts.*from=now-3h/);
      // A host of seconds has no point yet on a grid of three hours.
      await page.goto("/dashboards/lapwing-hosts?from=now-5m&to=now");
      await drawn(page, "Load, 1 minute").waitFor();
    });
  });

  test("a variable is chosen by keyboard, fills queries and titles, and stays in the URL", async () => {
    await save("loads", board);
    await on({}, async (page) => {
      await page.goto("/dashboards/loads");
      await drawn(page, "Load one").waitFor();
      const asked = page.waitForRequest(
        (request) => askedPromql(request)?.query.includes("node_load5") === true,
      );
      await page.getByRole("button", { name: "load: one" }).focus();
      await page.keyboard.press("Enter");
      await page.keyboard.type("fiv", { delay: 10 });
      await page.keyboard.press("Enter");
      await page.waitForURL(/var-load=5/);
      await asked;
      await drawn(page, "Load five").waitFor();
      await page.reload();
      await drawn(page, "Load five").waitFor();
    });
  });

  test("a refresh that fails keeps the last good picture and says why, and recovers", async () => {
    await save("loads", board);
    await on({}, async (page, complaints) => {
      await page.goto("/dashboards/loads");
      await drawn(page, "Load one").waitFor();
      await page.route(/QueryPromql/, (route) => route.fulfill(refusal("it is too much")));
      await page.getByRole("button", { name: "More of this dashboard" }).click();
      await page.getByRole("menuitem", { name: "Refresh everything" }).click();
      const region = page.getByRole("region", { name: "Load one", exact: true });
      await region.getByText(/as of .*it is too much/).waitFor();
      expect(await region.locator("canvas").count()).toBeGreaterThan(0);
      await page.unroute(/QueryPromql/);
      await region.getByText(/it is too much/).waitFor({ state: "detached", timeout: 15_000 });
      complaints.length = 0;
    });
  });

  test("a panel is added, sized by keys, undone, saved, and an older version comes back", async () => {
    await save("edited", plain("Edited"));
    await on({}, async (page) => {
      await page.goto("/dashboards/edited");
      await page.getByRole("button", { name: "Edit", exact: true }).click();
      await page.getByRole("button", { name: "Add panel" }).click();
      await page.getByRole("button", { name: "Time series", exact: true }).click();
      await page.waitForURL(/panel=3/);
      await page.locator(".cm-content").click();
      await page.keyboard.type("node_memory_MemFree_bytes ");
      await page.getByRole("button", { name: "Run" }).click();
      await page.getByLabel("Title", { exact: true }).first().fill("Free memory");
      await drawn(page, "Free memory").waitFor();
      await page.getByRole("button", { name: "Back to the dashboard" }).click();
      await page.getByRole("button", { name: "Menu of Free memory" }).click();
      await page.getByRole("menuitem", { name: "Move and resize by keys" }).click();
      const said = page.locator(".place-by-keys [role=status]");
      expect(await said.innerText()).toContain("12 wide");
      await page.keyboard.press("Shift+ArrowLeft");
      await page.getByText("11 wide").waitFor();
      await page.keyboard.press("Enter");
      await page.getByRole("button", { name: "Undo" }).click();
      await page.getByRole("button", { name: "Redo" }).click();
      await page.getByRole("button", { name: "Save", exact: true }).click();
      await page.getByLabel("What was changed").fill("memory");
      await page.getByRole("dialog").getByRole("button", { name: "Save", exact: true }).click();
      await page.getByText('Saved "Edited"').first().waitFor();
      await page.goto("/dashboards/edited?sheet=versions");
      await page.getByRole("button", { name: "Changes" }).first().click();
      await page.locator(".difference .added").getByText("Free memory").waitFor();
      await page.getByRole("button", { name: "Restore" }).last().click();
      await page.getByText("is restored").first().waitFor();
      await page.goto("/dashboards/edited");
      await drawn(page, "CPUs").waitFor();
      expect(await page.getByRole("region", { name: "Free memory" }).count()).toBe(0);
    });
  });

  test("a panel is dragged by its head and resized at its corner", async () => {
    await save("dragged", plain("Dragged"));
    await on({}, async (page) => {
      await page.goto("/dashboards/dragged?edit=yes");
      await drawn(page, "CPUs").waitFor();
      const region = page.getByRole("region", { name: "CPUs", exact: true });
      const box = async () => {
        const found = await region.boundingBox();
        return found ?? { x: 0, y: 0, width: 0, height: 0 };
      };
      const drag = async (x: number, y: number, dx: number, dy: number) => {
        await page.mouse.move(x, y);
        await page.mouse.down();
        await page.mouse.move(x + dx / 2, y + dy / 2, { steps: 4 });
        await page.mouse.move(x + dx, y + dy, { steps: 4 });
        await page.mouse.up();
      };
      const before = await box();
      await drag(before.x + 30, before.y + 12, 640, 0);
      await until("the panel elsewhere", async () =>
        (await box()).x > before.x + 500 ? true : undefined,
      );
      const corner = await page.locator(".react-resizable-handle").boundingBox();
      await drag((corner?.x ?? 0) + 8, (corner?.y ?? 0) + 8, -200, 80);
      await until("a smaller panel", async () => {
        const now = await box();
        const isDone = now.width < before.width - 150 && now.height > before.height + 50;
        return isDone ? true : undefined;
      });
    });
  });

  test("a repeated panel has a copy for each value, which is inspected with its own", async () => {
    await save("copies", copied);
    await on({}, async (page) => {
      await page.goto("/dashboards/copies");
      await drawn(page, "Load one").waitFor();
      await drawn(page, "Load five").waitFor();
      await page.getByRole("button", { name: "Menu of Load five" }).click();
      await page.getByRole("menuitem", { name: "Inspect" }).click();
      await page.waitForURL(/inspect=2%3A5/);
      const dialog = page.getByRole("dialog", { name: "Inspect Load five" });
      await dialog.getByRole("tab", { name: /Queries/ }).click();
      await dialog.getByText("node_load5").first().waitFor();
    });
  });

  test("who saves over another's version is told, and loses nothing", async () => {
    await save("shared", plain("Shared"));
    await on({}, async (page, complaints) => {
      await page.goto("/dashboards/shared?edit=yes&sheet=settings");
      await page.getByLabel("Title", { exact: true }).fill("Mine");
      await page.getByRole("button", { name: "Close" }).click();
      await save("shared", plain("Theirs"));
      await page.getByRole("button", { name: "Save", exact: true }).click();
      await page.getByRole("dialog").getByRole("button", { name: "Save", exact: true }).click();
      await page.getByText(/Somebody saved this dashboard meanwhile/).waitFor();
      complaints.length = 0;
    });
  });

  test("a hostile dashboard of Grafana's is imported with a report; nothing of it runs", async () => {
    await on({}, async (page) => {
      await page.goto("/dashboards");
      await page.getByRole("button", { name: "Import" }).click();
      await page.getByLabel("Or paste it").fill(JSON.stringify(hostile));
      await page.getByRole("button", { name: "Read" }).click();
      await page
        .getByText(/no-such-panel/)
        .first()
        .waitFor();
      await page.getByRole("dialog").getByRole("button", { name: "Import", exact: true }).click();
      await page.waitForURL(/\/dashboards\/[^?]+/);
      await page.getByText('There is no panel of the kind "no-such-panel"').waitFor();
      const text = page.locator("[data-panel='1'] .board-panel-body");
      expect(await text.locator("script, [onerror]").count()).toBe(0);
      expect(await page.locator("a[href^='javascript']").count()).toBe(0);
      expect(await page.title()).not.toBe("owned");
    });
  });

  test.skipIf(!existsSync(nodeFull))(
    "Grafana's node dashboard is imported, and panels whose metrics exist draw",
    async () => {
      await on({}, async (page) => {
        await page.goto("/dashboards");
        await page.getByRole("button", { name: "Import" }).click();
        await page.getByLabel("Choose a file, or drop one here").setInputFiles(nodeFull);
        await page.getByRole("dialog").getByRole("button", { name: "Import", exact: true }).click();
        await page.waitForURL(/\/dashboards\/[^?]+/);
        const panels = page.locator(".board-panel");
        await panels.first().waitFor();
        const count = await panels.count();
        expect(count).toBeGreaterThan(10);
        for (let i = 0; i < count; i++) {
          await panels.nth(i).scrollIntoViewIfNeeded();
          await panels.nth(i).locator(".skeleton").waitFor({ state: "detached", timeout: 20_000 });
        }
        expect(await page.locator(".board-panel .failed").allInnerTexts()).toEqual([]);
        expect(await page.locator(".board-panel canvas, .board-panel svg").count()).toBeGreaterThan(
          8,
        );
      });
    },
  );

  for (const [size, options] of sizes) {
    test(`axe finds nothing in either theme on ${size}, and the page is not wider than it`, async () => {
      await save("loads", board);
      await on(options, async (page, complaints) => {
        const paths = [
          "",
          "/loads",
          "/loads?edit=yes&panel=2",
          "/loads?sheet=settings&tab=variables",
        ];
        for (const path of paths) {
          await page.goto(`/dashboards${path}`);
          await page.locator(".board-title a, canvas, .overlay-body").first().waitFor();
          await inBothThemes(page, async (theme) => {
            const found = await axeFindings(page, { within: "main" });
            expect({ path, theme, found }).toEqual({ path, theme, found: [] });
            const wide = await page.evaluate(
              () => document.documentElement.scrollWidth > innerWidth,
            );
            expect({ path, wide }).toEqual({ path, wide: false });
          });
        }
        complaints.length = 0;
      });
    });
  }
});
