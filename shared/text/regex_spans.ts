import type { RE2JS } from "re2js";

/** Start and end of each group of a match, 0 being the match; -1 for a group that took no part. */
export type Spans = ArrayLike<number>;

export function spansOf(matcher: ReturnType<RE2JS["matcher"]>): Spans {
  const spans: number[] = [];
  for (let group = 0; group <= matcher.groupCount(); group++)
    spans.push(matcher.start(group), matcher.end(group));
  return spans;
}

/** The texts of a match's groups, by number. */
export function groupsOf(text: string, spans: Spans): (string | undefined)[] {
  return Array.from({ length: spans.length >> 1 }, (_, group) => {
    const [start = -1, end = -1] = [spans[2 * group], spans[2 * group + 1]];
    return start < 0 || end < 0 ? undefined : text.slice(start, end);
  });
}

/** Where the search goes on behind a match: a character further where it was empty. */
export function placeAfter(text: string, spans: Spans): number {
  const [start = 0, end = 0] = [spans[0], spans[1]];
  if (end > start) return end;
  return end + ((text.codePointAt(end) ?? 0) > 0xff_ff ? 2 : 1);
}
