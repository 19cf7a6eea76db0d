import { expect, test } from "bun:test";
import type { Position } from "./position.ts";
import type { Span } from "./spans.ts";
import { holdsFrame, joinSpans, spanAfter, upTo, withoutSpans } from "./spans.ts";

const at = (sequence: number): Position => ({ epoch: 1, sequence });
const span = (from: number, to: number): Span => ({ from: at(from), to: at(to) });
/** All spans within [0, 5], as what they are made of: frames 1 to 5. */
const all = Array.from({ length: 32 }, (_, bits) =>
  joinSpans([0, 1, 2, 3, 4].filter((i) => (bits >> i) & 1).map((i) => span(i, i + 1))),
);
const framesOf = (spans: readonly Span[]): number[] =>
  [1, 2, 3, 4, 5].filter((frame) => holdsFrame(spans, at(frame)));

test("joinSpans() joins what touches, sorts, and leaves out what is empty", () => {
  expect(joinSpans([span(4, 5), span(0, 2), span(3, 3), span(2, 3)])).toEqual([
    span(0, 3),
    span(4, 5),
  ]);
});
test("withoutSpans() leaves the frames of one that are not in the other, of all small ones", () => {
  for (const one of all)
    for (const other of all)
      expect(framesOf(withoutSpans(one, other))).toEqual(
        framesOf(one).filter((frame) => !framesOf(other).includes(frame)),
      );
});
test("spanAfter() finds the span of the frame that follows a position", () => {
  expect(spanAfter([span(0, 2), span(3, 5)], at(2))).toBeUndefined();
  expect(spanAfter([span(0, 2), span(3, 5)], at(3))).toEqual(span(3, 5));
  expect(spanAfter([span(0, 2), span(3, 5)], at(5))).toBeUndefined();
});
test("upTo() is everything up to a position and what lies beyond", () => {
  expect(upTo(at(2), [span(3, 5)])).toEqual([
    { from: { epoch: 0, sequence: 0 }, to: at(2) },
    span(3, 5),
  ]);
});
