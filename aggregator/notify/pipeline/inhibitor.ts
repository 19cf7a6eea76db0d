import type { Labels } from "#shared/model/labels.ts";
import type { InhibitRule } from "../config/route_schema.ts";
import { matchesAll } from "../routing/matcher.ts";
import type { DependenciesConfig } from "../dependencies/config.ts";
import { type ReceivedAlert, firstFiring, isResolved } from "./alert.ts";
import { DownAlerts } from "./down_alerts.ts";

/** Alerts by fingerprint: sources alone, and sources that are targets, too. */
type Sources = {
  readonly alone: Map<string, ReceivedAlert>;
  readonly onBothSides: Map<string, ReceivedAlert>;
};

/**
 * Which alerts others hide: a target while a source fires that has the same values (Alertmanager, inhibit), and what depends on a host or
 * target that is down.
 */
export class Inhibitor {
  readonly #rules: readonly RuleSources[];
  readonly #down: DownAlerts | undefined;

  constructor({
    inhibitRules,
    dependencies,
  }: {
    readonly inhibitRules: readonly InhibitRule[];
    readonly dependencies?: DependenciesConfig;
  }) {
    this.#rules = inhibitRules.map((rule) => new RuleSources(rule));
    this.#down = dependencies?.enabled === true ? new DownAlerts(dependencies) : undefined;
  }

  /** Adds an alert, or replaces the one with its labels. */
  add(alert: ReceivedAlert): void {
    for (const rule of this.#rules) rule.add(alert);
    this.#down?.add(alert);
  }

  clean(nowMs: number): void {
    for (const rule of this.#rules) rule.clean(nowMs);
    this.#down?.clean((alert) => isResolved(alert, nowMs));
  }

  /** The fingerprint of the alert that hides one with these labels, or undefined. */
  sourceOf(labels: Labels, nowMs: number): string | undefined {
    for (const rule of this.#rules) {
      const found = rule.sourceOf(labels, nowMs);
      if (found !== undefined) return found;
    }
    return this.causeOf(labels, nowMs);
  }

  /** The fingerprint of the alert that says that something is down which one with these labels depends on, or undefined. */
  causeOf(labels: Labels, nowMs: number): string | undefined {
    return this.#down?.sourceOf(labels, nowMs);
  }
}

class RuleSources {
  readonly #rule: InhibitRule;
  /** By the values of the labels that must be equal. */
  readonly #sources = new Map<string, Sources>();

  constructor(rule: InhibitRule) {
    this.#rule = rule;
  }

  add(alert: ReceivedAlert): void {
    const { labels, fingerprint } = alert;
    if (!matchesAll(this.#rule.source, labels)) return;
    const key = this.#equalKey(labels);
    const same = this.#sources.get(key) ?? { alone: new Map(), onBothSides: new Map() };
    const side = matchesAll(this.#rule.target, labels) ? same.onBothSides : same.alone;
    side.set(fingerprint, alert);
    this.#sources.set(key, same);
  }

  clean(nowMs: number): void {
    for (const [key, same] of this.#sources) {
      for (const side of [same.alone, same.onBothSides])
        for (const [fingerprint, alert] of side)
          if (isResolved(alert, nowMs)) side.delete(fingerprint);
      if (same.alone.size + same.onBothSides.size === 0) this.#sources.delete(key);
    }
  }

  sourceOf(labels: Labels, nowMs: number): string | undefined {
    if (!matchesAll(this.#rule.target, labels)) return undefined;
    const same = this.#sources.get(this.#equalKey(labels));
    if (same === undefined) return undefined;
    const source = firstFiring(same.alone, nowMs);
    if (source !== undefined) return source;
    // An alert on both sides is hidden only by one that is a source alone: else all of them would hide each other.
    if (matchesAll(this.#rule.source, labels)) return undefined;
    return firstFiring(same.onBothSides, nowMs);
  }

  /** A label that is not there is the same as an empty one. */
  #equalKey(labels: Labels): string {
    return JSON.stringify(
      this.#rule.equal.map((name) => (Object.hasOwn(labels, name) ? labels[name] : "")),
    );
  }
}
