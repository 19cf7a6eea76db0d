import { type QueryColumns, type ResultEnd, ResultType } from "../gen/v1/columns_pb.js";
import { corrupt } from "./corrupt.ts";
import { LabelReader } from "./label_reader.ts";
import { type ReadLine, readLines } from "./read_lines.ts";
import { type AnswerGrid, type ReadSeries, SeriesReader } from "./series_reader.ts";

export type ReadAnswer = {
  readonly end: ResultEnd;
} & (
  | {
      readonly type: "matrix" | "vector" | "scalar";
      readonly grid: AnswerGrid | undefined;
      readonly series: readonly ReadSeries[];
      /** How many there are, also those beyond what was to be kept. */
      readonly seriesCount: number;
    }
  | { readonly type: "string"; readonly timeMs: number; readonly text: string }
  | { readonly type: "streams"; readonly lines: readonly ReadLine[] }
);

type Options = {
  /** How many series to keep, by the number of steps. The others are counted only. */
  readonly seriesMax?: (steps: number) => number;
};

/** Reads the parts of an answer. Throws OperatingError("corrupt") for what is none. */
export async function readParts(
  parts: AsyncIterable<QueryColumns>,
  { seriesMax = () => Infinity }: Options = {},
): Promise<ReadAnswer> {
  const labels = new LabelReader();
  const lines: ReadLine[] = [];
  let head: QueryColumns["head"];
  let end: ResultEnd | undefined;
  let series: SeriesReader | undefined;
  for await (const part of parts) {
    head ??= part.head;
    if (head === undefined) throw corrupt("no head");
    labels.addTexts(part.texts);
    series ??= new SeriesReader(head, labels, seriesMax(head.steps));
    if (part.series !== undefined) series.add(part.series);
    if (part.histograms !== undefined) series.addHistograms(part.histograms);
    if (part.lines !== undefined)
      for (const line of readLines(part.lines, labels)) lines.push(line);
    end = part.end;
  }
  if (head === undefined || series === undefined || end === undefined) throw corrupt("no end");
  switch (head.type) {
    case ResultType.MATRIX:
      return { type: "matrix", ...series.read(), end };
    case ResultType.VECTOR:
      return { type: "vector", ...series.read(), end };
    case ResultType.SCALAR:
      return { type: "scalar", ...series.read(), end };
    case ResultType.STRING:
      return { type: "string", timeMs: head.startMs, text: head.text, end };
    case ResultType.STREAMS:
      return { type: "streams", lines, end };
    case ResultType.UNSPECIFIED:
      throw corrupt("a result without a type");
  }
}
