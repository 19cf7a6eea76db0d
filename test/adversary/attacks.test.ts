import { afterAll, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { until } from "#test/support/asking.ts";
import { Stage } from "#test/support/stage.ts";
import { sendGelfBombs, sendGelfChunks } from "./gelf.ts";
import { watchHealth } from "./health_watch.ts";
import { hostileTargetNames, startHostileTargets } from "./hostile_targets.ts";
import { sendSyslogNuls } from "./syslog_nul.ts";

const stage = new Stage();
afterAll(() => stage.stop());

/** Before their mending syslog alone took minutes without an answer, and the targets 60 s and 1.8 GB. A busy machine has its share of what is left. */
const stallMaxMs = 10_000;
const rssMaxMegabytes = 1_500;

/** The rest takes this process's cores longer to make than the server to refuse. */
const isQuicklyMade = (name: string) =>
  /^(?:endless|drip|same_series|giant|million_labels|wide|escapes|protobuf)/.test(name);

test("receivers and scrapes answer to health checks through an attack, within memory", async () => {
  const hostile = await startHostileTargets();
  stage.after(() => hostile.stop());
  const anyPort = "127.0.0.1:0";
  const up = await stage.start({
    role: "up",
    name: "up",
    config: {
      data_dir: stage.path("data"),
      sources: [],
      receivers: { syslog: { tcp_listen: anyPort }, gelf: { udp_listen: anyPort } },
      scrape_configs: hostileTargetNames.filter(isQuicklyMade).map((name) => ({
        job_name: name,
        scrape_interval: "3s",
        metrics_path: `/${name}`,
        static_configs: [{ targets: [hostile.address] }],
      })),
    },
  });
  const portOf = (message: string) =>
    until(message, () => {
      const line = stage
        .log("up")
        .split("\n")
        .find((text) => text.includes(message));
      return Number(/"port":(\d+)/.exec(line ?? "")?.[1]) || false;
    });
  const [syslog, gelf] = [
    await portOf("syslog is taken over TCP"),
    await portOf("GELF is taken over UDP"),
  ];
  const health = watchHealth(up.url);
  await Promise.all([sendSyslogNuls(syslog), sendGelfBombs(gelf), sendGelfChunks(gelf)]);
  const isScraped = async () =>
    !(await (await fetch(`${up.url}/targets`)).text()).includes('"health":"unknown"');
  await until("a scrape of each target", isScraped, 40_000);
  const { failures, maxMs } = await health.stop();
  expect(failures).toBe(0);
  expect(maxMs).toBeLessThan(stallMaxMs);
  const peak = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${up.pid}/status`, "utf8"));
  expect(Number(peak?.[1]) / 1_024).toBeLessThan(rssMaxMegabytes);
}, 60_000);
