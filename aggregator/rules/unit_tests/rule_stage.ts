import { OperatingError } from "#shared/errors.ts";
import { type Labels, labelsKey } from "#shared/model/labels.ts";
import { asStored } from "#shared/query_language/promql/test_series/histograms.ts";
import { parseTestSeries } from "#shared/query_language/promql/test_series/series.ts";
import { formatDuration } from "#shared/text/duration.ts";
import { MemoryMetrics } from "../../query/memory_metrics.ts";
import { PromqlConfig, createPromqlEngine } from "../../query/promql/engine.ts";
import type { Alert } from "../alerting.ts";
import { GroupEvaluation, type RuleSeries } from "../group_evaluation.ts";
import type { AskRule, RuleGroup, RuleSample } from "../rule.ts";
import { vectorOf } from "../rule_query.ts";
import type { TestGroup } from "./test_file.ts";

const tenant = "test";

/** Series of a test in memory, and rules that are evaluated over them at the times that one asks for. */
export class RuleStage {
  readonly #test: TestGroup;
  readonly #startMs: number;
  readonly #evaluations: readonly GroupEvaluation[];
  readonly #ask: AskRule;
  readonly #metrics = new MemoryMetrics();
  /** Samples after it are not there yet. */
  #untilMs = 0;

  constructor(test: TestGroup, groups: readonly RuleGroup[]) {
    this.#test = test;
    this.#startMs = startOf(test.start_timestamp);
    this.#load();
    const metrics = this.#metrics;
    const source = {
      select: (request: Parameters<MemoryMetrics["select"]>[0]) =>
        metrics.select({ ...request, endMs: Math.min(request.endMs, this.#untilMs) }),
      series: (request: Parameters<MemoryMetrics["series"]>[0]) => metrics.series(request),
      labelNames: (request: Parameters<MemoryMetrics["labelNames"]>[0]) =>
        metrics.labelNames(request),
      labelValues: (name: string, request: Parameters<MemoryMetrics["labelValues"]>[1]) =>
        metrics.labelValues(name, request),
      metadata: () => metrics.metadata(),
    };
    const engine = createPromqlEngine(source, PromqlConfig.parse({}));
    this.#ask = async ({ expr, language }, timeMs) => {
      if (language !== "promql")
        throw new OperatingError("bad_request", "unit tests have series of metrics only");
      return vectorOf((await engine.instant(expr, { tenant, timeMs })).data);
    };
    const parts = {
      ask: this.#ask,
      externalLabels: test.external_labels,
      externalUrl: test.external_url,
      isRestored: true,
      now: () => this.#untilMs,
      monotonic: () => performance.now(),
      newSeries: () => seriesIn(metrics),
      sendAlerts: () => {},
      onEvaluated: () => {},
      onFailure: () => {},
    };
    this.#evaluations = groups.map((group) => new GroupEvaluation(group, parts));
  }

  #load(): void {
    const { interval, input_series: all } = this.#test;
    for (const { series, values } of all) {
      const { labels, points } = parseTestSeries(`${series} ${values}`);
      for (const [i, point] of asStored(points).entries()) {
        if (point === "gap") continue;
        const sample = typeof point === "object" ? point.histogram : point;
        this.#metrics.add(labels, this.#startMs + i * interval, sample);
      }
    }
  }

  /** What went wrong in rules. */
  async evaluate(afterMs: number): Promise<string[]> {
    const timeMs = this.#startMs + afterMs;
    this.#untilMs = timeMs;
    const faults: string[] = [];
    for (const evaluation of this.#evaluations) {
      await evaluation.evaluate(timeMs);
      for (const { rule, lastError } of evaluation.rules)
        if (lastError !== "")
          faults.push(
            `    rule: ${rule.name}, time: ${formatDuration(afterMs)}, err: ${lastError}`,
          );
    }
    return faults;
  }

  /** Alerts of rules of a name that fire now. */
  firing(alertname: string): readonly Alert[] {
    return this.#evaluations
      .flatMap(({ rules }) => rules)
      .filter(({ rule }) => rule.name === alertname)
      .flatMap(({ alerting }) => alerting?.active ?? [])
      .filter(({ state }) => state === "firing");
  }

  /** An instant query so long after the start. */
  query(expr: string, afterMs: number): Promise<readonly RuleSample[]> {
    return this.#ask({ expr, language: "promql" }, this.#startMs + afterMs);
  }
}

/** Unix seconds or RFC 3339. Throws OperatingError. */
function startOf(text: string): number {
  const ms = /^\d+(?:\.\d+)?$/.test(text) ? 1_000 * Number(text) : Date.parse(text);
  if (Number.isNaN(ms))
    throw new OperatingError(
      "bad_request",
      `start_timestamp: ${JSON.stringify(text)}: expected Unix seconds or a time such as 2026-01-31T00:00:00Z`,
    );
  return ms;
}

function seriesIn(metrics: MemoryMetrics): RuleSeries {
  let shown = new Map<string, Labels>();
  return {
    write: (timeMs, samples) => {
      const now = new Map(samples.map(({ labels }) => [labelsKey(labels), labels]));
      for (const { labels, value, histogram } of samples)
        metrics.add(labels, timeMs, histogram ?? value);
      for (const [key, labels] of shown) if (!now.has(key)) metrics.add(labels, timeMs, "stale");
      shown = now;
    },
  };
}
