const collator = new Intl.Collator("en", { numeric: true, sensitivity: "base" });

/** Texts that are sorted in one go: some milliseconds of comparing. */
const runLength = 2_048;
/** Fewer than these are compared by the language's rules whatever they are. */
const keysMin = 20_000;

type Compare = (a: number, b: number) => number;
type Steps<Result> = Generator<undefined, Result, undefined>;

/** Sorts texts as people count, "disk2" before "disk10". Sorts runs, then merges them, and stops between the pieces. */
export function* sortedTexts(texts: readonly string[]): Steps<readonly string[]> {
  const compare =
    (yield* byKeys(texts)) ?? ((a, b) => collator.compare(at(texts, a), at(texts, b)));
  let from = Uint32Array.from(texts, (_text, i) => i);
  for (let start = 0; start < from.length; start += runLength) {
    from.subarray(start, start + runLength).sort(compare);
    yield undefined;
  }
  let to = new Uint32Array(from.length);
  for (let run = runLength; run < from.length; run *= 2) {
    for (let start = 0; start < from.length; start += 2 * run) {
      yield* merge(from, to, start, run, compare);
    }
    [from, to] = [to, from];
  }
  return Array.from(from, (i) => at(texts, i));
}

function at(texts: readonly string[], i: number): string {
  return texts[i] ?? "";
}

function* merge(
  from: Uint32Array,
  to: Uint32Array,
  start: number,
  run: number,
  compare: Compare,
): Steps<void> {
  let left = start;
  const middle = Math.min(start + run, from.length);
  let right = middle;
  const end = Math.min(start + 2 * run, from.length);
  for (let i = start; i < end; i++) {
    if (i % runLength === 0) yield undefined;
    const a = from[left] ?? 0;
    const b = from[right] ?? 0;
    const isLeft = left < middle && (right >= end || compare(a, b) <= 0);
    to[i] = isLeft ? a : b;
    if (isLeft) left += 1;
    else right += 1;
  }
}

/** Many texts of ASCII are compared by keys, at a tenth of the price of the language's rules; others need those. */
function* byKeys(texts: readonly string[]): Steps<Compare | undefined> {
  if (texts.length < keysMin) return undefined;
  const keys: string[] = [];
  for (let i = 0; i < texts.length; i++) {
    if (i % runLength === 0) yield undefined;
    const text = at(texts, i);
    // eslint-disable-next-line no-control-regex -- all of ASCII
    if (!/^[\x00-\x7f]*$/.test(text)) return undefined;
    keys.push(text.toLowerCase().replace(/\d+/g, countedDigits));
  }
  return (a, b) => {
    const x = at(keys, a);
    const y = at(keys, b);
    return x < y ? -1 : x > y ? 1 : 0;
  };
}

/** Before the digits stands how many there are, so that letters compare as numbers do. */
function countedDigits(digits: string): string {
  const number = digits.replace(/^0+(?=\d)/, "");
  return number.length < 9 ? `${number.length}${number}` : `9${number.padStart(40, "0")}`;
}
