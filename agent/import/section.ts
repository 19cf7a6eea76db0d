import type { Account, Effect, Weight } from "./account.ts";
import { ImportMistakes } from "./mistakes.ts";
import { type MapNode, type Plain, type SourceNode, leavesOf, plainOf } from "./source_tree.ts";

/**
 * A map of the source file while it is read: whoever takes a value has carried it over, and says so where it has not. A value of the
 * wrong kind is a mistake of the file: it is noted with its place, and read as absent.
 */
export class Section {
  readonly node: MapNode;
  readonly account: Account;
  readonly mistakes: ImportMistakes;

  constructor(node: MapNode, account: Account, mistakes: ImportMistakes) {
    this.node = node;
    this.account = account;
    this.mistakes = mistakes;
  }

  get keys(): string[] {
    return this.node.entries.map(({ key }) => key);
  }

  has(key: string): boolean {
    return this.peek(key) !== undefined;
  }

  /** What stands under the key, without a word on what becomes of it. */
  peek(key: string): SourceNode | undefined {
    return this.node.entries.findLast((entry) => entry.key === key)?.node;
  }

  /** The value under the key; it is carried over as a whole. */
  take(key: string): Plain {
    const node = this.peek(key);
    if (node !== undefined) this.account.carry(node);
    return this.plain(key);
  }

  /** The value under the key; its outcome is not recorded. */
  plain(key: string): Plain {
    const node = this.peek(key);
    if (node === undefined) return undefined;
    for (const leaf of leavesOf(node)) this.#isKnown(leaf);
    return plainOf(node);
  }

  text(key: string): string | undefined {
    const node = this.#scalar(key, "a text");
    return node?.value === undefined || node.value === null ? undefined : String(node.value);
  }

  number(key: string): number | undefined {
    const node = this.#scalar(key, "a number");
    if (node === undefined || node.value === null) return undefined;
    const number = typeof node.value === "boolean" ? Number.NaN : Number(node.value);
    if (Number.isFinite(number) && node.value !== "") return number;
    this.mistakes.add(node, "expected a number");
    return undefined;
  }

  /** Also the words that other formats have for true and false. */
  flag(key: string): boolean | undefined {
    const node = this.#scalar(key, "true or false");
    if (node === undefined || node.value === null) return undefined;
    const word = String(node.value).toLowerCase();
    if (["true", "on", "yes", "1"].includes(word)) return true;
    if (["false", "off", "no", "0"].includes(word)) return false;
    this.mistakes.add(node, "expected true or false");
    return undefined;
  }

  #scalar(key: string, expected: string) {
    const node = this.peek(key);
    if (node === undefined) return undefined;
    if (node.kind !== "scalar") {
      this.mistakes.add(node, `expected ${expected}`);
      this.account.carry(node);
      return undefined;
    }
    this.account.carry(node);
    return this.#isKnown(node) ? node : undefined;
  }

  /** A value that only the shipper knows can't be written down: where it is needed, that is a mistake. */
  #isKnown(node: SourceNode): boolean {
    if (node.kind !== "scalar" || node.unknown === undefined) return true;
    this.mistakes.add(node, node.unknown);
    return false;
  }

  /** A list of texts, or one alone. */
  texts(key: string): string[] | undefined {
    const node = this.peek(key);
    if (node === undefined) return undefined;
    this.account.carry(node);
    const items = node.kind === "list" ? node.items : [node];
    return items.flatMap((item) => {
      if (!this.#isKnown(item)) return [];
      if (item.kind === "scalar" && item.value !== null) return [String(item.value)];
      if (item.kind !== "scalar") this.mistakes.add(item, "expected a text");
      return [];
    });
  }

  /** Names and texts; a name without a value has undefined. */
  pairs(key: string): [name: string, value: string | undefined, node: SourceNode][] {
    const node = this.peek(key);
    if (node === undefined) return [];
    if (node.kind === "map") return this.within(node).ownPairs();
    this.account.carry(node);
    if (node.kind !== "scalar" || node.value !== null)
      this.mistakes.add(node, "expected names with values");
    return [];
  }

  /** The same of this map itself. */
  ownPairs(): [name: string, value: string | undefined, node: SourceNode][] {
    return this.node.entries.flatMap(({ key, node }) => {
      this.account.carry(node);
      if (node.kind !== "scalar") {
        this.mistakes.add(node, "expected a text");
        return [];
      }
      if (!this.#isKnown(node)) return [];
      const { value } = node;
      const pair: [string, string | undefined, SourceNode] = [
        key,
        value === null ? undefined : String(value),
        node,
      ];
      return [pair];
    });
  }

  section(key: string): Section | undefined {
    const node = this.peek(key);
    if (node === undefined) return undefined;
    if (node.kind === "map") return this.within(node);
    this.account.carry(node);
    if (node.kind === "list" || node.value !== null) this.mistakes.add(node, "expected a map");
    return undefined;
  }

  /** Maps under the key: those of a list, one alone, or those of a key that stands more than once. */
  sections(key: string): Section[] {
    return this.node.entries
      .filter((entry) => entry.key === key)
      .flatMap(({ node }) => (node.kind === "list" ? node.items : [node]))
      .flatMap((node) => {
        if (node.kind === "map") return [this.within(node)];
        this.account.carry(node);
        if (node.kind === "list" || node.value !== null) this.mistakes.add(node, "expected a map");
        return [];
      });
  }

  within(node: MapNode): Section {
    return new Section(node, this.account, this.mistakes);
  }

  /** The keys, as far as they are there, are not carried over. */
  lose(keys: readonly string[], reason: string, weight?: Weight): void {
    for (const { key, node } of this.node.entries)
      if (keys.includes(key)) this.account.lose(node, reason, weight);
  }

  loseAll(reason: string, weight?: Weight): void {
    this.account.lose(this.node, reason, weight);
  }

  /** The keys that no converter has looked at are not carried over. */
  loseRest(reason: string, weight?: Weight): void {
    for (const { node } of this.node.entries) this.account.lose(node, reason, weight);
  }

  /** The same of all but these. */
  loseRestBut(keys: readonly string[], reason: string, weight?: Weight): void {
    for (const { key, node } of this.node.entries)
      if (!keys.includes(key)) this.account.lose(node, reason, weight);
  }

  differ(key: string, reason: string, weight?: Weight): void {
    const node = this.peek(key);
    if (node !== undefined) this.account.differ(node, reason, weight);
  }

  /** What the section does to data: an error in it stops the import where it has an effect. */
  means(effect: Effect | undefined): void {
    this.account.means(this.node, effect);
  }
}
