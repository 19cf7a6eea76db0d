import { afterAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { z } from "zod";
import { alertPages } from "#test/support/alert_pages.ts";
import { axeFindings } from "#test/support/axe.ts";
import { inBothThemes, sizes } from "#test/support/both_themes.ts";
import { until } from "#test/support/asking.ts";
import { findChromium } from "#test/support/chromium.ts";

const chromiumPath = findChromium();
if (chromiumPath === undefined) console.warn("skipped: the tests of routing need Chromium");
setDefaultTimeout(120_000);

const group = {
  name: "hosts",
  interval: "1s",
  rules: [
    {
      alert: "QueueFull",
      expr: 'label_replace(vector(7), "queue", "mail", "", "") > 3',
      labels: { severity: "critical" },
    },
  ],
};
const Posted = z.object({
  alerts: z.array(z.object({ labels: z.record(z.string(), z.string()) })),
});
type Labels = z.output<typeof Posted>["alerts"][number]["labels"];

describe.skipIf(chromiumPath === undefined)("receivers and routes", () => {
  const received: Labels[] = [];
  const service = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: async (request) => {
      if (request.url.includes("/gone")) return new Response("no such hook", { status: 404 });
      const { alerts } = Posted.parse(await request.json());
      received.push(...alerts.map(({ labels }) => labels));
      return new Response("taken by the sink");
    },
  });
  const configuration = {
    route: {
      receiver: "team",
      group_by: ["alertname"],
      group_wait: "0s",
      routes: [
        { receiver: "pager", matchers: ['severity="critical"'], continue: true },
        {
          receiver: "infra",
          matchers: ['team=~"infra|web"'],
          mute_time_intervals: ["always"],
          group_by: ["host"],
          routes: [{ receiver: "team", matchers: ['host="db"'] }],
        },
      ],
    },
    time_intervals: [{ name: "always", time_intervals: [{ months: ["1:12"] }] }],
    receivers: [
      { name: "team" },
      { name: "pager", webhook_configs: [{ url: `${service.url.href}hook?token=s3cret` }] },
      { name: "infra", webhook_configs: [{ url: `${service.url.href}gone` }] },
    ],
  };
  const { on } = alertPages({
    chromiumPath,
    group,
    configuration,
    ready: () =>
      until("the alert is notified", () =>
        received.some(({ alertname }) => alertname === "QueueFull"),
      ),
  });
  afterAll(() => service.stop(true));

  test("a test goes out by the receiver's channel, and its outcome is shown and kept", async () => {
    await on("/alerts?tab=receivers", async (page) => {
      const receiver = (name: string) =>
        page
          .getByRole("list", { name: "Receivers" })
          .getByRole("listitem")
          .filter({ hasText: name });
      await receiver("pager").getByText("1 sent, 0 failed in 90 days").waitFor();
      await receiver("team").getByText("its notifications go nowhere").waitFor();
      await receiver("pager").getByRole("button", { name: "Send a test" }).click();
      await receiver("pager")
        .getByText(/sent\s*in \d+ ms: .*/)
        .waitFor();
      expect(received.at(-1)).toEqual({ alertname: "Test", severity: "info" });
      await receiver("pager").getByText("2 sent, 0 failed in 90 days").waitFor();
      await receiver("infra").getByRole("button", { name: "Send a test" }).click();
      await receiver("infra").getByText("404").first().waitFor();
      await receiver("infra").getByText("0 sent, 1 failed in 90 days").waitFor();
      expect(await page.content()).not.toContain("s3cret");
      await page.getByRole("tab", { name: "Notifications" }).click();
      await page.getByRole("cell", { name: "test", exact: true }).first().waitFor();
    });
  });

  test("the tree of routes shows where labels go, and what mutes them now", async () => {
    await on("/alerts?tab=routes", async (page) => {
      const tree = page.getByRole("list", { name: "Routes" });
      await tree.getByText("all alerts").waitFor();
      await page.getByLabel("Labels of an alert").fill('severity="critical", team="web", host="a"');
      await page.getByRole("status").filter({ hasText: "Goes to pager, infra" }).waitFor();
      await tree.getByText('grouped by host (host="a")').waitFor();
      await tree.getByText("muted now by always").waitFor();
      expect(await tree.getByText("takes it").count()).toBe(2);
      await page.getByLabel("Labels of an alert").fill('team=~"web"');
      await page.getByText("team=~: an alert has values").waitFor();
      await page.getByRole("button", { name: "Take a firing alert" }).click();
      await page.getByRole("option", { name: /QueueFull/ }).click();
      await page.getByRole("status").filter({ hasText: "Goes to pager" }).waitFor();
    });
  });

  test("the sheet of an alert leads to its routes", async () => {
    await on("/alerts", async (page) => {
      await page.getByRole("list", { name: "Alerts by name" }).getByText("QueueFull").click();
      await page
        .getByRole("dialog", { name: "QueueFull" })
        .getByRole("link", { name: "pager" })
        .click();
      await page.getByRole("status").filter({ hasText: "Goes to pager" }).waitFor();
    });
  });

  for (const [size, options] of sizes)
    test(`axe finds nothing to complain of in either theme on ${size}`, async () => {
      const labels = encodeURIComponent('severity="critical", team="web"');
      for (const [path, text] of [
        ["/alerts?tab=receivers", "sent, 0 failed"],
        [`/alerts?tab=routes&labels=${labels}`, "Goes to"],
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
