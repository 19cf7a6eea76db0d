import { afterAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { z } from "zod";
import { alertPages } from "#test/support/alert_pages.ts";
import { axeFindings } from "#test/support/axe.ts";
import { inBothThemes, sizes } from "#test/support/both_themes.ts";
import { until } from "#test/support/asking.ts";
import { findChromium } from "#test/support/chromium.ts";

const chromiumPath = findChromium();
if (chromiumPath === undefined) console.warn("skipped: the tests of history need Chromium");
setDefaultTimeout(120_000);

const group = {
  name: "hosts",
  interval: "1s",
  rules: [
    { record: "disk_used", expr: 'label_replace(vector(97), "host", "web-1", "", "")' },
    { record: "other_used", expr: 'label_replace(vector(5), "host", "web-2", "", "")' },
    { alert: "DiskFull", expr: "disk_used > 90", for: "2s", labels: { severity: "critical" } },
    { alert: "SlowWrites", expr: "disk_used > 50", labels: { severity: "warning" } },
  ],
};
const History = z.object({
  entries: z.array(z.looseObject({ kind: z.string(), state: z.string() })),
});

describe.skipIf(chromiumPath === undefined)("the history of alerts", () => {
  const service = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: () => new Response("taken by the sink"),
  });
  const configuration = {
    route: { receiver: "team", group_by: ["alertname"], group_wait: "0s", group_interval: "1s" },
    inhibit_rules: [
      {
        source_matchers: ['severity="critical"'],
        target_matchers: ['severity="warning"'],
        equal: ["host"],
      },
    ],
    receivers: [{ name: "team", webhook_configs: [{ url: `${service.url.href}hook` }] }],
  };
  const { on, api, restart } = alertPages({
    chromiumPath,
    group,
    configuration,
    ready: () =>
      until("a notification of DiskFull is sent", async () =>
        (await states({ filter: 'alertname="DiskFull"' })).includes("notification sent"),
      ),
  });
  afterAll(() => service.stop(true));
  async function states(params: Readonly<Record<string, string>>): Promise<string[]> {
    const query = new URLSearchParams(params).toString();
    const answer = await fetch(api(`/api/v1/monitoring/history?${query}`));
    const { entries } = History.parse(await answer.json());
    return entries.map(({ kind, state }) => `${kind} ${state}`);
  }

  test("the tab lists changes and notifications, by filters", async () => {
    expect(await states({ filter: 'alertname="DiskFull"', kind: "change" })).toEqual([
      "change firing",
      "change pending",
    ]);
    await on("/alerts?tab=history", async (page) => {
      const rows = page.getByRole("table", { name: "History" }).getByRole("row");
      await rows.filter({ hasText: "DiskFull" }).filter({ hasText: "pending" }).waitFor();
      await rows
        .filter({ hasText: "to team by webhook[0]: 200 taken by the sink" })
        .first()
        .waitFor();
      await page.getByRole("combobox", { name: /^Show/ }).click();
      await page.getByRole("option", { name: "Fired" }).click();
      await rows.filter({ hasText: "pending" }).waitFor({ state: "hidden" });
      await page.getByRole("searchbox", { name: "Matchers" }).fill('alertname="SlowWrites"');
      await rows.filter({ hasText: "DiskFull" }).waitFor({ state: "hidden" });
      await rows.filter({ hasText: "SlowWrites" }).waitFor();
      await page.getByRole("searchbox", { name: "Matchers" }).fill('alertname="None"');
      await page.getByText("Nothing matches").waitFor();
      await page.getByRole("searchbox", { name: "Matchers" }).fill('alertname="');
      await page.getByText("expected name=").waitFor();
    });
  });

  test("an alert's sheet has its own history, and leads to all of it", async () => {
    await on("/alerts", async (page) => {
      await page.getByRole("list", { name: "Alerts by name" }).getByText("DiskFull").click();
      const sheet = page.getByRole("dialog", { name: "DiskFull" });
      const own = sheet.getByRole("region", { name: "History" });
      await own.getByText("pending").waitFor();
      await own.getByText("value 97").first().waitFor();
      await own.getByText("firing to team by webhook[0]").first().waitFor();
      await own.getByRole("link", { name: "Show all of 90 days" }).click();
      await page.getByRole("tab", { name: "History", selected: true }).waitFor();
      await page.getByRole("table", { name: "History" }).getByText("pending").waitFor();
    });
  });

  test("an inhibited alert stands under the alert that inhibits it", async () => {
    await on("/alerts", async (page) => {
      const groups = page.getByRole("list", { name: "Alerts by name" });
      await groups.getByText("inhibits 1 alert").click();
      await groups.getByText("SlowWrites").click();
      const sheet = page.getByRole("dialog", { name: "SlowWrites" });
      await sheet.getByText("Inhibited by DiskFull").waitFor();
    });
  });

  test("charts mark when alerts fired that fit their series, all, or none", async () => {
    const mark = /^2 alerts fired, /;
    await on("/explore?expr=disk_used&from=now-5m", async (page) => {
      await page.getByRole("button", { name: mark }).hover();
      await page.getByRole("tooltip").getByText('DiskFull host="web-1"').waitFor();
      await page.getByRole("button", { name: /^Alerts on charts/ }).click();
      await page.getByRole("menuitemcheckbox", { name: "No alerts" }).click();
      await page.getByRole("button", { name: mark }).waitFor({ state: "hidden" });
    });
    await on("/explore?expr=other_used&from=now-5m", async (page) => {
      await page.locator(".graph-canvas canvas").waitFor();
      await page.getByRole("button", { name: /^Alerts on charts/ }).click();
      await page.getByRole("menuitemcheckbox", { name: "All alerts" }).click();
      await page.getByRole("button", { name: mark }).waitFor();
      await page.getByRole("button", { name: /^Alerts on charts/ }).click();
      await page.getByRole("menuitemcheckbox", { name: "Alerts that fit the series" }).click();
      await page.getByRole("button", { name: mark }).waitFor({ state: "hidden" });
    });
  });

  test("after a SIGKILL the history goes on, and repeats nothing", async () => {
    const before = await states({ kind: "change" });
    await restart();
    const Active = z.object({
      data: z.object({
        alerts: z.array(
          z.object({ labels: z.looseObject({ alertname: z.string() }), state: z.string() }),
        ),
      }),
    });
    await until("the alert fires again", async () => {
      const answer = await fetch(api("/api/v1/alerts"));
      const { alerts } = Active.parse(await answer.json()).data;
      return alerts.some(
        ({ labels, state }) => labels.alertname === "DiskFull" && state === "firing",
      );
    });
    expect(await states({ kind: "change" })).toEqual(before);
  });

  for (const [size, options] of sizes)
    test(`axe finds nothing to complain of in either theme on ${size}`, async () => {
      await on(
        "/alerts?tab=history",
        async (page) => {
          await page.getByRole("cell", { name: "DiskFull" }).first().waitFor();
          await inBothThemes(page, async (theme) => {
            const found = await axeFindings(page);
            expect({ theme, found }).toEqual({ theme, found: [] });
            const over = await page.evaluate(
              () => document.documentElement.scrollWidth - window.innerWidth,
            );
            expect(over).toBeLessThanOrEqual(0);
          });
        },
        { bypassCSP: true, reducedMotion: "reduce", ...options },
      );
    });
});
