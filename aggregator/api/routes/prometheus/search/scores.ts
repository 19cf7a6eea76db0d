type Characters = string | readonly string[];

/** Indexed by code point; text without surrogates is so already. */
const characters = (text: string): Characters =>
  /[\uD800-\uDFFF]/.test(text) ? Array.from(text) : text;

/**
 * How well `pattern` matches as a subsequence of `text`: 1 when they are the same, 0 when it is none. Of each place where
 * the pattern may begin, its characters are taken as early as they come; the sum of the squares of the lengths of
 * unbroken runs, less gaps before and between them / length of text and half as much for what follows, divided by the
 * square of the pattern's length. The best place counts. (Formula: Prometheus, util/strutil/subsequence.go.)
 */
export function subsequenceScore(pattern: string, text: string): number {
  if (pattern === text || pattern === "") return 1;
  const wanted = characters(pattern);
  const given = characters(text);
  let best = 0;
  for (let start = 0; start <= given.length - wanted.length; start++) {
    if (given[start] !== wanted[0]) continue;
    const score = scoreFrom(wanted, given, start);
    // What can't be completed from here can't be from further on.
    if (score === undefined) break;
    if (score > best) best = score;
  }
  return best / (wanted.length * wanted.length);
}

function scoreFrom(wanted: Characters, given: Characters, start: number): number | undefined {
  let score = 0;
  let [next, at, end] = [0, start, 0];
  while (next < wanted.length) {
    while (at < given.length && given[at] !== wanted[next]) at++;
    if (at === given.length) return undefined;
    score -= (at - end) / given.length;
    const from = at;
    while (next < wanted.length && at < given.length && given[at] === wanted[next]) {
      at++;
      next++;
    }
    score += (at - from) * (at - from);
    end = at;
  }
  return score - (given.length - end) / (2 * given.length);
}

/** Winkler's weight of each common first character, of which four count. */
const prefixWeight = 0.1;
const prefixMax = 4;

/** The similarity of Jaro and Winkler: 1 for the same text, 0 for none in common. */
export function jaroWinkler(one: string, other: string): number {
  if (one === other) return 1;
  const [a, b] = [characters(one), characters(other)];
  const [short, long] = a.length <= b.length ? [a, b] : [b, a];
  const jaro = jaroOf(short, long);
  if (jaro === 0) return 0;
  let prefix = 0;
  while (prefix < Math.min(prefixMax, short.length) && short[prefix] === long[prefix]) prefix++;
  return jaro + prefix * prefixWeight * (1 - jaro);
}

function jaroOf(short: Characters, long: Characters): number {
  const distance = Math.max(Math.floor(long.length / 2) - 1, 0);
  const taken = new Uint8Array(long.length);
  const matched: (string | undefined)[] = [];
  for (let i = 0; i < short.length; i++) {
    const end = Math.min(i + distance + 1, long.length);
    for (let j = Math.max(i - distance, 0); j < end; j++) {
      if (taken[j] === 1 || short[i] !== long[j]) continue;
      taken[j] = 1;
      matched.push(short[i]);
      break;
    }
  }
  if (matched.length === 0) return 0;
  let [transposed, k] = [0, 0];
  for (const character of matched) {
    while (taken[k] === 0) k++;
    if (long[k++] !== character) transposed++;
  }
  const count = matched.length;
  return (count / short.length + count / long.length + (count - transposed / 2) / count) / 3;
}
