/**
 * Pages of the program's file that nobody needs any more leave this process. A start touches much of Bun's code and of our own (parsing,
 * schemas, compilation), and the kernel maps sixteen pages for each one that is touched; what is then not used again stays mapped for as
 * long as there is memory, and counts as the agent's. What is needed after all comes back from the page cache, at a microsecond a fault:
 * in a minute of scrapes and logs 42 of 58 MB. Half of what comes back would be neighbours that nobody needs.
 *
 * The kernel maps neighbours only within one mapping (mm/memory.c, do_fault_around()). So mappings are divided into pieces that are smaller
 * than what it would map: every second one gets MADV_DONTDUMP, which keeps neighbours apart and has no other effect on pages of a file, as
 * core dumps are without those (core(5), coredump_filter). The kernel needs 0.2 KB for each of 7,000 pieces; a reader of /proc/PID/maps sees them.
 *
 * madvise(2) with MADV_DONTNEED is safe for pages that are as they are in the file, and loses what was written to others. So only
 * mappings are let go that nobody can write to, and the section of a compiled binary that holds our program, which nobody does write to;
 * and each only if /proc/self/pagemap (kernel: admin-guide/mm/pagemap.rst) knows no page of it as private. Linux only; elsewhere, and
 * where the kernel says no, nothing happens.
 */
import { closeSync, openSync, readFileSync, readSync, readlinkSync } from "node:fs";
import { type FilePart, elfSection } from "./elf_section.ts";
import { loadedLibc } from "#shared/runtime/libc.ts";

/** The same on all kernels that Bun runs on (uapi/asm-generic/mman-common.h). */
const [dontNeed, dontDump] = [4, 16];
/** A fault maps 64 KiB otherwise. Smaller ones than this take hardly any more off, for twice the faults and mappings. */
const pieceBytes = 16_384;
/** Where `bun build --compile` puts the program: writable as a mapping, and only read. */
const programSection = ".bun";
/** In the upper half of a page's 64 bits: present, swapped, and of a file. */
const [presentBit, swappedBit, fileBit] = [1 << 31, 1 << 30, 1 << 29];

type Range = { readonly start: number; readonly end: number };
type Mapping = Range & {
  readonly permissions: string;
  /** Of its first byte in the file. */
  readonly offset: number;
  readonly path: string;
};

/** The program's pages in this process. */
export class ProgramPages {
  readonly #madvise: (start: number, bytes: number, advice: number) => number;
  readonly #pageBytes: number;
  readonly #ranges: readonly Range[];

  /** Undefined where nothing can be done about them. */
  static open(): ProgramPages | undefined {
    if (process.platform !== "linux") return undefined;
    try {
      const path = readlinkSync("/proc/self/exe");
      const library = loadedLibc({
        madvise: { args: ["u64", "u64", "i32"], returns: "i32" },
        getpagesize: { args: [], returns: "i32" },
      });
      if (library === undefined) return undefined;
      const pageBytes = library.symbols.getpagesize();
      // Before they are divided: then it is thousands of lines.
      const mappings = parseMappings(readFileSync("/proc/self/maps", "utf8"));
      const ranges = droppable(mappings, path, elfSection(path, programSection), pageBytes);
      return new ProgramPages(library.symbols.madvise, pageBytes, ranges);
    } catch {
      // Memory that could be less is no reason to fail.
      return undefined;
    }
  }

  private constructor(
    madvise: (start: number, bytes: number, advice: number) => number,
    pageBytes: number,
    ranges: readonly Range[],
  ) {
    this.#madvise = madvise;
    this.#pageBytes = pageBytes;
    this.#ranges = ranges;
  }

  /** From now on a fault maps no more than `pieceBytes` of the program. Takes some 20 ms, once. */
  divide(): void {
    if (this.#pageBytes >= pieceBytes) return;
    for (const { start, end } of this.#ranges)
      for (let at = align(start, pieceBytes); at < end; at += 2 * pieceBytes)
        // Refused where the process has too many mappings already (vm.max_map_count): the rest stays as it is.
        if (this.#madvise(at, Math.min(pieceBytes, end - at), dontDump) !== 0) return;
  }

  /** Bytes of mappings that were let go. Takes some two milliseconds, with the faults that follow. */
  drop(): number {
    let dropped = 0;
    for (const { start, end } of this.#ranges) {
      if (!isAsInFile({ start, end }, this.#pageBytes)) continue;
      if (this.#madvise(start, end - start, dontNeed) === 0) dropped += end - start;
    }
    return dropped;
  }
}

function align(address: number, bytes: number): number {
  return Math.ceil(address / bytes) * bytes;
}

/** Lines of /proc/PID/maps (proc_pid_maps(5)); what they tell of no file has an empty path. */
export function parseMappings(text: string): Mapping[] {
  const lines = text.matchAll(/^([0-9a-f]+)-([0-9a-f]+) (\S+) ([0-9a-f]+) \S+ \d+ *(.*)$/gm);
  return [...lines].map(([, start = "", end = "", permissions = "", offset = "", path = ""]) => ({
    start: Number.parseInt(start, 16),
    end: Number.parseInt(end, 16),
    permissions,
    offset: Number.parseInt(offset, 16),
    path,
  }));
}

/** Of the program's mappings those that nobody can write to, and of another one the pages that lie in `section` as a whole. */
export function droppable(
  mappings: readonly Mapping[],
  path: string,
  section: FilePart | undefined,
  pageBytes: number,
): Range[] {
  return mappings
    .filter((mapping) => mapping.path === path && mapping.permissions.endsWith("p"))
    .flatMap(({ start, end, permissions, offset }) => {
      if (!permissions.includes("w")) return [{ start, end }];
      if (section === undefined) return [];
      const from = start + section.offset - offset;
      const first = align(from, pageBytes);
      const last = Math.floor((from + section.bytes) / pageBytes) * pageBytes;
      return from >= start && last <= end && first < last ? [{ start: first, end: last }] : [];
    });
}

/** Whether no page of the range was written to: it would be the process's own. */
function isAsInFile({ start, end }: Range, pageBytes: number): boolean {
  const entries = new Uint32Array((2 * (end - start)) / pageBytes);
  const bytes = new Uint8Array(entries.buffer);
  if (!readPagemap(bytes, (8 * start) / pageBytes)) return false;
  for (let i = 1; i < entries.length; i += 2) {
    const upper = entries[i] ?? 0;
    if ((upper & swappedBit) !== 0) return false;
    if ((upper & presentBit) !== 0 && (upper & fileBit) === 0) return false;
  }
  return true;
}

/** False where the kernel does not say. */
function readPagemap(into: Uint8Array, offset: number): boolean {
  try {
    const file = openSync("/proc/self/pagemap", "r");
    try {
      return readSync(file, into, 0, into.length, offset) === into.length;
    } finally {
      closeSync(file);
    }
  } catch {
    return false;
  }
}
