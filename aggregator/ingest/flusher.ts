import type { CarrierPosition, LaneId, Receiver } from "#proto/bus/agent_port.ts";
import { OperatingError, messageOf } from "#shared/errors.ts";
import { addDrops, sumDrops, type Drops } from "#shared/model/account.ts";
import type { Clock } from "#shared/runtime/clock.ts";
import type { Logger } from "#shared/runtime/log.ts";
import type { Head, HeadPart } from "../read/head.ts";
import { committedOf } from "../catalog/lane_commit.ts";
import { itemsIn } from "../read/cut_content.ts";
import type { Cut, LaneCommit, Store } from "../read/store.ts";
import type { IngestConfig } from "./config.ts";
import type { Garbage } from "#shared/runtime/process/garbage.ts";
import type { Lanes } from "./lanes.ts";
import type { IngestMeters } from "./meters.ts";
import { isOwn } from "../read/own_agent.ts";
import type { OwnData } from "../read/own_data.ts";

type FlusherParts = {
  readonly receiver: Receiver;
  readonly head: Head;
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Logger;
  readonly lanes: Lanes;
  readonly meters: IngestMeters;
  readonly garbage: Garbage;
  readonly own: OwnData | undefined;
  /** Appends what is due of it. */
  readonly takeOwn: () => void;
};

const retryMinMs = 1_000;
const retryMaxMs = 30_000;

/**
 * Turns the head into blocks: freeze, write, commit, release. What is frozen stays queryable until it is in a visible block, and is
 * tried again until the store takes it; meanwhile frames go on into the open generation until the head is full. Samples of agents become
 * blocks less often than lines: what of them is in the head lies in the agents' spools, and in the carrier, until then.
 */
export class Flusher {
  readonly #config: IngestConfig;
  readonly #parts: FlusherParts;
  #pending: Cut | undefined;
  /** When samples were cut last, monotonic milliseconds. */
  #metricsCutMs: number;
  /** Gives how many bytes of the head were let go. */
  #running: Promise<number> | undefined;
  #wake: () => void = () => {};
  #roomWaiters: (() => void)[] = [];
  #trouble: string | undefined;

  constructor(config: IngestConfig, parts: FlusherParts) {
    this.#config = config;
    this.#parts = parts;
    this.#metricsCutMs = parts.clock.monotonic();
  }

  get trouble(): string | undefined {
    return this.#trouble;
  }

  /** Flushes by interval and by hurry(), with back-off while the store refuses. */
  async run(signal: AbortSignal): Promise<void> {
    const { metrics, logs } = this.#config.flush_interval;
    const intervalMs = Math.min(metrics, logs);
    let waitMs = intervalMs;
    while (!signal.aborted) {
      await this.#sleep(waitMs, signal);
      if (signal.aborted) return;
      try {
        await this.flush(this.#due());
        waitMs = intervalMs;
      } catch {
        // Already counted and logged; only the wait is decided here.
        waitMs = waitMs > retryMaxMs ? retryMinMs : Math.min(waitMs * 2, retryMaxMs);
      }
    }
  }

  /** What is to be flushed at this time and size of the head. */
  #due(): HeadPart {
    const { flush_interval: intervals, flush_size: sizeMax } = this.#config;
    const sinceMs = this.#parts.clock.monotonic() - this.#metricsCutMs;
    const isTime = sinceMs + Math.min(intervals.metrics, intervals.logs) / 2 >= intervals.metrics;
    return isTime || this.#parts.head.size().sampleBytes > sizeMax / 2 ? "all" : "logs";
  }

