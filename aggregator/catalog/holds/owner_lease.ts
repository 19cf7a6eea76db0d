import type { SQL } from "bun";
import { messageOf, type OperatingError } from "#shared/errors.ts";
import type { Clock } from "#shared/runtime/clock.ts";
import type { Logger } from "#shared/runtime/log.ts";
import { CatalogConnection } from "../catalog_connection.ts";
import { ownedError, ownPlacesAdvice } from "./catalog_hold.ts";
import {
  claimLease,
  createLeaseTable,
  type LeaseRow,
  readLease,
  readLeaseForWriting,
  releaseLease,
  renewLease,
} from "./lease_row.ts";
import { LostOwnershipError } from "./lost_ownership.ts";
import {
  describeProcess,
  isSameProcess,
  livenessOf,
  type ProcessIdentity,
} from "#shared/runtime/process/process_identity.ts";

export type LeaseParts = {
  readonly self: ProcessIdentity;
  readonly leaseMs: number;
  readonly renewMs: number;
  readonly clock: Clock;
  readonly log: Logger;
  /** Called once, when this process is no longer the owner. */
  readonly onLost: (reason: string) => void;
};

const pollMs = 250;

/**
 * This process as the one owner of a catalog. Each owner has an epoch of its own, one above that of the one before it, and every
 * transaction that changes blocks or positions checks that it is still the newest (`fence`). So the lease decides only who may try:
 * a process that stood still past its lease, or lost its connection, finds a higher epoch and changes nothing.
 *
 * PostgreSQL: the lease ends by the server's clock. A new process takes over when it was released, when it has ended, or at once
 * when the owner was a process of this machine that is gone. SQLite: the lock on the file (catalog_hold.ts) is free only when the
 * owner is gone, so the row only gives the epoch.
 *
 * An owner that was paused past its lease and was not followed goes on with the same epoch: no other process can have written meanwhile. So a
 * laptop that sleeps does not end its Lapwing. One that was followed stops (`onLost`).
 */
export class OwnerLease {
  readonly epoch: number;
  readonly #connection: CatalogConnection;
  readonly #parts: LeaseParts;
  readonly #stop = new AbortController();
  readonly #renewing: Promise<void>;
  #lost: LostOwnershipError | undefined;
  #trouble: string | undefined;

  /** Throws OperatingError "unavailable" with the owner's name where there is one. */
  static async acquire(url: string, parts: LeaseParts): Promise<OwnerLease> {
    const connection = await CatalogConnection.open(url);
    try {
      await createLeaseTable(connection);
      const epoch = await new Candidate(connection, parts).win();
      return new OwnerLease(connection, parts, epoch);
    } catch (cause) {
      await connection.close();
      throw cause;
    }
  }

  private constructor(connection: CatalogConnection, parts: LeaseParts, epoch: number) {
    this.#connection = connection;
    this.#parts = parts;
    this.epoch = epoch;
    this.#renewing = this.#renewOften();
  }

  /** Why the catalog could not be reached when the lease was renewed last, or undefined. */
  get trouble(): string | undefined {
    return this.#lost?.message ?? this.#trouble;
  }

  /** Throws where it is known that this process is no longer the owner. */
  assertOwned(): void {
    if (this.#lost !== undefined) throw this.#lost;
  }

  /** The first statement of every transaction that only the owner may make. Throws LostOwnershipError. */
  readonly fence = async (sql: SQL): Promise<void> => {
    this.assertOwned();
    const row = await readLeaseForWriting(sql, this.#connection.isPostgres);
    if (row?.epoch !== this.epoch) this.#lose(row);
  };

  /** The catalog is not as this process left it, though no other process owned it: what is in memory can't be trusted any more. */
  lose(reason: string): LostOwnershipError {
    this.#lost ??= this.#announce(reason);
    return this.#lost;
  }

  async release(): Promise<void> {
    this.#stop.abort();
    await this.#renewing;
    try {
      if (this.#lost === undefined) await releaseLease(this.#connection, this.epoch);
    } catch (thrown) {
      this.#parts.log.warn("the lease of the catalog could not be released", {
        error: messageOf(thrown),
      });
    }
    await this.#connection.close();
  }

  async #renewOften(): Promise<void> {
    const { clock, renewMs } = this.#parts;
    const { signal } = this.#stop;
    while (!signal.aborted && this.#lost === undefined) {
      await clock.sleep(renewMs, signal);
      if (!signal.aborted) await this.#renew();
    }
  }

