import type { Labels } from "#shared/model/labels.ts";
import type { DependenciesConfig } from "../dependencies/config.ts";
import { Topology, hostOf } from "../dependencies/topology.ts";
import { type AlertMatcher, matchesAll } from "../routing/matcher.ts";
import { parseMatchers } from "../routing/parse_matchers.ts";
import { type ReceivedAlert, firstFiring } from "./alert.ts";

const targetLabel = "instance";

/**
 * Alerts that say that a host or a target is down. They inhibit the alerts of what lies on or behind it. Of two alerts that say that
 * something is down, the one farther away inhibits the other: never both each other, because nothing lies behind itself.
 */
export class DownAlerts {
  readonly #hostDown: readonly (readonly AlertMatcher[])[];
  readonly #targetDown: readonly (readonly AlertMatcher[])[];
  readonly #labels: readonly string[];
  readonly #topology: Topology;
  /** By the name of what is down: alerts by fingerprint. */
  readonly #down = new Map<string, Map<string, ReceivedAlert>>();

  constructor({ host_down, target_down, labels, behind }: DependenciesConfig) {
    this.#hostDown = host_down.map(parseMatchers);
    this.#targetDown = target_down.map(parseMatchers);
    this.#labels = labels;
    this.#topology = new Topology(behind);
  }

  /** Adds an alert, or replaces the one with its labels. */
  add(alert: ReceivedAlert): void {
    const name = this.#downOf(alert.labels);
    if (name === undefined) return;
    const same = this.#down.get(name) ?? new Map<string, ReceivedAlert>();
    same.set(alert.fingerprint, alert);
    this.#down.set(name, same);
  }

  clean(isOver: (alert: ReceivedAlert) => boolean): void {
    for (const [name, alerts] of this.#down) {
      for (const [fingerprint, alert] of alerts) if (isOver(alert)) alerts.delete(fingerprint);
      if (alerts.size === 0) this.#down.delete(name);
    }
  }

  /** The fingerprint of the alert that inhibits one with these labels, or undefined. The farthest of several. */
  sourceOf(labels: Labels, nowMs: number): string | undefined {
    if (this.#down.size === 0) return undefined;
    let found: string | undefined;
    for (const name of this.#dependenciesOf(labels)) {
      const alerts = this.#down.get(name);
      if (alerts !== undefined) found = firstFiring(alerts, nowMs) ?? found;
    }
    return found;
  }

  /** The names that an alert depends on, the nearest first. */
  #dependenciesOf(labels: Labels): readonly string[] {
    const down = this.#downOf(labels);
    if (down !== undefined) return [...this.#topology.above(down)];
    return this.#labels.flatMap((label) => {
      const name = valueOf(labels, label);
      return name === "" ? [] : [name, ...this.#topology.above(name)];
    });
  }

  /** What an alert says to be down. */
  #downOf(labels: Labels): string | undefined {
    if (this.#hostDown.some((matchers) => matchesAll(matchers, labels))) {
      const label = this.#labels.find((one) => valueOf(labels, one) !== "");
      return label === undefined ? undefined : hostOf(valueOf(labels, label));
    }
    if (!this.#targetDown.some((matchers) => matchesAll(matchers, labels))) return undefined;
    return valueOf(labels, targetLabel) || undefined;
  }
}

/** Names come from outside: one such as "constructor" is no property of an object. */
function valueOf(labels: Labels, name: string): string {
  return Object.hasOwn(labels, name) ? (labels[name] ?? "") : "";
}
