import type { Position } from "./position.ts";
import { comparePositions, origin } from "./position.ts";

/** Frames of a lane after `from`, up to and with `to`. */
export type Span = { readonly from: Position; readonly to: Position };

/** Sorted, those that touch as one, empty ones left out. */
export function joinSpans(spans: readonly Span[]): Span[] {
  const joined: Span[] = [];
  const inOrder = spans
    .filter(({ from, to }) => comparePositions(from, to) < 0)
    .toSorted((a, b) => comparePositions(a.from, b.from));
  for (const span of inOrder) {
    const last = joined.at(-1);
    if (last === undefined || comparePositions(span.from, last.to) > 0) joined.push(span);
    else if (comparePositions(span.to, last.to) > 0)
      joined[joined.length - 1] = { from: last.from, to: span.to };
  }
  return joined;
}

/** What of the spans is not in `others`; sorted, apart. */
export function withoutSpans(spans: readonly Span[], others: readonly Span[]): Span[] {
  let left = joinSpans(spans);
  for (const { from, to } of joinSpans(others))
    left = left.flatMap((span) =>
      joinSpans([
        { from: span.from, to: earlier(span.to, from) },
        { from: later(span.from, to), to: span.to },
      ]),
    );
  return left;
}

/** The span that a frame right after this position is in, if any. Spans as joinSpans() gives them. */
export function spanAfter(spans: readonly Span[], position: Position): Span | undefined {
  return spans.find(
    ({ from, to }) => comparePositions(from, position) <= 0 && comparePositions(position, to) < 0,
  );
}

/** Whether a frame is in one of them. */
export function holdsFrame(spans: readonly Span[], frame: Position): boolean {
  return spanOfFrame(spans, frame) !== undefined;
}

/** The one that a frame is in, if any. */
export function spanOfFrame(spans: readonly Span[], frame: Position): Span | undefined {
  return spans.find(
    ({ from, to }) => comparePositions(from, frame) < 0 && comparePositions(frame, to) <= 0,
  );
}

/** Everything up to a position, and what is there beyond it. */
export function upTo(position: Position, ahead: readonly Span[] = []): Span[] {
  return joinSpans([{ from: origin, to: position }, ...ahead]);
}

function later(a: Position, b: Position): Position {
  return comparePositions(a, b) >= 0 ? a : b;
}

function earlier(a: Position, b: Position): Position {
  return comparePositions(a, b) <= 0 ? a : b;
}
