import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { z } from "zod";
import { alertPages } from "#test/support/alert_pages.ts";
import { axeFindings } from "#test/support/axe.ts";
import { inBothThemes, sizes } from "#test/support/both_themes.ts";
import { until } from "#test/support/asking.ts";
import { phone } from "#test/support/ui_browser.ts";
import { findChromium } from "#test/support/chromium.ts";

const chromiumPath = findChromium();
if (chromiumPath === undefined) console.warn("skipped: the tests of silences need Chromium");
setDefaultTimeout(120_000);

const hosts = ["web-1", "web-2", "db-1"];
const expr = hosts
  .map((host) => `label_replace(vector(97), "host", "${host}", "", "")`)
  .join(" or ");
const group = {
  name: "hosts",
  interval: "1s",
  rules: [
    { alert: "DiskFull", expr, labels: { severity: "warning" } },
    { alert: "HostDown", expr: 'label_replace(vector(1), "host", "db-1", "", "")' },
  ],
};
const configuration = {
  route: { receiver: "team", group_by: ["alertname"], group_wait: "0s", group_interval: "1s" },
  receivers: [{ name: "team" }],
};
const Alerts = z.array(
  z.object({
    labels: z.record(z.string(), z.string()),
    status: z.object({ silencedBy: z.array(z.string()) }),
  }),
);
const Silences = z.array(
  z.object({ comment: z.string(), status: z.object({ state: z.string() }), endsAt: z.string() }),
);

const posted = (names: object) => ({
  method: "POST",
  headers: { "content-type": "application/json" },
  body: JSON.stringify({ ...names, createdBy: "ada", comment: "new disks" }),
});

