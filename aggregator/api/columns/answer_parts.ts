import type { MessageInitShape } from "@bufbuild/protobuf";
import {
  type ResultEndSchema,
  type ResultHeadSchema,
  ResultType,
} from "#proto/gen/v1/columns_pb.js";
import type { LogData } from "../../query/logql/answer.ts";
import type { QueryData } from "../../query/promql/engine.ts";
import type { AnswerPart } from "./answer_part.ts";
import { histogramParts, type PlacedHistogram } from "./histogram_parts.ts";
import { lineParts } from "./line_parts.ts";
import { matrixParts, vectorParts } from "./series_parts.ts";
import { TextPlaces } from "./text_places.ts";

export type AnswerEnd = MessageInitShape<typeof ResultEndSchema>;

/** An answer as the parts in which it travels by RPC. Each takes a millisecond or two to make. */
export function* answerParts(data: QueryData | LogData, end: AnswerEnd): Generator<AnswerPart> {
  let last: AnswerPart = { head: headOf(data) };
  let isFirst = true;
  for (const part of partsOf(data)) {
    // The first part has the head, so that a small answer is one message.
    if (isFirst) last = { ...last, ...part };
    else {
      yield last;
      last = part;
    }
    isFirst = false;
  }
  yield { ...last, end };
}

function headOf(data: QueryData | LogData): MessageInitShape<typeof ResultHeadSchema> {
  switch (data.resultType) {
    case "matrix": {
      const { startMs = 0, stepMs = 0, count = 0 } = data.grid ?? {};
      return { type: ResultType.MATRIX, startMs, stepMs, steps: count };
    }
    case "vector":
      return { type: ResultType.VECTOR, startMs: data.timeMs, steps: 1 };
    case "scalar":
      return { type: ResultType.SCALAR, startMs: data.timeMs, steps: 1 };
    case "string":
      return { type: ResultType.STRING, startMs: data.timeMs, text: data.value };
    case "streams":
      return { type: ResultType.STREAMS };
  }
}

function* partsOf(data: QueryData | LogData): Generator<AnswerPart> {
  const texts = new TextPlaces();
  switch (data.resultType) {
    case "matrix":
      yield* matrixParts(data.series, data.grid, texts);
      yield* histogramParts(matrixHistograms(data));
      return;
    case "vector":
      yield* vectorParts(data.series, texts);
      yield* histogramParts(vectorHistograms(data));
      return;
    case "scalar":
      yield* vectorParts([{ labels: {}, value: data.value }], texts);
      return;
    case "streams":
      yield* lineParts(data.entries, texts);
      return;
    case "string":
  }
}

type Of<Type extends QueryData["resultType"]> = Extract<QueryData, { resultType: Type }>;

function* matrixHistograms({ series }: Of<"matrix">): Generator<PlacedHistogram> {
  for (const [place, { histograms }] of series.entries()) {
    for (const [i, histogram] of (histograms?.values ?? []).entries())
      yield { series: place, timeMs: histograms?.timestampsMs[i] ?? 0, histogram };
  }
}

function* vectorHistograms({ series, timeMs }: Of<"vector">): Generator<PlacedHistogram> {
  for (const [place, { histogram }] of series.entries())
    if (histogram !== undefined) yield { series: place, timeMs, histogram };
}

/** Bytes of a part, as memory is counted. */
export function partBytes({ texts = [], series, histograms, lines }: AnswerPart): number {
  let bytes = 0;
  for (const text of texts) bytes += text.length;
  for (const text of lines?.lines ?? []) bytes += text.length;
  for (const columns of [series, histograms, lines])
    for (const column of Object.values(columns ?? {}))
      if (column instanceof Uint8Array) bytes += column.length;
      else if (Array.isArray(column)) bytes += 8 * column.length;
  return bytes;
}
