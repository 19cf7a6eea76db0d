import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { writeFileSync } from "node:fs";
import type { Browser } from "playwright-core";
import { parse, stringify } from "yaml";
import { z } from "zod";
import { axeFindings } from "#test/support/axe.ts";
import { inBothThemes, sizes } from "#test/support/both_themes.ts";
import { until } from "#test/support/asking.ts";
import { builtUi } from "#test/support/built_ui.ts";
import { findChromium, launchChromium, openPage, pagesOf } from "#test/support/chromium.ts";
import type { LapwingProcess } from "#test/support/lapwing_process.ts";
import { Stage } from "#test/support/stage.ts";

const chromiumPath = findChromium();
if (chromiumPath === undefined) console.warn("skipped: the tests of rules' pages need Chromium");
setDefaultTimeout(120_000);

const group = {
  name: "files",
  interval: "1s",
  rules: [
    { alert: "OfFile", expr: "vector(1) > 0", for: "2s", labels: { severity: "critical" } },
    { alert: "Warm", expr: "warm > 100" },
  ],
};
/** Holds for 36 minutes of each two hours, of any day. */
const sawTooth = 'label_replace(vector(time() % 7200) / 72, "host", "web-1", "", "") > 70';
const Rules = z.object({
  data: z.object({
    groups: z.array(
      z.object({
        file: z.string(),
        name: z.string(),
        rules: z.array(z.object({ name: z.string(), query: z.string() })),
      }),
    ),
  }),
});

