import type { Labels } from "#shared/model/labels.ts";
import type { MetricsBatch } from "#shared/model/metrics.ts";
import type { LocalRulesStatus } from "../local/status.ts";
import type { LocalRulesConfig } from "./config.ts";
import type { LocalRules, LocalRulesParts } from "./local_rules.ts";

type LazyRulesParts = LocalRulesParts & {
  /** Where what is to be seen of metrics is told. */
  readonly tapped: { tap: ((batch: MetricsBatch) => void) | undefined };
};

/** Local rules, which are loaded by the first configuration that has some. */
export class LazyRules {
  readonly #parts: LazyRulesParts;
  #rules: LocalRules | undefined;

  constructor(parts: LazyRulesParts) {
    this.#parts = parts;
  }

  /** `labels`: on alerts that lack them. */
  async configure(config: LocalRulesConfig, labels: Labels): Promise<void> {
    if (this.#rules !== undefined) return this.#rules.configure(config, labels);
    if (config.rules.length === 0) return;
    const { LocalRules: Loaded } = await import("./local_rules.ts");
    const rules = await Loaded.open(config, labels, this.#parts);
    this.#rules = rules;
    this.#parts.tapped.tap = (batch) => rules.add(batch);
  }

  status(): LocalRulesStatus {
    const none = { isOffline: this.#parts.offlineMs() > 0, rules: [], notifiers: [] };
    return this.#rules?.status() ?? none;
  }

  async stop(): Promise<void> {
    this.#parts.tapped.tap = undefined;
    await this.#rules?.stop();
  }
}
