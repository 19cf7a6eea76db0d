import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { z } from "zod";
import { alertPages } from "#test/support/alert_pages.ts";
import { axeFindings } from "#test/support/axe.ts";
import { inBothThemes, sizes } from "#test/support/both_themes.ts";
import { until } from "#test/support/asking.ts";
import { findChromium } from "#test/support/chromium.ts";

const chromiumPath = findChromium();
if (chromiumPath === undefined) console.warn("skipped: the tests of alerts' pages need Chromium");
setDefaultTimeout(120_000);

const group = {
  name: "hosts",
  interval: "1s",
  rules: [
    { record: "ready", expr: "vector(2)" },
    {
      alert: "QueueFull",
      expr: 'label_replace(vector(7), "queue", "mail", "", "") > 3',
      labels: { severity: "critical" },
      annotations: { summary: "{{ $labels.queue }} holds {{ $value }}" },
    },
    { alert: "Later", expr: "vector(1)", for: "1h", labels: { severity: "warning" } },
    {
      alert: "Broken",
      expr: 'vector(1) * on() (ready or label_replace(vector(2), "a", "2", "", ""))',
    },
  ],
};
const configuration = {
  route: { receiver: "team", group_by: ["alertname"], group_wait: "0s", group_interval: "1s" },
  receivers: [{ name: "team" }],
};
const Named = z.array(z.object({ labels: z.looseObject({ alertname: z.string() }) }));

describe.skipIf(chromiumPath === undefined)("the page of alerts", () => {
  const { on, api } = alertPages({
    chromiumPath,
    group,
    configuration,
    ready: () =>
      until("an alert is sent", async () => {
        const answer = await fetch(api("/api/v2/alerts"));
        return Named.parse(await answer.json()).some(
          ({ labels }) => labels.alertname === "QueueFull",
        );
      }),
  });

  test("what fires comes first, with its summary, its chart and its threshold", async () => {
    await on("/alerts?from=now-5m", async (page) => {
      const groups = page.getByRole("list", { name: "Alerts by name" });
      await groups.getByText("QueueFull").waitFor();
      const names = await groups.locator("strong").allTextContents();
      expect(names).toEqual(["QueueFull", "Later"]);
      await page.getByRole("button", { name: "1 firing" }).waitFor();
      await page.getByRole("button", { name: "1 pending" }).click();
      expect(await groups.locator("strong").allTextContents()).toEqual(["Later"]);
      await page.getByRole("button", { name: "1 pending" }).click();
      await groups.getByText("mail holds 7").click();
      const sheet = page.getByRole("dialog", { name: "QueueFull" });
      await sheet.getByText("threshold 3").waitFor();
      await sheet.getByText("queue=mail").waitFor();
      await sheet.getByRole("link", { name: "Explore" }).click();
      await page.waitForURL("**/explore?**");
    });
  });

  test("a silence from an alert shows before what it holds back, and ends when a person ends it", async () => {
    await on("/alerts", async (page) => {
      await page.getByText("mail holds 7").click();
      const sheet = page.getByRole("dialog", { name: "QueueFull" });
      await sheet.getByRole("button", { name: "Silence" }).click();
      await sheet.getByText("Holds back 1 of 1 firing alerts: QueueFull").waitFor();
      const matchers = sheet.getByLabel("Matchers");
      await matchers.fill('severity=~".*"');
      await sheet.getByText("one matcher must require a label").waitFor();
      await matchers.fill('alertname="QueueFull"');
      await sheet.getByLabel("Your name").fill("ada");
      await sheet.getByLabel("Comment").fill("restarting the queue");
      await sheet.locator("button[type=submit]").click();
      await sheet.getByText("Silenced by ada: restarting the queue").waitFor();
      await page.keyboard.press("Escape");
      await page.getByRole("button", { name: "1 silenced" }).waitFor();
      await page.getByRole("tab", { name: /^Silences\s*1$/ }).click();
      await page.getByText('alertname="QueueFull"').waitFor();
      await page.getByRole("button", { name: "End", exact: true }).click();
      await page.getByRole("button", { name: "End silence" }).click();
      await page.getByRole("cell", { name: "expired" }).waitFor();
      await page.getByRole("tab", { name: "Alerts" }).click();
      await page.getByRole("button", { name: "1 firing" }).waitFor();
    });
  });

  test("a rule that fails comes first, and says why", async () => {
    await on("/alerts?tab=rules", async (page) => {
      const rows = page.getByRole("table", { name: "Rules" }).getByRole("row");
      await rows.filter({ hasText: "Broken" }).waitFor();
      await until("the rule has failed", async () =>
        ((await rows.nth(1).textContent()) ?? "").includes("fails"),
      );
      await rows.filter({ hasText: "Broken" }).click();
      const sheet = page.getByRole("dialog", { name: "Broken" });
      await sheet.getByText("found duplicate series").first().waitFor();
    });
  });

  test("the link of a notification shows the alerts of its receiver", async () => {
    await on("/alerts?receiver=team", async (page) => {
      const names = page.getByRole("list", { name: "Alerts by name" }).locator("strong");
      await names.getByText("QueueFull").waitFor();
      expect(await names.allTextContents()).toEqual(["QueueFull"]);
      await page.getByRole("button", { name: "receiver team" }).click();
      await names.getByText("Later").waitFor();
    });
  });

  test("the links of alerts open Explore", async () => {
    await on("/graph?g0.expr=vector(42)&g0.tab=1", async (page) => {
      await page.getByText("vector(42)").first().waitFor();
    });
  });

  for (const [size, options] of sizes) {
    test(`axe finds nothing to complain of in either theme on ${size}`, async () => {
      for (const [path, text] of [
        ["/alerts", "QueueFull"],
        ["/alerts?tab=rules", "Broken"],
        ["/alerts?tab=silences&open=new", "Matchers"],
        ["/alerts?tab=notifications", "No notifications yet"],
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
          // What fades in has other colours on its way.
          { bypassCSP: true, reducedMotion: "reduce", ...options },
        );
    });
  }
});
