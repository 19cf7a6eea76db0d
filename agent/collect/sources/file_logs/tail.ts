import { closeSync, constants, fstatSync, openSync, readSync, statSync } from "node:fs";
import type { BigIntStats } from "node:fs";
import type { Labels } from "#shared/model/labels.ts";
import { type Checkpoint, headOf, markBytes, markOf } from "./checkpoint.ts";
import { holeEnd } from "./holes.ts";

/**
 * live: its path is one of the watched. rotated: renamed, copied or removed, read to its end. done: read to its end and let
 * go, remembered so that it is not read again. missing: known from a checkpoint, not on disk for now.
 */
export type TailState = "live" | "rotated" | "done" | "missing";

/** One file, by identity: its descriptor, and the position up to which its lines were taken. */
export class Tail {
  readonly key: string;
  /** Of its streams: the same object as long as they are the same. */
  labels: Labels;
  at: Checkpoint;
  state: TailState;
  /** Where the file is now; `at.path` is what it was called at first. */
  current: string;
  /** Older generations that must be read before this one, so that lines keep their order. */
  after: Tail[] = [];
  /** Whether its end was reached since it was rotated away. */
  drained = false;
  /**
   * When the file was found truncated (its time of change, in ns), until something is read from it and its folder is listed after that. What came since
   * may have been copied and truncated unread: no content shows it.
   */
  restartedNs: bigint | undefined;
  /** What at.head stands for, where it is at hand. */
  front: Buffer | undefined;
  /** Monotonic ms: when to look again, how long it was quiet, and since when it is gone. */
  lookAtMs = 0;
  idleMs = 0;
  quietSinceMs: number | undefined;
  goneSinceMs: number | undefined;
  /** Whole lines were left in it, because their record may go on; and since when it is as long as it is (monotonic ms). */
  hasPending = false;
  sizeSeen = 0;
  grewAtMs = 0;
  /** Why it can't be read, for the status. */
  problem: string | undefined;
  #descriptor: number | undefined;

  constructor(key: string, labels: Labels, at: Checkpoint, state: TailState, current: string) {
    this.key = key;
    this.labels = labels;
    this.at = at;
    this.state = state;
    this.current = current;
  }

  get isOpen(): boolean {
    return this.#descriptor !== undefined;
  }

  /** The file's state by its open descriptor, else by its path; undefined where another file is there, or none. */
  stat(): BigIntStats | undefined {
    if (this.#descriptor !== undefined) return fstatSync(this.#descriptor, { bigint: true });
    return this.statPath();
  }

  /** Like stat(), of the path only: undefined also when the file was renamed. */
  statPath(): BigIntStats | undefined {
    const stat = statFile(this.current);
    return stat !== undefined && keyOf(stat) === this.key ? stat : undefined;
  }

  /** Opens the file where it is; false where it is no longer. Throws what the system says, EACCES for one. */
  open(): boolean {
    if (this.#descriptor !== undefined) return true;
    const descriptor = openFile(this.current);
    if (descriptor === undefined) return false;
    if (keyOf(fstatSync(descriptor, { bigint: true })) !== this.key) {
      closeSync(descriptor);
      return false;
    }
    this.#descriptor = descriptor;
    return true;
  }

  close(): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
    this.#descriptor = undefined;
  }

  /**
   * Reads from the position on, with the bytes before it for comparison: what is new stands from `start` in the result's data.
   * "replaced": the file no longer has what was read from it. Must be open.
   */
  read(buffer: Buffer): { data: Buffer; start: number } | "replaced" {
    if (this.#descriptor === undefined) return "replaced";
    const { offset, mark } = this.at;
    const before = Math.min(markBytes, offset);
    const length = readSync(this.#descriptor, buffer, 0, buffer.length, offset - before);
    if (length < before || markOf(buffer.subarray(0, before)) !== mark) return "replaced";
    return { data: buffer.subarray(0, length), start: before };
  }

  /** Whether the file still has what was read from it. What can't be looked at now is taken as intact. */
  isIntact(): boolean {
    const wasOpen = this.isOpen;
    try {
      return !this.open() || this.read(Buffer.allocUnsafe(markBytes)) !== "replaced";
    } catch {
      return true;
    } finally {
      if (!wasOpen) this.close();
    }
  }

  /** Moves the position to data[next], where data came from read(). */
  advance(data: Buffer, start: number, next: number, skipping: boolean, mtimeNs: bigint): void {
    const offset = this.at.offset + next - start;
    const mark = markOf(data.subarray(next - Math.min(markBytes, offset), next));
    // From the same bytes, never read again: the file may have been truncated since. They are at hand as long as it grows.
    const isFront = start === this.at.offset && !this.at.head.startsWith(`${markBytes}:`);
    if (isFront) this.front = Buffer.from(data.subarray(0, Math.min(markBytes, offset)));
    const head = isFront && this.front !== undefined ? headOf(this.front) : this.at.head;
    this.at = { ...this.at, offset, mark, head, skipping, mtimeNs };
  }

  /**
   * Passes over a hole within a line that was cut, where one is at the position: it reads as NUL bytes, none of which ends a line. Must
   * be open.
   */
  passHole(size: number): void {
    if (this.#descriptor === undefined || !this.at.skipping) return;
    const offset = holeEnd(this.#descriptor, this.at.offset, size);
    if (offset !== undefined)
      this.at = { ...this.at, offset, mark: markOf(new Uint8Array(markBytes)) };
  }

  /** Its path leads elsewhere now: what is left in it is read, and its writer is given time to let go. */
  rotate(): void {
    this.state = "rotated";
    this.drained = false;
    this.quietSinceMs = undefined;
    this.lookAtMs = 0;
  }

  /** The same file from its start, as of its last change. */
  restart(mtimeNs: bigint): void {
    this.at = { ...this.at, ...beginning, mtimeNs };
    this.restartedNs = mtimeNs;
    this.drained = false;
    this.front = undefined;
  }
}

/** A position before the first byte. */
export const beginning = { offset: 0, mark: markOf(new Uint8Array()), head: "0:", skipping: false };

/** Identity of a file while it exists. */
export function keyOf(stat: BigIntStats): string {
  return `${stat.dev}:${stat.ino}`;
}

/** State of a regular file, links followed; undefined where there is none. */
export function statFile(path: string): BigIntStats | undefined {
  try {
    const stat = statSync(path, { bigint: true, throwIfNoEntry: false });
    return stat?.isFile() === true ? stat : undefined;
  } catch {
    // A folder on the way can't be entered, a loop of links: as good as absent; the scan reports folders it can't read.
    return undefined;
  }
}

/** undefined where there is no such file. O_NONBLOCK: should a pipe have taken the place, opening must not wait. */
export function openFile(path: string): number | undefined {
  try {
    return openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (thrown) {
    if (thrown instanceof Error && "code" in thrown && thrown.code === "ENOENT") return undefined;
    throw thrown;
  }
}
