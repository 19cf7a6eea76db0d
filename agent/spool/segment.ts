import { open, unlink } from "node:fs/promises";
import { join } from "node:path";
import { decodeFrame, frameBytesMax, frameLengthAt } from "#proto/codec/envelope.ts";
import type { Position } from "#shared/model/position.ts";
import type { FrameHeader } from "#proto/gen/v1/frame_pb.js";
import type { BuiltFrame } from "./frame_builder.ts";
import { scanSegment } from "./scan.ts";

/** How far apart the marks lie; a read that starts between two passes over at most this much. */
const markDistanceBytes = 64 * 1024;

type Mark = { readonly sequence: number; readonly offset: number };
type FrameFacts = Pick<BuiltFrame, "position" | "items" | "itemsTotal" | "createdMs" | "isAhead">;

/** What is known of one segment file without reading it. The file is one epoch's frames, sequences 1 to `last`. */
export class Segment {
  readonly epoch: number;
  readonly path: string;
  #bytes = 0;
  #lastSequence = 0;
  #itemsBefore = 0;
  #itemsAfter = 0;
  #firstCreatedMs = 0;
  #lastCreatedMs = 0;
  #isAhead = false;
  #marks: Mark[] = [];

  constructor(folder: string, epoch: number) {
    this.epoch = epoch;
    this.path = join(folder, segmentName(epoch));
  }

  /** Length of what is whole; the file may be longer for a moment, after a failed write. */
  get bytes(): number {
    return this.#bytes;
  }
  get last(): Position {
    return { epoch: this.epoch, sequence: this.#lastSequence };
  }
  get items(): number {
    return this.#itemsAfter - this.#itemsBefore;
  }
  get itemsAfter(): number {
    return this.#itemsAfter;
  }
  /** Whether its frames may be taken before those of earlier segments. */
  get isAhead(): boolean {
    return this.#isAhead;
  }
  /** When its oldest frame was made. */
  get firstCreatedMs(): number {
    return this.#firstCreatedMs;
  }
  /** When its newest frame was made. */
  get lastCreatedMs(): number {
    return this.#lastCreatedMs;
  }

  /** Forgets everything from the first bad frame of `bytes` (the whole file) on. */
  cutToGood(bytes: Uint8Array): void {
    const itemsBefore = this.#itemsBefore;
    this.#bytes = this.#lastSequence = 0;
    this.#itemsBefore = this.#itemsAfter = itemsBefore;
    this.#marks = [];
    scanSegment(bytes, this.epoch, (header, _offset, length) =>
      this.note(frameFacts(header), length),
    );
  }

  /** Takes note of a frame that lies at the end. */
  note(frame: FrameFacts, length: number): void {
    const { sequence } = frame.position;
    if (this.#lastSequence === 0) {
      this.#itemsBefore = frame.itemsTotal - frame.items;
      this.#firstCreatedMs = frame.createdMs;
      this.#isAhead = frame.isAhead;
    }
    const mark = this.#marks.at(-1);
    if (mark === undefined || this.#bytes - mark.offset >= markDistanceBytes)
      this.#marks.push({ sequence, offset: this.#bytes });
    this.#bytes += length;
    this.#lastSequence = sequence;
    this.#itemsAfter = frame.itemsTotal;
    this.#lastCreatedMs = frame.createdMs;
  }

  /**
   * Frames with sequences above `sequence`, up to byte `limit` of the file, at most `bytesMax` of them but one at least. Throws
   * BadFrameError where the file is not what was written, and what the disk throws.
   */
  async read(sequence: number, limit: number, bytesMax: number): Promise<Uint8Array[]> {
    if (sequence >= this.#lastSequence) return [];
    const mark = this.#marks.findLast((one) => one.sequence <= sequence + 1);
    const offset = mark?.offset ?? 0;
    const want = Math.min(limit - offset, bytesMax + markDistanceBytes + frameBytesMax);
    const bytes = await readRange(this.path, offset, want);
    const frames: Uint8Array[] = [];
    let taken = 0;
    for (let at = mark?.sequence ?? 1, start = 0; start < bytes.length; at++) {
      const length = frameLengthAt(bytes, start);
      if (length === undefined || start + length > bytes.length) break;
      if (at > sequence) {
        if (frames.length > 0 && taken + length > bytesMax) break;
        // Checked here, so that damage on the disk is found before anybody is sent it.
        frames.push(decodeFrame(bytes.subarray(start, start + length)).bytes);
        taken += length;
      }
      start += length;
    }
    return frames;
  }

  remove(): Promise<void> {
    return unlink(this.path);
  }
}

/** A header as a segment takes note of it. */
export function frameFacts(header: FrameHeader): FrameFacts {
  const { epoch, sequence, items, itemsTotal, createdMs, ahead: isAhead } = header;
  return { position: { epoch, sequence }, items, itemsTotal, createdMs, isAhead };
}

function segmentName(epoch: number): string {
  return `${epoch}.seg`;
}

/** The epoch that a file name speaks of, or undefined when it is none of ours. */
export function epochOfName(name: string): number | undefined {
  const digits = /^(\d{1,16})\.seg$/.exec(name)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

async function readRange(path: string, offset: number, length: number): Promise<Uint8Array> {
  if (length <= 0) return new Uint8Array();
  const handle = await open(path, "r");
  try {
    const bytes = new Uint8Array(length);
    let done = 0;
    while (done < length) {
      const { bytesRead } = await handle.read(bytes, done, length - done, offset + done);
      if (bytesRead === 0) break;
      done += bytesRead;
    }
    return bytes.subarray(0, done);
  } finally {
    await handle.close();
  }
}
