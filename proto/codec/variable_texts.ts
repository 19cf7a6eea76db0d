import type { Texts } from "#shared/model/line_columns.ts";
import { unmined } from "#shared/model/line_template.ts";
import { ones, type ShapedVariables, tens, variousShapes } from "#shared/model/shaped_variables.ts";
import { programsOf, type ShapePrograms, steps } from "./shapes.ts";

const oneByteMax = 255;

/** The variables as texts by place, those of all templates together, in the order of the records, whose templates are given. In fresh memory. */
export function textsOf(variables: ShapedVariables, templateOf: Uint32Array): Texts[] {
  return new TextMaker(variables).places(templateOf);
}

class TextMaker {
  readonly #variables: ShapedVariables;
  readonly #programs: ShapePrograms;
  /** By column. */
  readonly #nextReference: Uint32Array;
  readonly #nextPair: Uint32Array;
  readonly #nextSingle: Uint32Array;

  constructor(variables: ShapedVariables) {
    this.#variables = variables;
    this.#programs = programsOf(variables.shapes);
    this.#nextReference = variables.firstReference.slice();
    this.#nextPair = variables.firstPair.slice();
    this.#nextSingle = variables.firstSingle.slice();
  }

  places(templateOf: Uint32Array): Texts[] {
    const { widths } = this.#variables;
    const places: Texts[] = [];
    // Templates of those records that have a text at this place.
    const own = new Uint32Array(templateOf.length);
    let active = widerThan(templateOf, widths, 0, own);
    for (let place = 0; active.length > 0; place++) {
      places.push(this.#place(place, active));
      active = widerThan(active, widths, place + 1, own);
    }
    return places;
  }

  #place(place: number, active: Uint32Array): Texts {
    const shapes = this.#shapesAt(place, active);
    const { lengths: shapeLengths } = this.#variables.shapes;
    let [bytes, longest] = [0, 0];
    for (let i = 0; i < shapes.length; i++) {
      const length = shapeLengths[shapes[i] ?? 0] ?? 0;
      bytes += length;
      if (length > longest) longest = length;
    }
    const isShort = longest <= oneByteMax;
    const lengths = isShort ? new Uint8Array(active.length) : new Uint32Array(active.length);
    for (let i = 0; i < shapes.length; i++) lengths[i] = shapeLengths[shapes[i] ?? 0] ?? 0;
    const into = new Uint8Array(bytes);
    this.#fill(place, active, shapes, into);
    return { bytes: into, lengths };
  }

  #shapesAt(place: number, active: Uint32Array): Uint32Array {
    const { firstColumns, constants, references } = this.#variables;
    const shapes = new Uint32Array(active.length);
    for (let i = 0; i < active.length; i++) {
      const column = (firstColumns[active[i] ?? 0] ?? 0) + place;
      let shape = constants[column] ?? 0;
      if (shape === variousShapes) {
        const next = this.#nextReference[column] ?? 0;
        this.#nextReference[column] = next + 1;
        shape = references[next] ?? 0;
      }
      shapes[i] = shape;
    }
    return shapes;
  }

  #fill(place: number, active: Uint32Array, shapes: Uint32Array, into: Uint8Array): void {
    const { firstColumns, pairs } = this.#variables;
    const { digits } = this.#variables.shapes;
    const { program, starts } = this.#programs;
    const nextPair = this.#nextPair;
    let to = 0;
    for (let i = 0; i < active.length; i++) {
      const column = (firstColumns[active[i] ?? 0] ?? 0) + place;
      const shape = shapes[i] ?? 0;
      const count = digits[shape] ?? 0;
      let pair = nextPair[column] ?? 0;
      nextPair[column] = pair + (count >> 1);
      const end = starts[shape + 1] ?? 0;
      for (let at = starts[shape] ?? 0; at < end; at++) {
        const step = program[at] ?? 0;
        if (step === steps.pair) {
          const both = pairs[pair++] ?? 0;
          into[to++] = tens[both] ?? 0;
          into[to++] = ones[both] ?? 0;
        } else if (step > steps.last || step < steps.pair) into[to++] = step;
        else if (step === steps.high) into[to++] = tens[pairs[pair] ?? 0] ?? 0;
        else if (step === steps.low) into[to++] = ones[pairs[pair++] ?? 0] ?? 0;
        else into[to++] = this.#single(column);
      }
    }
  }

  #single(column: number): number {
    const next = this.#nextSingle[column] ?? 0;
    this.#nextSingle[column] = next + 1;
    const both = this.#variables.singles[next >> 1] ?? 0;
    return ((next & 1) === 0 ? tens[both] : ones[both]) ?? 0;
  }
}

/** Those whose template has a variable at that place, into `into`, which may be where they are. By index: filter() of typed arrays costs ten times as much. */
function widerThan(
  templateOf: Uint32Array,
  widths: Uint8Array,
  place: number,
  into: Uint32Array,
): Uint32Array {
  let to = 0;
  for (let i = 0; i < templateOf.length; i++) {
    const template = templateOf[i] ?? 0;
    if (template !== unmined && (widths[template] ?? 0) > place) into[to++] = template;
  }
  return into.subarray(0, to);
}
