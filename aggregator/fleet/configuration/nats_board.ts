import type { KV, NatsConnection } from "nats";
import { StorageType } from "nats";
import { configurationBucket } from "#proto/bus/subjects.ts";
import type { NatsConfig } from "#proto/bus/nats_config.ts";
import { NatsLink } from "#proto/bus/nats_link.ts";
import type { WantedConfiguration } from "#proto/fleet/wanted_configuration.ts";
import { OperatingError, messageOf } from "#shared/errors.ts";
import type { Clock } from "#shared/runtime/clock.ts";
import type { Logger } from "#shared/runtime/log.ts";
import type { WantedBoard } from "./configuration_kind.ts";

export type NatsBoardParts = {
  readonly tenant: string;
  /** Copies in a NATS cluster. */
  readonly replicas: number;
  readonly clock: Clock;
  readonly log: Logger;
};

/** The bucket is a copy of what the catalog says: it holds one value of each agent. */
const bytesMax = 128 * 1_024 * 1_024;
const timeoutMs = 5_000;

/** The tenant's bucket in NATS, over a connection of its own. */
export class NatsBoard implements WantedBoard {
  readonly #parts: NatsBoardParts;
  readonly #link: NatsLink;
  #bucket: KV | undefined;

  constructor(config: NatsConfig, parts: NatsBoardParts) {
    this.#parts = parts;
    const { clock, log } = parts;
    this.#link = new NatsLink(config, { clock, log, name: "lapwing fleet" }, (nats, signal) =>
      this.#hold(nats, signal),
    );
  }

  start(): void {
    this.#link.start();
  }

  close(): Promise<void> {
    return this.#link.close();
  }

  get session(): object | undefined {
    return this.#bucket;
  }

  async put(agent: string, wanted: WantedConfiguration): Promise<void> {
    if (this.#bucket === undefined)
      throw new OperatingError("unavailable", "NATS is not connected");
    try {
      await this.#bucket.put(agent, JSON.stringify(wanted));
    } catch (cause) {
      const message = `what ${agent} is to run can't be handed to NATS: ${messageOf(cause)}`;
      throw new OperatingError("unavailable", message, { cause });
    }
  }

  async #hold(nats: NatsConnection, signal: AbortSignal): Promise<void> {
    const { tenant, replicas } = this.#parts;
    const bucket = configurationBucket(tenant);
    this.#bucket = await nats.jetstream({ timeout: timeoutMs }).views.kv(bucket, {
      description: "What each agent is to run",
      history: 1,
      storage: StorageType.File,
      max_bytes: bytesMax,
      replicas,
      // Agents read their own key by a subject, which is what they are allowed.
      allow_direct: true,
    });
    try {
      await new Promise<void>((resolve) => {
        if (signal.aborted) resolve();
        signal.addEventListener("abort", () => resolve(), { once: true });
      });
    } finally {
      this.#bucket = undefined;
    }
  }
}
