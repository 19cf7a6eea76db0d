import { hole, patternText, patternTokens, tokensOfPattern } from "./pattern_tokens.ts";

/** What lines have in common for a reader: coarser than a template, which is there to take lines apart. */
export type Pattern = {
  /** xxHash64 of the text, in hex: the same wherever and whenever the pattern is found. */
  readonly id: string;
  /** `session opened for user <_> by <_>` */
  readonly text: string;
};

/** So many words in one place, all else equal, and the place is a variable ... */
const wordsToVary = 5;
/** ... or so many values of one key, ... */
const valuesToVary = 3;
/** ... or two where one of them holds a variable itself. */
const holedToVary = 2;
/** Patterns that are known at once; beyond that nothing is merged any more, and each template is a pattern. */
const patternsMaxDefault = 50_000;
/** Longer ones are not compared: they are rarely alike, and each place costs. */
const tokensMax = 128;

type Node = {
  readonly pattern: Pattern;
  readonly tokens: readonly string[];
  /** Where it was merged into another. */
  parent: Node | undefined;
};

/**
 * Merges templates into patterns as they come: templates that are equal but for one word are siblings, and enough of them
 * make one pattern with a variable there. A word of a template that held a digit is a variable from the start. (The
 * idea is that of Drain's similar groups, He et al., ICWS 2017; here the number of different words decides, so states such as
 * started and stopped stay apart while names of users do not.)
 */
export class PatternTree {
  readonly #byTemplate = new Map<string, Node>();
  readonly #byText = new Map<string, Node>();
  /**
   * Live nodes that are equal but for one place, by a hash of that place and the other words: the words themselves would be most of the memory, and
   * nearly all nodes are alone.
   */
  readonly #siblings = new Map<number, Node | Set<Node>>();
  readonly #patternsMax: number;
  readonly #onMerge: (into: Pattern, from: Pattern) => void;

  /** `onMerge` is told of every pattern that becomes part of another. */
  constructor({
    patternsMax = patternsMaxDefault,
    onMerge = () => {},
  }: { patternsMax?: number; onMerge?: (into: Pattern, from: Pattern) => void } = {}) {
    this.#patternsMax = patternsMax;
    this.#onMerge = onMerge;
  }

  /** The pattern of a template's text as it is known now; a later template may merge it into another: see current(). */
  of(templateText: string): Pattern {
    const known = this.#byTemplate.get(templateText);
    const node = known ?? this.#add(patternTokens(templateText));
    if (known === undefined && this.#byTemplate.size < this.#patternsMax)
      this.#byTemplate.set(templateText, node);
    return topOf(node).pattern;
  }

  /** A pattern that another tree has found, by its text. */
  restore(text: string): Pattern {
    return topOf(this.#add(tokensOfPattern(text))).pattern;
  }

  /** What a pattern has become. */
  current(pattern: Pattern): Pattern {
    const node = this.#byText.get(pattern.text);
    return node === undefined ? pattern : topOf(node).pattern;
  }

  #add(tokens: readonly string[]): Node {
    const text = patternText(tokens);
    const known = this.#byText.get(text);
    if (known !== undefined) return known;
    const pattern = { id: Bun.hash.xxHash64(text).toString(16).padStart(16, "0"), text };
    const node: Node = { pattern, tokens, parent: undefined };
    if (this.#byText.size >= this.#patternsMax) return node;
    this.#byText.set(text, node);
    if (tokens.length > tokensMax || constants(tokens) < 2) return node;
    for (let place = 0; place < tokens.length; place++) this.#note(node, place);
    return node;
  }

  #note(node: Node, place: number): void {
    if (node.parent !== undefined) return;
    const siblings = this.#siblingsOf(node, place);
    if (siblings === undefined || siblings.size < neededToVary(siblings, place)) return;
    const merged = this.#add(node.tokens.with(place, hole));
    for (const sibling of Array.from(siblings)) {
      if (sibling === merged) continue;
      sibling.parent = merged;
      this.#onMerge(merged.pattern, sibling.pattern);
      for (let own = 0; own < sibling.tokens.length; own++) this.#leave(sibling, own);
    }
  }

  /** The node with those that are equal to it but for a place; undefined where it is alone. */
  #siblingsOf(node: Node, place: number): Set<Node> | undefined {
    const key = hashWithout(node.tokens, place);
    const known = this.#siblings.get(key);
    const one = known instanceof Set ? known.values().next().value : known;
    if (known === undefined || one === undefined) {
      this.#siblings.set(key, node);
      return undefined;
    }
    // Another place or other words of the same hash: rare enough to be left alone.
    if (!isEqualBut(place, one.tokens, node.tokens)) return undefined;
    const siblings = known instanceof Set ? known : new Set([known]);
    this.#siblings.set(key, siblings.add(node));
    return siblings;
  }

  #leave(node: Node, place: number): void {
    const key = hashWithout(node.tokens, place);
    const known = this.#siblings.get(key);
    if (known instanceof Set) known.delete(node);
    else if (known === node) this.#siblings.delete(key);
  }
}

function topOf(node: Node): Node {
  let top = node;
  while (top.parent !== undefined) top = top.parent;
  return top;
}

function hashWithout(tokens: readonly string[], place: number): number {
  const words = `${place} ${tokens.with(place, hole).join(" ")}`;
  // What a number holds exactly.
  return Number(Bun.hash.xxHash64(words) >> 12n);
}

function isEqualBut(place: number, a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((word, i) => i === place || word === b[i]);
}

function neededToVary(siblings: ReadonlySet<Node>, place: number): number {
  const words = Array.from(siblings, ({ tokens }) => tokens[place] ?? "");
  if (words.some((word) => word.includes(hole))) return holedToVary;
  const keys = new Set(words.map((word) => /^([^=:]*)[=:]/.exec(word)?.[1]));
  return keys.size === 1 && !keys.has(undefined) ? valuesToVary : wordsToVary;
}

/** Words that are not all variable. */
function constants(tokens: readonly string[]): number {
  return tokens.filter((token) => token.replaceAll(hole, "") !== "").length;
}
