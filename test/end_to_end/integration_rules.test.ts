import { afterAll, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { stringify } from "yaml";
import { z } from "zod";
import { asking, until } from "#test/support/asking.ts";
import { lapwing } from "#test/support/command_line.ts";
import { Stage } from "#test/support/stage.ts";

const stage = new Stage();
afterAll(() => stage.stop());

const Groups = z.object({
  data: z.object({
    groups: z.array(
      z.object({
        name: z.string(),
        file: z.string(),
        rules: z.array(
          z.object({
            name: z.string(),
            health: z.string(),
            state: z.string().exactOptional(),
            duration: z.number().exactOptional(),
            lastError: z.string().exactOptional(),
          }),
        ),
      }),
    ),
  }),
});

const tuning = {
  off: ["ScriptsSlower"],
  change: { ScriptsFailing: { for: "0s", interval: "1s", labels: { team: "ops" } } },
};
const config = {
  data_dir: stage.path("data"),
  sources: [],
  ingest: { flush_interval: "1s" },
  fleet: { interval: "1s" },
  integrations: {
    detect: false,
    scripts: [{ name: "broken", command: ["sh", "-c", "exit 3"], interval: "1s" }],
  },
  rules: { evaluation_interval: "2s", integrations: tuning },
};

async function groupsOf(url: string) {
  return Groups.parse(await (await asking(url).get("/api/v1/rules")).json()).data.groups;
}

test("rules of an integration that an agent runs are on, tuned by configuration, and no others", async () => {
  const up = await stage.start({ role: "up", name: "up", config });
  const groups = await until(
    "the alert",
    async () => {
      const found = await groupsOf(up.url);
      const rules = found.flatMap((group) => group.rules);
      return (
        rules.some(({ name, state }) => name === "ScriptsFailing" && state === "firing") && found
      );
    },
    60_000,
  );
  expect(new Set(groups.map(({ file }) => file))).toEqual(
    new Set(["integrations/scripts/rules.yaml", "integrations/scripts/slo.yaml"]),
  );
  const names = groups.flatMap(({ rules }) => rules.map(({ name }) => name));
  expect(names).toContain("ScriptsNotEnding");
  expect(names).toContain("slo:sli_error:ratio_rate5m");
  expect(names).not.toContain("ScriptsSlower");
  const alerts = await (await asking(up.url).get("/api/v1/alerts")).text();
  expect(alerts).toContain('"team":"ops"');
  await until(
    "the error ratio of the objective",
    async () =>
      (await asking(up.url).promql('slo:sli_error:ratio_rate5m{sloth_service="scripts"}'))[0]
        ?.value === 1,
    30_000,
  );
  const failed = (await groupsOf(up.url))
    .flatMap((group) => group.rules)
    .filter(({ health }) => health === "err");
  expect(failed).toEqual([]);
}, 120_000);

test("lapwing rules integrations prints what would be evaluated, and check names mistakes", async () => {
  const file = stage.path("lapwing.yaml");
  writeFileSync(file, stringify({ rules: { integrations: tuning } }));
  const printed = await lapwing(["rules", "integrations", "scripts", "--config", file]);
  expect(printed.code).toBe(0);
  expect(printed.out).toContain("name: scripts every 1s");
  expect(printed.out).not.toContain("ScriptsSlower");
  const checked = await lapwing(["rules", "check"], { input: printed.out });
  expect(checked.out).toContain("rules found");
  writeFileSync(file, stringify({ rules: { integrations: { off: ["ScriptsSlow"] } } }));
  const mistaken = await lapwing(["check", file]);
  expect(mistaken.code).toBe(1);
  expect(mistaken.err).toContain('rules.integrations.off: "ScriptsSlow": expected a kind');
}, 60_000);
