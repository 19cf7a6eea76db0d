import { join } from "node:path";
import { toWireSignal } from "#proto/codec/envelope.ts";
import type { LogsBatch } from "#shared/model/logs.ts";
import type { MetricsBatch } from "#shared/model/metrics.ts";
import { OperatingError, messageOf } from "#shared/errors.ts";
import type { Position } from "#shared/model/position.ts";
import {
  PerSignal,
  type Signal,
  type SignalDescriptor,
  type Signals,
  signalsWith,
} from "#shared/signals.ts";
import type { Span } from "#shared/model/spans.ts";
import { isAbsent, wordsOf } from "#shared/model/special_values.ts";
import type { Clock } from "#shared/runtime/clock.ts";
import type { Logger } from "#shared/runtime/log.ts";
import type { SelfMetrics } from "#shared/runtime/self_metrics.ts";
import type { SpoolConfig } from "./config.ts";
import type { BatchEncoder, LaneForm, LaneParts } from "./lane.ts";
import { SpoolLane } from "./lane.ts";
import type { LaneName } from "./frame_builder.ts";
import { LaneFiles } from "./lane_files.ts";
import { LaneMemo } from "./lane_memo.ts";
import type { SpoolMeters } from "./meters.ts";
import { createSpoolMeters } from "./meters.ts";
import { recoverLane } from "./recovery.ts";
import type { WhenFull } from "./when_full.ts";

/** A new encoder for each epoch. */
export type Encoders = {
  readonly metrics: () => BatchEncoder<MetricsBatch>;
  readonly logs: () => BatchEncoder<LogsBatch>;
};

export type SpoolParts = {
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: SelfMetrics;
  readonly tenant: string;
  /** Subject-safe identity: [0-9a-z-]. */
  readonly agent: string;
  readonly encoders: Encoders;
  /** Signals beside the built-in ones. */
  readonly added?: readonly AddedLane[];
};

/** The lane of a signal that is passed in. Its encoder must check what batches it gets. */
export type AddedLane = {
  readonly descriptor: SignalDescriptor;
  readonly form: LaneForm<unknown>;
};

type AnyLane = Pick<
  SpoolLane<unknown>,
  | "signal"
  | "files"
  | "drop"
  | "drops"
  | "trouble"
  | "read"
  | "nextAfter"
  | "newEpoch"
  | "openAhead"
  | "sync"
  | "syncPromptly"
  | "close"
>;
type Opened = {
  readonly memo: LaneMemo;
  readonly files: LaneFiles;
  readonly ledger: LaneParts<unknown>["ledger"];
};

const upkeepMs = 60_000;
/** Batches of metrics that share frames: those of so many requests wait for the disk at the same time on a busy agent. */
const metricsGroupMax = 64;

/**
 * The agent's log of frames on disk; docs/formats/spool.md draws its files.
 *
 * What is written can be read once it is synced, so the aggregator never knows more of an agent than the agent itself knows after
 * a power cut. Segments go when the aggregator has committed them; over the bounds the oldest go first, committed or not, and are counted.
 */
export class Spool {
  readonly tenant: string;
  readonly agent: string;
  readonly metrics: SpoolLane<MetricsBatch>;
  readonly logs: SpoolLane<LogsBatch>;
  readonly #config: SpoolConfig;
  readonly #parts: SpoolParts;
  readonly signals: Signals;
  readonly #added: ReadonlyMap<Signal, SpoolLane<unknown>>;
  readonly #memos: PerSignal<LaneMemo>;
  readonly #lanes: PerSignal<AnyLane>;
  readonly #closed = new AbortController();
  readonly #hurried = new AbortController();
  readonly #listeners = new Set<(signal: Signal) => void>();
  /** Ages go by the clock that never jumps, from the time at the start: a clock set forward must not expire data. */
  readonly #openedMs: number;
  readonly #openedMonotonicMs: number;
  #waiting = 0;
  #roomWaiters: (() => void)[] = [];
  #upkeep: Promise<void> = Promise.resolve();

