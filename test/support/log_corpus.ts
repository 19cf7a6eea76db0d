import { closeSync, openSync, readFileSync, writeSync } from "node:fs";
import { basename, join } from "node:path";
import { sharedFolder } from "./recorded_scrapes.ts";

/** The LogHub sample of one system. */
export type LogSystem = { readonly name: string; readonly lines: readonly Buffer[] };

/** Samples of all systems by name; empty where they are absent. */
export function logSystems(): LogSystem[] {
  const files = [...new Bun.Glob("data/loghub/*.log").scanSync(sharedFolder)].toSorted();
  return files.map((file) => ({
    name: basename(file)
      .replace(/_2k\.log$/, "")
      .toLowerCase(),
    lines: readFileSync(join(sharedFolder, file), "latin1")
      .split("\n")
      .map((line) => line.replace(/\r$/, ""))
      .filter((line) => line !== "")
      .map((line) => Buffer.from(line, "latin1")),
  }));
}

/**
 * Lines of a system over and over, every digit drawn anew, so that a compressor finds the recorded structure but not the
 * recorded values twice; or each digit with the probability `redraw` only, as values of real lines come again. The same seed gives the same lines.
 */
export class RedrawnLines {
  readonly #lines: readonly Buffer[];
  readonly #redraw: number;
  readonly #buffer = Buffer.allocUnsafe(1024 * 1024);
  #next = 0;
  #state: number;

  constructor(lines: readonly Buffer[], seed: number, redraw = 1) {
    this.#lines = lines;
    this.#redraw = redraw;
    this.#state = (seed * 2_654_435_761) >>> 0 || 1;
  }

  /** The next lines with their ends, as many as asked for or as fit into a MiB; valid until the next call. */
  take(linesMax: number): { readonly bytes: Buffer; readonly lines: number } {
    let [at, taken] = [0, 0];
    for (; taken < linesMax; taken++) {
      const line = this.#lines[this.#next % this.#lines.length];
      if (line === undefined || at + line.length + 1 > this.#buffer.length) break;
      this.#next++;
      for (const byte of line)
        this.#buffer[at++] =
          byte >= 48 && byte <= 57 && this.#isDrawn() ? 48 + (this.#random() % 10) : byte;
      this.#buffer[at++] = 10;
    }
    return { bytes: this.#buffer.subarray(0, at), lines: taken };
  }

  #isDrawn(): boolean {
    return this.#redraw >= 1 || this.#random() < this.#redraw * 2 ** 32;
  }

  /** xorshift32: even enough for digits, and quick. */
  #random(): number {
    let x = this.#state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.#state = x >>> 0;
    return this.#state;
  }
}

/** What digits among the bytes take at least, however they are coded and whatever else is known, when each was drawn anew with the probability `redraw`. */
export function digitEntropyBytes(bytes: Uint8Array, redraw = 1): number {
  let digits = 0;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i] ?? 0;
    if (byte >= 48 && byte <= 57) digits++;
  }
  return (digits * (entropyBits(1 - 0.9 * redraw) + 9 * entropyBits(0.1 * redraw))) / 8;
}

/** What an outcome of this probability adds. */
function entropyBits(share: number): number {
  return share > 0 ? -share * Math.log2(share) : 0;
}

/** Writes `count` lines in all, one file a system, and gives their size in bytes. */
export function writeLogFiles(folder: string, count: number, seed: number, redraw = 1): number {
  const systems = logSystems();
  let bytes = 0;
  for (const [i, { name, lines }] of systems.entries()) {
    const share =
      Math.floor(((i + 1) * count) / systems.length) - Math.floor((i * count) / systems.length);
    const source = new RedrawnLines(lines, seed + i, redraw);
    const file = openSync(join(folder, `${name}.log`), "w");
    for (let left = share; left > 0;) {
      const taken = source.take(left);
      writeSync(file, taken.bytes);
      bytes += taken.bytes.length;
      left -= taken.lines;
    }
    closeSync(file);
  }
  return bytes;
}