describe.skipIf(chromiumPath === undefined)("silences", () => {
  const { on, api } = alertPages({
    chromiumPath,
    group,
    configuration,
    ready: () => until("all alerts are sent", async () => (await alerts()).length === 4),
  });
  async function alerts() {
    return Alerts.parse(await (await fetch(api("/api/v2/alerts"))).json());
  }
  /** Alerts that are held back, as "name host". */
  async function silenced(): Promise<string[]> {
    return (await alerts())
      .filter(({ status }) => status.silencedBy.length > 0)
      .map(({ labels }) => `${labels["alertname"]} ${labels["host"]}`)
      .toSorted();
  }
  async function silences() {
    return Silences.parse(await (await fetch(api("/api/v2/silences"))).json());
  }
  async function endAll(): Promise<void> {
    const Ids = z.array(z.object({ id: z.string(), status: z.object({ state: z.string() }) }));
    const found = Ids.parse(await (await fetch(api("/api/v2/silences"))).json());
    for (const { id, status } of found)
      if (status.state !== "expired")
        await fetch(api(`/api/v2/silence/${id}`), { method: "DELETE" });
  }

  test("chosen alerts are silenced together, after a preview of what else that holds back", async () => {
    await on("/alerts", async (page) => {
      await page.getByRole("list", { name: "Alerts by name" }).getByText("HostDown").waitFor();
      await page.getByRole("button", { name: "Silence several" }).click();
      await page.getByLabel(/^Choose .*host="web-1"/).check();
      await page.getByLabel("Choose all alerts named HostDown").check();
      await page.getByText("2 alerts chosen").waitFor();
      await page.getByRole("button", { name: "Silence 2 alerts" }).click();
      const sheet = page.getByRole("dialog", { name: "Silence 2 alerts" });
      await sheet.getByText("Holds back 3 of 4 firing alerts").waitFor();
      await sheet.getByText("1 of them is not chosen").waitFor();
      await sheet.getByLabel("One silence for each of the 2 chosen alerts").check();
      await sheet.getByLabel("Your name").fill("ada");
      await sheet.getByLabel("Comment").fill("moving racks");
      await sheet.locator("button[type=submit]").click();
      await page.getByRole("button", { name: "2 silenced" }).waitFor();
      expect(await silenced()).toEqual(["DiskFull web-1", "HostDown db-1"]);
      await endAll();
    });
  });

  test("alerts that pass the filter are chosen at once", async () => {
    await on(`/alerts?q=${encodeURIComponent('host=~"web.*"')}`, async (page) => {
      await page.getByRole("button", { name: "Silence several" }).click();
      await page.getByRole("button", { name: "Choose all 2 shown" }).click();
      await page.getByRole("button", { name: "Silence 2 alerts" }).click();
      const sheet = page.getByRole("dialog", { name: "Silence 2 alerts" });
      await sheet.getByText("Holds back 2 of 4 firing alerts: DiskFull").waitFor();
      expect(await sheet.getByLabel("Matchers").inputValue()).toContain('host=~"web-1|web-2"');
      await sheet.getByLabel("Your name").fill("ada");
      await sheet.getByLabel("Comment").fill("both");
      await sheet.locator("button[type=submit]").click();
      await sheet.waitFor({ state: "hidden" });
      expect(await silenced()).toEqual(["DiskFull web-1", "DiskFull web-2"]);
      await endAll();
    });
  });

  test("an alert is snoozed with one click", async () => {
    await on("/alerts?tz=utc", async (page) => {
      await page.getByRole("list", { name: "Alerts by name" }).getByText("HostDown").click();
      const sheet = page.getByRole("dialog", { name: "HostDown" });
      await sheet.getByRole("button", { name: "Snooze" }).click();
      await page.getByRole("menuitem", { name: "until tomorrow 9:00" }).click();
      await sheet.getByText(/Silenced by .*: Snoozed: until tomorrow 9:00/).waitFor();
      expect(await silenced()).toEqual(["HostDown db-1"]);
      const made = (await silences()).find(({ status }) => status.state === "active");
      expect(made?.endsAt.slice(11, 19)).toBe("09:00:00");
      await endAll();
    });
  });

  test("the link of a message opens the form and changes nothing by itself", async () => {
    const before = (await silences()).length;
    const filter = encodeURIComponent('{alertname="DiskFull",host="db-1",}');
    for (const path of [
      `/#/silences/new?filter=${filter}`,
      `/alerts?tab=silences&open=new&for=1h&matchers=${filter}`,
    ])
      await on(path, async (page) => {
        const sheet = page.getByRole("dialog", { name: "New silence" });
        await sheet.getByText("Holds back 1 of 4 firing alerts: DiskFull").waitFor();
        await sheet.getByRole("combobox", { name: /^For (1 hour|4 hours)/ }).waitFor();
      });
    expect((await silences()).length).toBe(before);
  });

  test("a silence can start later, and the calendar shows it on its day", async () => {
    await on("/alerts?tab=silences&view=calendar&tz=utc", async (page) => {
      await page.getByRole("button", { name: "New silence" }).click();
      const sheet = page.getByRole("dialog", { name: "New silence" });
      await sheet.getByLabel("Matchers").fill('alertname="DiskFull"');
      await sheet.getByLabel("Starts").fill("tomorrow");
      await sheet.getByText('Starts "tomorrow": expected a time').waitFor();
      await sheet.getByLabel("Starts").fill("now+1d");
      await sheet.getByLabel("Your name").fill("ada");
      await sheet.getByLabel("Comment").fill("new disks");
      await sheet.locator("button[type=submit]").click();
      await sheet.waitFor({ state: "hidden" });
      const tomorrow = new Date(Date.now() + 86_400_000);
      if (tomorrow.getUTCMonth() !== new Date().getUTCMonth())
        await page.getByRole("button", { name: "Next month" }).click();
      const day = page.getByRole("button", {
        name: new RegExp(`^${tomorrow.getUTCDate()} \\w+, 1 silence$`),
      });
      await day.first().click();
      await page.getByText("new disks (ada)").waitFor();
      await page.getByRole("button", { name: "Change", exact: true }).click();
      const changed = page.getByRole("dialog", { name: "Change silence" });
      expect(await changed.getByLabel("Comment").inputValue()).toBe("new disks");
      await page.keyboard.press("Escape");
      await endAll();
    });
  });

  test("a recurring silence is made, shown with its next window, in force by API v2, and removed", async () => {
    await on("/alerts?tab=silences&view=recurring&tz=utc", async (page) => {
      await page.getByRole("button", { name: "New recurring silence" }).click();
      const sheet = page.getByRole("dialog", { name: "New recurring silence" });
      await sheet.getByLabel("Matchers").fill('host=~"web.*"');
      await sheet.getByText("Holds back 2 of 4 firing alerts: DiskFull").waitFor();
      await sheet.getByRole("combobox", { name: /^Repeats/ }).click();
      await page.getByRole("option", { name: "Every day" }).click();
      // It began an hour ago.
      const at = new Date(Date.now() - 3_600_000).toISOString().slice(11, 16);
      await sheet.getByLabel("At", { exact: true }).fill(at);
      await sheet.getByLabel("For", { exact: true }).fill("80h");
      await sheet.getByText('For "80h": expected a duration of 1m to 72h').waitFor();
      await sheet.getByLabel("For", { exact: true }).fill("2h");
      await sheet.getByLabel("Your name").fill("ada");
      await sheet.getByLabel("Comment").fill("backup");
      await sheet.getByText(`Every day at ${at} for 2h (UTC)`).waitFor();
      await sheet.locator("button[type=submit]").click();
      const row = page.getByRole("table", { name: "Recurring silences" }).getByRole("row");
      await row.filter({ hasText: "in force" }).waitFor();
      await until("the window is a silence", async () => (await silenced()).length === 2);
      const made = (await silences()).filter(({ comment }) => comment === "backup");
      expect(made.map(({ status }) => status.state).toSorted()).toEqual(["active", "pending"]);
      await page.getByRole("button", { name: "Remove" }).click();
      await page.getByRole("dialog").getByRole("button", { name: "Remove" }).click();
      await page.getByText("No recurring silences").waitFor();
      expect(await silenced()).toEqual([]);
    });
  });

  test("on a phone the buttons of silences are in view", async () => {
    const span = { startsAt: new Date(), endsAt: new Date(Date.now() + 7_200_000) };
    const matchers = ["alertname", "host"].map((name) => ({
      name,
      value: "as long as a host's name may be.example.org",
      isRegex: false,
      isEqual: true,
    }));
    await fetch(api("/api/v2/silences"), posted({ matchers, ...span }));
    await fetch(
      api("/api/v1/monitoring/silences/recurring"),
      posted({
        matchers,
        days: { every: "month", days: [1, 8, 15, 22, -1] },
        at: "02:00",
        duration: "2h",
        timeZone: "America/Argentina/Buenos_Aires",
      }),
    );
    for (const [view, table, verbs] of [
      ["list", "Silences", ["Change", "End"]],
      ["recurring", "Recurring silences", ["Change", "Remove"]],
    ] as const)
      await on(
        `/alerts?tab=silences&view=${view}`,
        async (page) => {
          const rows = page.getByRole("table", { name: table });
          for (const name of verbs) {
            const button = rows.getByRole("button", { name, exact: true }).first();
            await button.waitFor();
            const box = await button.boundingBox();
            expect((box?.x ?? 0) + (box?.width ?? 0)).toBeLessThanOrEqual(phone.viewport.width);
          }
          // What is in view can be clicked: a scroll would be needed for the covered one.
          await rows.getByRole("button", { name: verbs[1], exact: true }).first().click();
          await page.getByRole("dialog").getByRole("button", { name: verbs[1] }).click();
          await page.getByRole("dialog").waitFor({ state: "hidden" });
        },
        phone,
      );
    await endAll();
  });

  for (const [size, options] of sizes)
    test(`axe finds nothing to complain of in either theme on ${size}`, async () => {
      for (const [path, text] of [
        ["/alerts?tab=silences&view=calendar", "Sun"],
        ["/alerts?tab=silences&view=recurring&open=new", "Repeats"],
      ] as const)
        await on(
          path,
          async (page) => {
            await page.getByText(text).first().waitFor();
            await inBothThemes(page, async (theme) => {
              const found = await axeFindings(page);
              expect({ path, theme, found }).toEqual({ path, theme, found: [] });
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
