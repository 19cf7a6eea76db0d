import { messageOf } from "#shared/errors.ts";
import { provenanceNames } from "../provenance.ts";
import type { SourceContext } from "../../source.ts";
import { BatchBuilder } from "./batch_builder.ts";
import type { Labels } from "#shared/model/labels.ts";
import { markBytes } from "./checkpoint.ts";
import { batchBytesMax, type FileLogsConfig } from "./config.ts";
import type { LineJoiner } from "./line_joiner.ts";
import { lineJoiner } from "./multiline.ts";
import { hasHoles } from "./holes.ts";
import { type LineCodec, lineCodec } from "./line_codec.ts";
import type { Tail } from "./tail.ts";
import { TailSet } from "./tail_set.ts";
import { type Chunk, type Taken, takeLines } from "./take_lines.ts";
import { takeRecords } from "./take_records.ts";

/** Read at once from one file. */
const chunkBytes = 256 * 1_024;
/**
 * A file's share of a round, so that a batch is of one file where files have much to tell: its lines have templates and shapes in common, which a frame
 * tells once (21.9 bytes a line of LogHub with redrawn digits where a batch is of four files, 19.2 where it is of one).
 */
const chunksInRound = batchBytesMax / chunkBytes;
/** Checkpoints of one batch; at about 250 bytes each they leave a frame's room to the lines. */
const checkpointsMax = 500;

/** How another source, whose records stand in files in a form of their own, reads them with the same care. */
export type RecordFormat = {
  /** As takeRecords(); with `flush` a record that may go on does not wait for its end. */
  take(
    codec: LineCodec,
    builder: BatchBuilder,
    chunk: Chunk,
    from: number,
    skipping: boolean,
    flush: boolean,
  ): Taken;
  /** How long such a record waits, in ms. */
  readonly flushMs: number;
  /** Labels that the file's path tells; `real` is the path with links resolved. */
  readonly labelsOf: (path: string, real: string) => Labels;
  /** Asked before each look for new files: whether labelsOf() may tell others than before. */
  readonly hasNewLabels?: () => boolean;
};

/**
 * Reads the tails in rounds, a few chunks each, and hands on what they gave, positions and lines together. There is one read
 * buffer: a line that is not finished stays in its file, and is read again.
 */
export class Tailer {
  readonly #config: FileLogsConfig;
  readonly #context: SourceContext;
  readonly #set: TailSet;
  readonly #codec: LineCodec;
  readonly #joiner: LineJoiner | undefined;
  readonly #format: RecordFormat | undefined;
  readonly #builder: BatchBuilder;
  readonly #buffer: Buffer;
  /** Tails with a descriptor, the least recently read first. */
  readonly #open = new Set<Tail>();
  #scanAtMs = 0;
  #shownProblem: string | undefined;

  constructor(config: FileLogsConfig, context: SourceContext, format?: RecordFormat) {
    this.#config = config;
    this.#context = context;
    this.#set = new TailSet(config, context, format?.labelsOf);
    this.#format = format;
    this.#codec = lineCodec(config.encoding);
    this.#joiner = config.multiline === undefined ? undefined : lineJoiner(config.multiline);
    this.#builder = new BatchBuilder(context.clock);
    const lineBytes = Math.max(chunkBytes, config.line_size_max + 64);
    this.#buffer = Buffer.allocUnsafe(markBytes + lineBytes);
  }

