import { expect, test } from "bun:test";
import type { RuleRow } from "../../client/alerting.ts";
import { ruleShares, sampleShareText, shareText } from "./rule_shares.ts";

const row = (place: number, tookMs: number, intervalMs: number): RuleRow => ({
  kind: "recording",
  name: "same",
  group: "g",
  file: "f",
  place,
  query: "x",
  state: "",
  labels: {},
  annotations: {},
  forMs: 0,
  keepFiringMs: 0,
  health: "ok",
  lastError: "",
  evaluatedMs: 0,
  tookMs,
  intervalMs,
  alerts: [],
});
const cost = (place: number, samples: number | null, share: number) => ({
  file: "f",
  group: "g",
  place,
  samples,
  share,
  failure: "",
});

test("a rule is expensive by its share of time or of samples", () => {
  // 300 ms each 15 s weigh as much as 1.2 s each minute.
  const rows = [row(0, 300, 15_000), row(1, 1_200, 60_000), row(2, 2_400, 60_000)];
  const costs = {
    expensiveShare: 0.3,
    rules: [cost(0, 100, 0.4), cost(1, 10, 0.1), cost(2, null, 0)],
  };
  const shares = ruleShares(rows, costs);
  expect(rows.map((one) => shares.of(one))).toEqual([
    { time: 0.25, samples: 0.4, isExpensive: true },
    { time: 0.25, samples: 0.1, isExpensive: false },
    { time: 0.5, samples: undefined, isExpensive: true },
  ]);
});

test("a rule that takes under 1% of its interval is not expensive by its time", () => {
  const rows = [row(0, 9, 1_000), row(1, 1, 1_000)];
  const costs = { expensiveShare: 0.1, rules: [cost(0, 1, 0.05), cost(1, 19, 0.95)] };
  const shares = ruleShares(rows, costs);
  expect(rows.map((one) => shares.of(one).isExpensive)).toEqual([false, true]);
});

test("nothing is expensive while costs are not known, nor is a rule that is alone", () => {
  const rows = [row(0, 3, 15_000), row(1, 12, 60_000)];
  expect(ruleShares(rows, undefined).of(row(0, 3, 15_000))).toEqual({
    time: 0.5,
    samples: undefined,
    isExpensive: false,
  });
  const alone = ruleShares(rows.slice(0, 1), { expensiveShare: 0.1, rules: [cost(0, 5, 1)] });
  expect(alone.of(row(0, 3, 15_000))).toEqual({ time: 1, samples: 1, isExpensive: false });
});

test("shares are percentages; one that is not known is none", () => {
  expect([shareText(0.034), shareText(0.5)]).toEqual(["3.4%", "50%"]);
  expect(sampleShareText({ time: 0, samples: undefined, isExpensive: false })).toBe("–");
});
