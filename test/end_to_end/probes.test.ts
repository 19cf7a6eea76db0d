import { afterAll, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { asking, until } from "#test/support/asking.ts";
import { freePort } from "#test/support/free_port.ts";
import { ProbeTargets } from "#test/support/probe_targets.ts";
import { Stage } from "#test/support/stage.ts";

const stage = new Stage();
const targets = new ProbeTargets();
afterAll(async () => {
  targets.close();
  await stage.stop();
});

test("a job with the exporter's relabelling probes through an agent, and checks run by themselves", async () => {
  const port = await freePort();
  const web = await targets.http();
  const check = {
    name: "site",
    module: "http_2xx",
    interval: "200ms",
    targets: [`127.0.0.1:${web}`, `127.0.0.1:${web}/broken`],
  };
  const lapwing = await stage.start({
    role: "up",
    name: "up",
    config: {
      listen: `127.0.0.1:${port}`,
      data_dir: stage.path("data"),
      agent: { name: "here", labels: { region: "eu-1" } },
      integrations: { detect: false },
      sources: [],
      scrape_configs: [
        {
          job_name: "blackbox",
          scrape_interval: "200ms",
          metrics_path: "/probe",
          params: { module: ["http_2xx"] },
          static_configs: [{ targets: [`127.0.0.1:${web}/length`, "127.0.0.1:1"] }],
          relabel_configs: [
            { source_labels: ["__address__"], target_label: "__param_target" },
            { source_labels: ["__param_target"], target_label: "instance" },
            { target_label: "__address__", replacement: `127.0.0.1:${port}` },
          ],
        },
      ],
      probes: {
        allow: ["127.0.0.1"],
        modules: { http_2xx: { prober: "http", timeout: "1s" } },
        checks: [
          { ...check, vantages: { match: ['region=~"eu-.*"'] } },
          { ...check, name: "elsewhere", vantages: { agents: ["other"] } },
        ],
      },
    },
  });
  const asked = asking(lapwing.url);
  const shown = async (query: string) =>
    (await asked.promql(query))
      .map(({ metric, value }) => `${metric["instance"]} ${value}`)
      .toSorted();
  await until(
    "four probed targets",
    async () => (await asked.promql("probe_success")).length === 4,
  );
  expect(await shown('probe_success{job="blackbox"}')).toEqual(
    [`127.0.0.1:${web}/length 1`, "127.0.0.1:1 0"].toSorted(),
  );
  expect(
    await shown('probe_success{job="probe",probe="site",vantage="here",region="eu-1"}'),
  ).toEqual([`127.0.0.1:${web} 1`, `127.0.0.1:${web}/broken 0`]);
  expect((await asked.promql("max by (instance) (probe_http_status_code) == 500")).length).toBe(1);
  // Reports of targets are gathered, once a second.
  const failed = await until("a report of the broken target", async () => {
    const { targets: reports } = await (await asked.get("/targets")).json();
    return reports.find(
      ({ url, lastError }: { url: string; lastError: string }) =>
        // On a busy machine an answer may come too late once.
        url.endsWith("/broken") && lastError.includes("status_code 500"),
    );
  });
  expect(failed).toMatchObject({ pool: "site", health: "down" });
  expect(
    await asked.own('lapwing_probes_total{prober="http",by="check",result="failure"}'),
  ).toBeGreaterThan(0);
  expect(
    await asked.own('lapwing_probes_total{prober="http",by="request",result="success"}'),
  ).toBeGreaterThan(0);
  // A check that comes with a reload runs without a restart.
  const file = stage.path("up.yaml");
  writeFileSync(file, readFileSync(file, "utf8").replace("- other", "- here"));
  expect((await asked.get("/-/reload", { method: "POST" })).status).toBe(200);
  await until(
    "the check that came",
    async () => (await asked.promql('probe_success{probe="elsewhere"}')).length === 2,
  );
}, 30_000);
