import { printedLabels } from "#shared/model/printed_labels.ts";
import { assert } from "#shared/assert.ts";
import { OperatingError } from "#shared/errors.ts";
import type { Labels } from "#shared/model/labels.ts";
import { newSeries, type StepSeries } from "../../promql/model/values.ts";
import type { LogScanRequest, LogSlice } from "../../../read/source.ts";
import type { Grouping, RangeQuery } from "#shared/query_language/logql/ast.ts";
import { LogqlError } from "#shared/query_language/logql/errors.ts";
import { type LogScope, type Pace, recordPace, tooManySeries } from "../limits.ts";
import {
  type NamesNeeded,
  type Pipeline,
  compileFilters,
  compilePipeline,
} from "../../../log_pipeline/pipeline.ts";
import {
  type RecordState,
  allLabels,
  clashSuffix,
  errorLabel,
  labelOf,
  levelLabel,
  lineBytes,
  newRecordState,
  setError,
  setRecord,
} from "../../../log_pipeline/record_state.ts";
import { jsonError } from "../../../log_pipeline/stages/json.ts";
import { logfmtError } from "../../../log_pipeline/stages/logfmt.ts";
import { looksAtErrors, namesOfFilter } from "../../../log_pipeline/stages/label_filter.ts";
import {
  bytesFault,
  durationFault,
  floatFault,
  parseBytes,
  parseFloat64,
  parseGoDuration,
} from "#shared/text/go_units.ts";
import { type Accumulator, fillWindows, newAccumulator, rangeFunction } from "./accumulate.ts";
import { countRecords } from "./count_records.ts";
import { ExtractedValues } from "./extracted_values.ts";
import { type Panes, panesOf } from "./panes.ts";
import { addSample, counterRate, fillFromSamples, newSampleList, quantile } from "./samples.ts";
import { type SeriesIds, seriesIds } from "./series_ids.ts";

/** Cells of all accumulators together, eight bytes each: what one range aggregation may hold. */
const cellsMax = 24_000_000;
const heldSeriesMax = 200_000;

/**
 * Evaluates a range aggregation at all steps in one pass over the records. Nothing of a record is kept but what its function needs: a
 * count or a sum a pane, or the sample itself for quantiles and counters.
 */
export async function evaluateRange(
  query: RangeQuery,
  steps: Float64Array,
  scope: LogScope,
  pace: Pace,
): Promise<StepSeries[]> {
  const panes = panesOf(steps, query.rangeMs, query.offsetMs);
  const grouping = groupingOf(query);
  const pipeline = compilePipeline(query.log, namesNeeded(query, grouping), query.unwrap?.label);
  const valueOf = compileValue(query);
  const ids = seriesIds(grouping, !pipeline.changesLabels);
  const sink = sinkOf(query, panes, ids, steps, scope);
  const keepsErrors = filtersErrors(query);
  const isCounting = valueOf === undefined;
  const countsAlone = pipeline.isEmpty && query.unwrap === undefined;
  const isCounted =
    countsAlone && isCounting && !tellsLevels(grouping) && panes.bounds.every(Number.isInteger);
  const extracted = ExtractedValues.of(query, pipeline, grouping, conversionOf(query).read);
  const request: LogScanRequest = {
    tenant: scope.tenant,
    matchers: query.log.matchers,
    lineFilters: pipeline.lineFilters,
    hints: pipeline.hints,
    // Left-open: a record as old as the window is long is outside, one at the step itself inside.
    startNs: BigInt(Math.floor(panes.startMs * 1e6)) + 1n,
    endNs: BigInt(Math.floor(panes.endMs * 1e6)) + 1n,
    direction: "forward",
    needs: {
      bodies: pipeline.needs.bodies,
      lengths: query.op.startsWith("bytes"),
      attributes: pipeline.needs.attributes || !isCounting,
      ...(extracted && { extract: extracted.extract }),
      ...(isCounted && { countedWithin: panes.bounds }),
    },
    ...(scope.signal === undefined ? {} : { signal: scope.signal }),
  };
  const state = newRecordState();
  const withBytes = query.unwrap === undefined && !isCounting;
  const { accumulatorOf } = sink;
  const counted = { panes, ids, accumulatorOf, withBytes };
  const { paneOf } = panes;
  const add = (record: RecordState) => {
    if (!pipeline.run(record)) return;
    const value = valueOf === undefined ? 1 : valueOf(record);
    if (value === undefined) return;
    if (record.error !== "" && !(keepsErrors && parserErrors.has(record.error)))
      throw pipelineError(record);
    const pane = paneOf(record.timeMs, record.nanos);
    if (pane >= 0) sink.add(record, ids.idOf(record), pane, value);
  };
  const into = { plain: add, paneOf, idOf: ids.idOf, add: sink.add, breathe: pace.breathe };
  for await (const slices of scope.source.scan(request))
    for (const slice of slices) {
      await pace.breathe();
      if (countsAlone && slice.batch.attributes === undefined) countRecords(slice, state, counted);
      else if (slice.extracted !== undefined) await extracted?.add(slice, state, into);
      else await addRecords(slice, pipeline, state, add, pace);
    }
  const series = await sink.series(pace);
  return query.op === "absent_over_time" ? absentSeries(query, series, steps.length) : series;
}

