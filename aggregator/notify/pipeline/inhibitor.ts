import type { Labels } from "#shared/model/labels.ts";
import type { InhibitRule } from "../config/route_schema.ts";
import { matchesAll } from "../routing/matcher.ts";
import { type ReceivedAlert, isResolved } from "./alert.ts";

type Source = { readonly alert: ReceivedAlert; readonly isTarget: boolean };

/** Which alerts others hide: a target while a source fires that has the same values (Alertmanager, inhibit). */
export class Inhibitor {
  readonly #rules: readonly RuleSources[];

  constructor(rules: readonly InhibitRule[]) {
    this.#rules = rules.map((rule) => new RuleSources(rule));
  }

  /** Hears of every alert that comes, and of those that are forgotten. */
  add(alert: ReceivedAlert): void {
    for (const rule of this.#rules) rule.add(alert);
  }

  clean(nowMs: number): void {
    for (const rule of this.#rules) rule.clean(nowMs);
  }

  /** The fingerprint of the alert that hides one with these labels, or undefined. */
  sourceOf(labels: Labels, nowMs: number): string | undefined {
    for (const rule of this.#rules) {
      const found = rule.sourceOf(labels, nowMs);
      if (found !== undefined) return found;
    }
    return undefined;
  }
}

class RuleSources {
  readonly #rule: InhibitRule;
  /** By the values of the labels that must be equal, then by fingerprint. */
  readonly #sources = new Map<string, Map<string, Source>>();

  constructor(rule: InhibitRule) {
    this.#rule = rule;
  }

  add(alert: ReceivedAlert): void {
    const { labels, fingerprint } = alert;
    if (!matchesAll(this.#rule.source, labels)) return;
    const key = this.#equalKey(labels);
    const isTarget = matchesAll(this.#rule.target, labels);
    const same = this.#sources.get(key) ?? new Map<string, Source>();
    same.set(fingerprint, { alert, isTarget });
    this.#sources.set(key, same);
  }

  clean(nowMs: number): void {
    for (const [key, same] of this.#sources) {
      for (const [fingerprint, { alert }] of same)
        if (isResolved(alert, nowMs)) same.delete(fingerprint);
      if (same.size === 0) this.#sources.delete(key);
    }
  }

  sourceOf(labels: Labels, nowMs: number): string | undefined {
    if (!matchesAll(this.#rule.target, labels)) return undefined;
    const same = this.#sources.get(this.#equalKey(labels));
    if (same === undefined) return undefined;
    // An alert on both sides is hidden only by one that is a source alone: else all of them would hide each other.
    const isOnBothSides = matchesAll(this.#rule.source, labels);
    for (const [fingerprint, { alert, isTarget }] of same)
      if (!isResolved(alert, nowMs) && !(isOnBothSides && isTarget)) return fingerprint;
    return undefined;
  }

  /** A label that is not there is the same as an empty one. */
  #equalKey(labels: Labels): string {
    return JSON.stringify(
      this.#rule.equal.map((name) => (Object.hasOwn(labels, name) ? labels[name] : "")),
    );
  }
}
