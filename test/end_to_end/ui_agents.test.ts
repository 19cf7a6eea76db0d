import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync } from "node:fs";
import type { Browser } from "playwright-core";
import { parse } from "yaml";
import { z } from "zod";
import { axeFindings } from "#test/support/axe.ts";
import { inBothThemes, sizes } from "#test/support/both_themes.ts";
import { until } from "#test/support/asking.ts";
import { builtUi } from "#test/support/built_ui.ts";
import { findChromium, launchChromium, pagesOf } from "#test/support/chromium.ts";
import { lapwing } from "#test/support/command_line.ts";
import type { LapwingProcess } from "#test/support/lapwing_process.ts";
import { natsServerPath, startNats } from "#test/support/nats.ts";
import { Stage } from "#test/support/stage.ts";

const chromiumPath = findChromium();
const canRun = chromiumPath !== undefined && natsServerPath !== undefined;
if (!canRun) console.warn("skipped: the tests of agents' pages need Chromium and nats-server");
setDefaultTimeout(120_000);
const Written = z.looseObject({
  nats: z.looseObject({}),
  agent: z.looseObject({}),
  fleet: z.looseObject({}).default({}),
});

describe.skipIf(!canRun)("pages of agents over a real fleet", () => {
  const stage = new Stage();
  let browser: Browser;
  let aggregator: LapwingProcess;
  let id = "";

  beforeAll(async () => {
    await builtUi();
    browser = await launchChromium(chromiumPath ?? "");
    const keys = stage.path("keys");
    await told("fleet", "init", "--keys", keys, "--resolver-dir", stage.path("jwt"));
    const nats = await startNats(() => readFileSync(`${keys}/nats-server.conf`, "utf8"));
    stage.after(() => nats.stop());
    aggregator = await stage.start({
      role: "aggregator",
      name: "aggregator",
      config: {
        data_dir: stage.path("aggregator"),
        nats: { servers: [nats.url], creds_file: `${keys}/aggregator.creds` },
        fleet: { keys, http_changes: true },
      },
    });
  });

  afterAll(async () => {
    await browser?.close();
    await stage.stop();
  });

  async function told(...args: string[]): Promise<string> {
    const { code, out, err } = await lapwing(args, { cwd: stage.folder });
    if (code !== 0) throw new Error(`lapwing ${args.join(" ")}: ${err}`);
    return out.trim();
  }

  const on = pagesOf(
    () => browser,
    () => aggregator.url,
  );

  test("a token made in the page enrols a host, whose agent then appears with its failing target", async () => {
    await on("/agents", async (page) => {
      await page.getByText("No agent has reported yet").waitFor();
      await page.getByRole("button", { name: "Enrol a host" }).click();
      await page.getByLabel("Labels on all that they send").fill("site north");
      await page.getByText("expected name=value").waitFor();
      expect(await page.getByRole("button", { name: "Make token" }).isDisabled()).toBe(true);
      await page.getByLabel("Labels on all that they send").fill("site=north");
      await page.getByRole("button", { name: "Make token" }).click();
      const command = await page.getByLabel("the command that enrols", { exact: true }).innerText();
      const [, token = ""] = /--token (lwe_\S+)/.exec(command) ?? [];
      expect(command).toContain(`--url ${aggregator.url.replace(/\/$/, "")} --token`);
      await page.getByText("No host has used it yet").waitFor();

      const written = stage.path("etc", "lapwing", "lapwing.yaml");
      const enrol = ["agent", "enroll", "--url", aggregator.url, "--token", token];
      await told(...enrol, "--config", written, "--data-dir", stage.path("agent"));
      await page.getByText(/^Enrolled: /).waitFor();
      const config = Written.parse(parse(readFileSync(written, "utf8")));
      await stage.start({
        role: "agent",
        name: "agent",
        config: {
          ...config,
          fleet: { ...config.fleet, configuration: "merged" },
          sources: [{ type: "host_metrics", interval: "1s" }],
          scrape_configs: [
            {
              job_name: "gone",
              scrape_interval: "1s",
              static_configs: [{ targets: ["127.0.0.1:9"] }],
            },
          ],
        },
      });
      id = readFileSync(stage.path("agent", "agent", "id"), "utf8").trim();
      await page.keyboard.press("Escape");
      const row = page.getByRole("row").filter({ hasText: "1 of 1" });
      await row.waitFor({ timeout: 60_000 });
      expect(await row.innerText()).toContain("live");
    });
  });

  test("an agent's page tells why a target fails, what it runs and what waits", async () => {
    await on(`/agents/${id}`, async (page) => {
      await page
        .getByText(/127\.0\.0\.1:9.*(?:refused|fail)/i)
        .first()
        .waitFor();
      expect(await page.getByText("site=north").count()).toBeGreaterThan(0);
      await page.getByRole("tab", { name: "Configuration" }).click();
      await page.getByText("its own file").first().waitFor();
      await page.getByRole("group").filter({ hasText: "gone" }).first().click();
      await page.getByText("job_name: gone").waitFor();
      await page.getByRole("tab", { name: "Spool and loss" }).click();
      await page.getByRole("table", { name: "Spool by signal" }).waitFor();
      expect(page.url()).toContain("tab=spool");
    });
  });

  test("the list is narrowed in the URL, and leads to the agent by the keyboard", async () => {
    await on("/agents?is=silent", async (page) => {
      await page.getByText("No agent matches").waitFor();
      await page.getByRole("button", { name: "Clear them" }).click();
      const row = page.getByRole("row").filter({ hasText: "1 of 1" });
      const titles = page.getByRole("table", { name: "Agents" }).getByRole("columnheader");
      const [first, second] = await titles.allInnerTexts();
      await titles.first().getByRole("button").press("Shift+ArrowRight");
      await page.waitForURL(/cols-agents=/);
      await page.reload();
      await row.waitFor();
      expect((await titles.allInnerTexts()).slice(0, 2)).toEqual([second ?? "", first ?? ""]);
      await row.focus();
      await page.keyboard.press("Enter");
      await page.waitForURL(`**/agents/${id}*`);
    });
  });

  test("a rollout is paused, resumed and rolled back from the list, and the page follows it", async () => {
    const fleet = new URL("/api/v1/fleet/configurations/base", aggregator.url);
    const send = async (path: string, method: string, body: object) => {
      const answer = await fetch(`${fleet.href}${path}`, { method, body: JSON.stringify(body) });
      expect(answer.status).toBe(201);
    };
    await send("", "PUT", { text: "sources: [{type: host_metrics, interval: 2s}]" });
    await send("/rollouts", "POST", { plan: { stages: ["1"], soak: "10m" } });
    await on("/agents", async (page) => {
      const rollouts = page.getByRole("region", { name: "Rollouts" });
      const choose = async (name: string) => {
        await rollouts.getByRole("button", { name }).click();
        await page.getByRole("dialog").getByRole("button", { name }).click();
      };
      await rollouts.getByText("stage 1 of 2: one agent first; 1 of 1 runs it").waitFor();
      await choose("Pause");
      await rollouts.getByText("paused", { exact: true }).waitFor();
      await choose("Resume");
      await rollouts.getByText("under way", { exact: true }).waitFor();
      await choose("Roll back");
      await rollouts.getByText("rolled back", { exact: true }).waitFor();
      await rollouts.getByText("1 of 1 has what it had before").waitFor();
      expect(await rollouts.getByRole("button").count()).toBe(0);
    });
  });

  for (const [size, options] of sizes) {
    test(`axe finds nothing in either theme on ${size}, and nothing overflows`, async () => {
      for (const path of ["/agents", "/agents?enrol=yes", `/agents/${id}`]) {
        await on(
          path,
          async (page) => {
            await page
              .getByText(path.includes("enrol") ? "Make token" : /1 of 1|refused/)
              .first()
              .waitFor();
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
      }
    });
  }

  test("revoking names the agent and what happens, and cuts it off", async () => {
    await on(`/agents/${id}`, async (page) => {
      await page.getByRole("button", { name: "Revoke" }).click();
      const dialog = page.getByRole("dialog");
      expect(await dialog.innerText()).toContain(id);
      await dialog.getByRole("button", { name: /^Revoke / }).click();
      await page
        .getByText(/is revoked$/)
        .first()
        .waitFor();
    });
    await until("the agent is revoked", async () =>
      (await told("fleet", "agents", "-c", stage.path("aggregator.yaml"))).includes("revoked"),
    );
  });
});