async function addRecords(
  slice: LogSlice,
  { prefilter }: Pipeline,
  state: RecordState,
  add: (state: RecordState) => void,
  pace: Pace,
): Promise<void> {
  const { batch, rows } = slice;
  const mayPass = prefilter?.open(batch, rows.length);
  const breathe = recordPace(pace);
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i] ?? 0;
    const pause = breathe();
    if (pause !== undefined) await pause;
    setRecord(state, slice, row);
    if (mayPass?.(state, row) !== false) add(state);
  }
}

/** By what records are put together: what is asked for, or all labels but the unwrapped one. */
function groupingOf({ grouping, unwrap, op }: RangeQuery): Grouping | undefined {
  if (op === "absent_over_time") return { without: false, names: [] };
  const isAll = grouping === undefined || (grouping.without && grouping.names.length === 0);
  if (unwrap === undefined) return grouping;
  if (isAll) return { without: true, names: [unwrap.label] };
  return grouping.without ? { without: true, names: [...grouping.names, unwrap.label] } : grouping;
}

/** Whether records of one stream may be of several series by their severity. */
function tellsLevels(grouping: Grouping | undefined): boolean {
  if (grouping === undefined || grouping.without) return true;
  return grouping.names.includes(levelLabel) || grouping.names.includes(levelLabel + clashSuffix);
}

function namesNeeded({ unwrap }: RangeQuery, grouping: Grouping | undefined): NamesNeeded {
  if (grouping === undefined || grouping.without) return undefined;
  const read = unwrap === undefined ? [] : [unwrap.label, ...unwrap.filters.flatMap(namesOfFilter)];
  return new Set([...grouping.names, ...read]);
}

/** Errors that a query may keep by looking at them: those of other stages always fail it, as in Loki. */
const parserErrors: ReadonlySet<string> = new Set([jsonError, logfmtError]);

/** Whether the query itself looks at errors: then it decides which errors of parsers remain. */
function filtersErrors({ log, unwrap }: RangeQuery): boolean {
  const filters = [
    ...log.stages.flatMap((stage) => (stage.type === "label_filter" ? [stage.filter] : [])),
    ...(unwrap?.filters ?? []),
  ];
  return filters.some(
    (filter) => looksAtErrors(filter) && namesOfFilter(filter).includes(errorLabel),
  );
}

const conversions = {
  float: { read: parseFloat64, fault: floatFault },
  bytes: { read: parseBytes, fault: bytesFault },
  duration: {
    read: (text: string) => {
      const ns = parseGoDuration(text);
      return ns === undefined ? undefined : ns / 1e9;
    },
    fault: durationFault,
  },
} as const;

function conversionOf({ unwrap }: RangeQuery) {
  const conversion = unwrap?.conversion;
  return conversions[
    conversion === undefined ? "float" : conversion === "bytes" ? "bytes" : "duration"
  ];
}

/** The value of a record: its unwrapped label, or its bytes; undefined where the record has none. Counting needs no function. */
function compileValue(query: RangeQuery): ((state: RecordState) => number | undefined) | undefined {
  const { op, unwrap } = query;
  if (unwrap === undefined) return op.startsWith("bytes") ? lineBytes : undefined;
  const { label } = unwrap;
  const { read, fault } = conversionOf(query);
  const passes = compileFilters(unwrap);
  return (state) => {
    const text = labelOf(state, label);
    if (text === undefined || text === "") return undefined;
    const value = read(text);
    if (value === undefined) setError(state, "SampleExtractionErr", fault(text));
    return passes(state) ? (value ?? 0) : undefined;
  };
}

