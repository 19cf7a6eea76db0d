import type { Labels } from "#shared/model/labels.ts";
import type { LogEntry } from "../../query/logql/select.ts";
import type { AnswerPart } from "./answer_part.ts";
import type { TextPlaces } from "./text_places.ts";

/** Characters and lines of one part. */
const charactersMax = 256 * 1_024;
const linesMax = 1_000;

/** Log lines in their order. */
export function* lineParts(entries: readonly LogEntry[], texts: TextPlaces): Generator<AnswerPart> {
  const sets = new LabelSetPlaces(texts);
  let part = newPart();
  let characters = 0;
  for (const { timestampNs, body, stream, metadata, parsed } of entries) {
    part.times.push(timestampNs);
    part.lines.push(body);
    part.streams.push(sets.placeOf(stream, part.labelSets));
    part.metadata.push(sets.placeOf(metadata, part.labelSets));
    part.parsed.push(sets.placeOf(parsed, part.labelSets));
    characters += body.length;
    if (characters + texts.characters < charactersMax && part.lines.length < linesMax) continue;
    yield taken(part, texts);
    part = newPart();
    characters = 0;
  }
  if (part.lines.length > 0) yield taken(part, texts);
}

type Part = ReturnType<typeof newPart>;

function newPart() {
  const times: bigint[] = [];
  const lines: string[] = [];
  const [labelSets, streams, metadata, parsed]: [number[], number[], number[], number[]] = [
    [],
    [],
    [],
    [],
  ];
  return { times, lines, labelSets, streams, metadata, parsed };
}

function taken({ times, ...rest }: Part, texts: TextPlaces) {
  const bytes = new Uint8Array(BigInt64Array.from(times).buffer);
  return { texts: texts.takeFresh(), lines: { ...rest, times: bytes } };
}

/** Gives equal label sets of an answer one place. */
class LabelSetPlaces {
  readonly #texts: TextPlaces;
  readonly #places = new Map<string, number>();
  /** Most lines share the objects that their labels are made of. */
  readonly #known = new Map<Labels, number>();

  constructor(texts: TextPlaces) {
    this.#texts = texts;
  }

  /** Appends a set that is met first to `sets`. */
  placeOf(labels: Labels, sets: number[]): number {
    const known = this.#known.get(labels);
    if (known !== undefined) return known;
    const set: number[] = [];
    this.#texts.putLabels(labels, set);
    const key = set.join();
    let place = this.#places.get(key);
    if (place === undefined) {
      place = this.#places.size;
      this.#places.set(key, place);
      for (const number of set) sets.push(number);
    }
    this.#known.set(labels, place);
    return place;
  }
}
