/** Numbers in [0, 1) from a seed. */
export type Random = () => number;

/** Mulberry32, a small seeded generator by Tommy Ettinger (public domain). */
export function seededRandom(seed: number): Random {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** What queries may ask for: metrics by kind, and labels with some of their values. */
export type Vocabulary = {
  readonly counters: readonly string[];
  readonly gauges: readonly string[];
  readonly histograms: readonly string[];
  readonly labels: Readonly<Record<string, readonly string[]>>;
  /** Unix seconds for the @ modifier. */
  readonly at: readonly number[];
};

const ranges = ["2m", "5m", "7m", "20m"] as const;
const shifts = ["", "", "", "", " offset 3m", " offset -2m", " offset 90s"] as const;
const overTime = (
  "avg_over_time min_over_time max_over_time sum_over_time count_over_time stddev_over_time stdvar_over_time " +
  "last_over_time present_over_time changes delta idelta deriv"
).split(" ");
const overCounters = ["rate", "increase", "irate", "resets", "changes"] as const;
const ofValues = "abs ceil floor round sgn sqrt exp ln log2 log10 sin cos atan tanh deg rad".split(
  " ",
);
const ofDates = "minute hour day_of_week day_of_month day_of_year days_in_month month year".split(
  " ",
);
const aggregations = "sum avg min max count group".split(" ");
const operators = ["+", "-", "*", "/", "%", "^"] as const;
/** One letter a shape of query, the frequent ones several times. */
const shapes = "s r r r a a a o b b k f h d l c".split(" ");
const comparisons = ["==", "!=", ">", "<", ">=", "<="] as const;

/**
 * Queries of the language as Prometheus 2.42 has it: selectors, functions, aggregations, operators, subqueries, offset and @,
 * nested as deep as `depth` says. All are well typed; some fail when they are evaluated (many-to-many matches).
 */
export class RandomPromql {
  readonly #random: Random;
  readonly #words: Vocabulary;

  constructor(random: Random, words: Vocabulary) {
    this.#random = random;
    this.#words = words;
  }

  vector(depth: number): string {
    if (depth <= 0)
      return this.#selector(this.#pick([...this.#words.gauges, ...this.#words.counters]));
    switch (this.#pick(shapes)) {
      case "s":
        return this.#selector(this.#pick(this.#words.gauges));
      case "r":
        return this.#windowed(depth);
      case "a":
        return this.#aggregated(depth);
      case "o":
        return `quantile${this.#grouping()}(${this.#pick(["0", "0.3", "0.5", "0.99", "1"])}, ${this.vector(depth - 1)})`;
      case "b":
        return this.#binary(depth);
      case "k":
        return `${this.#pick(["topk", "bottomk"])}${this.#grouping()}(${this.#pick(["1", "2", "5"])}, ${this.#selector(this.#pick(this.#words.gauges))})`;
      case "h":
        return this.#quantiles();
      case "d":
        // Not of any value: what Go makes of a number that is no date differs from machine to machine.
        // And of timestamp() with @ it forgets the offset.
        return `${this.#pick(ofDates)}(timestamp(${this.#matched(this.#pick(this.#words.gauges))}${this.#pick(shifts)}))`;
      case "l":
        return this.#relabelled(depth);
      case "c":
        return `${this.#pick(["clamp_min", "clamp_max"])}(${this.vector(depth - 1)}, ${this.#number()})`;
      default:
        return `${this.#pick(ofValues)}(${this.vector(depth - 1)})`;
    }
  }

  #aggregated(depth: number): string {
    // Of NaN and infinity alone, Prometheus 2.42 says that they do not vary; later ones give NaN.
    if (this.#random() < 0.2)
      return `${this.#pick(["stddev", "stdvar"])}${this.#grouping()}(${this.vector(0)})`;
    return `${this.#pick(aggregations)}${this.#grouping()}(${this.vector(depth - 1)})`;
  }

  #windowed(depth: number): string {
    const range = this.#pick(ranges);
    if (depth > 1 && this.#random() < 0.4) {
      // One inside another would begin on a step of the inner, where Prometheus 2 and 3 differ: its windows are closed at both ends.
      const inner = this.vector(1);
      return `${this.#pick(overTime)}((${inner})[${range}:${this.#pick(["30s", "1m"])}]${this.#pick(shifts)})`;
    }
    const at = this.#modifiers();
    if (this.#random() < 0.1)
      // Without @: there Prometheus 2.42 tells otherwise in a range query than in instant queries at its steps.
      return `predict_linear(${this.#matched(this.#pick(this.#words.gauges))}[${range}]${this.#pick(shifts)}, 600)`;
    if (this.#random() < 0.1)
      return `quantile_over_time(0.7, ${this.#matched(this.#pick(this.#words.gauges))}[${range}]${at})`;
    if (this.#random() < 0.5)
      return `${this.#pick(overCounters)}(${this.#matched(this.#pick(this.#words.counters))}[${range}]${at})`;
    return `${this.#pick(overTime)}(${this.#matched(this.#pick(this.#words.gauges))}[${range}]${at})`;
  }

  #binary(depth: number): string {
    const roll = this.#random();
    const inner = depth - 1;
    if (roll < 0.2) return `(${this.vector(inner)} ${this.#pick(operators)} ${this.#number()})`;
    if (roll < 0.3) return `(${this.#number()} ${this.#pick(operators)} ${this.vector(inner)})`;
    if (roll < 0.45) {
      const bool = this.#random() < 0.4 ? " bool" : "";
      return `(${this.vector(inner)} ${this.#pick(comparisons)}${bool} ${this.#number()})`;
    }
    const label = this.#label();
    if (roll < 0.6) {
      const set = this.#pick(["and", "or", "unless"]);
      const matching = this.#pick(["", ` on(${label})`, ` ignoring(${label})`]);
      return `(${this.vector(inner)} ${set}${matching} ${this.vector(inner)})`;
    }
    const operator = this.#pick([...operators, ...comparisons]);
    if (roll < 0.8) {
      const one = `sum by (${label}) (${this.vector(inner)})`;
      return `(${this.vector(inner)} ${operator} on(${label}) group_left() ${one})`;
    }
    const same = this.#grouping();
    // Prometheus 2.42 forgets to drop the name after atan2, so it stands only where there is none.
    const between = this.#random() < 0.2 ? "atan2" : operator;
    return `(sum${same}(${this.vector(inner)}) ${between} max${same}(${this.vector(inner)}))`;
  }

  #quantiles(): string {
    const name = this.#pick(this.#words.histograms);
    const q = this.#pick(["0.1", "0.5", "0.9", "0.99"]);
    const by = this.#pick(["le", `le, ${this.#label()}`]);
    return `histogram_quantile(${q}, sum by (${by}) (rate(${name}[${this.#pick(ranges)}])))`;
  }

  #relabelled(depth: number): string {
    const label = this.#label();
    const inner = this.vector(depth - 1);
    if (this.#random() < 0.5) return `label_replace(${inner}, "copy", "<$1>", "${label}", "(.).*")`;
    return `label_join(${inner}, "both", "-", "${label}", "${this.#label()}")`;
  }

  #selector(name: string): string {
    return `${this.#matched(name)}${this.#modifiers()}`;
  }

  #modifiers(): string {
    const at =
      this.#random() < 0.1 ? ` @ ${this.#pick([...this.#words.at, "start()", "end()"])}` : "";
    return `${at}${this.#pick(shifts)}`;
  }

  #matched(name: string): string {
    if (this.#random() < 0.5) return name;
    const label = this.#label();
    const values = this.#words.labels[label] ?? [];
    const value = this.#pick(values);
    const op = this.#pick(["=", "!=", "=~", "!~"]);
    const text = op.endsWith("~")
      ? this.#pick([`${value}|${this.#pick(values)}`, `.*${value.slice(-1)}`, ".+"])
      : value;
    return `${name}{${label}${op}"${text}"}`;
  }

  #grouping(): string {
    const labels = this.#random() < 0.3 ? `${this.#label()}, ${this.#label()}` : this.#label();
    return this.#pick(["", ` by (${labels}) `, ` without (${labels}) `]);
  }

  #label(): string {
    return this.#pick(Object.keys(this.#words.labels));
  }

  #number(): string {
    return this.#pick(["0", "1", "2", "0.5", "10", "100", "-3"]);
  }

  #pick<T>(from: readonly T[]): T {
    const one = from[Math.floor(this.#random() * from.length)];
    if (one === undefined) throw new Error("nothing to pick from");
    return one;
  }
}
