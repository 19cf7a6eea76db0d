import { create } from "@bufbuild/protobuf";
import type { NatsConnection } from "nats";
import type { AgentPort } from "#proto/bus/agent_port.ts";
import { healthOf, worseThan } from "#proto/fleet/agent_health.ts";
import type { WantedConfiguration } from "#proto/fleet/wanted_configuration.ts";
import type { ConfigurationState, Heartbeat } from "#proto/gen/v1/control_pb.js";
import { ConfigurationStateSchema } from "#proto/gen/v1/control_pb.js";
import { Wakeup } from "#shared/async/wakeup.ts";
import { messageOf } from "#shared/errors.ts";
import type { Clock } from "#shared/runtime/clock.ts";
import { ConfigError } from "#shared/runtime/config/config.ts";
import type { Logger } from "#shared/runtime/log.ts";
import { version } from "#shared/version.ts";
import type { AgentConfig } from "../config/config.ts";
import { mistakesText } from "./document.ts";
import { type ConfigurationMemory, readMemory, writeMemory } from "./state_file.ts";
import { watchWanted } from "./wanted_watch.ts";

export type RemoteConfigurationParts = {
  /** The agent's own; the memory lies there. */
  readonly folder: string;
  readonly source: "merged" | "remote";
  /** What the host's file and the wanted configuration make together. Throws ConfigError. */
  readonly effective: (wanted: WantedConfiguration | undefined) => Promise<AgentConfig>;
  readonly clock: Clock;
  readonly log: Logger;
  /** For tests. */
  readonly probationMs?: number;
  readonly graceMs?: number;
};

/** The agent, as far as its configuration is concerned. */
export type Configurable = {
  reload(config: AgentConfig): Promise<void>;
  heartbeat(): Heartbeat;
};

/** A new configuration must run so long before it is the one to fall back to. */
const probationDefaultMs = 60_000;
/** Within it, an agent that is worse than before for so long goes back. */
const graceDefaultMs = 30_000;
const lookMs = 2_000;
/** A process that ends twice while it tries a configuration does so because of it. */
const startsMax = 2;
const reasonCharactersMax = 4_000;

/**
 * Which configuration an agent runs, where the aggregator has a say in it. A new one is checked, applied, and watched for a while; one that is no good is
 * left for the last that was, and not tried again. Only the process's own file and memory are needed for a start.
 */
export class RemoteConfiguration {
  readonly #parts: RemoteConfigurationParts;
  readonly #wakeup = new Wakeup();
  readonly #stopped = new AbortController();
  /** Aborts when something is told. */
  #news = new AbortController();
  #memory: ConfigurationMemory;
  #running: WantedConfiguration | undefined;
  #told: WantedConfiguration | undefined;
  #appliedMs = 0;
  #work: Promise<void> = Promise.resolve();

