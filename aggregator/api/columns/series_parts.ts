import type { MessageInitShape } from "@bufbuild/protobuf";
import type { SeriesColumnsSchema } from "#proto/gen/v1/columns_pb.js";
import type { AnswerGrid, MatrixSeries, VectorSeries } from "../../query/answer.ts";
import type { AnswerPart } from "./answer_part.ts";
import { float64Bytes } from "./bytes.ts";
import type { TextPlaces } from "./text_places.ts";

/** Values and series of one part: it is made within a millisecond or two. */
const valuesMax = 32_768;
const seriesMax = 2_000;

/** Series over a grid, or where there is none, with times of their own. */
export function* matrixParts(
  series: readonly MatrixSeries[],
  grid: AnswerGrid | undefined,
  texts: TextPlaces,
): Generator<AnswerPart> {
  let part = new SeriesPart();
  for (const { labels, timestampsMs, values } of series) {
    if (part.isFull) {
      yield part.take(texts);
      part = new SeriesPart();
    }
    if (grid === undefined) {
      // Stored samples of one series may be too many for one part.
      let from = 0;
      do {
        const to = Math.min(values.length, from + valuesMax);
        if (from > 0) {
          yield part.take(texts);
          part = new SeriesPart(true);
        }
        texts.putLabels(labels, part.labels);
        part.putSamples(timestampsMs.subarray(from, to), values.subarray(from, to));
        from = to;
      } while (from < values.length);
    } else {
      texts.putLabels(labels, part.labels);
      part.putSteps(grid, timestampsMs, values);
    }
  }
  if (!part.isEmpty) yield part.take(texts);
}

/** Series with one value each. */
export function* vectorParts(
  series: readonly VectorSeries[],
  texts: TextPlaces,
): Generator<AnswerPart> {
  for (let from = 0; from < series.length; from += seriesMax) {
    const part = new SeriesPart();
    const values: number[] = [];
    for (const { labels, value, histogram } of series.slice(from, from + seriesMax)) {
      texts.putLabels(labels, part.labels);
      part.lengths.push(histogram === undefined ? 1 : 0);
      if (histogram === undefined) values.push(value);
      else part.runs.push(1);
    }
    part.values.push(values);
    yield part.take(texts);
  }
}

/** What is gathered for one part. */
class SeriesPart {
  readonly labels: number[] = [];
  readonly lengths: number[] = [];
  readonly runs: number[] = [];
  readonly values: (Float64Array | readonly number[])[] = [];
  readonly #times: Float64Array[] = [];
  readonly #goesOn: boolean;
  #length = 0;

  constructor(goesOn = false) {
    this.#goesOn = goesOn;
  }

  get isEmpty(): boolean {
    return this.lengths.length === 0;
  }

  get isFull(): boolean {
    return this.#length >= valuesMax || this.lengths.length >= seriesMax;
  }

  putSamples(timesMs: Float64Array, values: Float64Array): void {
    this.#times.push(timesMs);
    this.#put(values);
  }

  putSteps({ startMs, stepMs, count }: AnswerGrid, timesMs: Float64Array, values: Float64Array) {
    this.#put(values);
    if (values.length === count) return;
    // Steps without a value and steps with one, in turn, up to the last of all.
    let step = 0;
    for (let i = 0; i < values.length;) {
      const first = stepOf(timesMs[i] ?? 0);
      let length = 1;
      while (i + length < values.length && stepOf(timesMs[i + length] ?? 0) === first + length)
        length++;
      this.runs.push(first - step, length);
      step = first + length;
      i += length;
    }
    if (step < count) this.runs.push(count - step);

    function stepOf(timeMs: number): number {
      return Math.round((timeMs - startMs) / stepMs);
    }
  }

  take(texts: TextPlaces): AnswerPart {
    const { labels, lengths, runs } = this;
    const series: MessageInitShape<typeof SeriesColumnsSchema> = {
      labels,
      lengths,
      runs,
      times: float64Bytes(this.#times),
      values: float64Bytes(this.values),
      goesOn: this.#goesOn,
    };
    return { texts: texts.takeFresh(), series };
  }

  #put(values: Float64Array): void {
    this.lengths.push(values.length);
    this.values.push(values);
    this.#length += values.length;
  }
}
