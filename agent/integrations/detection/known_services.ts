import { type AnyIntegration, bindFound } from "../config.ts";
import { snippetOf } from "../snippet.ts";
import type { HostLook } from "./host.ts";
import { FindingJudge, type KnownService, knownAfter } from "./known_service.ts";
import { isLastingPlace } from "./lasting_place.ts";
import type { RememberedInstance } from "./remembered.ts";
import type { DetectionRound, FoundService } from "./round.ts";

/** A service that was not found for so long is no longer expected. */
const forgetMs = 7 * 86_400_000;
/** What isn't expected to last is let go after so many rounds without it: one may have been too busy to answer. */
const roundsMissedMax = 3;
/** A service must be found so many times before it is missed. */
const roundsBeforeLasting = 2;
/** Further ones are not taken up. */
const servicesMax = 200;

type Held = {
  readonly service: KnownService;
  readonly rounds: number;
  readonly roundsMissed: number;
  readonly isLasting: boolean;
};

/** What the configuration says of instances. */
export type Naming = {
  /** Of a kind and an instance of it: the same however its address is written. */
  readonly keyOf: (integration: string, instance: string) => string;
  /** Whether the configuration names what has this key. */
  readonly isNamed: (key: string) => boolean;
  /** How often what is found is asked. */
  readonly intervalMs: number;
};

/** What round after round of detection found, and what is missed since. */
export class KnownServices {
  readonly #held = new Map<string, Held>();
  readonly #judge = new FindingJudge();

  get(key: string): KnownService | undefined {
    return this.#held.get(key)?.service;
  }

  /** Sorted by integration and instance. */
  all(): KnownService[] {
    return [...this.#held]
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([, { service }]) => service);
  }

  /** Takes up what a round found; gives what the round before it did not find. */
  take(
    { found, problems }: DetectionRound,
    host: HostLook,
    nowMs: number,
    { keyOf, isNamed, intervalMs }: Naming,
  ): KnownService[] {
    const seen = new Set<string>();
    const fresh: KnownService[] = [];
    this.#judge.begin();
    for (const { integration, finding } of found.toSorted(byWorth)) {
      const judged = this.#judge.judge(integration, finding, intervalMs);
      const key = keyOf(integration.name, judged.instance);
      const held = this.#held.get(key);
      if (seen.has(key) || (held === undefined && this.#held.size >= servicesMax)) continue;
      seen.add(key);
      const service = knownAfter(held?.service, judged, nowMs, isNamed(key));
      const rounds = (held?.rounds ?? 0) + 1;
      const isLasting = rounds >= roundsBeforeLasting && isLastingPlace(host, judged.instance);
      this.#held.set(key, { service, rounds, roundsMissed: 0, isLasting });
      if (held?.service.finding === undefined) fresh.push(service);
    }
    for (const [key, held] of this.#held)
      if (!seen.has(key) && !problems.has(held.service.integration.name))
        this.#miss(key, held, nowMs);
    return fresh;
  }

  /** What is named now has no need of detection, and what was named has to be found again. */
  name(isNamed: (key: string) => boolean): void {
    for (const [key, { service }] of this.#held)
      if (service.isNamed !== isNamed(key)) this.#held.delete(key);
  }

  /** Takes up what was remembered over a restart. What this version cannot bind is forgotten. */
  recall(
    remembered: readonly RememberedInstance[],
    known: readonly AnyIntegration[],
    { keyOf, intervalMs }: Naming,
  ): void {
    for (const { integration: name, options, found_ms: foundMs } of remembered) {
      const integration = known.find((each) => each.name === name);
      if (integration === undefined) continue;
      const made = bindFound(integration, options, intervalMs);
      if ("problem" in made) continue;
      const { bound } = made;
      const { instance } = bound;
      const snippet = snippetOf([{ integration: name, options, needs: [] }]);
      const state = { finding: undefined, isNamed: false, runs: true, problem: "", snippet };
      this.#held.set(keyOf(name, instance), {
        service: { integration, instance, options, foundMs, bound, ...state },
        rounds: roundsBeforeLasting,
        roundsMissed: 0,
        isLasting: true,
      });
    }
  }

  /** What is missed when it is gone. */
  toRemember(): RememberedInstance[] {
    return [...this.#held.values()].flatMap(({ service, isLasting }) =>
      isLasting && service.runs
        ? {
            integration: service.integration.name,
            options: { ...service.options },
            found_ms: service.foundMs,
          }
        : [],
    );
  }

  #miss(key: string, held: Held, nowMs: number): void {
    const roundsMissed = held.roundsMissed + 1;
    const isGone =
      !held.service.runs ||
      (held.isLasting ? nowMs - held.service.foundMs > forgetMs : roundsMissed >= roundsMissedMax);
    if (isGone) this.#held.delete(key);
    else
      this.#held.set(key, {
        ...held,
        roundsMissed,
        service: { ...held.service, finding: undefined },
      });
  }
}

/** What can run before what needs something, the surest first: of two findings of one instance the first counts. */
function byWorth(a: FoundService, b: FoundService): number {
  return (
    Number(a.finding.needs.length > 0) - Number(b.finding.needs.length > 0) ||
    b.finding.confidence - a.finding.confidence
  );
}