  private constructor(
    config: SpoolConfig,
    parts: SpoolParts,
    meters: SpoolMeters,
    signals: Signals,
    opened: PerSignal<Opened>,
  ) {
    this.tenant = parts.tenant;
    this.agent = parts.agent;
    this.#config = config;
    this.#parts = parts;
    this.#openedMs = parts.clock.now();
    this.#openedMonotonicMs = parts.clock.monotonic();
    this.signals = signals;
    this.#memos = opened.map((_, { memo }) => memo);
    const shared = {
      config,
      clock: parts.clock,
      log: parts.log,
      meters,
      makeRoom: (bytes: number, whenFull: WhenFull) => this.#makeRoom(bytes, whenFull),
      isFull: () => this.isFull,
      onSynced: (signal: Signal) => this.#tellOfFrames(signal),
      closed: this.#closed.signal,
      hurried: this.#hurried.signal,
    };
    const { tenant, agent, encoders, added = [] } = parts;
    const of = (signal: Signal) => ({
      ...shared,
      ...opened.of(signal),
      name: { tenant, agent, signal, code: toWireSignal(signal, signals) },
    });
    this.metrics = new SpoolLane({
      ...of("metrics"),
      createEncoder: encoders.metrics,
      groupMax: metricsGroupMax,
      whenRefused: "drop",
      tooLarge: { reason: "label_limit", count: countSamples },
    });
    this.logs = new SpoolLane({
      ...of("logs"),
      createEncoder: encoders.logs,
      groupMax: 1,
      whenRefused: "wait",
      tooLarge: { reason: "line_too_long", count: ({ bodyEnds }) => bodyEnds.length },
    });
    this.#added = new Map(
      added.map(({ descriptor: { name }, form }) => [
        name,
        new SpoolLane<unknown>({ ...of(name), ...form }),
      ]),
    );
    this.#lanes = PerSignal.of<AnyLane>({ metrics: this.metrics, logs: this.logs }, this.#added);
    meters.onCollect((set) => {
      for (const { signal, files } of this.lanes) set(signal, files.bytes, files.count);
    });
  }

  /** Recovers what is on disk. Throws OperatingError("bad_request") when the folder is another agent's, and what the disk throws. */
  static async open(config: SpoolConfig, parts: SpoolParts): Promise<Spool> {
    const meters = createSpoolMeters(parts.metrics);
    const signals = signalsWith((parts.added ?? []).map(({ descriptor }) => descriptor));
    const opened = await signals.mapInTurn((signal) =>
      openLane(config, parts, meters, {
        signal,
        code: toWireSignal(signal, signals),
      }),
    );
    const spool = new Spool(config, parts, meters, signals, opened);
    await spool.#keepUp();
    spool.#upkeep = spool.#keepUpLoop();
    return spool;
  }

  get lanes(): readonly AnyLane[] {
    return this.#lanes.all;
  }
  /** The lane without the type of its batches: what its readers need. */
  lane(signal: Signal): AnyLane {
    return this.#lanes.of(signal);
  }
  /** For writers of a signal that was passed in; undefined for any other one. */
  added(signal: Signal): SpoolLane<unknown> | undefined {
    return this.#added.get(signal);
  }
  get bytes(): number {
    return this.lanes.reduce((sum, { files }) => sum + files.bytes, 0);
  }
  get bytesMax(): number {
    return this.#config.size_max;
  }
  /** A writer waits for room. */
  get isFull(): boolean {
    return this.#waiting > 0;
  }

  /** Calls back whenever a lane has more synced frames. Returns how to stop. */
  onFrames(callback: (signal: Signal) => void): () => void {
    this.#listeners.add(callback);
    return () => void this.#listeners.delete(callback);
  }

  /** Everything up to `position`, and in spans beyond it, is in committed blocks. */
  async committed(signal: Signal, position: Position, ahead: readonly Span[] = []): Promise<void> {
    if (!this.#memos.of(signal).noteCommitted(position, ahead)) return;
    await this.lane(signal).files.trim();
    for (const wake of this.#roomWaiters.splice(0)) wake();
  }

  /** Where the aggregator has committed to, as far as this agent heard. */
  committedPosition(signal: Signal): Position {
    return this.#memos.of(signal).committed;
  }

  /**
   * From now on no writer waits for room: those that do, or would, get OperatingError("cancelled"), and what they had stays with its source.
   * Others go on. So a full disk does not hold up the end of the process.
   */
  stopWaiting(): void {
    this.#hurried.abort();
  }

  /** Refuses writers that wait, lets those go on that don't, and syncs everything. */
  async close(): Promise<void> {
    this.stopWaiting();
    this.#closed.abort();
    await this.#upkeep;
    for (const lane of this.lanes) await lane.close();
    try {
      for (const memo of this.#memos.all) await memo.save();
    } catch (thrown) {
      // A full disk, most likely; without memos more is sent again, and nothing else.
      this.#parts.log.warn("spool memo could not be written at the end", {
        error: messageOf(thrown),
      });
    }
  }

  #tellOfFrames(signal: Signal): void {
    for (const callback of this.#listeners) callback(signal);
  }

  async #makeRoom(bytes: number, whenFull: WhenFull): Promise<void> {
    const { size_max: max, when_full: policy } = this.#config;
    while (this.bytes + bytes > max) {
      for (const lane of this.lanes) await lane.files.trim();
      if (this.bytes + bytes <= max) return;
      if (policy === "block" && whenFull === "refuse")
        throw new OperatingError("overloaded", "the spool is full, and nothing of it is committed");
      if (policy === "block") await this.#room();
      else if (!(await this.#dropOldest())) return;
    }
  }

  async #room(): Promise<void> {
    const { signal } = this.#hurried;
    this.#waiting += 1;
    this.logs.refuseWaiting();
    if (!signal.aborted)
      await new Promise<void>((resolve) => {
        this.#roomWaiters.push(resolve);
        signal.addEventListener("abort", () => resolve(), { once: true });
      });
    this.#waiting -= 1;
    if (signal.aborted) throw new OperatingError("cancelled", "the spool closes");
  }

  /** The oldest segment of all lanes goes, but the newest of each stays. False when there is nothing to let go. */
  async #dropOldest(): Promise<boolean> {
    const oldestFirst = this.lanes
      .map(({ files }) => files)
      .filter((files) => files.count > 1)
      .toSorted((a, b) => (a.oldest?.epoch ?? 0) - (b.oldest?.epoch ?? 0));
    const [files] = oldestFirst;
    return files !== undefined && (await files.dropOldest("spool_full"));
  }

  async #keepUpLoop(): Promise<void> {
    const { signal } = this.#closed;
    while (!signal.aborted) {
      await this.#parts.clock.sleep(upkeepMs, signal);
      if (!signal.aborted) await this.#keepUp();
    }
  }

  /** Expires old segments and writes the memos. What the disk refuses is tried again next time. */
  async #keepUp(): Promise<void> {
    const nowMs = this.#openedMs + this.#parts.clock.monotonic() - this.#openedMonotonicMs;
    const expired = nowMs - this.#config.age_max;
    try {
      for (const { files } of this.lanes) {
        await files.trim();
        while (files.count > 1 && (files.oldest?.lastCreatedMs ?? expired) < expired)
          await files.dropOldest("spool_expired");
      }
      for (const memo of this.#memos.all) await memo.save();
      for (const lane of this.lanes) await lane.sync();
    } catch (thrown) {
      this.#parts.log.warn("upkeep of the spool failed", { error: messageOf(thrown) });
    }
  }
}