  /** Reads what was kept, and gives the configuration to start with; one that can't be used any more leaves the host's file alone. */
  static async open(
    parts: RemoteConfigurationParts,
  ): Promise<{ readonly remote: RemoteConfiguration; readonly config: AgentConfig }> {
    const { folder, log, effective } = parts;
    let memory: ConfigurationMemory = {};
    try {
      memory = afterStart(await readMemory(folder), log);
      if (memory.trying !== undefined) await writeMemory(folder, memory);
    } catch (thrown) {
      // What is wanted comes again; until then the host's file is better than no agent.
      log.error("kept configuration not read", { error: messageOf(thrown) });
    }
    const remote = new RemoteConfiguration(parts, memory);
    for (const wanted of [memory.trying?.wanted, memory.good])
      if (wanted !== undefined)
        try {
          const config = await effective(wanted);
          remote.#running = wanted;
          return { remote, config };
        } catch (thrown) {
          const reason = reasonOf(thrown);
          log.error("kept configuration can't be used", { id: wanted.id, error: reason });
          remote.#memory = {
            ...remote.#memory,
            trying: undefined,
            failed: failure(wanted, reason),
          };
        }
    return { remote, config: await effective(undefined) };
  }

  private constructor(parts: RemoteConfigurationParts, memory: ConfigurationMemory) {
    this.#parts = parts;
    this.#memory = memory;
  }

  /** For heartbeats and status. */
  state(): ConfigurationState {
    const { failed } = this.#memory;
    const layers = this.#running?.layers ?? [];
    return create(ConfigurationStateSchema, {
      source: this.#parts.source,
      runningId: this.#running?.id ?? "",
      running: layers.map(({ name, revision }) => ({ name, revision })),
      failedId: failed?.id ?? "",
      failedReason: failed?.reason ?? "",
      appliedMs: this.#appliedMs,
    });
  }

  /** The agent runs what open() gave; from now on it is told of changes. */
  start(agent: Configurable): void {
    this.#work = this.#run(agent);
  }

  /** Listens over a connection until it ends. */
  watch(nats: NatsConnection, port: AgentPort, signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#parts;
    const { tenant, agent } = port;
    const told = (wanted: WantedConfiguration) => this.told(wanted);
    return watchWanted(nats, { tenant, agent, clock, log, told }, signal);
  }

  told(wanted: WantedConfiguration): void {
    this.#told = wanted;
    this.#news.abort();
    this.#wakeup.wake();
  }

  /** With the host's file as it is now. What failed before may be good with it. Throws ConfigError. */
  async reread(): Promise<AgentConfig> {
    const config = await this.#parts.effective(this.#running);
    this.#memory = { ...this.#memory, failed: undefined };
    this.#wakeup.wake();
    return config;
  }

  /** An end that was asked for says nothing against what is in its probation. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    this.#wakeup.wake();
    await this.#work;
    const { trying } = this.#memory;
    if (trying !== undefined) await this.#remember({ trying: { ...trying, starts: -1 } });
  }

  async #run(agent: Configurable): Promise<void> {
    const { signal } = this.#stopped;
    await this.#prove(agent);
    while (!signal.aborted) {
      await this.#wakeup.wait();
      const next = this.#told;
      if (signal.aborted || next === undefined) continue;
      if (next.id === this.#running?.id) await this.#forgetFailure();
      else if (next.id !== this.#memory.failed?.id) await this.#change(agent, next);
    }
  }

  async #change(agent: Configurable, next: WantedConfiguration): Promise<void> {
    if (isHostsAlone(next) && isHostsAlone(this.#running)) return this.#take(next);
    let config: AgentConfig;
    try {
      config = await this.#parts.effective(next);
    } catch (thrown) {
      const reason = reasonOf(thrown);
      this.#parts.log.warn("configuration of the aggregator is no good", {
        id: next.id,
        error: reason,
      });
      await this.#remember({ failed: failure(next, reason) });
      return this.#prove(agent);
    }
    // What is not proved yet says nothing of how the agent should be.
    const before = this.#memory.trying?.before ?? healthOf(agent.heartbeat());
    if (!(await this.#remember({ trying: { wanted: next, starts: 0, before } }))) return;
    try {
      await agent.reload(config);
    } catch (thrown) {
      return this.#goBack(agent, next, reasonOf(thrown));
    }
    this.#running = next;
    this.#appliedMs = this.#parts.clock.now();
    const { id } = next;
    const layers = next.layers.map(({ name, revision }) => `${name} ${revision}`);
    this.#parts.log.info("configuration of the aggregator applied", { id, layers });
    await this.#prove(agent);
  }

  /** What runs is what is wanted: the aggregator has no part in how well the agent is. */
  async #take(same: WantedConfiguration): Promise<void> {
    await this.#remember({ good: same, trying: undefined, failed: undefined });
    this.#running = same;
    this.#appliedMs = this.#parts.clock.now();
  }

  /** Watches what runs, where that is not done yet, until it is proved, or is no good, or something newer is wanted. */
  async #prove(agent: Configurable): Promise<void> {
    const { clock, probationMs = probationDefaultMs, graceMs = graceDefaultMs } = this.#parts;
    const { trying } = this.#memory;
    if (trying === undefined) return;
    const { wanted: running, before } = trying;
    const { signal } = this.#stopped;
    const startMs = clock.monotonic();
    let worseSinceMs: number | undefined;
    while (clock.monotonic() - startMs < probationMs || worseSinceMs !== undefined) {
      await clock.sleep(lookMs, AbortSignal.any([signal, this.#news.signal]));
      if (signal.aborted) return;
      if (this.#news.signal.aborted) this.#news = new AbortController();
      const isNews = this.#told !== undefined && this.#told.id !== running.id;
      if (isNews && this.#told?.id !== this.#memory.failed?.id) return this.#wakeup.wake();
      const worse = worseThan(before, healthOf(agent.heartbeat()), 0);
      if (worse === undefined) worseSinceMs = undefined;
      else worseSinceMs ??= clock.monotonic();
      if (worse !== undefined && clock.monotonic() - (worseSinceMs ?? 0) >= graceMs)
        return this.#goBack(agent, running, worse);
    }
    await this.#remember({ good: running, trying: undefined, failed: undefined });
  }

  /** To the last good one, or to the host's file alone. */
  async #goBack(agent: Configurable, bad: WantedConfiguration, reason: string): Promise<void> {
    const { effective, log } = this.#parts;
    log.warn("configuration of the aggregator is no good", { id: bad.id, error: reason });
    await this.#remember({ trying: undefined, failed: failure(bad, reason) });
    try {
      await agent.reload(await effective(this.#memory.good));
      this.#running = this.#memory.good;
    } catch (thrown) {
      log.error("last good configuration can't be used", { error: messageOf(thrown) });
    }
  }

  /** What runs is what is wanted: a configuration that failed before was withdrawn, or runs after all. */
  async #forgetFailure(): Promise<void> {
    if (this.#memory.failed !== undefined) await this.#remember({ failed: undefined });
  }

  /** False where it can't be kept: what would be gone after a restart is not begun. */
  async #remember(change: ConfigurationMemory): Promise<boolean> {
    const next = { ...this.#memory, ...change };
    try {
      await writeMemory(this.#parts.folder, next);
      this.#memory = next;
      return true;
    } catch (thrown) {
      this.#parts.log.error("configuration not kept", { error: messageOf(thrown) });
      this.#memory = change.trying === undefined ? next : this.#memory;
      return false;
    }
  }
}

function isHostsAlone(configuration: WantedConfiguration | undefined): boolean {
  return (configuration?.layers.length ?? 0) === 0;
}

/** What a process that starts makes of what the one before left. */
function afterStart(memory: ConfigurationMemory, log: Logger): ConfigurationMemory {
  const failed = memory.failed?.version === version ? memory.failed : undefined;
  const { trying } = memory;
  if (trying === undefined) return { ...memory, failed };
  const starts = trying.starts + 1;
  if (starts < startsMax) return { ...memory, failed, trying: { ...trying, starts } };
  const reason = `the agent ended ${starts} times while it tried it`;
  log.error("configuration of the aggregator is no good", { id: trying.wanted.id, error: reason });
  return { good: memory.good, failed: failure(trying.wanted, reason) };
}

function failure({ id }: WantedConfiguration, reason: string) {
  return { id, reason: reason.slice(0, reasonCharactersMax), version };
}

function reasonOf(thrown: unknown): string {
  return thrown instanceof ConfigError ? mistakesText(thrown) : messageOf(thrown);
}