function pipelineError(state: RecordState): LogqlError {
  const { error } = state;
  return new LogqlError(
    `pipeline error: '${error}' for series: '${printedLabels(allLabels(state))}'.\n` +
      `Use a label filter to intentionally skip this error. (e.g | __error__!="${error}").\n` +
      `To skip all potential errors you can match empty errors.(e.g __error__="")\n` +
      `The label filter can also be specified after unwrap. (e.g | unwrap latency | __error__="" )\n`,
  );
}

type Sink = {
  readonly add: (state: RecordState, id: number, pane: number, value: number) => void;
  /** What is known of a series so far, pane by pane: for functions that count and sum. */
  readonly accumulatorOf: (id: number) => Accumulator;
  readonly series: (pace: Pace) => Promise<StepSeries[]>;
};

function sinkOf(
  query: RangeQuery,
  panes: Panes,
  ids: SeriesIds,
  steps: Float64Array,
  scope: LogScope,
): Sink {
  const fn = rangeFunction(query.op, query.unwrap !== undefined);
  const isRate = query.op.endsWith("rate");
  if (fn === undefined) return sampleSink(query, ids, steps, scope);
  const seriesMax = scope.limits.heldSeriesMax ?? heldSeriesMax;
  const accumulators: ReturnType<typeof newAccumulator>[] = [];
  const cellsOfOne = panes.count * (1 + fn.columns);
  const accumulatorOf = (id: number) => {
    const known = accumulators[id];
    if (known !== undefined) return known;
    if (accumulators.length >= seriesMax) throw tooManySeries(seriesMax);
    if ((accumulators.length + 1) * cellsOfOne > cellsMax) throw tooManyCells(accumulators.length);
    return (accumulators[id] = newAccumulator(fn, panes.count));
  };
  return {
    add: (state, id, pane, value) =>
      fn.add(accumulatorOf(id), pane, value, state.timeMs + state.nanos / 1e6),
    accumulatorOf,
    series: async (pace) => {
      const found: StepSeries[] = [];
      for (const [id, accumulator] of accumulators.entries()) {
        await pace.breathe();
        const series = newSeries(ids.labels[id] ?? {}, steps.length);
        const divisor = isRate ? query.rangeMs / 1_000 : 1;
        await fillWindows(fn, accumulator, panes, divisor, series, pace);
        found.push(series);
      }
      return found;
    },
  };
}

function tooManyCells(count: number): OperatingError {
  return new OperatingError(
    "overloaded",
    `query holds more than ${count} series over too many steps in memory; aggregate by fewer labels, or raise the step`,
    { limit: "series" },
  );
}

function sampleSink(query: RangeQuery, ids: SeriesIds, steps: Float64Array, scope: LogScope): Sink {
  const { rangeMs, offsetMs, param } = query;
  const { recordsMax, heldSeriesMax: seriesMax = heldSeriesMax } = scope.limits;
  const lists: ReturnType<typeof newSampleList>[] = [];
  const fn = query.op === "rate_counter" ? counterRate(rangeMs) : quantile(param ?? 0.5);
  let held = 0;
  return {
    add: (state, id, _pane, value) => {
      if (++held > recordsMax)
        throw new OperatingError(
          "bad_request",
          `the query reads over ${recordsMax} records (query.logql.records_max); narrow it`,
          { limit: "samples" },
        );
      if (id >= seriesMax) throw tooManySeries(seriesMax);
      addSample((lists[id] ??= newSampleList()), state.timeMs + state.nanos / 1e6, value);
    },
    accumulatorOf: () => {
      assert(false, "samples are not only counted");
    },
    series: async (pace) => {
      const found: StepSeries[] = [];
      for (const [id, list] of lists.entries()) {
        const series = newSeries(ids.labels[id] ?? {}, steps.length);
        await fillFromSamples(list, fn, { steps, rangeMs, offsetMs }, series, pace);
        found.push(series);
      }
      return found;
    },
  };
}

/** 1 at the steps whose window has no record, under the labels that the selector says for certain. */
function absentSeries(
  { log }: RangeQuery,
  found: readonly StepSeries[],
  count: number,
): StepSeries[] {
  const labels: Record<string, string> = {};
  for (const { name, op, value } of log.matchers) {
    const isAlone = log.matchers.filter((other) => other.name === name).length === 1;
    if (op === "=" && isAlone && value !== "") labels[name] = value;
  }
  return [absentFrom(labels, found, count)];
}

function absentFrom(labels: Labels, found: readonly StepSeries[], count: number): StepSeries {
  const series = newSeries(labels, count);
  for (let i = 0; i < count; i++) {
    if (found.some(({ present }) => present[i] === 1)) continue;
    series.present[i] = 1;
    series.values[i] = 1;
  }
  return series;
}
