// Hot: guarded by `bench miner`.
import { type LineTemplate, templateOfParts } from "#shared/model/line_template.ts";
import type { LineScanner } from "./line_scanner.ts";

const capacity = 16_384;
const none = -1;
/** A quarter of the capacity: probes stay short. */
export const templatesMax = capacity / 4;

/** Templates by the hash of their constant parts, an open-addressed table. A hash is only a hint: bytes decide. */
export class TemplateTable {
  readonly templates: LineTemplate[] = [];
  readonly #hashes = new Int32Array(capacity);
  readonly #entries = new Int32Array(capacity).fill(none);

  get isFull(): boolean {
    return this.templates.length >= templatesMax;
  }

  /** The template of the line that `scanner` has just scanned, or -1. */
  find(hash: number, scanner: LineScanner, bytes: Uint8Array, begin: number, end: number): number {
    for (let at = hash & (capacity - 1); ; at = (at + 1) & (capacity - 1)) {
      const entry = this.#entries[at] ?? none;
      if (entry === none) return none;
      if (this.#hashes[at] !== hash) continue;
      const template = this.templates[entry];
      if (template !== undefined && fits(template, scanner, bytes, begin, end)) return entry;
    }
  }

  /** Adds the template of the line, with the scanner's variables; not found by hash where there is none. */
  add(
    scanner: LineScanner,
    bytes: Uint8Array,
    begin: number,
    end: number,
    hash: number | undefined,
  ): number {
    const parts: Uint8Array[] = [];
    let from = begin;
    for (let v = 0; v < scanner.variables; v++) {
      parts.push(bytes.slice(from, scanner.starts[v]));
      from = scanner.ends[v] ?? from;
    }
    parts.push(bytes.slice(from, end));
    const entry = this.templates.push(templateOfParts(parts)) - 1;
    if (hash !== undefined) this.#insert(hash, entry);
    return entry;
  }

  #insert(hash: number, entry: number): void {
    let at = hash & (capacity - 1);
    while (this.#entries[at] !== none) at = (at + 1) & (capacity - 1);
    this.#hashes[at] = hash;
    this.#entries[at] = entry;
  }

  clear(): void {
    this.templates.length = 0;
    this.#entries.fill(none);
  }
}

/** Whether the line is this template with the variables that the scanner has found. */
export function fits(
  { parts, partEnds }: LineTemplate,
  { variables, starts, ends }: LineScanner,
  bytes: Uint8Array,
  begin: number,
  end: number,
): boolean {
  if (partEnds.length !== variables + 1) return false;
  let at = begin;
  let part = 0;
  for (let v = 0; v <= variables; v++) {
    const stop = v === variables ? end : (starts[v] ?? 0);
    const partEnd = partEnds[v] ?? 0;
    if (stop - at !== partEnd - part) return false;
    while (part < partEnd) if (parts[part++] !== bytes[at++]) return false;
    at = ends[v] ?? 0;
  }
  return true;
}
