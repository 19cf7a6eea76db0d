import { messageOf } from "#shared/errors.ts";
import type { Clock } from "#shared/runtime/clock.ts";
import type { Logger } from "#shared/runtime/log.ts";
import type { AnyIntegration, BoundInstance, IntegrationsConfig } from "../config.ts";
import { integrations } from "../registry.ts";
import { Host } from "./host.ts";
import type { KnownService } from "./known_service.ts";
import { KnownServices, type Naming } from "./known_services.ts";
import { type RememberedInstance, readRemembered, writeRemembered } from "./remembered.ts";
import { DetectionRounds } from "./round.ts";
import { instanceKey, ownNames } from "./same_instance.ts";

/** From here on it was not by its name alone that a service was found. */
const confidentLeast = 0.5;
/** How old the times of finding in the file may be. */
const storedAgeMs = 3_600_000;

type DetectorParts = {
  readonly clock: Clock;
  readonly log: Logger;
  /** Where instances are remembered; undefined where they are not. */
  readonly path?: string;
  readonly host?: Pick<Host, "look">;
  readonly integrations?: readonly AnyIntegration[];
};

/** Looks for services on this host, round by round, and tells which of them are to be watched. */
export class Detector {
  readonly #parts: DetectorParts;
  readonly #integrations: readonly AnyIntegration[];
  readonly #host: Pick<Host, "look">;
  readonly #rounds = new DetectionRounds();
  readonly #known = new KnownServices();
  readonly #end = new AbortController();
  #config: IntegrationsConfig;
  #own = ownNames();
  #named: ReadonlySet<string>;
  #wake = new AbortController();
  #problems: ReadonlyMap<string, string> = new Map();
  #stored: readonly RememberedInstance[] = [];
  #running: Promise<void> = Promise.resolve();

  constructor(config: IntegrationsConfig, parts: DetectorParts) {
    this.#config = config;
    this.#named = this.#namedKeys();
    this.#parts = parts;
    this.#integrations = parts.integrations ?? Object.values(integrations);
    this.#host = parts.host ?? new Host(parts.clock);
  }

  /** Looks at its interval until stop(). Resolves after the first round; `changed` is called after those that give other instances. */
  async start(changed: () => Promise<void>): Promise<void> {
    await this.#recall();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#running = this.#loop(changed, resolve);
    await promise;
  }

  /** Resolves when nothing is looked for any more, but for integrations that hang. */
  async stop(): Promise<void> {
    this.#end.abort();
    this.#wake.abort();
    await this.#running;
  }

  /** Counts at once for what is known; the next round comes soon. */
  configure(config: IntegrationsConfig): void {
    this.#config = config;
    this.#named = this.#namedKeys();
    this.#known.name((key) => this.#named.has(key));
    this.#wake.abort();
  }

  /** What is to be watched besides what the configuration names. */
  instances(): BoundInstance[] {
    return this.services().flatMap(({ bound, runs }) => (runs && bound !== undefined ? bound : []));
  }

