import type { MetricsBatch, MetricsPart, SeriesSchema } from "#shared/model/metrics.ts";
import type { SelfMetrics } from "#shared/runtime/self_metrics.ts";
import { SchemaSelection } from "../schema_selection.ts";
import type { AggregationRule } from "./config.ts";
import { RuleAggregation } from "./rule_aggregation.ts";

/** What is known of a schema whose batches come by. */
type SchemaState = {
  /** Of all rules, when it was made. */
  readonly generation: number;
  resolved: number;
  /** By column: the rule that drops it, by number, or none. */
  readonly owner: number[];
  /** The columns that go on; absent while all do. */
  selection: SchemaSelection | undefined;
};

export type Aggregated = {
  readonly batch: MetricsBatch;
  /** Items that are not stored, for they are in results. */
  readonly aggregated: number;
  /** Items that are not stored and in no result, for they came late. */
  readonly late: number;
};

const noOwner = -1;

/** All rules: what batches hold is added to the rules' intervals, and taken out where it is not to be kept. */
export class StreamAggregator {
  #rules: readonly RuleAggregation[] = [];
  #states = new WeakMap<SeriesSchema, SchemaState>();
  /** Last samples of rules that are no more. */
  #ended: MetricsPart[] = [];
  readonly #results = new WeakSet<SeriesSchema>();

  constructor(metrics?: SelfMetrics) {
    if (metrics !== undefined) measure(metrics, () => this.#rules);
  }

  /** Whether there are no rules. */
  get isIdle(): boolean {
    return this.#rules.length === 0;
  }

  /** Samples that are in results, of all rules. */
  get aggregated(): number {
    return this.#rules.reduce((sum, { counts }) => sum + counts.aggregated, 0);
  }

  get isEmpty(): boolean {
    return this.#rules.length === 0 && this.#ended.length === 0;
  }

  /** Rules with the same text keep what they know. */
  setRules(rules: readonly AggregationRule[], nowMs: number): void {
    const known = new Map(this.#rules.map((one) => [one.rule.text, one]));
    const next = rules.map((rule) => known.get(rule.text) ?? new RuleAggregation(rule));
    for (const one of this.#rules) if (!next.includes(one)) this.#keep(one.end(nowMs));
    this.#rules = next;
    this.#states = new WeakMap();
  }

  #keep(part: MetricsPart | undefined): void {
    if (part !== undefined) this.#ended.push(part);
  }

  /** Whether the batch is of this: results are not aggregated again. */
  isResult({ schema }: MetricsBatch): boolean {
    return this.#results.has(schema);
  }

  /** The batch without what is not to be stored. The batch given is not to be used any more. */
  apply(batch: MetricsBatch): Aggregated {
    if (this.#rules.length === 0) return { batch, aggregated: 0, late: 0 };
    const { also, ...part } = batch;
    const own = this.#part(part);
    if (also === undefined) return { batch: own.part, aggregated: own.aggregated, late: own.late };
    const others = also.map((one) => this.#part(one));
    return {
      batch: { ...own.part, also: others.map((one) => one.part) },
      aggregated: others.reduce((sum, one) => sum + one.aggregated, own.aggregated),
      late: others.reduce((sum, one) => sum + one.late, own.late),
    };
  }

  #part(part: MetricsPart) {
    const state = this.#stateOf(part.schema);
    let late = 0;
    for (const [number, rule] of this.#rules.entries())
      rule.add(part, (column) => {
        if (state.owner[column] === number) late++;
      });
    // Native histograms are not aggregated: their series go on.
    for (const column of part.histograms?.columns ?? [])
      if (state.owner[column] !== noOwner) {
        state.owner[column] = noOwner;
        state.selection?.admit(column);
      }
    if (state.selection === undefined) return { part, aggregated: 0, late: 0 };
    const selected = state.selection.select(part);
    const rest = selected.part;
    // Rows without a column are nothing to store.
    const kept = rest.schema.series.length === 0 ? { ...rest, rows: [] } : rest;
    return { part: kept, aggregated: selected.refused - late, late };
  }

  #stateOf(schema: SeriesSchema): SchemaState {
    const generation = this.#rules.reduce((sum, rule) => sum + rule.generation, 0);
    let state = this.#states.get(schema);
    if (state?.generation !== generation) {
      state = { generation, resolved: 0, owner: [], selection: undefined };
      this.#states.set(schema, state);
    }
    for (; state.resolved < schema.series.length; state.resolved++) {
      const column = state.resolved;
      const owner = this.#rules.findIndex(
        (rule) => rule.rule.dropsInput && rule.owns(schema, column),
      );
      state.owner.push(owner);
      if (owner !== noOwner) state.selection ??= new SchemaSelection(schema, column);
      else state.selection?.admit(column);
    }
    return state;
  }

  /** When results are due next, by Unix time. */
  dueMs(nowMs: number): number {
    return this.#rules.reduce(
      (due, rule) => Math.min(due, rule.dueMs(nowMs)),
      nowMs + (this.#ended.length > 0 ? 0 : 1_000),
    );
  }

  /** Results of the intervals that are over; with `all`, of open ones, too. */
  collect(nowMs: number, all = false): MetricsBatch | undefined {
    const parts = [
      ...this.#ended,
      ...this.#rules.flatMap((rule) => rule.collect(nowMs, all) ?? []),
    ];
    this.#ended = [];
    const [first, ...also] = parts;
    if (first === undefined) return undefined;
    for (const { schema } of parts) this.#results.add(schema);
    return also.length === 0 ? first : { ...first, also };
  }
}

/** Own metrics, read when they are scraped. */
function measure(metrics: SelfMetrics, rules: () => readonly RuleAggregation[]): void {
  const gauge = <Name extends string>(name: string, help: string, names: readonly Name[]) =>
    metrics.gauge(`lapwing_aggregation_${name}`, help, names);
  const samples = gauge("samples", "Samples of a rule since it began, by what became of them.", [
    "rule",
    "outcome",
  ]);
  const series = gauge("series", "Series that a rule knows.", ["rule"]);
  const results = gauge("groups", "Groups that a rule knows.", ["rule"]);
  const refused = gauge("refused_series", "Series that a rule has no room for.", ["rule"]);
  metrics.onCollect(() => {
    for (const one of [samples, series, results, refused]) one.reset();
    for (const { rule, counts, seriesCount, resultCount } of rules()) {
      const own = { rule: rule.name };
      samples.set({ ...own, outcome: "aggregated" }, counts.aggregated);
      samples.set({ ...own, outcome: "late" }, counts.late);
      samples.set({ ...own, outcome: "nan" }, counts.nan);
      series.set(own, seriesCount);
      results.set(own, resultCount);
      refused.set(own, counts.overLimit);
    }
  });
}
