import { z } from "zod";
import { messageOf } from "#shared/errors.ts";
import type { Clock } from "#shared/runtime/clock.ts";
import type { Logger } from "#shared/runtime/log.ts";
import { version } from "#shared/version.ts";
import type { Agents } from "../fleet/agents.ts";
import type { Catalog } from "../catalog/catalog.ts";
import { count } from "../catalog/catalog_count.ts";
import { AgentWatch } from "./agent_watch.ts";
import type { Happening } from "./event.ts";
import type { EventBook } from "./event_book.ts";

type WatchParts = {
  readonly tenant: string;
  readonly book: EventBook;
  readonly agents: Pick<Agents, "all">;
  readonly silentAfterMs: number;
  /** Whether agents could be heard: while they can't, their silence says nothing. */
  readonly isListening: () => boolean;
  /** Why blocks can't be written now. */
  readonly storageTrouble: () => string | undefined;
  /** Why the newest round of work on blocks failed; empty where it did not. */
  readonly maintenanceFault: () => string;
  readonly catalog: Pick<Catalog, "transaction">;
  readonly clock: Clock;
  readonly log: Logger;
};

const everyMs = 5_000;

/** Looks every few seconds at what the other rooms know, and tells the book what changed. */
export class EventWatch {
  readonly #parts: WatchParts;
  readonly #agents: AgentWatch;
  readonly #stopping = new AbortController();
  #running: Promise<void> = Promise.resolve();
  #trouble: string | undefined;
  #fault = "";
  #rolloutsMs: number;

  constructor(parts: WatchParts) {
    const { agents, silentAfterMs, clock } = parts;
    this.#parts = parts;
    const nowMs = clock.now();
    this.#agents = new AgentWatch(agents.all(), { silentAfterMs, nowMs });
    this.#rolloutsMs = nowMs;
  }

  start(): void {
    this.#tell("aggregator_started", "info", `The aggregator started, version ${version}`);
    this.#running = this.#run();
  }

  async close(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  /** One round; a test's own. */
  async look(): Promise<void> {
    const { agents, book, clock, isListening } = this.#parts;
    if (isListening())
      for (const event of this.#agents.look(agents.all(), clock.now())) book.tell(event);
    this.#lookAtStore();
    await this.#lookAtRollouts();
  }

  async #run(): Promise<void> {
    const { clock, log } = this.#parts;
    const { signal } = this.#stopping;
    for (;;) {
      await clock.sleep(everyMs, signal);
      if (signal.aborted) return;
      try {
        await this.look();
      } catch (thrown) {
        log.warn("looking for events failed", { error: messageOf(thrown) });
      }
    }
  }

  #lookAtStore(): void {
    const trouble = this.#parts.storageTrouble();
    if (trouble !== undefined && this.#trouble === undefined)
      this.#tell("storage_fault", "error", `Blocks can't be written: ${trouble}`);
    if (trouble === undefined && this.#trouble !== undefined)
      this.#tell("storage_well", "info", "Blocks are written again");
    this.#trouble = trouble;
    const fault = this.#parts.maintenanceFault();
    if (fault !== "" && fault !== this.#fault)
      this.#tell("maintenance_failed", "error", `Compaction and retention failed: ${fault}`);
    this.#fault = fault;
  }

  /** Also what the command line did to them. */
  async #lookAtRollouts(): Promise<void> {
    const { catalog, book } = this.#parts;
    const sinceMs = this.#rolloutsMs;
    const changed = await catalog.transaction("read rollouts", async (sql) => {
      const rows = await sql`SELECT id, tenant, kind, name, revision, state, reason, state_ms
        FROM rollouts WHERE state_ms > ${sinceMs} ORDER BY state_ms`;
      return z.array(RolloutRow).parse([...rows]);
    });
    for (const { id, tenant, kind, name, revision, state, reason, state_ms } of changed) {
      this.#rolloutsMs = Math.max(this.#rolloutsMs, state_ms);
      const isBad = state === "rolling_back" || state === "rolled_back";
      book.tell({
        tenant,
        atMs: state_ms,
        kind: "rollout",
        level: isBad ? "error" : "info",
        agent: "",
        agentName: "",
        text: `Rollout of ${kind} ${name} ${revision} is ${state}${reason === "" ? "" : `: ${reason}`}`,
        details: { rollout: id, state, kind, name, revision },
      });
    }
  }

  #tell(kind: Happening["kind"], level: Happening["level"], text: string): void {
    const { tenant, clock, book } = this.#parts;
    const of = { tenant, atMs: clock.now(), agent: "", agentName: "", details: {} };
    book.tell({ ...of, kind, level, text });
  }
}

const RolloutRow = z.object({
  id: z.string(),
  tenant: z.string(),
  kind: z.string(),
  name: z.string(),
  revision: z.string(),
  state: z.string(),
  reason: z.string(),
  state_ms: count,
});
