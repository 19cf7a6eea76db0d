import { pacedMetrics } from "./paced_metrics.ts";

/** So long a measured pace counts as news: sources change theirs when somebody changes a configuration. */
const heldMs = 3_600_000;
/** Of what has too few samples yet, it is asked again after this. */
const retryMs = 60_000;
/** Ranges that ended longer ago are asked as they were then: their targets may be gone, their samples further apart. */
const presentMs = 86_400_000;
const keptMax = 500;

/** When a metric's samples were looked at, and how far apart they are; null where nobody can tell. */
export type Pace = { readonly ms: number | null; readonly measuredMs: number };

type Options = {
  /** Milliseconds between the samples of a selector's series before a time; undefined where there are too few. */
  readonly measure: (selector: string, endMs: number) => Promise<number | undefined>;
  /** Waits until what is drawn first is drawn. */
  readonly pause: () => Promise<void>;
  readonly now?: () => number;
  /** Those of earlier pages, by metric. */
  readonly kept?: Readonly<Record<string, Pace>>;
  readonly keep?: (paces: Readonly<Record<string, Pace>>) => void;
};

/**
 * How often samples come of the metrics of a page. Nothing waits for it: what is unknown is measured once the panels that want it
 * are drawn, one metric after the other, and kept for the next page.
 */
export class PaceStore {
  readonly #options: Options;
  readonly #now: () => number;
  readonly #known: Map<string, Pace>;
  readonly #wanted = new Map<string, { readonly selector: string; readonly endMs: number }>();
  readonly #watchers = new Set<() => void>();
  readonly #metrics = new Map<string, readonly string[]>();
  #isMeasuring = false;
  #version = 0;

  constructor(options: Options) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
    this.#known = new Map(Object.entries(options.kept ?? {}));
  }

  /** Another one after each change of what `paceOf` says. */
  get version(): number {
    return this.#version;
  }

  /** The metrics of an expression whose pace matters to it. Panels ask at each refresh, and their expressions seldom change. */
  metricsIn(expr: string): readonly string[] {
    const found = this.#metrics.get(expr) ?? pacedMetrics(expr);
    if (this.#metrics.size >= keptMax) this.#metrics.clear();
    this.#metrics.set(expr, found);
    return found;
  }

  /** The longest pace of some metrics at the end of a range; undefined where none is known. */
  paceOf(selectors: readonly string[], endMs: number): number | undefined {
    const known = selectors.flatMap((each) => this.#known.get(this.#key(each, endMs))?.ms ?? []);
    return known.length === 0 ? undefined : Math.max(...known);
  }

  /** Measures those of these that are not known yet. */
  want(selectors: readonly string[], endMs: number): void {
    for (const selector of selectors) {
      const key = this.#key(selector, endMs);
      if (!this.#isNews(this.#known.get(key))) this.#wanted.set(key, { selector, endMs });
    }
    if (this.#wanted.size > 0 && !this.#isMeasuring) void this.#measureAll();
  }

  watch(onChange: () => void): () => void {
    this.#watchers.add(onChange);
    return () => this.#watchers.delete(onChange);
  }

  #key(selector: string, endMs: number): string {
    const isPast = this.#now() - endMs > presentMs;
    return isPast ? `${selector} ${Math.floor(endMs / presentMs)}` : selector;
  }

  #isNews(pace: Pace | undefined): boolean {
    if (pace === undefined) return false;
    return this.#now() - pace.measuredMs < (pace.ms === null ? retryMs : heldMs);
  }

  async #measureAll(): Promise<void> {
    this.#isMeasuring = true;
    await this.#options.pause();
    let hasNews = false;
    // What is wanted meanwhile comes at the end.
    for (const [key, { selector, endMs }] of this.#wanted) {
      const at = Math.min(endMs, this.#now());
      const ms = await this.#options.measure(selector, at).catch(() => undefined);
      this.#wanted.delete(key);
      hasNews = this.#learn(key, ms ?? null) || hasNews;
      // Nobody looks any more.
      if (this.#watchers.size === 0) break;
    }
    this.#isMeasuring = false;
    this.#options.keep?.(Object.fromEntries([...this.#known].slice(-keptMax)));
    if (!hasNews) return;
    // Told once: each change makes all panels plan anew.
    this.#version++;
    for (const onChange of this.#watchers) onChange();
  }

  /** Says whether it is another pace. One that was known stays through a time in which it can't be measured. */
  #learn(key: string, ms: number | null): boolean {
    const before = this.#known.get(key)?.ms ?? null;
    const after = ms ?? before;
    this.#known.delete(key);
    this.#known.set(key, { ms: after, measuredMs: this.#now() });
    return after !== before;
  }
}
