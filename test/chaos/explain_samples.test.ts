import { expect, test } from "bun:test";
import type { Cause, CauseKind, GivenNumber } from "./explain_samples.ts";
import { explainSamples } from "./explain_samples.ts";

function given(number: number, fromMs: number, toMs: number, isRead = false): GivenNumber {
  return { number, fromMs, toMs, isRead };
}

function cause(kind: CauseKind, ...spans: readonly (readonly [number, number])[]): Cause {
  return { kind, spans: spans.map(([fromMs, toMs]) => ({ fromMs, toMs })) };
}

test("explainSamples() takes an answer that came long after its scrape's time-out for a failed scrape", () => {
  // Asked at 1,000, given up at 1,500, answered at 2,400 by an exporter that stood still since 900.
  const late = explainSamples([given(7, 900, 2_400)], [cause("scrape_failed", [1_000, 1_500])]);
  expect(late).toEqual({
    explained: { scrape_failed: 1, cut_short: 0, disk_error: 0 },
    unexplained: [],
  });
});

test("explainSamples() uses a cause once", () => {
  const missing = [given(7, 900, 2_400), given(8, 900, 2_400)];
  const causes = [cause("scrape_failed", [1_000, 1_500])];
  expect(explainSamples(missing, causes).unexplained).toEqual([8]);
});

test("explainSamples() gives up a cause for a number that has no other", () => {
  const wide = cause("scrape_failed", [1_000, 2_000]);
  const narrow = cause("cut_short", [1_000, 1_200]);
  const missing = [given(1, 1_100, 1_150), given(2, 1_500, 1_600)];
  for (const causes of [
    [wide, narrow],
    [narrow, wide],
  ])
    expect(explainSamples(missing, causes).unexplained).toEqual([]);
});

test("explainSamples() leaves what was asked before or after all causes unexplained", () => {
  const missing = [given(1, 500, 900), given(2, 1_600, 1_700)];
  const causes = [cause("scrape_failed", [1_000, 1_500]), cause("cut_short", [1_000, 1_500])];
  expect(explainSamples(missing, causes).unexplained).toEqual([1, 2]);
});

test("explainSamples() takes no end of the agent as the cause where the answer was read", () => {
  const missing = [given(1, 1_000, 1_100, true)];
  const cut = cause("cut_short", [1_000, 1_500]);
  expect(explainSamples(missing, [cut]).unexplained).toEqual([1]);
  for (const other of [
    cause("disk_error", [0, 100], [900, 1_050]),
    cause("scrape_failed", [1_000, 1_500]),
  ])
    expect(explainSamples(missing, [cut, other]).unexplained).toEqual([]);
  // An answer after the time-out comes to nobody: its connection would not be used again.
  const early = cause("scrape_failed", [900, 1_050]);
  expect(explainSamples(missing, [cut, early]).unexplained).toEqual([1]);
});
