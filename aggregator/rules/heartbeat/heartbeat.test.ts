import { afterEach, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { shownYaml } from "#shared/runtime/config/shown_config.ts";
import { systemClock } from "#shared/runtime/clock.ts";
import { silentLogger } from "#shared/runtime/log.ts";
import { createSelfMetrics } from "#shared/runtime/self_metrics.ts";
import { until } from "#test/support/asking.ts";
import { RulesConfig } from "../config.ts";
import { Turns } from "../turns.ts";
import { HeartbeatConfig } from "./config.ts";
import { Heartbeat } from "./heartbeat.ts";
import { RulesTrouble } from "./rules_trouble.ts";

const closing: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

/** A service that counts pings. */
function service(status = 200) {
  const pings: string[] = [];
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: (request) => {
      pings.push(`${request.method} ${new URL(request.url).pathname}`);
      return new Response("s3cret-id", { status });
    },
  });
  closing.push(() => server.stop(true));
  return { pings, url: `http://127.0.0.1:${server.port}/ping/s3cret-id` };
}

function opened(config: object | undefined, trouble: () => Promise<string | undefined>) {
  const metrics = createSelfMetrics();
  const logged: string[] = [];
  const heartbeat = new Heartbeat(config && HeartbeatConfig.parse(config), {
    clock: systemClock,
    log: { ...silentLogger, warn: (_, fields) => logged.push(JSON.stringify(fields)) },
    metrics,
    fetch,
    trouble,
  });
  closing.push(() => heartbeat.stop());
  heartbeat.start();
  const count = async (outcome: string) => {
    const series = `lapwing_heartbeat_pings_total{outcome="${outcome}"} `;
    const line = (await metrics.text()).split("\n").find((one) => one.startsWith(series));
    return line === undefined ? 0 : Number(line.slice(series.length));
  };
  return {
    heartbeat,
    logged,
    count,
    configure: (next: object) => heartbeat.configure(HeartbeatConfig.parse(next)),
  };
}

test("pings are sent each interval, and withheld while there is trouble", async () => {
  const { pings, url } = service();
  let trouble: string | undefined;
  const { count, logged } = opened({ url, interval: "20ms", method: "POST" }, async () => trouble);
  await until("pings", () => pings.length > 2);
  expect(pings[0]).toBe("POST /ping/s3cret-id");
  trouble = "the notifier stands still";
  await until("withheld ones", async () => (await count("withheld")) > 0);
  const before = pings.length;
  await until("more of them", async () => (await count("withheld")) > 3);
  expect(pings.length).toBe(before);
  expect(logged).toEqual([expect.stringContaining("the notifier stands still")]);
  trouble = undefined;
  await until("pings again", () => pings.length > before);
});

test("an evaluation that never comes back withholds pings, and waits only once", async () => {
  const { pings, url } = service();
  const blocked = Promise.withResolvers<readonly []>();
  let asked = 0;
  const ask = () => {
    asked++;
    return asked < 3 ? Promise.resolve([]) : blocked.promise;
  };
  const rules = new RulesTrouble({ ask, turns: new Turns(1), clock: systemClock });
  const { count } = opened({ url, interval: "20ms" }, () => rules.find([]));
  await until("withheld ones", async () => (await count("withheld")) > 2);
  expect(pings.length).toBe(2);
  expect(asked).toBe(3);
  blocked.resolve([]);
  await until("pings again", () => pings.length > 2);
});

test("a ping that fails is counted, and says nothing of its URL", async () => {
  const { url } = service(500);
  const { count, logged } = opened({ url, interval: "20ms" }, async () => undefined);
  await until("failures", async () => (await count("failed")) > 0);
  expect(logged.join()).toContain("unexpected status code 500");
  expect(logged.join()).not.toContain(url);
});

test("the URL can be in a file, and a reload starts and changes the heartbeat", async () => {
  const folder = mkdtempSync(join(tmpdir(), "lapwing-heartbeat-"));
  closing.push(() => rmSync(folder, { recursive: true }));
  const [a, b] = [service(), service()];
  const file = join(folder, "url");
  writeFileSync(file, `${a.url}\n`);
  const { configure } = opened(undefined, async () => undefined);
  configure({ url_file: file, interval: "20ms" });
  await until("a ping", () => a.pings.length > 0);
  configure({ url: b.url, interval: "20ms" });
  await until("a ping of the other", () => b.pings.length > 0);
});

test.each([
  [{}, "expected exactly one of url and url_file"],
  [{ url: "http://a", url_file: "b" }, "expected exactly one of url and url_file"],
  [{ url: "ftp://a" }, "expected a URL of http or https"],
  [{ url: "http://a", interval: "0s" }, "expected a duration above 0"],
  [{ url: "http://a", verb: "GET" }, "verb"],
])("the heartbeat %j is refused", (config, message) => {
  expect(JSON.stringify(HeartbeatConfig.safeParse(config).error?.issues)).toContain(message);
});

test("the URL is not shown with the configuration", () => {
  const rules = RulesConfig.parse({ heartbeat: { url: "https://hc/ping/s3cret-id" } });
  expect(shownYaml({ rules })).not.toContain("s3cret-id");
});
