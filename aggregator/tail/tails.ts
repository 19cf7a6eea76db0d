import type { LogsBatch } from "#shared/model/logs.ts";
import { messageOf } from "#shared/errors.ts";
import type { LogEntry } from "../query/logql/evaluate.ts";

/** A log query that is followed. */
export type Followed = {
  /** Whether a batch may hold what is looked for, by its streams alone: cheap, asked of every batch. */
  concerns(batch: LogsBatch): boolean;
  /** What the query makes of a batch, in the order of time. */
  read(batch: LogsBatch): Promise<readonly LogEntry[]>;
};

/** Entries that arrived together; the same object for all who follow the query, so that what is made of it can be shared. */
export type Arrived = { readonly entries: readonly LogEntry[] };

export type Follower = {
  arrived(chunk: Arrived): void;
  /** Records that were not looked at, because the query reads slower than they arrive. */
  skipped(records: number): void;
  /** The query fails on what arrived: there will be no more. */
  failed(message: string): void;
};

/** Records that wait for a query that reads slower than they arrive; the oldest are skipped beyond. */
const waitingMax = 500_000;
const chunkEntriesMax = 1_000;
const chunkBytesMax = 1_024 * 1_024;

/**
 * Hands log records to those who follow queries, as they arrive in the head. Each query looks at a batch once, however many
 * follow it.
 */
export class Tails {
  /** By tenant and query. */
  readonly #groups = new Map<string, Group>();

  /** How many follow queries, and how many queries there are. */
  size(): { readonly followers: number; readonly queries: number } {
    let followers = 0;
    for (const group of this.#groups.values()) followers += group.followers.size;
    return { followers, queries: this.#groups.size };
  }

  /**
   * From this tick on the follower is told. `open` is called where nobody follows the query yet. Gives what ends it.
   */
  follow(tenant: string, query: string, open: () => Followed, follower: Follower): () => void {
    const key = `${tenant}\n${query}`;
    const group = this.#groups.get(key) ?? new Group(tenant, open());
    this.#groups.set(key, group);
    group.followers.add(follower);
    return () => {
      group.followers.delete(follower);
      if (group.followers.size === 0 && this.#groups.get(key) === group) this.#groups.delete(key);
    };
  }

  /** HeadOptions.onLogs. */
  arrived(tenant: string, batch: LogsBatch): void {
    for (const group of this.#groups.values()) if (group.tenant === tenant) group.arrived(batch);
  }
}

class Group {
  readonly tenant: string;
  readonly followers = new Set<Follower>();
  readonly #followed: Followed;
  readonly #waiting: LogsBatch[] = [];
  #records = 0;
  #isReading = false;

  constructor(tenant: string, followed: Followed) {
    this.tenant = tenant;
    this.#followed = followed;
  }

  arrived(batch: LogsBatch): void {
    if (!this.#followed.concerns(batch)) return;
    this.#waiting.push(batch);
    this.#records += batch.streamOf.length;
    let skipped = 0;
    while (this.#records > waitingMax && this.#waiting.length > 1) {
      const records = this.#waiting.shift()?.streamOf.length ?? 0;
      this.#records -= records;
      skipped += records;
    }
    if (skipped > 0) for (const follower of this.followers) follower.skipped(skipped);
    // Nobody waits for it: it tells its followers of everything that goes wrong.
    if (!this.#isReading) void this.#read();
  }

  async #read(): Promise<void> {
    this.#isReading = true;
    try {
      for (let batch = this.#waiting.shift(); batch !== undefined; batch = this.#waiting.shift()) {
        this.#records -= batch.streamOf.length;
        for (const chunk of chunksOf(await this.#followed.read(batch)))
          for (const follower of Array.from(this.followers)) follower.arrived(chunk);
      }
    } catch (thrown) {
      for (const follower of Array.from(this.followers)) follower.failed(messageOf(thrown));
    } finally {
      this.#isReading = false;
    }
  }
}

/** Entries in pieces that one frame can hold. */
export function chunksOf(entries: readonly LogEntry[]): Arrived[] {
  const chunks: Arrived[] = [];
  let [from, bytes] = [0, 0];
  for (const [i, { body }] of entries.entries()) {
    if (i > from && (i - from >= chunkEntriesMax || bytes + body.length > chunkBytesMax)) {
      chunks.push({ entries: entries.slice(from, i) });
      [from, bytes] = [i, 0];
    }
    bytes += body.length;
  }
  if (from < entries.length) chunks.push({ entries: entries.slice(from) });
  return chunks;
}