describe.skipIf(chromiumPath === undefined)("the editor of rules", () => {
  const stage = new Stage();
  let browser: Browser;
  let up: LapwingProcess;

  beforeAll(async () => {
    await builtUi();
    browser = await launchChromium(chromiumPath ?? "");
    writeFileSync(stage.path("rules.yaml"), stringify({ groups: [group] }));
    const receivers = [{ name: "ops", webhook_configs: [{ url: "http://127.0.0.1:9/" }] }];
    writeFileSync(
      stage.path("alertmanager.yml"),
      stringify({ route: { receiver: "ops", group_by: ["alertname"] }, receivers }),
    );
    up = await stage.start({
      role: "up",
      name: "up",
      config: {
        data_dir: stage.path("data"),
        sources: [],
        rules: { files: [stage.path("rules.yaml")] },
        alertmanager: { config_file: stage.path("alertmanager.yml") },
      },
    });
  });

  afterAll(async () => {
    await browser?.close();
    await stage.stop();
  });

  const on = pagesOf(
    () => browser,
    () => up.url,
  );

  test("the tab of rules names the rules that read most, with their shares", async () => {
    const metrics = ["a", "b", "c"].map((room) => ({ name: "warm", labels: { room }, value: 1 }));
    const posted = await fetch(new URL("/api/v1/monitoring/metrics", up.url), {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ metrics }),
    });
    expect([posted.status, await posted.text()]).toEqual([200, expect.any(String)]);
    await until("the cost", async () => {
      const answer = await fetch(new URL("/api/v1/monitoring/rules/cost", up.url));
      return (await answer.text()).includes('"samples":3');
    });
    await on("/alerts?tab=rules", async (page) => {
      const named = page.getByRole("region", { name: "Expensive rules" });
      await named
        .getByText(/% of samples, .*% of time/)
        .first()
        .waitFor();
      await named.getByRole("button", { name: "Warm", exact: true }).click();
      const sheet = page.getByRole("dialog", { name: "Warm" });
      await sheet.getByText("Of samples read").waitFor();
      expect(await axeFindings(page)).toEqual([]);
    });
  });

  async function rulesOf(namespace: string): Promise<string[]> {
    const answer = await fetch(new URL("/api/v1/rules", up.url));
    return Rules.parse(await answer.json()).data.groups.flatMap(({ file, name, rules }) =>
      file === namespace ? rules.map((rule) => `${name}: ${rule.name} ${rule.query}`) : [],
    );
  }

  test("a rule is tried while it is typed, made, changed, and deleted", async () => {
    await on("/alerts?tab=rules", async (page) => {
      await page.getByRole("button", { name: "New rule" }).click();
      await page.getByText("No expression yet").waitFor();
      expect(await page.getByRole("button", { name: "Create the rule" }).isDisabled()).toBe(true);
      await page.getByLabel("Name", { exact: true }).fill("Busy");
      await page.getByLabel("Expression in PromQL").fill(sawTooth);
      await page.getByText("Each evaluation reads 0 series and 0 samples.").waitFor();
      // Each two hours it fires for 36 min, of which `for` takes 5.
      await page.getByText(/Would have fired 1[123] times/).waitFor();
      await page.getByText("threshold 70").waitFor();
      await page.getByText(/^2\d notifications: ops \(webhook\) 2\d\.$/).waitFor();
      await page.getByRole("cell", { name: "ops", exact: true }).first().waitFor();
      await page
        .getByRole("cell", { name: /host=web-1/ })
        .first()
        .waitFor();
      await page.getByLabel("For", { exact: true }).fill("1h");
      await page.getByText("Would not have fired.").waitFor();
      await page.getByText("the condition held for less than 1h").waitFor();
      await page.getByLabel("For", { exact: true }).fill("10m");
      await page.getByLabel("Summary").fill("{{ $labels.host }} is busy");
      await page.getByRole("button", { name: "Add a label" }).click();
      await page.getByLabel("Name 1 of Labels").fill("team");
      await page.getByLabel("Value 1 of Labels").fill("web");
      await page.getByText("As code").click();
      const code = page.locator(".rule-code pre");
      await code.getByText("team: web").waitFor();
      expect(parse((await code.textContent()) ?? "")).toEqual({
        groups: [
          {
            name: "metrics",
            rules: [
              {
                alert: "Busy",
                expr: sawTooth,
                for: "10m",
                labels: { severity: "warning", team: "web" },
                annotations: { summary: "{{ $labels.host }} is busy" },
              },
            ],
          },
        ],
      });
      await page.getByRole("button", { name: "Create the rule" }).click();
      await page.getByRole("table", { name: "Rules" }).getByText("Busy").click();
      await page.getByRole("button", { name: "Edit" }).click();
      await page.getByText(/^Today: fired 1[123] times, .+, 2\d notifications\.$/).waitFor();
      await page.getByLabel("Name", { exact: true }).fill("Busier");
      await page.getByLabel("Group", { exact: true }).fill("others");
      await page.getByRole("button", { name: "Save the rule" }).click();
      await page.getByRole("table", { name: "Rules" }).getByText("Busier").waitFor();
      expect(await rulesOf("interface")).toEqual([`others: Busier ${sawTooth}`]);
      await page.getByRole("table", { name: "Rules" }).getByText("Busier").click();
      await page.getByRole("button", { name: "Edit" }).click();
      await page.getByRole("button", { name: "Delete", exact: true }).click();
      await page.getByRole("button", { name: "Delete the rule" }).click();
      await until("the rule is gone", async () => (await rulesOf("interface")).length === 0);
    });
  });

  test("a wrong expression is marked where it is wrong, and so is a bad template", async () => {
    const { page } = await openPage(browser, { baseURL: up.url });
    await page.goto("/alerts/rule?name=Bad&expr=sum(rate(x[5m])");
    await page.getByText("unclosed left parenthesis (line 1, column 16)").first().waitFor();
    await page.locator(".cm-lintRange-error").first().waitFor();
    await page.getByLabel("Expression in PromQL").fill("vector(1)");
    await page.getByText("Would have fired").waitFor();
    await page.getByLabel("Summary").fill("{{ nope }}");
    await page.getByText('annotation "summary"').first().waitFor();
    await page.getByLabel("Keep firing for").fill("soon");
    await page.getByText("expected a duration such as 5m").first().waitFor();
    expect(await page.getByRole("button", { name: "Create the rule" }).isDisabled()).toBe(true);
    await page.context().close();
  });

  test("a rule of a file can't be changed here, but copied", async () => {
    await on("/alerts?tab=rules", async (page) => {
      await page.getByRole("table", { name: "Rules" }).getByText("OfFile").click();
      const sheet = page.getByRole("dialog", { name: "OfFile" });
      await sheet.getByRole("button", { name: "Copy" }).waitFor();
      expect(await sheet.getByRole("button", { name: "Edit" }).count()).toBe(0);
      await sheet.getByRole("button", { name: "Copy" }).click();
      const name = page.getByLabel("Name", { exact: true });
      await name.waitFor();
      expect(await name.inputValue()).toBe("OfFile copy");
      await page.getByRole("combobox", { name: "Severity: critical" }).waitFor();
      await page.getByRole("button", { name: "Create the rule" }).click();
      await until("the copy is there", async () =>
        (await rulesOf("interface")).includes("metrics: OfFile copy vector(1) > 0"),
      );
      await page.getByRole("table", { name: "Rules" }).getByText("OfFile copy").waitFor();
    });
  });

  test("the form writes a rule that one can read, over metrics, logs and other alerts", async () => {
    await on("/alerts/rule?name=Built", async (page) => {
      await page.getByRole("tab", { name: "Form" }).click();
      const built = page.locator(".rule-built > pre");
      await page.getByText("Still to do: choose a metric;").waitFor();
      await page.getByRole("button", { name: /^Metric/ }).click();
      await page.keyboard.type("ALERTS");
      await page
        .getByRole("option", { name: /^ALERTS\b/ })
        .first()
        .click();
      await page.getByLabel("Value", { exact: true }).fill("0");
      await built.getByText("ALERTS > 0", { exact: true }).waitFor();
      await page.getByText(/Would (?:not )?have fired/).waitFor();
      const kind = page.getByRole("combobox", { name: /Kind of alert/ });
      await kind.click();
      await page.getByRole("option", { name: "Rate of log lines" }).click();
      await page.getByRole("textbox", { name: "Text" }).fill("refused");
      await built.getByText('|= "refused" [5m])) > 0').waitFor();
      expect(await page.getByLabel("Group", { exact: true }).inputValue()).toBe("logs");
      await kind.click();
      await page.getByRole("option", { name: "Composite of other alerts" }).click();
      for (const name of ["OfFile", "Absent"]) {
        await page.getByRole("button", { name: "Add an alert" }).click();
        await page.keyboard.type(name);
        await page.getByRole("option", { name }).first().click();
      }
      await page.getByRole("combobox", { name: "Condition of Absent: fires" }).click();
      await page.getByRole("option", { name: "does not fire" }).click();
      await page.getByLabel("For", { exact: true }).fill("");
      await page.getByLabel("Evaluate every").fill("1s");
      await built
        .getByText('unless max(ALERTS{alertname="Absent", alertstate="firing"})')
        .waitFor();
      await page.getByRole("button", { name: "Create the rule" }).click();
      await until(
        "the composite fires",
        async () => {
          const answer = await fetch(new URL("/api/v1/alerts", up.url));
          return (await answer.text()).includes('"alertname":"Built"');
        },
        60_000,
      );
    });
  });

  test("Explore, logs and panels open the editor with their query", async () => {
    await on("/explore?expr=vector(42)", async (page) => {
      await page.getByRole("button", { name: "Create alert" }).click();
      await page.waitForURL("**/alerts/rule?**");
      await page.getByLabel("Expression in PromQL").getByText("vector(42)").waitFor();
    });
    await on(
      `/logs?lang=logql&q=${encodeURIComponent('{service_name="a"} |= "x"')}`,
      async (page) => {
        await page.getByRole("button", { name: "Create alert" }).click();
        const editor = page.getByLabel("Expression in LogQL");
        await editor.waitFor();
        expect(await editor.textContent()).toBe(
          'sum(count_over_time({service_name="a"} |= "x" [5m])) > 0',
        );
      },
    );
    await on("/dashboards/lapwing-alerts", async (page) => {
      await page
        .getByRole("button", { name: /^Menu of / })
        .first()
        .click();
      await page.getByRole("menuitem", { name: "Create alert" }).click();
      await page.waitForURL("**/alerts/rule?**");
      await page.getByLabel("Expression in PromQL").getByText("ALERTS").first().waitFor();
    });
  });

  for (const [size, options] of sizes)
    test(`axe finds nothing to complain of in either theme on ${size}`, async () => {
      await on(
        `/alerts/rule?name=Busy&expr=${encodeURIComponent(sawTooth)}`,
        async (page) => {
          await page.getByText(/Would have fired/).waitFor();
          await page.getByRole("button", { name: "Add a label" }).click();
          await page.getByText("As code").click();
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
