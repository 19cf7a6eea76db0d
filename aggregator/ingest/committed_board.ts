import type { CommittedPosition } from "#proto/bus/agent_port.ts";
import type { Signal } from "#shared/signals.ts";
import { upTo, withoutSpans } from "#shared/model/spans.ts";

type Lanes = Map<Signal, CommittedPosition>;

/** The committed position of every lane, for agents that ask; and which have moved since they were last told. */
export class CommittedBoard {
  readonly #agents = new Map<string, Lanes>();
  readonly #news = new Set<CommittedPosition>();

  /** What is committed only grows. */
  put(positions: readonly CommittedPosition[]): void {
    for (const committed of positions) {
      const { lane, position, ahead } = committed;
      const lanes = this.#lanesOf(lane.tenant, lane.agent);
      const known = lanes.get(lane.signal);
      const before = known === undefined ? [] : upTo(known.position, known.ahead);
      if (withoutSpans(upTo(position, ahead), before).length === 0) continue;
      if (known !== undefined) this.#news.delete(known);
      lanes.set(lane.signal, committed);
      this.#news.add(committed);
    }
  }

  of(tenant: string, agent: string): CommittedPosition[] {
    return [...(this.#agents.get(`${tenant}/${agent}`)?.values() ?? [])];
  }

  /** What has moved since the last call. */
  takeNews(): CommittedPosition[] {
    const news = [...this.#news];
    this.#news.clear();
    return news;
  }

  #lanesOf(tenant: string, agent: string): Lanes {
    const key = `${tenant}/${agent}`;
    const known = this.#agents.get(key);
    if (known !== undefined) return known;
    const lanes: Lanes = new Map();
    this.#agents.set(key, lanes);
    return lanes;
  }
}
