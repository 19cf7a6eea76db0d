// Hot: guarded by `bench miner`.
import { isUtf8 } from "node:buffer";
import { type LineTemplate, type MinedLines, unmined } from "#shared/model/line_template.ts";
import type { LogsBatch } from "#shared/model/logs.ts";
import { LineScanner } from "./line_scanner.ts";
import { Siblings } from "./siblings.ts";
import { fits, TemplateTable } from "./template_table.ts";

/** Longer lines stand as they are: they are rarely alike. */
const lineBytesMax = 16 * 1024;
/** Of a batch's lines so many may be new, and one in so many beyond: text that never repeats is not worth its templates. */
const newLines = 256;
const newLinesShare = 8;

/**
 * Takes log lines apart into templates and variables as they come. What it knows is bounded; when that is full it starts anew,
 * and the same lines give the same templates again.
 */
export class LineMiner {
  readonly #scanner = new LineScanner();
  readonly #table = new TemplateTable();
  readonly #siblings = new Siblings();
  #lengths: Uint32Array = new Uint32Array(4_096);
  #lengthCount = 0;
  #newLinesLeft = 0;

  /** The batch with its lines taken apart. Lines that are not UTF-8, too long, too new, or that a template's text could not tell stand as they are. */
  mine(batch: LogsBatch): LogsBatch {
    const count = batch.streamOf.length;
    if (this.#table.isFull) this.#forget();
    this.#lengthCount = 0;
    this.#newLinesLeft = newLines + Math.floor(count / newLinesShare);
    const { bodies, bodyEnds } = batch;
    const known = this.#table.templates;
    const templateOf = new Uint32Array(count);
    const templates: LineTemplate[] = [];
    const numbers = new Map<number, number>();
    const isText = isUtf8(bodies);
    let begin = 0;
    for (let record = 0; record < count; record++) {
      const end = bodyEnds[record] ?? begin;
      // A cut inside a character leaves two parts that are no text; each is looked at by itself.
      const canMine =
        end - begin <= lineBytesMax &&
        (isText ? startsCharacter(bodies, begin, end) : isUtf8(bodies.subarray(begin, end)));
      const entry = canMine ? this.#entryOf(bodies, begin, end) : -1;
      begin = end;
      const template = known[entry];
      if (template === undefined) {
        templateOf[record] = unmined;
        continue;
      }
      let number = numbers.get(entry);
      if (number === undefined) {
        number = templates.push(template) - 1;
        numbers.set(entry, number);
      }
      templateOf[record] = number;
      this.#takeLengths();
    }
    const mined: MinedLines = {
      templates,
      templateOf,
      variableLengths: this.#lengths.slice(0, this.#lengthCount),
    };
    return { ...batch, mined };
  }

  /** The place of the line's template, its variables in the scanner; or -1. */
  #entryOf(bytes: Uint8Array, begin: number, end: number): number {
    const scanner = this.#scanner;
    const hash = scanner.scan(bytes, begin, end);
    if (scanner.holdsPlaceholder(bytes)) return -1;
    const entry = this.#table.find(hash, scanner, bytes, begin, end);
    return entry === -1 ? this.#newEntry(hash, bytes, begin, end) : entry;
  }

  #newEntry(hash: number, bytes: Uint8Array, begin: number, end: number): number {
    const scanner = this.#scanner;
    const table = this.#table;
    const hasWords = scanner.words(bytes, begin, end);
    if (hasWords) {
      const varied = this.#siblings.find(scanner);
      const template = table.templates[varied];
      if (template !== undefined && fits(template, scanner, bytes, begin, end)) return varied;
    }
    if (this.#newLinesLeft === 0 || table.isFull) return -1;
    this.#newLinesLeft--;
    if (hasWords) this.#watch(bytes, begin, end);
    scanner.scan(bytes, begin, end);
    return table.add(scanner, bytes, begin, end, hash);
  }

  /** Notes the words of a new line, and makes the templates that they complete. */
  #watch(bytes: Uint8Array, begin: number, end: number): void {
    const scanner = this.#scanner;
    let isVariable: Uint8Array = scanner.wordIsVariable;
    for (;;) {
      const varied = this.#siblings.note(scanner, isVariable);
      if (varied === undefined || this.#table.isFull || !scanner.takeWords(varied)) return;
      const entry = this.#table.add(scanner, bytes, begin, end, undefined);
      this.#siblings.add(scanner, varied, entry);
      isVariable = varied;
    }
  }

  #takeLengths(): void {
    const { variables, starts, ends } = this.#scanner;
    if (this.#lengthCount + variables > this.#lengths.length) {
      const grown = new Uint32Array(this.#lengths.length * 2);
      grown.set(this.#lengths);
      this.#lengths = grown;
    }
    for (let v = 0; v < variables; v++)
      this.#lengths[this.#lengthCount++] = (ends[v] ?? 0) - (starts[v] ?? 0);
  }

  #forget(): void {
    this.#table.clear();
    this.#siblings.clear();
  }
}

/** Whether neither the first byte nor the one after the last continues a character. */
function startsCharacter(bytes: Uint8Array, begin: number, end: number): boolean {
  return ((bytes[begin] ?? 0) & 0xc0) !== 0x80 && ((bytes[end] ?? 0) & 0xc0) !== 0x80;
}
