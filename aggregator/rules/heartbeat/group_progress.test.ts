import { expect, test } from "bun:test";
import { GroupEvaluation } from "../group_evaluation.ts";
import { GroupProgress } from "./group_progress.ts";

/** A group of one rule that is evaluated each minute by a clock that the test moves. */
function group(ask: () => Promise<[]> = async () => []) {
  let nowMs = 0;
  const evaluation = new GroupEvaluation(
    {
      name: "g",
      file: "f",
      intervalMs: 60_000,
      queryOffsetMs: 0,
      limit: 0,
      rules: [
        { kind: "recording", name: "r", expr: "x", query: "x", language: "promql", labels: {} },
      ],
    },
    {
      ask,
      externalLabels: {},
      externalUrl: "",
      now: () => nowMs,
      monotonic: () => nowMs,
      newSeries: () => ({ write: () => {} }),
      isRestored: true,
      sendAlerts: () => {},
      onEvaluated: () => {},
      onFailure: () => {},
    },
  );
  const evaluate = async (atMs: number) => {
    nowMs = atMs;
    await evaluation.evaluate(atMs);
  };
  return { evaluation, evaluate };
}

test("a group that stands still for three intervals is found, whatever the wall clock says", async () => {
  const { evaluation, evaluate } = group();
  const progress = new GroupProgress();
  expect(progress.trouble([evaluation], 0)).toBeUndefined();
  await evaluate(60_000);
  expect(progress.trouble([evaluation], 60_000)).toBeUndefined();
  expect(progress.trouble([evaluation], 270_000)).toBeUndefined();
  expect(progress.trouble([evaluation], 270_001)).toBe('group "g" of f is not evaluated');
  await evaluate(30_000);
  expect(progress.trouble([evaluation], 280_000)).toBeUndefined();
});

test("rules that all fail are trouble; none at all are not", async () => {
  const { evaluation, evaluate } = group(() => Promise.reject(new Error("no data")));
  const progress = new GroupProgress();
  await evaluate(1);
  expect(progress.trouble([evaluation], 1)).toBe("all rules fail");
  expect(progress.trouble([], 1)).toBeUndefined();
});
