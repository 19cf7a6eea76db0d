import { OperatingError, messageOf } from "#shared/errors.ts";
import type { Clock } from "#shared/runtime/clock.ts";
import type { Logger } from "#shared/runtime/log.ts";
import {
  describeProcess,
  livenessOf,
  thisProcess,
} from "#shared/runtime/process/process_identity.ts";
import { addClaim, catalogClaims } from "../../catalog/catalog_identity.ts";
import { markedClaims, type OwnerMark, putMark, readMark, removeMark } from "./owner_marks.ts";
import { type IdentityPlace, matchStorage, storageOwner } from "./storage_identity.ts";
import type { StorageWriter } from "../file/writer.ts";

type ClaimDeps = IdentityPlace & {
  readonly dataDir: string;
  readonly clock: Clock;
  readonly log: Logger;
};

/** How often the marks of others are looked for. */
const lookEveryMs = 60_000;
/** After a process that did not stop cleanly, and may live, nothing is deleted for so long: if it does, it shows itself three times. */
const settleMs = 3 * lookEveryMs;

/**
 * That this process is the one that works on the storage. Each start is a claim, which the catalog remembers, with a mark beside the
 * blocks. A copy of the catalog (of a backup, a snapshot, a test instance) that works on the same storage makes claims that this
 * catalog does not know. As soon as each sees the other's mark, neither deletes anything.
 */
export class StorageClaim {
  readonly #deps: ClaimDeps;
  readonly #stop = new AbortController();
  readonly #mark: OwnerMark;
  #writer: Promise<StorageWriter> | undefined;
  #isClaimed = false;
  /** Monotonic milliseconds up to which nothing is deleted. */
  #settledMs = -Infinity;
  #conflict = "";
  #loop: Promise<void> | undefined;

  constructor(deps: ClaimDeps) {
    this.#deps = deps;
    const process = thisProcess(deps.dataDir, deps.clock.now());
    this.#mark = { claim: Bun.randomUUIDv7(), process };
  }

  /**
   * Claims the storage where that is not done yet. Throws OperatingError "conflict" where it belongs to another catalog, and
   * "unavailable" while it can't be asked; then it is tried again.
   */
  writer(): Promise<StorageWriter> {
    this.#writer ??= this.#claim().catch((error: unknown) => {
      this.#writer = undefined;
      throw error;
    });
    return this.#writer;
  }

  /**
   * Throws as writer() does, but for a storage that can't be reached yet: what comes in stays in memory until it can, and the first
   * commit asks again.
   */
  async start(): Promise<void> {
    try {
      await this.writer();
    } catch (error) {
      if (!(error instanceof OperatingError) || error.code !== "unavailable") throw error;
      this.#deps.log.warn("the storage can't be reached yet", { error: error.message });
    }
    this.#loop = this.#run();
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#loop;
    if (!this.#isClaimed) return;
    try {
      await removeMark(this.#deps, this.#mark.claim);
    } catch (error) {
      // The next start removes it, and waits a little before it deletes anything.
      this.#deps.log.warn("the mark of this process stays in the storage", {
        error: messageOf(error),
      });
    }
  }

  /** Why nothing may be deleted now; empty where it may. Looks at the marks that are there now. */
  async obstacle(): Promise<string> {
    await this.writer();
    await this.#look();
    if (this.#conflict !== "") return this.#conflict;
    if (this.#deps.clock.monotonic() < this.#settledMs)
      return "the process before did not stop cleanly: deletion waits for three minutes, in case it is still at work";
    return "";
  }

  async #claim(): Promise<StorageWriter> {
    const { catalog, clock, log } = this.#deps;
    const { claim, process } = this.#mark;
    const catalogId = await matchStorage(this.#deps);
    const known = await catalog.transaction("read claims", catalogClaims);
    const before = await markedClaims(this.#deps);
    const unknown = before.find((other) => !known.has(other));
    if (unknown !== undefined) throw await this.#copyError(unknown);
    // The catalog first: a mark that its own catalog does not know would look like another's.
    await catalog.transaction("claim the storage", (sql) =>
      addClaim(sql, claim, process.host, clock.now()),
    );
    await putMark(this.#deps, this.#mark);
    const isLiving = await this.#mayLive(before);
    for (const other of before) await removeMark(this.#deps, other);
    if (isLiving) this.#settledMs = clock.monotonic() + settleMs;
    this.#isClaimed = true;
    log.info("claimed the storage", { catalog: catalogId, claim });
    return { catalogId, claim };
  }

  /** Whether a process may be at work that did not take its mark away: on this machine it can be seen that it is gone. */
  async #mayLive(claims: readonly string[]): Promise<boolean> {
    for (const claim of claims) {
      const mark = await readMark(this.#deps, claim);
      if (mark === undefined || livenessOf(mark.process) !== "dead") return true;
    }
    return false;
  }

  async #copyError(claim: string): Promise<OperatingError> {
    const mark = await readMark(this.#deps, claim);
    return new OperatingError(
      "conflict",
      `the storage ${this.#deps.url} is in use by a copy of this catalog (${describe(claim, mark)}): expected ` +
        `no other process since this catalog's last start. Stop that process, or give one of the two another storage.url. ` +
        `If it is gone and this catalog is the right one, run \`lapwing storage adopt\``,
    );
  }

  async #run(): Promise<void> {
    const { clock, log } = this.#deps;
    const { signal } = this.#stop;
    for (;;) {
      await clock.sleep(lookEveryMs, signal);
      if (signal.aborted) return;
      try {
        await this.writer();
        await this.#look();
      } catch (error) {
        log.warn("the storage's owners can't be read", { error: messageOf(error) });
      }
    }
  }

  async #look(): Promise<void> {
    const conflict = (await this.#foreignOwner()) || (await this.#otherProcess());
    if (conflict !== "" && this.#conflict === "")
      this.#deps.log.error("nothing is deleted from the storage", { reason: conflict });
    if (conflict === "" && this.#conflict !== "")
      this.#deps.log.info("this process is alone on the storage again");
    this.#conflict = conflict;
  }

  /** Why the storage is not this catalog's any more; empty where it is. */
  async #foreignOwner(): Promise<string> {
    const { url } = this.#deps;
    const { catalogId } = await this.writer();
    const owner = await storageOwner(this.#deps);
    if (owner === catalogId) return "";
    // Nothing is written to what may be the empty folder of a disk that is not mounted.
    if (owner === undefined)
      return `the storage ${url} no longer says which catalog it belongs to: check that it is mounted`;
    await this.#otherProcess();
    return `the storage ${url} belongs to the catalog ${owner} now, by \`lapwing storage adopt\` or a restore: stop this process`;
  }

  async #otherProcess(): Promise<string> {
    const { claim } = this.#mark;
    const marked = await markedClaims(this.#deps);
    // Another start removes it: putting it back shows that process that this one is alive.
    if (!marked.includes(claim)) await putMark(this.#deps, this.#mark);
    const other = marked.find((one) => one !== claim);
    if (other === undefined) return "";
    const name = describe(other, await readMark(this.#deps, other));
    return `another process works on this storage with a copy of this catalog (${name}): stop one of the two`;
  }
}

function describe(claim: string, mark: OwnerMark | undefined): string {
  if (mark === undefined) return `claim ${claim}`;
  return `${describeProcess(mark.process)}, claim ${claim}`;
}
