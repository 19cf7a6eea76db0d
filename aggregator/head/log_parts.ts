import { pacer } from "#shared/async/pacer.ts";
import { OperatingError } from "#shared/errors.ts";
import type { LogsBatch } from "#shared/model/logs.ts";
import { compactSlice } from "../read/log_slices.ts";
import type { LogPart, SpanNs } from "../read/log_parts.ts";
import type { LogScanRequest, LogSlice } from "../read/source.ts";
import { compileGroupFilters, type GroupFilter } from "../blocks/logs/search/group_filter.ts";
import { bodyColumns, rebuildBodies } from "../blocks/logs/rebuild.ts";
import { BatchGroup } from "./batch_group.ts";
import { compileLineFilters } from "../read/line_filters.ts";
import type { HeadBatch } from "./logs_generation.ts";
import { compileMatchers } from "../read/matching.ts";
import { splitNs } from "./head_streams.ts";

/** Lines that are tested between two looks at the clock, in bytes of them; each costs some besides. */
const bytesAtOnce = 2_048;
const lineBytes = 64;
/** Of a batch's records so many at most are made into lines by themselves; where more are wanted, all are, and kept for a while. */
const ownLinesMax = 0.25;

type Scan = {
  readonly request: LogScanRequest;
  readonly matches: ReturnType<typeof compileMatchers>;
  readonly filters: readonly GroupFilter[];
  readonly lineFilters: ReturnType<typeof compileLineFilters>;
};

/** Batches of the head as parts of a scan. Throws OperatingError("bad_request") for a bad regular expression. */
export function logPartsOf(entries: readonly HeadBatch[], request: LogScanRequest): LogPart[] {
  const scan = {
    request,
    matches: compileMatchers(request.matchers),
    filters: compileGroupFilters(request.lineFilters),
    lineFilters: compileLineFilters(request.lineFilters),
  };
  return entries.map((entry) => new BatchPart(entry, scan));
}

/** What passes is remembered, so that spans which share a batch search it once. */
class BatchPart implements LogPart {
  readonly minMs: number;
  readonly maxMs: number;
  readonly items: number;
  readonly #batch: LogsBatch;
  readonly #scan: Scan;
  #group: BatchGroup | undefined;
  #passing: Uint8Array | undefined;

  constructor({ batch, minMs, maxMs }: HeadBatch, scan: Scan) {
    this.minMs = minMs;
    this.maxMs = maxMs;
    this.items = batch.streamOf.length;
    this.#batch = batch;
    this.#scan = scan;
  }

  async *slices(span: SpanNs): AsyncGenerator<LogSlice> {
    this.#passing ??= await this.#search();
    const rows = this.#within(this.#passing, span);
    if (rows.length === 0) return;
    const batch = this.#batch;
    const group = this.#group;
    const isFew = rows.length < ownLinesMax * batch.streamOf.length;
    if (group === undefined || !this.#scan.request.needs.bodies || !isFew) {
      yield { batch, rows };
      return;
    }
    await group.load(bodyColumns(group.group));
    const { streams, streamOf, timestampsMs, nanos, severities, attributes } = batch;
    const records = { streams, streamOf, timestampsMs, nanos, severities };
    const bare = { ...records, ...(attributes && { attributes }), ...noBodies };
    const few = compactSlice({ batch: bare, rows }, true);
    yield { batch: { ...few.batch, ...rebuildBodies(group.group, rows) }, rows: few.rows };
  }

  /** An entry a record, of any time. */
  async #search(): Promise<Uint8Array> {
    const batch = this.#batch;
    const { request, matches, filters, lineFilters } = this.#scan;
    const isWanted = Uint8Array.from(batch.streams, (labels) => Number(matches(labels)));
    const passing = new Uint8Array(batch.streamOf.length);
    if (!isWanted.includes(1)) return passing;
    for (let row = 0; row < passing.length; row++)
      passing[row] = isWanted[batch.streamOf[row] ?? 0] ?? 0;
    if (request.lineFilters.length === 0) return passing;
    const group = (this.#group = BatchGroup.of(batch.columns));
    if (group !== undefined)
      for (const filter of filters)
        await filter.filter(group.group, undefined, group.load, passing);
    else await markLines(batch, lineFilters(batch), passing, request.signal);
    return passing;
  }

  #within(passing: Uint8Array, span: SpanNs): Uint32Array {
    const { timestampsMs, nanos } = this.#batch;
    const [start, end] = [splitNs(span.startNs), splitNs(span.endNs)];
    const rows = new Uint32Array(passing.length);
    let count = 0;
    for (let row = 0; row < passing.length; row++) {
      if (passing[row] === 0) continue;
      const ms = timestampsMs[row] ?? 0;
      const own = nanos[row] ?? 0;
      if (ms < start.ms || (ms === start.ms && own < start.nanos)) continue;
      if (ms > end.ms || (ms === end.ms && own >= end.nanos)) continue;
      rows[count++] = row;
    }
    return rows.slice(0, count);
  }
}

/** Tests lines that are there whole. */
async function markLines(
  { bodyEnds }: LogsBatch,
  passes: ReturnType<ReturnType<typeof compileLineFilters>>,
  passing: Uint8Array,
  signal: AbortSignal | undefined,
): Promise<void> {
  const pause = pacer();
  let start = 0;
  let bytes = 0;
  for (let row = 0; row < passing.length; row++) {
    const end = bodyEnds[row] ?? start;
    if ((bytes += lineBytes + end - start) > bytesAtOnce) {
      bytes = 0;
      await pause();
      refuseIfAborted(signal);
    }
    if (passing[row] === 1 && !passes(row, start, end)) passing[row] = 0;
    start = end;
  }
}

function refuseIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw new OperatingError("cancelled", "query was cancelled");
}

const noBodies = { bodies: new Uint8Array(), bodyEnds: new Uint32Array() };