  /** Flush soon: the head is large. */
  hurry(): void {
    if (this.#trouble === undefined) this.#wake();
  }

  /** Resolves when a flush has made room, or on abort. */
  room(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.resolve();
    this.hurry();
    return new Promise((resolve) => {
      this.#roomWaiters.push(resolve);
      signal.addEventListener("abort", () => resolve(), { once: true });
    });
  }

  /** One flush at a time; a caller during one waits for it, and then for its own. */
  async flush(part: HeadPart = "all"): Promise<void> {
    await this.#waitUntilIdle();
    // What could not be written before comes first, and is not all that is there now.
    if (this.#pending !== undefined) await this.#flushNow(part);
    await this.#flushNow(part);
  }

  async #waitUntilIdle(): Promise<void> {
    while (this.#running !== undefined) await this.#running.catch(() => {});
  }

  async #flushNow(part: HeadPart): Promise<void> {
    await this.#waitUntilIdle();
    this.#running = this.#flushOnce(part);
    let releasedBytes = 0;
    try {
      releasedBytes = await this.#running;
    } finally {
      this.#running = undefined;
    }
    // Not before: a flush holds what it writes until it ends.
    this.#parts.garbage.released(releasedBytes);
  }

  /** At the end: what can't be written now is sent again by the agents after the next start. */
  async flushLast(): Promise<void> {
    try {
      await this.flush();
    } catch (thrown) {
      this.#parts.log.warn("last flush failed", { error: messageOf(thrown) });
    }
  }

  async #flushOnce(part: HeadPart): Promise<number> {
    const { store, head, clock, log, meters, receiver } = this.#parts;
    const startedMs = clock.monotonic();
    const cut = (this.#pending ??= await this.#cut(part));
    if (cut === undefined) return 0;
    let releasedBytes = 0;
    try {
      await store.commit(cut, () => {
        const heldBytes = head.size().bytes;
        head.release();
        releasedBytes = heldBytes - head.size().bytes;
        for (const commit of cut.lanes) this.#parts.lanes.get(commit.lane).noteCommitted(commit);
        this.#pending = undefined;
      });
    } catch (thrown) {
      const code = thrown instanceof OperatingError ? thrown.code : "unavailable";
      this.#trouble = messageOf(thrown);
      meters.flushFailed(code);
      log.error("flush failed, will be tried again", { code, error: this.#trouble });
      throw thrown;
    }
    this.#trouble = undefined;
    receiver.announceCommitted(cut.lanes.filter(({ lane }) => !isOwn(lane)).map(committedOf));
    meters.flushed((clock.monotonic() - startedMs) / 1_000, itemsIn(cut.content));
    for (const resolve of this.#roomWaiters.splice(0)) resolve();
    return releasedBytes;
  }

  /** undefined when no lane has moved since the last commit. All is taken in one tick, so that content and positions agree. */
  async #cut(part: HeadPart): Promise<Cut | undefined> {
    const { head, lanes, clock, receiver, own } = this.#parts;
    this.#parts.takeOwn();
    const moved = [...lanes.all()].filter((lane) => lane.hasMoved && isIn(part, lane.id));
    if (moved.length === 0) return undefined;
    const frozen = head.freeze(part);
    if (part === "all") this.#metricsCutMs = clock.monotonic();
    const taken = moved.map((lane) => ({ lane, commit: lane.snapshot() }));
    const carrier = resumeFrom(receiver.position(), lanes, clock.now());
    const patterns = own?.state() ?? [];
    const { content, families, dropped } = await frozen;
    const found = new Map(dropped.map(({ lane, drops }) => [lanes.get(lane), drops]));
    for (const [lane, drops] of found) lane.dropAppended(drops);
    const commits = taken.map(({ lane, commit }) => withDrops(commit, found.get(lane)));
    return { content, families, lanes: commits, carrier, patterns };
  }

  async #sleep(ms: number, signal: AbortSignal): Promise<void> {
    const early = new AbortController();
    this.#wake = () => early.abort();
    await this.#parts.clock.sleep(ms, AbortSignal.any([signal, early.signal]));
    this.#wake = () => {};
  }
}

/** A lane's state, once it is found that some of what it had taken is dropped. */
function withDrops(commit: LaneCommit, drops: Drops = {}): LaneCommit {
  return {
    ...commit,
    stored: commit.stored - sumDrops(drops),
    dropped: addDrops(commit.dropped, drops),
  };
}

function isIn(part: HeadPart, lane: LaneId): boolean {
  return part === "all" || lane.signal !== "metrics" || isOwn(lane);
}

/**
 * Where the carrier must resume: after what was delivered, but not after the frame that opened an epoch still in use, nor
 * after a frame that is held; so that lanes can be rebuilt from the carrier alone when an agent is gone.
 */
function resumeFrom(
  delivered: CarrierPosition | undefined,
  lanes: Lanes,
  nowMs: number,
): CarrierPosition {
  const resume: Record<string, { incarnation: string; sequence: number }> = {};
  for (const [partition, place] of Object.entries(delivered ?? {}))
    resume[partition] = { ...place };
  for (const lane of lanes.all()) {
    const place = lane.resumePlace(nowMs);
    const at = place === undefined ? undefined : resume[place.partition];
    if (place !== undefined && at !== undefined)
      at.sequence = Math.min(at.sequence, place.sequence - 1);
  }
  return resume;
}
