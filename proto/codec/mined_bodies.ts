import { type LineColumns, placesBytes, type Texts } from "#shared/model/line_columns.ts";
import {
  type LineTemplate,
  type MinedLines,
  unmined,
  variablesOf,
} from "#shared/model/line_template.ts";
import type { LogsBatch } from "#shared/model/logs.ts";
import { OnDemand } from "#shared/model/on_demand.ts";
import { type ByteReader, corrupt } from "./byte_reader.ts";
import type { ByteWriter } from "./byte_writer.ts";
import { knownTemplate } from "./known_templates.ts";
import { VariableColumns } from "./variable_columns.ts";
import { readVariables } from "./variable_reader.ts";
import { textsOf } from "./variable_texts.ts";

/** What the bodies of a frame may be together. Templates make them larger than what carries them. */
export const minedBytesMax = 4 * 1_024 * 1_024;

/** Writes bodies as templates and variables; drawn in docs/formats/frame.md. What it needs on the way serves all batches. */
export class MinedBodiesWriter {
  readonly #variables = new VariableColumns();

  /** `lengthsFrom`: where the variables of record `start` begin in `variableLengths`. Gives where those of record `end` begin. */
  write(
    writer: ByteWriter,
    batch: LogsBatch,
    mined: MinedLines,
    start: number,
    end: number,
    lengthsFrom: number,
  ): number {
    const { used, numbers } = usedTemplates(mined, start, end);
    writer.ensure(8);
    writer.varint(used.length);
    for (const { text } of used) writer.text(text);
    writer.ensure(8 * (end - start));
    const counts = new Uint32Array(used.length);
    writeNumbers(writer, mined.templateOf.subarray(start, end), numbers, counts);
    const { firstColumns, columnCounts } = columnsOf(used, counts);
    this.#variables.begin(columnCounts);
    const columns = { firstColumns, numbers };
    const { next, plain } = this.#placeAll(batch, mined, columns, start, end, lengthsFrom);
    this.#variables.write(writer, batch.bodies);
    writePlain(writer, batch.bodies, plain);
    return next;
  }

  #placeAll(
    { bodyEnds }: LogsBatch,
    { templates, templateOf, variableLengths }: MinedLines,
    { firstColumns, numbers }: { firstColumns: Uint32Array; numbers: Uint32Array },
    start: number,
    end: number,
    lengthsFrom: number,
  ) {
    const plain: number[] = [];
    let at = start === 0 ? 0 : (bodyEnds[start - 1] ?? 0);
    let next = lengthsFrom;
    for (let i = start; i < end; i++) {
      const bodyEnd = bodyEnds[i] ?? 0;
      const index = templateOf[i] ?? unmined;
      const template = templates[index];
      if (template === undefined) plain.push(at, bodyEnd);
      else {
        const column = firstColumns[(numbers[index] ?? 0) - 1] ?? 0;
        next = this.#place(column, template, variableLengths, next, at);
      }
      at = bodyEnd;
    }
    return { next, plain };
  }

  #place(
    column: number,
    { partEnds }: LineTemplate,
    lengths: Uint32Array,
    from: number,
    begin: number,
  ): number {
    const variables = this.#variables;
    const last = partEnds.length - 1;
    let at = begin;
    let part = 0;
    for (let v = 0; v < last; v++) {
      const partEnd = partEnds[v] ?? 0;
      at += partEnd - part;
      part = partEnd;
      const length = lengths[from + v] ?? 0;
      variables.add(column + v, at, length);
      at += length;
    }
    return from + last;
  }
}

// Loops over records stand in functions of their own, as in logs.ts.

/** The number of each record's template, and into `counts` how many records each has. */
function writeNumbers(
  writer: ByteWriter,
  templateOf: Uint32Array,
  numbers: Uint32Array,
  counts: Uint32Array,
): void {
  for (let i = 0; i < templateOf.length; i++) {
    const number = numbers[templateOf[i] ?? unmined] ?? 0;
    writer.varint(number);
    if (number > 0) counts[number - 1] = (counts[number - 1] ?? 0) + 1;
  }
}

