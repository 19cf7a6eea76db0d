import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { writeFileSync } from "node:fs";
import type { Browser, CDPSession } from "playwright-core";
import { stringify } from "yaml";
import { axeFindings } from "#test/support/axe.ts";
import { until } from "#test/support/asking.ts";
import { builtUi } from "#test/support/built_ui.ts";
import { launchChromium, openPage } from "#test/support/chromium.ts";
import type { LapwingProcess } from "#test/support/lapwing_process.ts";
import { Stage } from "#test/support/stage.ts";
import { phone } from "#test/support/ui_browser.ts";

/** The headless shell has no notifications. */
const chromiumPath = Bun.which("chromium") ?? undefined;
if (chromiumPath === undefined) console.warn("skipped: the tests of browser push need Chromium");
setDefaultTimeout(120_000);

describe.skipIf(chromiumPath === undefined)("browser push", () => {
  const stage = new Stage();
  let browser: Browser;
  let up: LapwingProcess;

  beforeAll(async () => {
    await builtUi();
    browser = await launchChromium(chromiumPath ?? "", ["--headless=new"]);
    const file = stage.path("alertmanager.yaml");
    const receivers = [{ name: "people", webpush_configs: [{}] }];
    writeFileSync(file, stringify({ route: { receiver: "people" }, receivers }));
    up = await stage.start({
      role: "up",
      name: "up",
      config: {
        data_dir: stage.path("data"),
        sources: [],
        alertmanager: { config_file: file },
      },
    });
  });
  afterAll(async () => {
    await browser?.close();
    await stage.stop();
  });

  const subscribe = async () => {
    const keys = {
      p256dh:
        "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
      auth: "BTBZMqHH6r4Tts7J_aSIgg",
    };
    const endpoint = "https://fcm.googleapis.com/fcm/send/abc";
    const answer = await fetch(`${up.url}/api/v1/monitoring/push`, {
      method: "POST",
      body: JSON.stringify({
        receiver: "people",
        name: "Firefox on Android",
        subscription: { endpoint, keys },
      }),
    });
    expect(answer.status).toBe(200);
  };

  test.each([
    ["a phone", { ...phone, colorScheme: "dark" }],
    ["a desktop", {}],
  ] as const)("browsers are listed and removed on %s", async (_what, options) => {
    await subscribe();
    const { page, complaints } = await openPage(browser, { baseURL: up.url, ...options });
    try {
      await page.goto("/alerts?tab=receivers");
      const devices = page.getByRole("list", { name: "Browsers of people" });
      await devices.getByText("Firefox on Android").waitFor();
      expect(await devices.innerText()).toContain("fcm.googleapis.com");
      expect(await page.getByRole("button", { name: "Notify this browser" }).isEnabled()).toBe(
        true,
      );
      const beyond = await page.evaluate(
        () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
      );
      expect(beyond).toBe(0);
      expect(await axeFindings(page)).toEqual([]);
      await devices.getByRole("button", { name: "Remove" }).click();
      await page.getByText("No browser is subscribed.").waitFor();
      expect(complaints).toEqual([]);
    } finally {
      await page.context().close();
    }
  });

  test("a browser that may not notify shows what to do", async () => {
    const { page } = await openPage(browser, { baseURL: up.url });
    try {
      await page.goto("/alerts?tab=receivers");
      await page.getByRole("button", { name: "Notify this browser" }).click();
      await page.getByText("Notifications are blocked").waitFor();
    } finally {
      await page.context().close();
    }
  });

  test("the service worker shows what it is pushed, and something where it can't read it", async () => {
    const { page } = await openPage(browser, { baseURL: up.url });
    const context = page.context();
    try {
      await context.grantPermissions(["notifications"], { origin: new URL(up.url).origin });
      await page.goto("/alerts?tab=receivers");
      await page.getByRole("button", { name: "Notify this browser" }).click();
      // Without the internet there is no push service: the page says so, and the worker is there.
      await page.getByText("Not changed").waitFor();
      const session = await context.newCDPSession(page);
      const registrationId = await registrationOf(session);
      const push = (data: string) =>
        session.send("ServiceWorker.deliverPushMessage", {
          origin: new URL(up.url).origin,
          registrationId,
          data,
        });
      const message = {
        title: "DiskFull fires",
        body: "on db-1",
        url: `${up.url}/alerts`,
        tag: "t",
      };
      await push(JSON.stringify({ ...message, isFiring: true }));
      await push("no JSON");
      const shown = () =>
        page.evaluate(async () => {
          const [registration] = await navigator.serviceWorker.getRegistrations();
          const all = (await registration?.getNotifications()) ?? [];
          return all.map(({ title, body, tag }) => ({ title, body, tag }));
        });
      await until("both are shown", async () => (await shown()).length === 2);
      expect(await shown()).toContainEqual({ title: "DiskFull fires", body: "on db-1", tag: "t" });
      expect(await shown()).toContainEqual({
        title: "Lapwing",
        body: "An alert changed.",
        tag: "",
      });
    } finally {
      await context.close();
    }
  });
});

/** The id by which Chromium's tools know the worker of the page. */
async function registrationOf(session: CDPSession): Promise<string> {
  const found = Promise.withResolvers<string>();
  session.on("ServiceWorker.workerVersionUpdated", ({ versions }) => {
    const active = versions.find(({ status }) => status === "activated");
    if (active !== undefined) found.resolve(active.registrationId);
  });
  await session.send("ServiceWorker.enable");
  return found.promise;
}
