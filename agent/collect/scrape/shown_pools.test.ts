import { expect, test } from "bun:test";
import { parse } from "yaml";
import { GlobalConfig, ScrapeConfigs } from "./config.ts";
import { shownPools } from "./shown_pools.ts";

test("a pool is shown by Prometheus's keys, with the global section's defaults and without secrets", () => {
  const pools = shownPools({
    global: GlobalConfig.parse({ scrape_interval: "30s", sample_limit: 7 }),
    scrape_configs: ScrapeConfigs.parse([
      {
        job_name: "web",
        scrape_timeout: "3s",
        basic_auth: { username: "u", password: "hush" },
        relabel_configs: [{ source_labels: ["a"], regex: "(.+)", target_label: "b" }],
      },
    ]),
  });
  expect(pools.map(({ name }) => name)).toEqual(["web"]);
  expect(pools[0]?.configYaml).not.toContain("hush");
  expect(parse(pools[0]?.configYaml ?? "")).toMatchObject({
    job_name: "web",
    scrape_interval: "30s",
    scrape_timeout: "3s",
    sample_limit: 7,
    basic_auth: { username: "u", password: "<secret>" },
    relabel_configs: [
      { source_labels: ["a"], regex: "(.+)", target_label: "b", action: "replace" },
    ],
  });
});

test("of thousands of targets the first are shown, and how many more there are, behind the rules", () => {
  const targets = Array.from({ length: 1_500 }, (_, i) => `10.0.0.1:${i}`);
  const [pool] = shownPools({
    global: GlobalConfig.parse({}),
    scrape_configs: ScrapeConfigs.parse([
      {
        job_name: "many",
        static_configs: [{ targets: targets.slice(0, 700) }, { targets: targets.slice(700) }],
        relabel_configs: [{ source_labels: ["a"], target_label: "b" }],
      },
    ]),
  });
  const text = pool?.configYaml ?? "";
  expect(text).toEndWith("\n# 500 more targets\n");
  expect(parse(text).static_configs[1].targets).toEqual(targets.slice(700, 1_000));
  expect(text.indexOf("relabel_configs")).toBeLessThan(text.indexOf("static_configs"));
});