  async #renew(): Promise<void> {
    const { leaseMs, renewMs, log } = this.#parts;
    try {
      const isMine = this.#connection.isPostgres
        ? await renewLease(this.#connection, this.epoch, leaseMs, renewMs)
        : await this.#isOwnedInSqlite();
      if (!isMine) this.#lose(await readLease(this.#connection));
      if (this.#trouble !== undefined) log.info("the catalog answers again");
      this.#trouble = undefined;
    } catch (thrown) {
      if (thrown instanceof LostOwnershipError) return;
      if (this.#trouble === undefined)
        log.error("the catalog does not answer", { error: messageOf(thrown) });
      this.#trouble = messageOf(thrown);
    }
  }

  /** As a transaction that could write: that is how a lock of another process shows. It writes nothing. */
  #isOwnedInSqlite(): Promise<boolean> {
    return this.#connection.write("ask for the owner of the catalog", async (sql) => {
      return (await readLeaseForWriting(sql, false))?.epoch === this.epoch;
    });
  }

  #lose(row: LeaseRow | undefined): never {
    const owner = row?.owner === undefined ? "" : `: ${describeProcess(row.owner)}`;
    const reason =
      row === undefined
        ? "its table owner_lease is empty"
        : `epoch ${row.epoch} has followed epoch ${this.epoch}${owner}`;
    throw this.lose(reason);
  }

  #announce(reason: string): LostOwnershipError {
    const lost = new LostOwnershipError(reason);
    this.#parts.log.error("this process no longer owns the catalog", { reason });
    this.#parts.onLost(lost.message);
    return lost;
  }
}

/** A process that wants to become the owner. */
class Candidate {
  readonly #connection: CatalogConnection;
  readonly #parts: LeaseParts;

  constructor(connection: CatalogConnection, parts: LeaseParts) {
    this.#connection = connection;
    this.#parts = parts;
  }

  /** Gives the epoch. */
  async win(): Promise<number> {
    const { clock, log, self, leaseMs } = this.#parts;
    let first: { readonly row: LeaseRow; readonly seenMs: number } | undefined;
    for (;;) {
      const row = await readLease(this.#connection);
      if (row === undefined) throw new Error("owner_lease has no row");
      const isChanged =
        first !== undefined &&
        (first.row.epoch !== row.epoch || first.row.renewals !== row.renewals);
      const waitedMs = first === undefined ? 0 : clock.monotonic() - first.seenMs;
      // Whatever the server's clock does: who has not renewed for as long as a lease lasts is gone.
      if (this.#isFree(row) || (!isChanged && waitedMs > leaseMs)) {
        const epoch = await claimLease(this.#connection, row, self, leaseMs);
        if (epoch !== undefined) return epoch;
        first = undefined;
        continue;
      }
      if (isChanged || this.#isAlive(row)) throw this.#refusal(row);
      if (first === undefined && row.owner !== undefined)
        log.warn("waiting for the lease of another process to end", {
          owner: describeProcess(row.owner),
          left_ms: row.leftMs,
        });
      first ??= { row, seenMs: clock.monotonic() };
      await clock.sleep(pollMs);
    }
  }

  #isFree({ owner, leftMs }: LeaseRow): boolean {
    // This process itself, before it was replaced by another program, has released everything.
    if (owner === undefined || isSameProcess(owner, this.#parts.self)) return true;
    const liveness = livenessOf(owner);
    // The file's lock is ours: only a process that lost its lock file can still be there.
    if (!this.#connection.isPostgres) return liveness !== "alive" && liveness !== "stopped";
    return leftMs <= 0 || liveness === "dead";
  }

  /** A process of another machine shows by renewing that it is there, one that is stopped may be followed when its lease ends. */
  #isAlive({ owner }: LeaseRow): boolean {
    const liveness = owner === undefined ? "dead" : livenessOf(owner);
    return liveness === "alive" || (liveness === "stopped" && !this.#connection.isPostgres);
  }

  #refusal({ owner }: LeaseRow): OperatingError {
    return ownedError("the catalog", owner, ownPlacesAdvice);
  }
}
