import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import type { Response } from "playwright-core";
import { findChromium } from "#test/support/chromium.ts";
import { firstLoadBytes } from "#ui/build.ts";
import { askedPromql } from "#test/support/query_requests.ts";
import { openUiBrowser, phone, type UiBrowser } from "#test/support/ui_browser.ts";
import { markupName } from "#test/support/ui_fixture_data.ts";

const chromiumPath = findChromium();
if (chromiumPath === undefined) console.warn("skipped: the interface's tests need Chromium");
setDefaultTimeout(60_000);
const firstLoadBytesMax = 300_000;
/** The answer to the expression of the CPU chart. */
const isCpuAnswer = (response: Response): boolean =>
  askedPromql(response.request())?.query.includes("by (mode)") === true;
/** For what a page shows after its next refresh. */
const soonMs = 15_000;

describe.skipIf(chromiumPath === undefined)("the interface in Chromium", () => {
  let ui: UiBrowser;

  beforeAll(async () => {
    ui = await openUiBrowser(chromiumPath ?? "");
  });

  afterAll(() => ui.close());

  test("buildUi() keeps the first load small, and writes compressed siblings", async () => {
    const bytes = await firstLoadBytes(ui.dist);
    expect(bytes).toBeGreaterThan(10_000);
    expect(bytes).toBeLessThan(firstLoadBytesMax);
    const html = Bun.file(join(ui.dist, "index.html"));
    const unpacked = Bun.gunzipSync(await Bun.file(join(ui.dist, "index.html.gz")).bytes());
    expect(new TextDecoder().decode(unpacked)).toBe(await html.text());
    expect(await Bun.file(join(ui.dist, "index.html.br")).exists()).toBe(true);
  });

  test("the list of hosts shows status, figures and account, silent hosts first", async () => {
    await ui.on({ hosts: 5 }, {}, async (page) => {
      await page.goto("/hosts");
      const rows = page.locator('[role="row"].host');
      await rows.nth(4).waitFor();
      expect(await rows.count()).toBe(5);
      const first = await rows.first().innerText();
      expect(first).toContain("silent");
      expect(first).toContain("web-003.example.net");
      expect(await page.getByText("5 hosts, 1 silent").count()).toBe(1);
      const live = rows.filter({ hasText: "web-001" });
      await live.locator(".sparkline path[d^='M']").first().waitFor();
      expect(await live.innerText()).toMatch(
        /live[\s\S]+[\d.]+ (?:[KM]i)?B\/s[\s\S]+0\.1\.0[\s\S]+all accounted for/,
      );
      const lossy = rows.filter({ hasText: "web-005" });
      expect(await lossy.innerText()).toMatch(/1\s234 dropped/);
      expect(await lossy.getByTitle(/dropped: 1\s200 spool full/).count()).toBe(1);
    });
  });

  test("figures of all hosts come from a fixed number of range queries", async () => {
    await ui.on({ hosts: 40 }, {}, async (page, fixture) => {
      await page.goto("/hosts?refresh=off");
      await page.locator(".sparkline path[d^='M']").nth(10).waitFor();
      // Five figures of all hosts: the course of each, and its present value.
      expect(fixture.requests.filter((path) => path.endsWith("/QueryPromql")).length).toBe(2 * 5);
    });
  });

  test("the list sorts by a column and filters by words, and both stay in the URL", async () => {
    await ui.on({ hosts: 12 }, {}, async (page) => {
      await page.goto("/hosts");
      const rows = page.locator('[role="row"].host');
      await rows.nth(11).waitFor();
      await page.getByRole("button", { name: "Host", exact: true }).click();
      await page.waitForURL(/sort=name/);
      await page.getByRole("button", { name: "Host", exact: true }).click();
      await page.waitForURL(/dir=down/);
      expect(await rows.first().innerText()).toContain("web-012");
      await page.keyboard.press("/");
      await page.keyboard.type("web-01 live", { delay: 5 });
      await page.getByText("3 of 12 hosts").waitFor();
      expect(new URL(page.url()).searchParams.get("q")).toBe("web-01 live");
      await page.reload();
      await page.getByText("3 of 12 hosts").waitFor();
      await page.getByLabel("Filter hosts").fill("no such host");
      await page.getByText('No host matches "no such host"').waitFor();
    });
  });

  test("500 hosts are a few dozen rows in the document, and the last is reached by scrolling", async () => {
    await ui.on({ hosts: 500 }, {}, async (page) => {
      await page.goto("/hosts?sort=name&dir=up");
      const rows = page.locator('[role="row"].host');
      await rows.nth(10).waitFor();
      expect(await rows.count()).toBeLessThan(70);
      expect(await page.getByRole("table").getAttribute("aria-rowcount")).toBe("501");
      await page.locator("main").evaluate((main) => main.scrollTo(0, main.scrollHeight));
      await page.getByText("web-500.example.net").waitFor();
      expect(await rows.count()).toBeLessThan(70);
    });
  });

  test("a host's page shows facts, charts with gaps, legend, log and services, its agent's page targets and an account that adds up", async () => {
    await ui.on({ hosts: 5 }, {}, async (page) => {
      await page.goto("/hosts");
      await page.getByRole("link", { name: "web-001.example.net" }).click();
      await page.waitForURL("**/hosts/agent-001");
      await page.getByText("6.12.57 x86_64").waitFor();
      await page.getByText("14 d 6 h").waitFor();
      for (const title of [
        "CPU by mode",
        "Load average",
        "Memory",
        "Network",
        "Disk I/O",
        "Pressure",
      ]) {
        await page.getByRole("region", { name: title }).first().locator("canvas").waitFor();
      }
      const open = (tab: string) => page.getByRole("tab", { name: tab }).click();
      await open("Logs");
      await page.waitForURL(/tab=logs/);
      const log = page.getByRole("log");
      await log.getByText("connection refused").first().waitFor();
      expect(await log.locator(".level.error").count()).toBeGreaterThan(0);
      await open("Services");
      const services = page.getByRole("region", { name: "Services", exact: true });
      expect(await services.locator("tbody tr").first().innerText()).toContain("ECONNREFUSED");
      await services.getByText("Needs password_file").click();
      await services.getByText("password_file: /etc/lapwing/redis").waitFor();
      // How all of it is collected is told once, on the agent's page.
      await page.locator(".host-state a", { hasText: "targets" }).click();
      await page.getByText("got status 500 from http://127.0.0.1:8080/metrics").waitFor();
      await open("Spool and loss");
      const account = page.getByRole("region", { name: "Loss account", exact: true });
      const cells = await account.locator("tbody tr").first().locator("td").allInnerTexts();
      const [collected = 0, stored = 0, inFlight = 0, dropped = 0] = [1, 3, 5, 7].map((i) =>
        Number((cells[i] ?? "").replaceAll(/\D/g, "")),
      );
      expect(collected).toBeGreaterThan(0);
      expect(stored + inFlight + dropped).toBe(collected);
    });
  });

  test("the log follows, pauses, filters on the server and wraps", async () => {
    await ui.on({ hosts: 1 }, {}, async (page) => {
      await page.goto("/hosts/agent-001?tab=logs");
      const log = page.getByRole("log");
      const last = async (): Promise<string> => await log.locator(".log-text").last().innerText();
      await log.locator(".log-text").first().waitFor();
      const before = await last();
      await page.waitForFunction(
        (text) => [...document.querySelectorAll(".log-text")].at(-1)?.textContent !== text,
        before,
      );
      await page.getByRole("button", { name: "Pause" }).click();
      await page.getByText(", paused").waitFor();
      const paused = await page.getByText(", paused").innerText();
      await page.waitForResponse((response) => response.url().includes("ListAgents"));
      await page.waitForResponse((response) => response.url().includes("ListAgents"));
      expect(await page.getByText(", paused").innerText()).toBe(paused);
      await page.getByRole("button", { name: "Resume" }).click();
      await page.getByLabel("Filter log lines").fill("POSTGRES at 10.0.0.7");
      await page.waitForFunction(() =>
        [...document.querySelectorAll(".log-text")].every((line) =>
          line.textContent.includes("postgres at 10.0.0.7"),
        ),
      );
      expect(await log.locator(".log-text").count()).toBeGreaterThan(3);
      await page.getByLabel("Filter log lines").fill("<script>");
      await log.getByText("<script>window.hostile=1</script>").first().waitFor();
      await page.getByRole("button", { name: "Wrap" }).click();
      await page.locator(".log-pane.wrap").waitFor();
    });
  });

  test("dragging over a chart zooms all charts by the URL, and zooming out leads back to now", async () => {
    await ui.on({ hosts: 1 }, {}, async (page) => {
      await page.goto("/hosts/agent-001");
      const over = page.locator(".panel .u-over").first();
      await over.waitFor();
      const box = await over.boundingBox();
      const { x = 0, y = 0, width = 0 } = box ?? {};
      await page.mouse.move(x + width * 0.2, y + 40);
      await page.locator(".panel .tooltip:not([hidden])").waitFor();
      await page.mouse.down();
      await page.mouse.move(x + width * 0.5, y + 50, { steps: 5 });
      await page.mouse.up();
      await page.waitForURL(/from=\d+&to=\d+/);
      const search = new URL(page.url()).searchParams;
      const spanMs = Number(search.get("to")) - Number(search.get("from"));
      expect(spanMs).toBeGreaterThan(0.25 * 900_000);
      expect(spanMs).toBeLessThan(0.35 * 900_000);
      expect(await page.getByLabel("Refresh").isDisabled()).toBe(true);
      await page.getByRole("button", { name: "Zoom out" }).click();
      await page.getByRole("button", { name: "Zoom out" }).click();
      await page.getByRole("button", { name: "Zoom out" }).click();
      await page.waitForURL(/to=now/);
      await page.getByRole("button", { name: /^Time range/ }).click();
      await page.getByRole("button", { name: "Last hour", exact: true }).click();
      await page.waitForURL(/from=now-1h/);
      await page.getByRole("link", { name: "Data" }).click();
      await page.waitForURL(/\/data\?from=now-1h/);
    });
  });

  test("a refresh redraws a chart under the pointer, and does not build it anew", async () => {
    await ui.on({ hosts: 1 }, {}, async (page) => {
      await page.goto("/hosts/agent-001");
      const over = page.locator(".panel .u-over").first();
      await over.waitFor();
      await over.evaluate((element) => element.setAttribute("data-marked", "yes"));
      await page.waitForResponse(isCpuAnswer);
      const next = await page.waitForResponse(isCpuAnswer);
      await next.finished();
      await page.waitForFunction(() => document.querySelectorAll(".panel canvas").length === 8);
      expect(await over.getAttribute("data-marked")).toBe("yes");
    });
  });

  test("a click in a legend isolates a series, and a second one brings the others back", async () => {
    await ui.on({ hosts: 1 }, {}, async (page) => {
      await page.goto("/hosts/agent-001");
      const panel = page.getByRole("region", { name: "CPU by mode, % of all CPUs", exact: true });
      await panel.getByRole("button", { name: "system" }).click();
      expect(await panel.locator("tr.off").count()).toBe(6);
      await panel.getByRole("button", { name: "user" }).click({ modifiers: ["Control"] });
      expect(await panel.locator("tr.off").count()).toBe(5);
      await panel.getByRole("button", { name: "user" }).click();
      await panel.getByRole("button", { name: "user" }).click();
      expect(await panel.locator("tr.off").count()).toBe(0);
    });
  });

  test("the data page adds up, and puts agents with drops first", async () => {
    await ui.on({ hosts: 6 }, {}, async (page) => {
      await page.goto("/data");
      const flow = page.getByRole("figure", { name: "Flow of metrics" });
      const equation = (await flow.locator("figcaption .quiet").innerText()).replaceAll(
        /(?<=\d)\s(?=\d)/g,
        "",
      );
      const [collected = 0, stored = 0, inFlight = 0, dropped = 0] = (
        equation.match(/\d+/g) ?? []
      ).map(Number);
      expect(dropped).toBe(1_234);
      expect(stored + inFlight + dropped).toBe(collected);
      expect(await page.locator(".account tbody tr").first().innerText()).toContain("web-005");
      await page.getByLabel("Filter hosts").fill("web-002");
      await page.waitForFunction(() => document.querySelectorAll(".account tbody tr").length === 2);
    });
  });

  test("the data page names the limit that refuses series, and the label to blame", async () => {
    await ui.on({ hosts: 2 }, {}, async (page) => {
      await page.goto("/data");
      const rows = page
        .getByRole("region", { name: "Limits on active series" })
        .locator("tbody tr");
      await rows.first().waitFor();
      const texts = await rows.allInnerTexts();
      expect(texts).toHaveLength(3);
      for (const word of ["refuses new series", "checkout 10.20.30.40:8080", "100 %", "user_id"])
        expect(texts[0]).toContain(word);
      expect(texts[1]).toContain("nearly full");
      expect(texts[2]).toContain("has room");
    });
  });

  test("while the aggregator fails the last good picture stays and says so; it recovers by itself", async () => {
    await ui.on({ hosts: 3 }, {}, async (page, fixture, { complaints }) => {
      await page.goto("/hosts/agent-001");
      await page.locator(".panel canvas").first().waitFor();
      fixture.setFailing(true);
      const corner = page.locator(".corner.failed").first();
      await corner.waitFor({ timeout: soonMs });
      expect(await corner.innerText()).toContain("not refreshed, shown as of");
      expect(await page.locator(".panel canvas").count()).toBeGreaterThan(4);
      await page.locator(".host-state").getByText("unknown").waitFor({ timeout: soonMs });
      await page.goto("/data");
      await page.getByRole("alert").getByText("Could not be loaded").waitFor({ timeout: soonMs });
      fixture.setFailing(false);
      await page.getByRole("figure", { name: "Flow of metrics" }).waitFor({ timeout: soonMs });
      expect(await page.getByRole("alert").count()).toBe(0);
      // The browser itself reports each refused request; nothing else may be there.
      const others = complaints.splice(0).filter((text) => !text.includes("status of 503"));
      expect(others).toEqual([]);
    });
  });

  test("an expression that is refused leaves a partial picture that says why", async () => {
    await ui.on({ hosts: 2 }, {}, async (page, fixture, { complaints }) => {
      fixture.setRefused(/^node_memory_MemTotal_bytes\{[^}]*\}$/);
      await page.goto("/hosts/agent-001");
      const memory = page.getByRole("region", { name: "Memory", exact: true });
      await memory.getByText("partial: ").waitFor();
      expect(await memory.innerText()).toContain("query needs too much memory");
      await memory.locator("canvas").waitFor();
      const others = complaints.splice(0).filter((text) => !text.includes("status of 422"));
      expect(others).toEqual([]);
    });
  });

  test("a host without an agent, and a page that is none, say so", async () => {
    await ui.on({ hosts: 0 }, {}, async (page) => {
      await page.goto("/hosts");
      await page.getByText("No agent has reported yet").waitFor();
      await page.goto("/hosts/nobody");
      await page.getByText('No agent has the id "nobody"').waitFor();
      await page.goto("/nowhere");
      await page.getByText("There is no page at this address").waitFor();
    });
  });

  test("names that are markup stay text, and long ones do not widen the page", async () => {
    for (const options of [{}, phone]) {
      await ui.on({ hosts: 4, hostile: true }, options, async (page) => {
        for (const path of ["/hosts", "/hosts/agent-001", "/hosts/agent-002", "/data"]) {
          await page.goto(path);
          await page.locator(".host, .panel canvas, .flow").first().waitFor();
          if (path === "/hosts") await page.getByText(markupName).first().waitFor();
          expect(await page.evaluate(() => "hostile" in globalThis)).toBe(false);
          expect(await page.locator("main b, main img, main script").count()).toBe(0);
          const extra = await page.evaluate(
            () =>
              (document.querySelector("main")?.scrollWidth ?? 0) -
              (document.querySelector("main")?.clientWidth ?? 0),
          );
          expect({ path, extra }).toEqual({ path, extra: 0 });
        }
      });
    }
  });

  test("on a phone the rail is a bar at the bottom and hosts are cards", async () => {
    await ui.on({ hosts: 3 }, phone, async (page) => {
      await page.goto("/hosts");
      await page.locator(".host").first().waitFor();
      const rail = await page.getByRole("navigation", { name: "Pages" }).boundingBox();
      expect((rail?.y ?? 0) + (rail?.height ?? 0)).toBe(844);
      const card = await page.locator(".host").first().boundingBox();
      expect(card?.height ?? 0).toBeGreaterThan(120);
      await page.getByRole("link", { name: "Logs" }).tap();
      await page.waitForURL("**/logs");
    });
  });
});
