import type { Clock } from "#shared/runtime/clock.ts";
import type { Duckdb } from "../../duckdb/duckdb.ts";
import type { Store } from "../../read/store.ts";
import { type Snapshot, type SqlHead, removeSnapshot, takeSnapshot } from "./head_files.ts";

/** A snapshot serves the queries of this long: a page asks several at once. */
const snapshotMs = 1_000;

type SnapshotDeps = {
  readonly store: Pick<Store, "view">;
  readonly head: SqlHead;
  readonly clock: Clock;
  /** Where the files are. */
  readonly folder: string;
};

type Held = Snapshot & { users: number; isOld: boolean };

/** One snapshot a tenant, shared for a moment, removed when the last user is done. */
export class HeadSnapshots {
  readonly #writer: Duckdb;
  readonly #deps: SnapshotDeps;
  readonly #current = new Map<
    string,
    { readonly takenMs: number; readonly taking: Promise<Held> }
  >();

  constructor(writer: Duckdb, deps: SnapshotDeps) {
    this.#writer = writer;
    this.#deps = deps;
  }

  /** `ageMaxMs`: one that is as old will do. */
  async acquire(tenant: string, ageMaxMs: number = snapshotMs): Promise<Held> {
    const nowMs = this.#deps.clock.monotonic();
    let current = this.#current.get(tenant);
    if (current === undefined || nowMs - current.takenMs > ageMaxMs) {
      const before = current?.taking;
      current = { takenMs: nowMs, taking: this.#take(tenant) };
      this.#current.set(tenant, current);
      if (before !== undefined) await this.#retire(before);
    }
    const { taking } = current;
    try {
      const held = await taking;
      held.users += 1;
      return held;
    } catch (error) {
      if (this.#current.get(tenant)?.taking === taking) this.#current.delete(tenant);
      throw error;
    }
  }

  async release(held: Held): Promise<void> {
    held.users -= 1;
    if (held.users === 0 && held.isOld) await removeSnapshot(held);
  }

  async close(): Promise<void> {
    for (const { taking } of this.#current.values()) await this.#retire(taking);
    this.#current.clear();
  }

  async #take(tenant: string): Promise<Held> {
    const { store, head, folder } = this.#deps;
    const snapshot = await takeSnapshot(this.#writer, folder, store, head, tenant);
    return { ...snapshot, users: 0, isOld: false };
  }

  async #retire(taking: Promise<Held>): Promise<void> {
    const held = await taking.catch(() => undefined);
    if (held === undefined) return;
    held.isOld = true;
    if (held.users === 0) await removeSnapshot(held);
  }
}