  /** What was found, and what is missed. */
  services(): KnownService[] {
    const { detect, exclude, named } = this.#config;
    if (!detect) return [];
    const namedKinds = new Set(named.map(({ integration }) => integration.name));
    return this.#known.all().filter(({ integration, finding, runs, isNamed }) => {
      if (exclude.has(integration.name)) return false;
      // A process alone, while the configuration says where its kind is to be asked: it is that one.
      const isVague = !runs && !isNamed && (finding?.confidence ?? 0) < confidentLeast;
      return !(isVague && namedKinds.has(integration.name));
    });
  }

  /** What the last rounds know of an instance that the configuration names. */
  serviceOf({ integration, options }: BoundInstance): KnownService | undefined {
    return this.#known.get(this.#keyOf(integration.name, integration.instanceOf(options)));
  }

  /** Integrations that could not tell in the last round whether their service is there, and why. */
  problems(): ReadonlyMap<string, string> {
    return this.#problems;
  }

  /** One round. */
  async look(): Promise<void> {
    const { exclude } = this.#config;
    const { clock, log } = this.#parts;
    this.#own = ownNames();
    this.#named = this.#namedKeys();
    const host = this.#host.look();
    const asked = this.#integrations.filter(({ name }) => !exclude.has(name));
    const round = await this.#rounds.run(asked, host, this.#end.signal);
    if (this.#end.signal.aborted) return;
    for (const [integration, reason] of round.problems)
      if (this.#problems.get(integration) !== reason)
        log.warn("a kind of service could not be looked for", { integration, reason });
    this.#problems = round.problems;
    const fresh = this.#known.take(round, host, clock.now(), this.#naming());
    for (const { integration, instance, finding, isNamed, problem } of fresh) {
      if (isNamed) continue;
      const needs = finding?.needs.map(({ key }) => key) ?? [];
      log.info("found a service", {
        integration: integration.name,
        instance,
        because: finding?.because.join(", "),
        ...(needs.length === 0 ? {} : { needs: needs.join(", ") }),
        ...(problem === "" ? {} : { problem }),
      });
    }
  }

  #keyOf = (integration: string, instance: string) => instanceKey(integration, instance, this.#own);

  #naming(): Naming {
    const { intervalMs } = this.#config;
    return { keyOf: this.#keyOf, isNamed: (key) => this.#named.has(key), intervalMs };
  }

  #namedKeys(): Set<string> {
    return new Set(
      this.#config.named.flatMap(({ integration, options, instance }) => [
        this.#keyOf(integration.name, integration.instanceOf(options)),
        this.#keyOf(integration.name, instance),
      ]),
    );
  }

  async #loop(changed: () => Promise<void>, first: () => void): Promise<void> {
    const { clock, log } = this.#parts;
    const { signal } = this.#end;
    let before = "";
    for (let isFirst = true; !signal.aborted; isFirst = false) {
      this.#wake = new AbortController();
      if (this.#config.detect) {
        try {
          await this.look();
        } catch (thrown) {
          log.warn("services could not be looked for", { error: messageOf(thrown) });
        }
        await this.#store();
      }
      const now = textOf(this.instances());
      if (isFirst) first();
      if (now !== before && !signal.aborted) await changed();
      before = now;
      await clock.sleep(this.#config.detectIntervalMs, this.#wake.signal);
    }
  }

  async #recall(): Promise<void> {
    const { path, log } = this.#parts;
    if (path === undefined) return;
    try {
      this.#stored = await readRemembered(path);
      this.#known.recall(this.#stored, this.#integrations, this.#naming());
      this.#known.name((key) => this.#named.has(key));
    } catch (thrown) {
      log.warn("services found before are not remembered", { error: messageOf(thrown) });
    }
  }

  /** Only when something else is to be remembered, or the times have grown old. */
  async #store(): Promise<void> {
    const { path, log, clock } = this.#parts;
    const next = this.#known.toRemember();
    const isSame = textOfStored(next) === textOfStored(this.#stored);
    const isRecent = this.#stored.every(({ found_ms }) => clock.now() - found_ms < storedAgeMs);
    if (path === undefined || (isSame && isRecent)) return;
    try {
      await writeRemembered(path, next);
    } catch (thrown) {
      log.warn("services found are not remembered over a restart", { error: messageOf(thrown) });
    }
    this.#stored = next;
  }
}

/** What must differ for sources to differ. */
function textOf(instances: readonly BoundInstance[]): string {
  return JSON.stringify(
    instances.map(({ integration, instance, fingerprint }) => [
      integration.name,
      instance,
      fingerprint,
    ]),
  );
}

function textOfStored(instances: readonly RememberedInstance[]): string {
  return JSON.stringify(instances.map(({ integration, options }) => [integration, options]));
}