function countSamples({ rows, sparse, histograms, also = [] }: MetricsBatch): number {
  const values = rows.reduce((sum, row) => {
    const words = wordsOf(row.values);
    return sum + row.values.filter((_, i) => !isAbsent(words, i)).length;
  }, 0);
  const own = values + (sparse?.values.length ?? 0) + (histograms?.columns.length ?? 0);
  return also.reduce((sum, part) => sum + countSamples(part), own);
}

async function openLane(
  config: SpoolConfig,
  parts: SpoolParts,
  meters: SpoolMeters,
  { signal, code }: Pick<LaneName, "signal" | "code">,
): Promise<Opened> {
  const { log, tenant, agent } = parts;
  const folder = join(config.path, signal);
  const memo = await LaneMemo.open(folder, log);
  const recovered = await recoverLane({ folder, lane: { tenant, agent, signal, code }, memo, log });
  if (recovered.corruptSegments > 0) {
    meters.corrupt(signal, recovered.corruptSegments);
    meters.dropped(signal, "spool_corrupt", recovered.corruptItems);
  }
  const files = new LaneFiles(
    {
      folder,
      memo,
      log: log.child({ signal }),
      onLost: (reason, items) => meters.dropped(signal, reason, items),
    },
    recovered,
  );
  return { memo, files, ledger: recovered.ledger };
}