  /** Until the context's signal aborts. */
  async run(): Promise<void> {
    const { clock, signal } = this.#context;
    try {
      while (!signal.aborted) {
        const hasMore = await this.#round();
        await this.#flush();
        if (hasMore) await new Promise((resolve) => setImmediate(resolve));
        else await clock.sleep(this.#config.poll_interval, signal);
      }
    } finally {
      for (const tail of this.#open) tail.close();
      this.#open.clear();
    }
  }

  /** True when some file had more than its share. */
  async #round(): Promise<boolean> {
    const nowMs = this.#context.clock.monotonic();
    if (nowMs >= this.#scanAtMs) {
      this.#scanAtMs = nowMs + this.#config.rescan_interval;
      if (this.#format?.hasNewLabels?.() === true) this.#set.relabel();
      this.#set.scan(nowMs);
      // The first positions of many files go ahead in batches of their own, while there are no lines yet.
      await this.#flush();
    }
    let hasMore = false;
    for (const tail of this.#set.tails.values()) {
      if (tail.state !== "live" && tail.state !== "rotated") continue;
      if (tail.lookAtMs > nowMs) continue;
      if (tail.after.length > 0) tail.after = tail.after.filter((older) => isUnread(older));
      if (tail.after.length > 0) continue;
      if (await this.#takeShare(tail, nowMs)) hasMore = true;
    }
    this.#showProblem();
    return hasMore;
  }

  /** True when there may be more than that. */
  async #takeShare(tail: Tail, nowMs: number): Promise<boolean> {
    const { signal } = this.#context;
    for (let chunk = 0; chunk < chunksInRound && !signal.aborted; chunk++)
      if (!(await this.#look(tail, nowMs))) return false;
    await this.#flush();
    return true;
  }

  /** Takes what is new in one file, up to a chunk; true when there may be more. */
  async #look(tail: Tail, nowMs: number): Promise<boolean> {
    const wasOpen = tail.isOpen;
    let stat = tail.state === "live" ? tail.statPath() : tail.stat();
    if (stat === undefined && tail.state === "live") {
      tail.rotate();
      stat = tail.stat();
      // The file that took its name is looked for at once.
      this.#scanAtMs = 0;
    }
    if (stat === undefined) {
      // Not open and not where it was: the next scan looks for it in its folder, by identity.
      tail.state = "missing";
      return false;
    }
    const size = Number(stat.size);
    const { offset } = tail.at;
    if (size > offset) {
      if (tail.isOpen && tail.at.skipping && hasHoles(stat)) tail.passHole(size);
      const taken = await this.#read(tail, stat.mtimeNs, this.#isOverdue(tail, size, nowMs));
      const hasMoved = tail.at.offset !== offset;
      if (taken === "more") return true;
      tail.drained = !tail.hasPending;
      if (hasMoved) return this.#wasBusy(tail, nowMs);
    } else if (size < offset || (stat.mtimeNs !== tail.at.mtimeNs && !tail.isIntact())) {
      this.#set.truncated(tail, wasOpen);
      return true;
    }
    if (size === offset) tail.at = { ...tail.at, mtimeNs: stat.mtimeNs };
    tail.drained = size === offset || !tail.hasPending;
    return this.#wasQuiet(tail, nowMs, stat.mtimeNs);
  }

  #wasBusy(tail: Tail, nowMs: number): boolean {
    tail.idleMs = 0;
    tail.lookAtMs = nowMs;
    tail.quietSinceMs = undefined;
    return false;
  }

  async #wasQuiet(tail: Tail, nowMs: number, mtimeNs: bigint): Promise<boolean> {
    const { poll_interval: pollMs, rescan_interval: idleMsMax, rotate_wait: waitMs } = this.#config;
    tail.idleMs = Math.min(Math.max(pollMs, tail.idleMs * 2), idleMsMax);
    tail.lookAtMs = nowMs + tail.idleMs;
    const flushMs = this.#flushMs ?? 0;
    if (tail.hasPending) tail.lookAtMs = Math.min(tail.lookAtMs, tail.grewAtMs + flushMs);
    tail.quietSinceMs ??= nowMs;
    if (tail.state === "rotated" && nowMs - tail.quietSinceMs >= waitMs) {
      // Nobody will finish its last line any more.
      if ((await this.#read(tail, mtimeNs, "final")) === "more") return true;
      tail.at = { ...tail.at, mtimeNs };
      this.#set.remember(tail);
      this.#close(tail);
      tail.state = "done";
    }
    return false;
  }

  get #flushMs(): number | undefined {
    return this.#format?.flushMs ?? this.#config.multiline?.flush_timeout;
  }

  /** Whether a record that may go on has waited long enough for it. */
  #isOverdue(tail: Tail, size: number, nowMs: number): "flush" | "" {
    const flushMs = this.#flushMs;
    if (flushMs === undefined) return "";
    if (tail.sizeSeen === size && tail.hasPending)
      return nowMs - tail.grewAtMs >= flushMs ? "flush" : "";
    tail.sizeSeen = size;
    tail.grewAtMs = nowMs;
    return "";
  }

  /**
   * Takes lines of one chunk. "more": the chunk was full, or the file was truncated. `ending`: with "flush" the last record does not
   * wait for its end, with "final" the last line neither.
   */
  async #read(
    tail: Tail,
    mtimeNs: bigint,
    ending: "flush" | "final" | "",
  ): Promise<"more" | "end"> {
    const wasOpen = tail.isOpen;
    if (!this.#openFile(tail)) return "end";
    const read = tail.read(this.#buffer);
    if (read === "replaced") {
      this.#set.truncated(tail, wasOpen);
      return "more";
    }
    const { data, start } = read;
    this.#builder.readAt();
    let position = start;
    let from = start + (tail.at.offset === 0 ? this.#codec.byteOrderMark(data, 0) : 0);
    const chunk: Chunk = {
      data,
      labels: tail.labels,
      lineMax: this.#config.line_size_max,
      keepsReturns: this.#config.keep_carriage_return,
      final: ending === "final",
      ...this.#placesIn(tail, start),
    };
    for (;;) {
      const taken = this.#take(chunk, from, tail.at.skipping, ending === "flush");
      tail.hasPending = taken.pending;
      if (taken.cut > 0) this.#context.truncated?.("logs", taken.cut);
      if (taken.next > position) {
        tail.advance(data, position, taken.next, taken.skipping, mtimeNs);
        this.#set.remember(tail);
      }
      position = taken.next;
      from = taken.next;
      if (!taken.full) break;
      await this.#flush();
    }
    return data.length === this.#buffer.length && position > start ? "more" : "end";
  }

  #take(chunk: Chunk, from: number, skipping: boolean, flush: boolean): Taken {
    const joiner = this.#joiner;
    if (this.#format !== undefined)
      return this.#format.take(this.#codec, this.#builder, chunk, from, skipping, flush);
    if (joiner === undefined) return takeLines(this.#codec, this.#builder, chunk, from, skipping);
    const linesMax = this.#config.multiline?.lines_max ?? 1;
    const joining = { joiner, linesMax, flush };
    return takeRecords(this.#codec, this.#builder, chunk, from, skipping, joining);
  }

  /** Attributes of records that say where they stand, where they are asked for: data[start] is at the tail's position now. */
  #placesIn(tail: Tail, start: number): Pick<Chunk, "placeOf"> {
    if (this.#context.provenance === undefined) return {};
    const base = tail.at.offset - start;
    return {
      placeOf: (position) => ({
        [provenanceNames.file]: tail.current,
        [provenanceNames.offset]: String(base + position),
      }),
    };
  }

  #openFile(tail: Tail): boolean {
    try {
      if (!tail.open()) return false;
    } catch (thrown) {
      tail.problem = `can't read ${tail.current}: ${messageOf(thrown)}`;
      return false;
    }
    tail.problem = undefined;
    this.#open.delete(tail);
    this.#open.add(tail);
    for (const oldest of this.#open) {
      if (this.#open.size <= this.#config.open_files_max) break;
      this.#close(oldest);
    }
    return true;
  }

  #close(tail: Tail): void {
    tail.close();
    this.#open.delete(tail);
  }

  /** Hands on the lines gathered, with the positions after them; a batch without lines where only positions changed. */
  async #flush(): Promise<void> {
    const { pending } = this.#set;
    while (this.#builder.records > 0 || pending.size > 0) {
      // A position never waits for a later batch than its lines.
      const entries = [...pending];
      const slice = this.#builder.records > 0 ? entries : entries.slice(0, checkpointsMax);
      for (const [key] of slice) pending.delete(key);
      await this.#context.emitLogs(this.#builder.take(), Object.fromEntries(slice));
    }
  }

  #showProblem(): void {
    let { problem } = this.#set;
    for (const tail of this.#set.tails.values()) problem ??= tail.problem;
    if (problem === this.#shownProblem) return;
    this.#shownProblem = problem;
    this.#context.degraded(problem);
    if (problem !== undefined)
      this.#context.log.warn("Some files are not read", { reason: problem });
  }
}

function isUnread(tail: Tail): boolean {
  return tail.state === "rotated" && !tail.drained;
}
