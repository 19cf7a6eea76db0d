import { expect, test } from "bun:test";
import { knownChannels } from "../known_channels.ts";
import { readAlertmanagerConfig } from "../config/read_config.ts";
import { notificationsOf } from "./virtual_notifier.ts";

const minuteMs = 60_000;
const config = await readAlertmanagerConfig(
  `
route:
  receiver: all
  group_by: [alertname]
  group_wait: 30s
  group_interval: 5m
  repeat_interval: 4h
  routes:
    - { receiver: web, matchers: [team="web"] }
    - { receiver: night, matchers: [team="night"], mute_time_intervals: [always] }
receivers:
  - { name: all, webhook_configs: [{ url: "http://sink/all" }] }
  - name: web
    webhook_configs: [{ url: "http://sink/web" }, { url: "http://sink/2", send_resolved: false }]
  - { name: night, webhook_configs: [{ url: "http://sink/night" }] }
time_intervals: [{ name: always, time_intervals: [{}] }]
inhibit_rules:
  - { source_matchers: [alertname="Down"], target_matchers: [alertname="Slow"], equal: [host] }
`,
  "am.yml",
  knownChannels,
);

/** "30 s web webhook[0] first notification: firing 0; resolved 1" */
async function notified(
  alerts: readonly (readonly [Record<string, string>, number, number?])[],
  hours: number,
): Promise<string[]> {
  const past = alerts.map(([labels, from, to]) => ({
    labels,
    firedMs: from * minuteMs,
    endedMs: to === undefined ? undefined : to * minuteMs,
  }));
  const sent = await notificationsOf(past, config, { endMs: hours * 60 * minuteMs });
  return sent.map(
    ({ atMs, receiver, integration, reason, firing, resolved }) =>
      `${atMs / 1_000} s ${receiver} ${integration} ${reason}: firing ${firing.join()}; resolved ${resolved.join()}`,
  );
}

test("notificationsOf() gives who would have been notified, when and why, until the end", async () => {
  expect(
    await notified(
      [
        [{ alertname: "A", host: "a", team: "web" }, 0, 60],
        [{ alertname: "A", host: "b", team: "web" }, 3, 4],
        [{ alertname: "B" }, 60],
      ],
      6,
    ),
  ).toEqual([
    "30 s web webhook[0] first notification: firing 0; resolved ",
    "30 s web webhook[1] first notification: firing 0; resolved ",
    "330 s web webhook[0] some alerts resolved: firing 0; resolved 1",
    "3630 s web webhook[0] all alerts resolved: firing ; resolved 0",
    "3630 s all webhook[0] first notification: firing 2; resolved ",
    "18330 s all webhook[0] repeat interval elapsed: firing 2; resolved ",
  ]);
});

test("alerts that are inhibited, muted, or over within group_wait are not notified", async () => {
  expect(
    await notified(
      [
        [{ alertname: "Down", host: "a" }, 0],
        [{ alertname: "Slow", host: "a" }, 0],
        [{ alertname: "N", team: "night" }, 0],
        [{ alertname: "Short" }, 10, 10.25],
      ],
      1,
    ),
  ).toEqual(["30 s all webhook[0] first notification: firing 0; resolved "]);
});

test("an alert that fires again within the interval is one life for its group, and its places are kept apart", async () => {
  const labels = { alertname: "A" };
  expect(
    await notified(
      [
        [labels, 0, 10],
        [labels, 30, 40],
      ],
      1,
    ),
  ).toEqual([
    "30 s all webhook[0] first notification: firing 0; resolved ",
    "630 s all webhook[0] all alerts resolved: firing ; resolved 0",
    "1830 s all webhook[0] first notification: firing 1; resolved ",
    "2430 s all webhook[0] all alerts resolved: firing ; resolved 1",
  ]);
});

test("a month of an alert that flaps each ten minutes takes less than seconds", async () => {
  const alerts = Array.from({ length: 4_320 }, (_, i) => ({
    labels: { alertname: "A", host: `h${i % 10}` },
    firedMs: i * 10 * minuteMs,
    endedMs: (i * 10 + 5) * minuteMs,
  }));
  const startMs = performance.now();
  const sent = await notificationsOf(alerts, config, { endMs: 30 * 24 * 60 * minuteMs });
  expect(sent.length).toBeGreaterThan(4_000);
  expect(performance.now() - startMs).toBeLessThan(10_000);
});

test("an abort ends it with the reason", async () => {
  const signal = AbortSignal.abort(new Error("stopped"));
  const alerts = [{ labels: { alertname: "A" }, firedMs: 0, endedMs: undefined }];
  expect(notificationsOf(alerts, config, { endMs: minuteMs, signal })).rejects.toThrow("stopped");
});
