import type { Heartbeat } from "#proto/gen/v1/control_pb.js";
import type { Clock } from "#shared/runtime/clock.ts";

/** An agent that has not reported its backlog for so long has none, or is away. */
const silentMs = 30_000;

/**
 * How fast each agent may send what an outage left, when many come back at once: what is new of all agents goes through the same streams,
 * and waits behind what was sent before it.
 */
export class BacklogShare {
  readonly #clock: Clock;
  readonly #rate: number;
  /** When each agent with a backlog reported it. */
  readonly #agents = new Map<string, number>();

  /** Bytes a second, of all agents together. */
  constructor(clock: Clock, rate: number) {
    this.#clock = clock;
    this.#rate = rate;
  }

  /** What this agent may send, bytes a second. */
  heard({ tenant, agent, lanes }: Pick<Heartbeat, "tenant" | "agent" | "lanes">): number {
    const nowMs = this.#clock.monotonic();
    const key = `${tenant}/${agent}`;
    this.#agents.delete(key);
    if (lanes.some(({ backlogBytes }) => backlogBytes > 0)) this.#agents.set(key, nowMs);
    // In the order in which they told.
    for (const [silent, toldMs] of this.#agents) {
      if (nowMs - toldMs < silentMs) break;
      this.#agents.delete(silent);
    }
    return Math.max(1, Math.floor(this.#rate / Math.max(1, this.#agents.size)));
  }
}