/** Templates of the records in order of appearance; `numbers` has the place of each from 1. */
function usedTemplates({ templates, templateOf }: MinedLines, start: number, end: number) {
  const numbers = new Uint32Array(templates.length);
  const used: LineTemplate[] = [];
  for (let i = start; i < end; i++) {
    const index = templateOf[i] ?? unmined;
    if (numbers[index] !== 0) continue;
    const template = templates[index];
    if (template !== undefined) numbers[index] = used.push(template);
  }
  return { used, numbers };
}

/** A column for each place of each template; `counts`: records of each. */
function columnsOf(templates: readonly LineTemplate[], counts: Uint32Array) {
  const firstColumns = new Uint32Array(templates.length);
  const columnCounts: number[] = [];
  for (const [i, template] of templates.entries()) {
    firstColumns[i] = columnCounts.length;
    for (let v = variablesOf(template); v > 0; v--) columnCounts.push(counts[i] ?? 0);
  }
  return { firstColumns, columnCounts };
}

/** `bounds`: start and end of each. Lengths first, then all the bytes: each compresses better alone. */
function writePlain(writer: ByteWriter, bodies: Uint8Array, bounds: readonly number[]): void {
  writer.ensure(4 * bounds.length);
  for (let i = 0; i < bounds.length; i += 2) writer.varint((bounds[i + 1] ?? 0) - (bounds[i] ?? 0));
  for (let i = 0; i < bounds.length; i += 2)
    writer.block(bodies.subarray(bounds[i], bounds[i + 1]));
}

/** Lines as columns, in fresh memory. Throws OperatingError("corrupt"); they are at most minedBytesMax when they are made whole. */
export function readMinedBodies(reader: ByteReader, count: number): LineColumns {
  const templates = readTemplates(reader);
  const templateOf = new Uint32Array(count);
  const counts = new Uint32Array(templates.length);
  const wholeCount = readTemplateOf(reader, templateOf, counts);
  const widths = Uint8Array.from(templates, variablesOf);
  const firstColumns = new Uint32Array(templates.length);
  let [columns, constant] = [0, 0];
  for (const [i, { parts }] of templates.entries()) {
    firstColumns[i] = columns;
    columns += widths[i] ?? 0;
    constant += parts.length * (counts[i] ?? 0);
  }
  const layout = { firstColumns, widths, counts };
  const { variables, bytes } = readVariables(reader, layout, minedBytesMax);
  const whole = readWhole(reader, wholeCount);
  if (constant + bytes + whole.bytes.length > minedBytesMax)
    throw corrupt(`bodies of more than ${minedBytesMax} bytes`);
  const texts = new OnDemand(() => textsOf(variables, templateOf), placesBytes);
  return {
    templates,
    templateOf,
    shaped: variables,
    whole,
    get places() {
      return texts.value;
    },
  };
}

function readTemplates(reader: ByteReader): LineTemplate[] {
  const templates: LineTemplate[] = [];
  for (let left = reader.count(1); left > 0; left--) {
    const text = reader.text();
    try {
      templates.push(knownTemplate(text));
    } catch (cause) {
      throw corrupt("has a template out of order", { cause });
    }
  }
  return templates;
}

/** Gives how many records have no template; fills `counts` with how many have each. */
function readTemplateOf(reader: ByteReader, templateOf: Uint32Array, counts: Uint32Array): number {
  let plain = 0;
  for (let i = 0; i < templateOf.length; i++) {
    const number = reader.varint();
    if (number > counts.length) throw corrupt(`template ${number} of ${counts.length}`);
    if (number === 0) plain++;
    else counts[number - 1] = (counts[number - 1] ?? 0) + 1;
    templateOf[i] = number === 0 ? unmined : number - 1;
  }
  return plain;
}

function readWhole(reader: ByteReader, count: number): Texts {
  if (count > reader.left) throw corrupt(`claims ${count} bodies in ${reader.left} bytes`);
  const lengths = new Uint32Array(count);
  let bytes = 0;
  for (let i = 0; i < count; i++) {
    const length = reader.varint();
    bytes += length;
    if (bytes > reader.left) throw corrupt(`body ${i} ends at byte ${bytes}`);
    lengths[i] = length;
  }
  return { bytes: reader.block(bytes).slice(), lengths };
}
