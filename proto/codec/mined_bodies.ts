import {
  type LineTemplate,
  type MinedLines,
  templateOfText,
  unmined,
  variablesOf,
} from "#shared/model/line_template.ts";
import type { LogsBatch } from "#shared/model/logs.ts";
import { type ByteReader, corrupt } from "./byte_reader.ts";
import type { ByteWriter } from "./byte_writer.ts";
import { rawBytesMax } from "./packing.ts";

/** One column for each place of a variable, over all templates: places of like number hold like things, times above all. */
type Columns = { readonly lengths: number[]; readonly starts: number[] };

/**
 * Bodies as templates and variables; drawn in docs/formats/frame.md. `lengthsFrom`: where the variables of record `start` begin in
 * `variableLengths`. Gives where those of record `end` begin.
 */
export function writeMinedBodies(
  writer: ByteWriter,
  batch: LogsBatch,
  mined: MinedLines,
  start: number,
  end: number,
  lengthsFrom: number,
): number {
  const numbers = new Map<number, number>();
  for (let i = start; i < end; i++) {
    const template = mined.templateOf[i] ?? unmined;
    if (template !== unmined && !numbers.has(template)) numbers.set(template, numbers.size + 1);
  }
  writer.ensure(8);
  writer.varint(numbers.size);
  for (const template of numbers.keys()) writer.text(mined.templates[template]?.text ?? "");
  writer.ensure(8 * (end - start));
  const plain: Columns = { lengths: [], starts: [] };
  const columns: Columns[] = [];
  let at = start === 0 ? 0 : (batch.bodyEnds[start - 1] ?? 0);
  let next = lengthsFrom;
  for (let i = start; i < end; i++) {
    const bodyEnd = batch.bodyEnds[i] ?? 0;
    const number = mined.templateOf[i] ?? unmined;
    const template = mined.templates[number];
    writer.varint(numbers.get(number) ?? 0);
    if (template === undefined) {
      plain.lengths.push(bodyEnd - at);
      plain.starts.push(at);
    } else next = placeVariables(columns, template, mined.variableLengths, next, at);
    at = bodyEnd;
  }
  writer.ensure(8);
  writer.varint(columns.length);
  for (const column of columns) writeColumn(writer, column, batch.bodies);
  writeColumn(writer, plain, batch.bodies);
  return next;
}

function placeVariables(
  columns: Columns[],
  { partEnds }: LineTemplate,
  lengths: Uint32Array,
  from: number,
  begin: number,
): number {
  let next = from;
  let at = begin;
  let part = 0;
  for (let v = 0; v < partEnds.length - 1; v++) {
    const partEnd = partEnds[v] ?? 0;
    at += partEnd - part;
    part = partEnd;
    const length = lengths[next++] ?? 0;
    const column = (columns[v] ??= { lengths: [], starts: [] });
    column.lengths.push(length);
    column.starts.push(at);
    at += length;
  }
  return next;
}

/** Lengths first, then all the bytes: each compresses better alone. */
function writeColumn(writer: ByteWriter, { lengths, starts }: Columns, source: Uint8Array): void {
  let bytes = 0;
  writer.ensure(8 * lengths.length);
  for (const length of lengths) {
    writer.varint(length);
    bytes += length;
  }
  writer.ensure(bytes);
  const target = writer.bytes;
  let to = writer.length;
  for (const [i, length] of lengths.entries()) {
    let from = starts[i] ?? 0;
    for (const stop = from + length; from < stop;) target[to++] = source[from++] ?? 0;
  }
  writer.length = to;
}

/** The bodies made whole, and how. Throws OperatingError("corrupt"); makes at most rawBytesMax of bodies. */
export function readMinedBodies(
  reader: ByteReader,
  count: number,
): { bodies: Uint8Array; bodyEnds: Uint32Array; mined: MinedLines } {
  const templates = readTemplates(reader);
  const templateOf = new Uint32Array(count);
  const plainCount = readTemplateOf(reader, templateOf, templates.length);
  const counts = variableCounts(templates, templateOf);
  const columns = readColumns(reader, counts);
  const plain = readColumn(reader, plainCount);
  const sizes = sizesOf(templates, templateOf, columns, plain);
  const bodies = new Uint8Array(sizes.bytes);
  const bodyEnds = new Uint32Array(count);
  const variableLengths = new Uint32Array(counts.reduce((sum, one) => sum + one, 0));
  for (const column of [...columns, plain]) column.rewind();
  let at = 0;
  let next = 0;
  for (let i = 0; i < count; i++) {
    const template = templates[templateOf[i] ?? unmined];
    if (template === undefined) at = plain.copy(bodies, at);
    else {
      const { parts, partEnds } = template;
      let part = 0;
      for (let v = 0; v < partEnds.length; v++) {
        for (const partEnd = partEnds[v] ?? 0; part < partEnd;) bodies[at++] = parts[part++] ?? 0;
        const column = v === partEnds.length - 1 ? undefined : columns[v];
        if (column === undefined) continue;
        const from = at;
        at = column.copy(bodies, at);
        variableLengths[next++] = at - from;
      }
    }
    bodyEnds[i] = at;
  }
  return { bodies, bodyEnds, mined: { templates, templateOf, variableLengths } };
}

