import { z } from "zod";
import { messageOf } from "#shared/errors.ts";
import type { Clock } from "#shared/runtime/clock.ts";
import type { Logger } from "#shared/runtime/log.ts";
import type { Catalog } from "../catalog/catalog.ts";
import { count } from "../catalog/catalog_count.ts";
import type { Happening, StoredEvent } from "./event.ts";

type Transactions = Pick<Catalog, "transaction" | "fenced">;

export type EventSearch = {
  readonly tenant: string;
  readonly startMs: number;
  readonly endMs: number;
  /** All where empty. */
  readonly agent: string;
  readonly kinds: readonly string[];
  readonly limit: number;
};

type BookParts = {
  readonly catalog: Transactions;
  readonly clock: Clock;
  /** Whether what is old by the clock may be deleted now. */
  readonly isClockTrusted: () => boolean;
  readonly log: Logger;
};

const eventsKeptMax = 50_000;
const keptMs = 30 * 86_400_000;
/** What waits to be written; a fleet of 10,000 that comes back at once is 10,000 events. */
const waitingMax = 20_000;
const textMax = 2_000;
const cleanEveryMs = 3_600_000;

/** What changed, in the catalog: the newest of 30 days. */
export class EventBook {
  readonly #parts: BookParts;
  #waiting: Happening[] = [];
  #writing: Promise<void> = Promise.resolve();
  #isWriting = false;
  #cleanedMs = -Infinity;
  #left = 0;

  constructor(parts: BookParts) {
    this.#parts = parts;
  }

  /** Writes it soon. What comes faster than it can be written is left out, and counted in the log. */
  tell(event: Happening): void {
    if (this.#waiting.length >= waitingMax) {
      this.#left += 1;
      return;
    }
    this.#waiting.push({ ...event, text: event.text.replaceAll("\0", "").slice(0, textMax) });
    if (this.#isWriting) return;
    this.#isWriting = true;
    this.#writing = this.#writing.then(() => this.#write());
  }

  /** Waits for what is being written. */
  async close(): Promise<void> {
    await this.#writing;
  }

  /** The newest first. */
  async list(
    search: EventSearch,
  ): Promise<{ readonly events: StoredEvent[]; readonly truncated: boolean }> {
    await this.#writing;
    const { tenant, startMs, endMs, agent, kinds, limit } = search;
    return this.#parts.catalog.transaction("read events", async (sql) => {
      const ofAgent = agent === "" ? sql`` : sql`AND agent = ${agent}`;
      const ofKinds = kinds.length === 0 ? sql`` : sql`AND kind IN ${sql([...kinds])}`;
      const rows = await sql`SELECT * FROM events
        WHERE tenant = ${tenant} AND at_ms >= ${startMs} AND at_ms <= ${endMs} ${ofAgent} ${ofKinds}
        ORDER BY at_ms DESC, id DESC LIMIT ${limit + 1}`;
      const found = z.array(Row).parse([...rows]);
      return { events: found.slice(0, limit), truncated: found.length > limit };
    });
  }

  async #write(): Promise<void> {
    const { catalog, clock, log } = this.#parts;
    while (this.#waiting.length > 0) {
      const some = this.#waiting.splice(0, 500);
      try {
        await catalog.fenced("write events", async (sql) => {
          for (const { tenant, atMs, kind, level, agent, agentName, text, details } of some)
            await sql`INSERT INTO events
              (tenant, id, at_ms, kind, level, agent, agent_name, text, details)
              VALUES (${tenant}, ${Bun.randomUUIDv7()}, ${Math.round(atMs)}, ${kind}, ${level},
                ${agent}, ${agentName}, ${text}, ${JSON.stringify(details)})`;
        });
        await this.#clean(clock.monotonic());
      } catch (thrown) {
        // Events are for people; nothing else waits for them.
        log.warn("events could not be written", { events: some.length, error: messageOf(thrown) });
      }
    }
    this.#isWriting = false;
    if (this.#left > 0)
      log.warn("events came faster than they can be written", { left: this.#left });
    this.#left = 0;
  }

  async #clean(nowMs: number): Promise<void> {
    const { catalog, clock, isClockTrusted } = this.#parts;
    if (nowMs - this.#cleanedMs < cleanEveryMs || !isClockTrusted()) return;
    this.#cleanedMs = nowMs;
    await catalog.fenced("forget old events", async (sql) => {
      await sql`DELETE FROM events WHERE at_ms < ${clock.now() - keptMs}`;
      const tenants = z
        .array(z.object({ tenant: z.string(), number: count }))
        .parse([...(await sql`SELECT tenant, count(*) AS number FROM events GROUP BY tenant`)]);
      for (const { tenant, number } of tenants) {
        if (number <= eventsKeptMax) continue;
        const [oldest] = z.array(z.object({ at_ms: count })).parse([
          ...(await sql`SELECT at_ms FROM events WHERE tenant = ${tenant}
              ORDER BY at_ms DESC LIMIT 1 OFFSET ${eventsKeptMax - 1}`),
        ]);
        await sql`DELETE FROM events WHERE tenant = ${tenant} AND at_ms < ${oldest?.at_ms ?? 0}`;
      }
    });
  }
}

const Details = z
  .string()
  .transform((text): unknown => JSON.parse(text))
  .pipe(z.record(z.string(), z.string()));

const Row = z
  .object({
    tenant: z.string(),
    id: z.string(),
    at_ms: count,
    kind: z.string(),
    level: z.enum(["info", "warning", "error"]),
    agent: z.string(),
    agent_name: z.string(),
    text: z.string(),
    details: Details,
  })
  .transform(({ at_ms, agent_name, ...row }) => ({ ...row, atMs: at_ms, agentName: agent_name }));
