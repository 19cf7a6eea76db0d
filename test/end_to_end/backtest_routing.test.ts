import { afterAll, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import { z } from "zod";
import { sawTooth } from "#test/support/saw_tooth.ts";
import { Stage } from "#test/support/stage.ts";
import { writeBlocks } from "#test/support/write_store.ts";

// Two days of data, rules and a routing in force: what would changed ones have done, and to whom?

const stage = new Stage();
afterAll(() => stage.stop());

const [minuteMs, days] = [60_000, 2];
const endMs = Math.floor(Date.now() / (120 * minuteMs)) * 120 * minuteMs;

const Side = z.object({
  rules: z.array(z.object({ name: z.string(), fired: z.number(), firingSeconds: z.number() })),
  episodes: z.array(z.object({ firedAt: z.string(), receivers: z.array(z.string()) })),
  notifications: z.object({
    count: z.number(),
    receivers: z.array(z.object({ receiver: z.string(), count: z.number() })),
  }),
});
const Comparison = z.object({ proposed: Side, today: Side });

const group = (...rules: object[]) => stringify({ groups: [{ name: "load", rules }] });
const routing = (receiver: string) =>
  stringify({
    route: {
      receiver,
      group_by: ["alertname"],
      group_wait: "30s",
      group_interval: "5m",
      repeat_interval: "4h",
      routes: [{ receiver: "night", matchers: ['severity="info"'] }],
    },
    receivers: [receiver, "night"].map((name) => ({
      name,
      webhook_configs: [{ url: "http://127.0.0.1:9/" }],
    })),
  });

async function command(...args: string[]) {
  const program = join(import.meta.dir, "../../lapwing.ts");
  const child = Bun.spawn([process.execPath, program, "rules", "backtest", ...args], {
    stdout: "pipe",
    stderr: "pipe",
  });
  const [out, err] = await Promise.all(
    [child.stdout, child.stderr].map((stream) => new Response(stream).text()),
  );
  return { code: await child.exited, out: out ?? "", err: err ?? "" };
}

test("rules backtest --routing says who would have been notified, beside the rules and the routing in force", async () => {
  await writeBlocks(stage.path("data"), sawTooth(2, days, endMs));
  const files = {
    rules: stage.path("rules.yaml"),
    changed: stage.path("changed.yaml"),
    broken: stage.path("broken.yaml"),
    routing: stage.path("alertmanager.yml"),
    given: stage.path("given.yml"),
  };
  const high = { alert: "High", expr: "load > 59" };
  writeFileSync(files.rules, group(high));
  writeFileSync(
    files.changed,
    group(
      { ...high, for: "30m" },
      { alert: "Full", expr: 'load{host="web-0"} > 109', labels: { severity: "info" } },
    ),
  );
  writeFileSync(files.broken, group({ alert: "Bad", expr: "sum(" }));
  writeFileSync(files.routing, routing("ops"));
  writeFileSync(files.given, routing("web"));
  const config = {
    data_dir: stage.path("data"),
    sources: [],
    rules: { files: [files.rules] },
    alertmanager: { config_file: files.routing },
  };
  const up = await stage.start({ role: "up", name: "up", config });
  const until = new Date(endMs).toISOString();
  const span = ["--url", up.url, "--since", `${days}d`, "--until", until];

  // 24 teeth of two hours: two hosts are high in the second hour of each.
  const teeth = days * 12;
  const compared = await command(files.changed, ...span, "--routing", files.given, "--json");
  expect(compared.err).toBe("");
  const { proposed, today } = Comparison.parse(JSON.parse(compared.out));
  expect(today.rules).toEqual([{ name: "High", fired: 2 * teeth, firingSeconds: teeth * 60 * 60 }]);
  expect(proposed.rules).toEqual([
    { name: "High", fired: 2 * teeth, firingSeconds: teeth * 30 * 60 },
    { name: "Full", fired: teeth, firingSeconds: teeth * 10 * 60 },
  ]);
  // Both hosts in one message when they fire, and when they are over; what is over last at the end has not been notified.
  const counts = (side: typeof today) =>
    side.notifications.receivers.map(({ receiver, count }): [string, number] => [receiver, count]);
  expect(counts(today)).toEqual([["ops", 2 * teeth - 1]]);
  expect(new Map(counts(proposed))).toEqual(
    new Map([
      ["web", 2 * teeth - 1],
      ["night", 2 * teeth - 1],
    ]),
  );
  expect(new Set(proposed.episodes.map(({ receivers }) => receivers.join()))).toEqual(
    new Set(["web", "night"]),
  );

  const printed = await command(files.changed, ...span, "--routing");
  expect(printed.out).toMatch(/load: High +fired 48 times, 12h +fired 48 times, 1d/);
  expect(printed.out).toMatch(/load: Full +fired 24 times, 4h +-/);
  expect(printed.out).toMatch(/ops webhook\[0\] +47 +47/);
  expect(printed.out).toMatch(/30m +\{alertname="High", host="web-0"\} +ops/);

  // What a reload changes counts: the label of all alerts that leads to another receiver, and alerts that are dropped.
  const relabelled = {
    files: [files.rules],
    external_labels: { severity: "info" },
    alerting: {
      alert_relabel_configs: [{ source_labels: ["host"], regex: "web-1", action: "drop" }],
    },
  };
  writeFileSync(
    stage.path("up.yaml"),
    stringify({ ...config, listen: "127.0.0.1:0", rules: relabelled }),
  );
  const reloaded = await fetch(new URL("/-/reload", up.url), { method: "POST" });
  expect([reloaded.status, await reloaded.text()]).toEqual([200, expect.anything()]);
  const again = await command(files.changed, ...span, "--routing", "--json");
  const after = Comparison.parse(JSON.parse(again.out)).today;
  expect(counts(after)).toEqual([["night", 2 * teeth - 1]]);
  const notified = after.episodes.filter(({ receivers }) => receivers.length > 0);
  expect([after.episodes.length, notified.length]).toEqual([2 * teeth, teeth]);

  const broken = await command(files.broken, ...span, "--routing");
  expect([broken.code === 0, broken.err]).toEqual([false, expect.stringContaining("broken.yaml:")]);
  writeFileSync(files.given, "route: { receiver: nobody }");
  const misrouted = await command(files.changed, ...span, "--routing", files.given);
  expect(misrouted.code).not.toBe(0);
  expect(misrouted.err).toMatch(/routing:1:\d+: /);
  const nothing = await command(...span, "--routing");
  expect(nothing.err).toContain("expected files of rules, or --routing with a file");
}, 90_000);
