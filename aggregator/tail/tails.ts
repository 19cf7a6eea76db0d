import type { LogsBatch } from "#shared/model/logs.ts";
import { messageOf } from "#shared/errors.ts";
import type { LogEntry } from "../query/logql/evaluate.ts";
import { type Arrived, chunksOf } from "./arrived.ts";
import { TailHistories } from "./histories.ts";

/** A log query that is followed. */
export type Followed = {
  /** Whether a batch may hold what is looked for, by its streams alone: cheap, asked of every batch. */
  concerns(batch: LogsBatch): boolean;
  /** What the query makes of a batch, in the order of time. */
  read(batch: LogsBatch): Promise<readonly LogEntry[]>;
};

export type Follower = {
  arrived(chunk: Arrived): void;
  /** Records that were not looked at, because the query reads slower than they arrive. */
  skipped(records: number): void;
  /** The query fails on what arrived: there will be no more. */
  failed(message: string): void;
};

/** Records that wait for a query that reads slower than they arrive; the oldest are skipped beyond. */
const waitingMax = 500_000;
/** What waits for all readers together, and for one at most: a share shrinks as readers come. */
const bufferedBytesMax = 96 * 1_024 * 1_024;
const bufferBytesMax = 8 * 1_024 * 1_024;
/** The same of what is sent and not read, in the buffers of sockets. */
const unreadBytesMax = 64 * 1_024 * 1_024;
const socketBytesMax = 512 * 1_024;

/**
 * Hands log records to those who follow queries, as they arrive in the head. Each query looks at a batch once, however many
 * follow it.
 */
export class Tails {
  /** What readers see before anything arrives. */
  readonly histories = new TailHistories();
  /** By tenant and query. */
  readonly #groups = new Map<string, Group>();

  /** How many follow queries, and how many queries there are. */
  size(): { readonly followers: number; readonly queries: number } {
    let followers = 0;
    for (const group of this.#groups.values()) followers += group.followers.size;
    return { followers, queries: this.#groups.size };
  }

  /** How much may wait for one reader now. */
  bufferBytesMax(): number {
    return Math.min(bufferBytesMax, bufferedBytesMax / Math.max(1, this.size().followers));
  }

  /** A reader that has not read so much of what it was sent is left alone until it has. */
  unreadBytesMax(): number {
    return Math.min(socketBytesMax, unreadBytesMax / Math.max(1, this.size().followers));
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
