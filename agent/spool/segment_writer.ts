import type { FileHandle } from "node:fs/promises";
import { open, unlink } from "node:fs/promises";
import { dirname } from "node:path";
import type { BuiltFrame } from "./frame_builder.ts";
import { Segment } from "./segment.ts";

/**
 * The end of a lane: the one segment that is being written. Appends are all or nothing: what a failed write left behind is
 * cut off, or written over by the next one, and never counts as part of the segment.
 */
export class SegmentWriter {
  readonly segment: Segment;
  readonly #file: FileHandle;
  #syncedBytes = 0;
  #hasTrash = false;
  #folderIsSynced = false;

  private constructor(segment: Segment, file: FileHandle) {
    this.segment = segment;
    this.#file = file;
  }

  /** Creates the segment with its first frames; leaves nothing behind when that fails. */
  static async create(
    folder: string,
    epoch: number,
    frames: readonly BuiltFrame[],
  ): Promise<SegmentWriter> {
    const segment = new Segment(folder, epoch);
    const file = await open(segment.path, "wx+", 0o640);
    const writer = new SegmentWriter(segment, file);
    try {
      await writer.append(frames);
      return writer;
    } catch (thrown) {
      await file.close();
      await unlink(segment.path);
      throw thrown;
    }
  }

  get isDirty(): boolean {
    return this.#syncedBytes < this.segment.bytes;
  }
  get syncedBytes(): number {
    return this.#syncedBytes;
  }

  /** Appends whole frames. Throws what the disk throws; then nothing was appended. */
  async append(frames: readonly BuiltFrame[]): Promise<void> {
    const start = this.segment.bytes;
    try {
      if (this.#hasTrash) await this.#cutTrash(start);
      const [only, ...more] = frames.map((frame) => frame.bytes);
      // Nearly always it is one frame, up to a MiB, which needs no copy.
      const bytes = only !== undefined && more.length === 0 ? only : concat(frames);
      await this.#writeAll(bytes, start);
    } catch (thrown) {
      this.#hasTrash = true;
      await this.#cutTrash(start).catch(() => {});
      throw thrown;
    }
    for (const frame of frames) this.segment.note(frame, frame.bytes.length);
  }

  /** Makes everything that was appended before the call survive a power cut. */
  async sync(): Promise<void> {
    const { bytes } = this.segment;
    if (this.#syncedBytes >= bytes) return;
    await this.#file.datasync();
    if (!this.#folderIsSynced) await syncFolder(dirname(this.segment.path));
    this.#folderIsSynced = true;
    this.#syncedBytes = Math.max(this.#syncedBytes, bytes);
  }

  close(): Promise<void> {
    return this.#file.close();
  }

  async #writeAll(bytes: Uint8Array, start: number): Promise<void> {
    for (let done = 0; done < bytes.length;) {
      const { bytesWritten } = await this.#file.write(
        bytes,
        done,
        bytes.length - done,
        start + done,
      );
      done += bytesWritten;
    }
  }

  async #cutTrash(length: number): Promise<void> {
    await this.#file.truncate(length);
    this.#hasTrash = false;
  }
}

function concat(frames: readonly BuiltFrame[]): Uint8Array {
  return Buffer.concat(frames.map((frame) => frame.bytes));
}

/** A new name in a folder survives a power cut only when the folder itself is synced. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