function readTemplates(reader: ByteReader): LineTemplate[] {
  const templates: LineTemplate[] = [];
  for (let left = reader.count(1); left > 0; left--) {
    const text = reader.text();
    try {
      templates.push(templateOfText(text));
    } catch (cause) {
      throw corrupt("has a template out of order", { cause });
    }
  }
  return templates;
}

/** Gives how many records have no template. */
function readTemplateOf(reader: ByteReader, templateOf: Uint32Array, templates: number): number {
  let plain = 0;
  for (let i = 0; i < templateOf.length; i++) {
    const number = reader.varint();
    if (number > templates) throw corrupt(`template ${number} of ${templates}`);
    if (number === 0) plain++;
    templateOf[i] = number === 0 ? unmined : number - 1;
  }
  return plain;
}

/** Entries of each column. */
function variableCounts(templates: readonly LineTemplate[], templateOf: Uint32Array): number[] {
  const records = new Float64Array(templates.length);
  for (const number of templateOf)
    if (number !== unmined) records[number] = (records[number] ?? 0) + 1;
  const counts: number[] = [];
  for (const [number, template] of templates.entries())
    for (let v = 0; v < variablesOf(template); v++)
      counts[v] = (counts[v] ?? 0) + (records[number] ?? 0);
  return counts;
}

function readColumns(reader: ByteReader, counts: readonly number[]): Column[] {
  const columns = reader.varint();
  if (columns !== counts.length) throw corrupt(`${columns} columns, expected ${counts.length}`);
  return counts.map((count) => readColumn(reader, count));
}

class Column {
  readonly #lengths: Uint32Array;
  readonly #bytes: Uint8Array;
  #entry = 0;
  #at = 0;

  constructor(lengths: Uint32Array, bytes: Uint8Array) {
    this.#lengths = lengths;
    this.#bytes = bytes;
  }

  rewind(): void {
    this.#entry = 0;
    this.#at = 0;
  }

  /** The length of the next entry. */
  skip(): number {
    return this.#lengths[this.#entry++] ?? 0;
  }

  /** Copies the next entry to `to`, and gives where it ends. */
  copy(target: Uint8Array, to: number): number {
    const bytes = this.#bytes;
    const length = this.#lengths[this.#entry++] ?? 0;
    const from = this.#at;
    for (let i = 0; i < length; i++) target[to + i] = bytes[from + i] ?? 0;
    this.#at = from + length;
    return to + length;
  }
}

function readColumn(reader: ByteReader, count: number): Column {
  if (count > reader.left) throw corrupt(`claims ${count} entries in ${reader.left} bytes`);
  const lengths = new Uint32Array(count);
  let bytes = 0;
  for (let i = 0; i < count; i++) {
    const length = reader.varint();
    bytes += length;
    if (bytes > reader.left) throw corrupt(`entry ${i} ends at byte ${bytes}`);
    lengths[i] = length;
  }
  return new Column(lengths, reader.block(bytes));
}

/** Bytes that the bodies will take, told before any are made. */
function sizesOf(
  templates: readonly LineTemplate[],
  templateOf: Uint32Array,
  columns: readonly Column[],
  plain: Column,
): { bytes: number } {
  let bytes = 0;
  for (const number of templateOf) {
    const template = templates[number];
    if (template === undefined) bytes += plain.skip();
    else {
      bytes += template.parts.length;
      for (let v = 0; v < template.partEnds.length - 1; v++) bytes += columns[v]?.skip() ?? 0;
    }
    if (bytes > rawBytesMax) throw corrupt(`bodies of more than ${rawBytesMax} bytes`);
  }
  return { bytes };
}
