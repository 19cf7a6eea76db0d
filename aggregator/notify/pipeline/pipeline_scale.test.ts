import { expect, test } from "bun:test";
import { z } from "zod";
import type { Channel } from "../../channels/channel.ts";
import { knownChannel } from "../config/integration.ts";
import { readSmallConfig } from "../config/read_config.ts";
import { VirtualPipeline } from "./virtual_pipeline.fixture.ts";

const Config = z.strictObject({});
const sink: Channel<z.output<typeof Config>> = {
  name: "sink",
  title: "Sink",
  schema: Config,
  complete: (config) => ({ config, mistakes: [] }),
  sendsResolved: () => true,
  send: () => Promise.resolve({ kind: "sent", answer: "" }),
};
const config = readSmallConfig(
  `route: {receiver: a, group_by: [alertname]}
receivers: [{name: a, sink_configs: [{}]}]
inhibit_rules:
- {source_matchers: [severity=critical], target_matchers: [severity=~"critical|warning"]}
`,
  "am.yml",
  [knownChannel(sink)],
);
const [minute, day] = [60_000, 86_400_000];

test("10,000 alerts become one notification, in their order", () => {
  const world = new VirtualPipeline({ config });
  const startMs = performance.now();
  for (let i = 0; i < 10_000; i++)
    world.put({
      labels: {
        alertname: "Storm",
        instance: `h${(i * 7_919) % 10_000}`,
        job: "node",
        severity: "critical",
      },
      annotations: { summary: `host ${i} is down` },
      endsAtMs: day,
    });
  const storedMs = performance.now() - startMs;
  world.until(29_999);
  const flushMs = performance.now();
  world.until(30_000);
  const tookMs = performance.now() - flushMs;
  console.log(
    `10,000 alerts: grouped in ${Math.round(storedMs)} ms, flushed in ${Math.round(tookMs)} ms`,
  );
  expect(world.sent).toHaveLength(1);
  expect(world.sent[0]?.alerts).toHaveLength(10_000);
  const order = world.settled[0]?.delivery.notification.alerts.map(
    ({ labels }) => labels["instance"],
  );
  expect(order).toEqual(order?.toSorted());
  // All are on both sides of the rule.
  expect(world.suppressed).toEqual({});
  expect(storedMs + tookMs).toBeLessThan(5_000);
}, 60_000);

test("a month of 50 alerts that come and go passes in seconds", () => {
  const world = new VirtualPipeline({ config });
  const startMs = performance.now();
  let posted = 0;
  for (let ms = 0; ms < 30 * day; ms += minute) {
    world.until(ms);
    for (let i = 0; i < 50; i++) {
      const fires = Math.floor(ms / day + i) % 3 === 0 && ms % (4 * 3_600_000) < 3_600_000;
      if (!fires) continue;
      posted++;
      world.put({
        labels: { alertname: `A${i % 10}`, instance: `${i}`, severity: "info" },
        endsAtMs: ms + 4 * minute,
      });
    }
  }
  const tookMs = performance.now() - startMs;
  console.log(
    `30 days: ${posted} alerts posted, ${world.sent.length} notifications, ${Math.round(tookMs)} ms`,
  );
  expect(world.sent.length).toBeGreaterThan(1_000);
  expect(tookMs).toBeLessThan(40_000);
}, 60_000);
