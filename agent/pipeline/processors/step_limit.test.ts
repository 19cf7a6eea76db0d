import { expect, test } from "bun:test";
import type { LogsBatch } from "#shared/model/logs.ts";
import { systemClock } from "#shared/runtime/clock.ts";
import { createSelfMetrics } from "#shared/runtime/self_metrics.ts";
import { costlyLine, costlyPattern } from "#test/support/costly_line.ts";
import { linesBatch } from "#test/support/lines_batch.ts";
import { recordsOf } from "#test/support/processed.ts";
import { createProcessorMeters, ProcessorChain } from "./chain.ts";
import { ProcessorsConfig } from "./config.ts";
import { LogMetrics } from "./log_metrics.ts";

const long = costlyLine(1_048_576);
const secret = `${long} password=hunter2`;

/** What a chain leaves of lines, and what it counts. */
async function taken(entries: readonly unknown[], input: readonly string[] | LogsBatch) {
  const meters = createProcessorMeters(createSelfMetrics());
  const { bound } = ProcessorsConfig.parse(entries);
  const chain = new ProcessorChain(
    bound,
    { clock: systemClock, metrics: new LogMetrics() },
    meters,
  );
  const drops: Record<string, number> = {};
  const batch = "bodies" in input ? input : linesBatch(input);
  const began = performance.now();
  const records = recordsOf(chain.apply(batch, (reason, n) => void (drops[reason] = n)));
  const tookMs = performance.now() - began;
  const { values } = await meters.tooManySteps.get();
  const failed = (await meters.failed.get()).values;
  return {
    bodies: records.map(({ body }) => body),
    records,
    drops,
    tookMs,
    givenUp: values.map(({ labels, value }) => `${labels.processor} ${value}`),
    failed: failed.map(({ labels, value }) => `${labels.processor} ${value}`),
  };
}

test.each([
  ["regex", { pattern: `(?P<x>${costlyPattern})` }],
  ["grok", { patterns: [`(?P<x>${costlyPattern})`] }],
  ["replace", { pattern: costlyPattern, with: "x" }],
  ["replace", { pattern: `(${costlyPattern})`, with: "x", part: "groups" }],
  ["severity", { from: "body", pattern: costlyPattern }],
  ["drop", { match: `{} |~ "${costlyPattern}"` }],
  ["keep", { only: `{} |~ "${costlyPattern}"` }],
])(
  "%s passes a record on whose line takes too many steps, and counts it",
  async (type, options) => {
    const { bodies, givenUp, failed, tookMs } = await taken(
      [{ type, ...options }],
      [long, "short"],
    );
    expect(bodies[0] === long).toBe(true);
    expect(givenUp).toEqual([`${type} 1`]);
    expect(failed[0]).toStartWith(`${type} `);
    // Some 100 ms where nothing else runs; seconds, or minutes, without the limit.
    expect(tookMs).toBeLessThan(2_000);
  },
);

test("relabel passes a record on whose attribute takes too many steps, with its labels", async () => {
  const rule = {
    source_labels: ["__attribute_x"],
    regex: `.*${costlyPattern}`,
    target_label: "y",
    replacement: "z",
  };
  const batch = { ...linesBatch(["line"]), attributes: [{ x: long }] };
  const { records, givenUp } = await taken([{ type: "relabel", relabel_configs: [rule] }], batch);
  expect(records[0]?.stream).toEqual({ job: "test" });
  expect(givenUp).toEqual(["relabel 1"]);
});

test("redact never passes a text on that takes too many steps", async () => {
  const patterns = { password: `${costlyPattern}|password=\\S+` };
  const redact = { type: "redact", kinds: [], patterns };
  const { bodies, givenUp, failed } = await taken([redact], [secret, "password=x"]);
  expect(bodies).toEqual(["[redacted:password]", "[redacted:password]"]);
  expect([givenUp, failed]).toEqual([["redact 1"], ["redact 1"]]);
  const dropped = await taken([{ ...redact, action: "drop" }], [secret, "fine"]);
  expect([dropped.bodies, dropped.drops]).toEqual([["fine"], { redaction: 1 }]);
  const attributes = [{ x: secret, y: "plain" }];
  const inAttributes = await taken([redact], { ...linesBatch(["line"]), attributes });
  expect(inAttributes.records[0]?.attributes).toEqual({ x: "[redacted:password]", y: "plain" });
});

test("a redaction is made where its match, or its group's, takes too many steps", async () => {
  const match = `{} |~ "${costlyPattern}"`;
  const redact = { type: "redact", kinds: [], patterns: { password: "password=\\S+" } };
  const redacted = `${long} [redacted:password]`;
  const own = await taken([{ ...redact, match }], [secret, "password=x"]);
  expect(own.bodies[0] === redacted).toBe(true);
  expect(own.bodies[1]).toBe("password=x");
  const rewrite = { type: "replace", pattern: "^a", with: "never" };
  const group = { type: "group", match, processors: [rewrite, redact] };
  const inGroup = await taken([group], [secret]);
  expect(inGroup.bodies[0] === redacted).toBe(true);
  expect(inGroup.givenUp).toEqual(["group 1"]);
});

test("redact replaces what the group took, where the same text stands before it in the match", async () => {
  const patterns = { password: "pass=(?P<secret>\\S+)" };
  const { bodies } = await taken([{ type: "redact", kinds: [], patterns }], ["pass=pass"]);
  expect(bodies).toEqual(["pass=[redacted:password]"]);
});
