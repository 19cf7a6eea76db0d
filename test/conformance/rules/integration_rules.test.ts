import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { integrationRuleTexts } from "#agent/integrations/rule_texts.ts";
import { probeRuleTexts } from "#agent/probes/rule_texts.ts";
import { IntegrationRulesConfig } from "#aggregator/rules/integration_rules/config.ts";
import { tunedRules } from "#aggregator/rules/integration_rules/provided_rules.ts";
import { plainRulesText } from "#aggregator/rules/plain_rules.ts";
import { checkRuleFile } from "#aggregator/rules/rule_file.ts";

const promtool = Bun.which("promtool");
const folder = mkdtempSync(join(tmpdir(), "lapwing-integration-rules-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const provided = [...integrationRuleTexts(), probeRuleTexts()];
const { kinds, mistakes } = tunedRules(provided, IntegrationRulesConfig.parse({}));
const groups = kinds.flatMap(({ files }) => files.flatMap((file) => file.groups));
const text = plainRulesText(groups);
const count = groups.flatMap(({ rules }) => rules).length;

test("all rules that come with Lapwing, and those of their objectives, can be evaluated", () => {
  expect(mistakes).toEqual([]);
  const { faults, count: read } = checkRuleFile(text, "promql");
  expect(faults).toEqual([]);
  expect(read).toBe(count);
  const alerts = groups.flatMap(({ rules }) => rules.filter((rule) => "alert" in rule));
  expect(alerts.filter(({ labels }) => labels?.["severity"] === undefined)).toEqual([]);
});

test("group names are unique, so that all can stand in one file", () => {
  const names = groups.map(({ name }) => name);
  expect(names.filter((name, i) => names.indexOf(name) !== i)).toEqual([]);
});

test.skipIf(promtool === null)("promtool takes all of them as one file", async () => {
  const file = join(folder, "rules.yaml");
  writeFileSync(file, text);
  const checked = Bun.spawn([promtool ?? "", "check", "rules", file], {
    stdout: "pipe",
    stderr: "pipe",
  });
  const streams = [checked.stdout, checked.stderr].map((stream) => new Response(stream).text());
  expect((await Promise.all(streams)).join("")).toContain(`${count} rules found`);
  expect(await checked.exited).toBe(0);
});
