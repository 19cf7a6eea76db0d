import type { LineTemplate } from "#shared/model/line_template.ts";
import type { PatternRecord } from "../read/store.ts";
import { type Pattern, PatternTree } from "./pattern_tree.ts";

/** A pattern that has been seen, for as long as it is remembered. */
export type KnownPattern = {
  readonly pattern: Pattern;
  /** Unix milliseconds of its first line, and of when a line of it came last. */
  readonly firstMs: number;
  seenMs: number;
  /** Whether an event told of it. */
  isNews: boolean;
};

/** Templates whose pattern is looked up without the tree, for each pattern that may be known. */
const templatesPerPattern = 4;
/** New templates that are looked into between two calls of rest(): each costs the tree some 30 microseconds. */
const newTemplatesMax = 2_000;
/** The share that goes when no more patterns can be remembered. */
const forgottenShare = 8;
const forgetAfterMs = 60_000;
/** When a pattern was seen is written down once a day. */
const dayMs = 86_400_000;

/**
 * The patterns of a tenant, over all restarts: a tree that only grows, which is planted anew from what is still remembered when it
 * is full. `version` changes whenever patterns were merged or forgotten, so that what was looked up before it no longer holds.
 */
export class PatternBook {
  version = 0;
  readonly #patternsMax: number;
  readonly #known = new Map<string, KnownPattern>();
  readonly #byText = new Map<string, KnownPattern>();
  /** The same by the object, which frames share (proto/codec/known_templates.ts): no text is hashed for each frame. */
  readonly #byTemplate = new Map<LineTemplate, KnownPattern>();
  #tree: PatternTree;
  #newTemplatesLeft = newTemplatesMax;
  #forgotMs = 0;
  #changed = new Set<KnownPattern>();
  #gone = new Set<string>();

  constructor(patternsMax: number, records: readonly PatternRecord[]) {
    this.#patternsMax = patternsMax;
    for (const { id, text, firstMs, seenMs, isNews } of records)
      this.#known.set(id, { pattern: { id, text }, firstMs, seenMs, isNews });
    this.#tree = this.#planted();
  }

  get size(): number {
    return this.#known.size;
  }

  byId(id: string): KnownPattern | undefined {
    return this.#known.get(id);
  }

  /** What of() would give, where the same object was looked up before and nothing has changed since. */
  known(template: LineTemplate, nowMs: number): KnownPattern | undefined {
    const known = this.#byTemplate.get(template);
    if (known !== undefined) this.#see(known, nowMs);
    return known;
  }

  /** What is known of a template's pattern, without learning from it. */
  find(templateText: string): KnownPattern | undefined {
    return this.#byText.get(templateText);
  }

  /**
   * The pattern of a template that has lines, the first at `timeMs`; `isNew` where neither it nor what was merged into it had been seen.
   * Undefined where there is no room for it, or too many were new at once.
   */
  of(
    template: LineTemplate,
    timeMs: number,
    nowMs: number,
  ): { readonly known: KnownPattern; readonly isNew: boolean } | undefined {
    const { text } = template;
    const found = this.#byText.get(text);
    if (found !== undefined) {
      this.#byTemplate.set(template, found);
      this.#see(found, nowMs);
      return { known: found, isNew: false };
    }
    if (this.#newTemplatesLeft === 0) return undefined;
    this.#newTemplatesLeft--;
    if (this.#known.size >= this.#patternsMax && !this.#forget(nowMs)) return undefined;
    const pattern = this.#tree.current(this.#tree.of(text));
    let known = this.#known.get(pattern.id);
    const isNew = known === undefined;
    if (known === undefined) {
      known = { pattern, firstMs: timeMs, seenMs: nowMs, isNews: false };
      this.#remember(known);
    } else this.#see(known, nowMs);
    const templatesMax = templatesPerPattern * this.#patternsMax;
    if (this.#byText.size >= templatesMax) this.#byText.clear();
    if (this.#byTemplate.size >= templatesMax) this.#byTemplate.clear();
    this.#byText.set(text, known);
    this.#byTemplate.set(template, known);
    return { known, isNew };
  }

  /** To be called from time to time: new templates are looked into again. */
  rest(): void {
    this.#newTemplatesLeft = newTemplatesMax;
  }

  /** Something else is to be written down of it than was. */
  changed(known: KnownPattern): void {
    this.#changed.add(known);
  }

  /** What is to be written down since the last call. */
  takeChanges(): { readonly found: PatternRecord[]; readonly gone: string[] } {
    const found = Array.from(this.#changed, ({ pattern, ...times }) => ({ ...pattern, ...times }));
    const gone = [...this.#gone];
    this.#changed = new Set();
    this.#gone = new Set();
    return { found, gone };
  }

  #see(known: KnownPattern, nowMs: number): void {
    if (known.seenMs === nowMs) return;
    if (Math.floor(nowMs / dayMs) !== Math.floor(known.seenMs / dayMs)) this.#changed.add(known);
    known.seenMs = nowMs;
  }

  #remember(known: KnownPattern): void {
    this.#known.set(known.pattern.id, known);
    this.#changed.add(known);
    this.#gone.delete(known.pattern.id);
  }

  #drop(known: KnownPattern): void {
    this.#known.delete(known.pattern.id);
    this.#changed.delete(known);
    this.#gone.add(known.pattern.id);
  }

  #merged(into: Pattern, from: Pattern): void {
    const part = this.#known.get(from.id);
    if (part === undefined) return;
    const { firstMs, seenMs, isNews } = part;
    const whole = this.#known.get(into.id);
    const first = Math.min(firstMs, whole?.firstMs ?? Infinity);
    this.#drop(part);
    if (whole === undefined || whole.firstMs > first)
      this.#remember({ pattern: into, firstMs: first, seenMs, isNews });
    this.#begin();
  }

  /** Those that were not seen for longest; false where that was done a moment ago. */
  #forget(nowMs: number): boolean {
    if (nowMs - this.#forgotMs < forgetAfterMs) return false;
    this.#forgotMs = nowMs;
    const byAge = [...this.#known.values()].toSorted((a, b) => a.seenMs - b.seenMs);
    const count = Math.max(1, Math.floor(byAge.length / forgottenShare));
    for (const known of byAge.slice(0, count)) this.#drop(known);
    this.#tree = this.#planted();
    this.#begin();
    return true;
  }

  #begin(): void {
    this.version++;
    this.#byText.clear();
    this.#byTemplate.clear();
  }

  #planted(): PatternTree {
    const tree = new PatternTree({
      // Words that were merged stay in the tree beside the patterns they became.
      patternsMax: templatesPerPattern * this.#patternsMax,
      onMerge: (into, from) => this.#merged(into, from),
    });
    for (const { pattern } of Array.from(this.#known.values())) tree.restore(pattern.text);
    return tree;
  }
}
