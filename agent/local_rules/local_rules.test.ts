import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import type { Clock } from "#shared/runtime/clock.ts";
import { silentLogger } from "#shared/runtime/log.ts";
import { createSelfMetrics } from "#shared/runtime/self_metrics.ts";
import { until } from "#test/support/asking.ts";
import { LocalRulesConfig } from "./config.ts";
import { LocalRules } from "./local_rules.ts";

const folder = mkdtempSync(join(tmpdir(), "lapwing-local-rules-"));
const told: string[] = [];
const Message = z.object({
  alerts: z.array(z.object({ status: z.string(), labels: z.record(z.string(), z.string()) })),
});
const receiver = Bun.serve({
  port: 0,
  hostname: "127.0.0.1",
  async fetch(request) {
    for (const { status, labels } of Message.parse(await request.json()).alerts)
      told.push(`${labels["alertname"]} ${labels["device"] ?? ""} ${status}`);
    return new Response();
  },
});
afterAll(async () => {
  await receiver.stop(true);
  rmSync(folder, { recursive: true });
});

const minute = 60_000;

/** Time that passes when it is told to; a sleep ends when it has passed. */
class ManualClock implements Clock {
  #ms = 1_000_000_000;
  #sleepers: { readonly ms: number; readonly untilMs: number; readonly wake: () => void }[] = [];
  now = () => this.#ms;
  monotonic = () => this.#ms;
  sleep = (ms: number, signal?: AbortSignal) =>
    new Promise<void>((resolve) => {
      if (signal?.aborted === true) return resolve();
      const sleeper = { ms, untilMs: this.#ms + ms, wake: resolve };
      this.#sleepers.push(sleeper);
      const end = () => {
        this.#sleepers = this.#sleepers.filter((one) => one !== sleeper);
        resolve();
      };
      signal?.addEventListener("abort", end, { once: true });
    });
  isAsleepFor = (ms: number) => this.#sleepers.some((one) => one.ms === ms);
  pass(ms: number): void {
    this.#ms += ms;
    const due = this.#sleepers.filter(({ untilMs }) => untilMs <= this.#ms);
    this.#sleepers = this.#sleepers.filter(({ untilMs }) => untilMs > this.#ms);
    for (const { wake } of due) wake();
  }
}

const rule = { alert: "Full", expr: "disk_used > 90", for: "1m" };
const configOf = (given: object) =>
  LocalRulesConfig.parse({ rules: [rule], webhooks: [{ url: receiver.url.href }], ...given });

async function open(config: LocalRulesConfig, path: string, clock = new ManualClock()) {
  const metrics = createSelfMetrics();
  const away = { ms: 0 };
  const fired: (string | undefined)[] = [];
  const rules = await LocalRules.open(
    config,
    { agent: "web-1" },
    {
      clock,
      log: silentLogger,
      metrics,
      path: join(folder, path),
      offlineMs: () => away.ms,
      onFired: ({ device }) => void fired.push(device),
    },
  );
  const schema = { series: [{ __name__: "disk_used", device: "a" }], families: [] };
  return {
    rules,
    clock,
    away,
    /** Devices whose alerts began to fire, told or not. */
    fired,
    text: () => metrics.text(),
    /** A sample a quarter of a minute, each followed by an evaluation. */
    quarters: async (count: number, value?: number) => {
      for (let i = 0; i < count; i++) {
        // The state is written between two evaluations.
        while (!clock.isAsleepFor(15_000)) await Bun.sleep(0);
        clock.pass(14_000);
        const row = { timestampMs: clock.now(), values: Float64Array.of(value ?? 0) };
        if (value !== undefined) rules.add({ schema, rows: [row] });
        const before = await evaluations(metrics);
        clock.pass(1_000);
        while ((await evaluations(metrics)) === before) await Bun.sleep(0);
      }
    },
    state: () => rules.status().rules[0]?.state,
  };
}

/** So many alerts were told, and the agent has had the answers: without one it tells again. */
async function hasTold(rules: LocalRules, count: number): Promise<void> {
  await until(
    `${count} alerts told`,
    () => told.length >= count && rules.status().notifiers.every(({ waiting }) => waiting === 0),
  );
}

async function evaluations(metrics: ReturnType<typeof createSelfMetrics>): Promise<number> {
  const found = /^lapwing_agent_rule_evaluations_total\{rule="Full"\} (\d+)$/m.exec(
    await metrics.text(),
  );
  return Number(found?.[1] ?? 0);
}

test("rules for outages are followed all the time, and told only while the aggregator is out of reach", async () => {
  const { rules, away, fired, quarters, state, text } = await open(configOf({}), "offline.json");
  await quarters(2, 95);
  expect(state()).toBe("pending");
  expect(fired).toEqual([]);
  await quarters(5, 95);
  expect(state()).toBe("firing");
  expect(rules.status().rules[0]?.alerts[0]).toMatchObject({ told: false, value: "95" });
  away.ms = minute;
  await quarters(2, 96);
  await hasTold(rules, 1);
  expect(await text()).toContain('lapwing_agent_rule_alerts{rule="Full",state="firing"} 1');
  // The aggregator is back: the end is told all the same.
  away.ms = 0;
  await quarters(2, 50);
  await hasTold(rules, 2);
  expect(told.splice(0)).toEqual(["Full a firing", "Full a resolved"]);
  expect(state()).toBe("inactive");
  expect(fired).toEqual(["a"]);
  await rules.stop();
});

test("what still fires is told again after a while, and not before", async () => {
  const { rules, quarters } = await open(
    configOf({ when: "always", repeat_interval: "10m" }),
    "repeat.json",
  );
  await quarters(30, 95);
  await hasTold(rules, 1);
  await quarters(25, 95);
  await hasTold(rules, 2);
  expect(told.splice(0)).toEqual(["Full a firing", "Full a firing"]);
  await rules.stop();
});

test("states outlive the process: no second telling, and the end is told once samples would have come", async () => {
  const config = configOf({ when: "always" });
  const first = await open(config, "restart.json");
  await first.quarters(8, 95);
  await hasTold(first.rules, 1);
  await first.rules.stop();
  first.clock.pass(10 * minute);
  const second = await open(config, "restart.json", first.clock);
  expect(second.state()).toBe("firing");
  await second.quarters(2);
  expect(second.state()).toBe("firing");
  await second.quarters(6);
  await hasTold(second.rules, 2);
  expect(told.splice(0)).toEqual(["Full a firing", "Full a resolved"]);
  await second.rules.stop();
});

test("the end of a rule is told when a reload takes it away, or it is gone after a restart", async () => {
  const config = configOf({ when: "always" });
  const first = await open(config, "reload.json");
  await first.quarters(8, 95);
  await hasTold(first.rules, 1);
  await first.rules.configure(configOf({ rules: [{ ...rule, expr: "disk_used > 99" }] }), {
    agent: "web-1",
  });
  await hasTold(first.rules, 2);
  await first.rules.configure(config, { agent: "web-1" });
  await first.quarters(8, 95);
  await hasTold(first.rules, 3);
  await first.rules.stop();
  const second = await open(configOf({ rules: [] }), "reload.json", first.clock);
  await hasTold(second.rules, 4);
  await second.rules.stop();
  expect(told.splice(0)).toEqual([
    "Full a firing",
    "Full a resolved",
    "Full a firing",
    "Full a resolved",
  ]);
});

test("what was not told is told by the next process", async () => {
  const nobody = { url: "http://127.0.0.1:1/" };
  const first = await open(configOf({ when: "always", webhooks: [nobody] }), "waiting.json");
  await first.quarters(8, 95);
  await until("a failure", () => first.rules.status().notifiers[0]?.lastError !== "");
  await first.rules.stop();
  expect(readFileSync(join(folder, "waiting.json"), "utf8")).toContain('"waiting":{"webhook 1":[{');
  const second = await open(configOf({ when: "always" }), "waiting.json", first.clock);
  await hasTold(second.rules, 1);
  expect(told.splice(0)).toEqual(["Full a firing"]);
  await second.rules.stop();
});

test("a rule that cannot be evaluated says why, is counted, and leaves others alone; a bad state file begins anew", async () => {
  writeFileSync(join(folder, "bad.json"), '{"alerts": 5');
  const bad = { alert: "Bad", expr: "disk_used + on () disk_used > 0" };
  const { rules, quarters, text } = await open(configOf({ rules: [rule, bad] }), "bad.json");
  const schema = {
    series: ["a", "b"].map((device) => ({ __name__: "disk_used", device })),
    families: [],
  };
  rules.add({ schema, rows: [{ timestampMs: 1_000_000_000, values: Float64Array.of(95, 95) }] });
  await quarters(1, 95);
  const [full, other] = rules.status().rules;
  expect(full).toMatchObject({ state: "pending", lastError: "" });
  expect(other?.lastError).toContain("the same matching labels");
  expect(await text()).toContain('lapwing_agent_rule_evaluation_failures_total{rule="Bad"} 1');
  await rules.stop();
});

test("absence is not told before samples could have come", async () => {
  const config = configOf({
    when: "always",
    rules: [{ alert: "Full", expr: 'absent(disk_used{device="a"})' }],
  });
  const { rules, quarters, state } = await open(config, "absent.json");
  await quarters(15);
  expect(state()).toBe("inactive");
  await quarters(6);
  expect(state()).toBe("firing");
  await hasTold(rules, 1);
  expect(told.splice(0)).toEqual(["Full a firing"]);
  await rules.stop();
});

const issuesOf = (given: object) =>
  LocalRulesConfig.safeParse({ webhooks: [{ url: "http://x/" }], ...given }).error?.issues.map(
    ({ path, message }) => `${path.join(".")}: ${message}`,
  ) ?? [];

test("configuration: mistakes are told with place and what is expected", () => {
  expect(issuesOf({ rules: [rule] })).toEqual([]);
  const found = issuesOf({
    rules: [
      { alert: "A", expr: "topk(5, x)" },
      { alert: "B", expr: "x > 1", annotations: { summary: "{{ $x }}" } },
      { alert: "B", expr: "x > 1", labels: { alertname: "C" } },
      { record: "a:b", expr: "x" },
    ],
    webhooks: [{}, { url: "mailto:x" }, { url: "http://x/", url_file: "/y" }],
    interval: "10ms",
  });
  expect(found.join("\n")).toContain('rules.0.expr: 1:1: "topk" is not evaluated on agents');
  expect(found.join("\n")).toContain(
    "rules.1.annotations.summary: {{ $x }} is not known to agents",
  );
  expect(found.join("\n")).toContain("expected the name of a label, and not alertname");
  expect(found.join("\n")).toContain("agents have no recording rules");
  expect(found.join("\n")).toContain("webhooks.0.url: expected either url or url_file");
  expect(found.join("\n")).toContain("webhooks.1.url: expected an address that begins with http");
  expect(found.join("\n")).toContain("interval: expected 1s or more");
  expect(issuesOf({ rules: [rule, rule] }).join()).toContain("the same rule stands here twice");
  expect(issuesOf({ rules: [rule], webhooks: [] }).join()).toContain("nobody would be told");
});
