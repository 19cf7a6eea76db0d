import { OperatingError } from "#shared/errors.ts";
import { recordsOf, sliceBytes } from "./log_slices.ts";
import { currentShare } from "./memory/query_memory.ts";
import type { LogRecord, LogScanRequest, LogSelectRequest, LogSlice } from "./source.ts";

/** Unix nanoseconds; start inclusive, end exclusive. */
export type SpanNs = { readonly startNs: bigint; readonly endNs: bigint };

/** Something that a scan reads: a block, or a batch of the head. */
export type LogPart = {
  /** Unix milliseconds of its first and last record, both inclusive. */
  readonly minMs: number;
  readonly maxMs: number;
  /** Records in it, those that are not asked for as well. */
  readonly items: number;
  /** What matches in a span, in the order of arrival. */
  slices(span: SpanNs): AsyncIterable<LogSlice> | Iterable<LogSlice>;
};

const nanosPerMs = 1_000_000n;
/** Records looked at in the first span, that a reader of a few lines need not wait for more. */
const itemsFirst = 65_536;
const itemsMax = 16_000_000;
const growth = 4;
/** What a span holds; well below it the next one may be larger. */
const spanBytesMax = 64 * 2 ** 20;

type SpansRequest = Pick<LogScanRequest, "startNs" | "endNs" | "direction" | "signal"> &
  Partial<Pick<LogScanRequest, "needs">>;

/**
 * Reads parts in the order of their arrival, span by span. Spans are cut by how many records are likely in them, and again where one holds
 * too much. Throws OperatingError("overloaded") where a millisecond alone does.
 */
export async function* scanParts(
  parts: readonly LogPart[],
  request: SpansRequest,
): AsyncGenerator<readonly LogSlice[]> {
  const share = currentShare();
  let held = 0;
  try {
    for await (const { slices, bytes } of scanSpans(parts, request)) {
      share?.hold(bytes - held);
      held = bytes;
      if (slices.length > 0) yield slices;
    }
  } finally {
    share?.hold(-held);
  }
}

type SpanRead = { readonly slices: readonly LogSlice[]; readonly bytes: number };

async function* scanSpans(
  parts: readonly LogPart[],
  request: SpansRequest,
): AsyncGenerator<SpanRead> {
  const share = currentShare();
  const isBackward = request.direction === "backward";
  let left = bounds(parts, request);
  // Who counts all records has no use for the first ones alone.
  let items = request.needs?.countedWithin === undefined ? itemsFirst : itemsMax;
  while (left !== undefined) {
    const span = cut(parts, left, items, isBackward);
    const read = () => readSpan(parts, span, request);
    const slices = await (share === undefined ? read() : share.read(read));
    if (slices === undefined) {
      if (span.endMs - span.startMs <= 1)
        throw new OperatingError(
          "overloaded",
          `query reads more than ${spanBytesMax} bytes of log records of one millisecond`,
          { limit: "read_bytes" },
        );
      items = Math.min(items, estimate(parts, span)) / growth;
      continue;
    }
    const bytes = slices.reduce((sum, slice) => sum + sliceBytes(slice), 0);
    yield { slices, bytes };
    if (bytes * growth < spanBytesMax) items = Math.min(itemsMax, items * growth);
    const rest = isBackward
      ? { startMs: left.startMs, endMs: span.startMs }
      : { startMs: span.endMs, endMs: left.endMs };
    left = shrink(parts, rest);
  }
}

/** Records of a scan up to the limit. */
export async function selectByScan(
  scan: AsyncIterable<readonly LogSlice[]>,
  { direction, limit }: Pick<LogSelectRequest, "direction" | "limit">,
): Promise<LogRecord[]> {
  const records: LogRecord[] = [];
  if (limit <= 0) return records;
  for await (const slices of scan) {
    const more = await recordsOf(slices, direction, limit - records.length);
    for (const record of more) records.push(record);
    if (records.length >= limit) break;
  }
  return records;
}

/** Whole milliseconds; start inclusive, end exclusive. */
type SpanMs = { readonly startMs: number; readonly endMs: number };

/** Undefined where it holds too much. */
async function readSpan(
  parts: readonly LogPart[],
  { startMs, endMs }: SpanMs,
  request: Pick<LogScanRequest, "startNs" | "endNs" | "signal">,
): Promise<LogSlice[] | undefined> {
  const span = {
    startNs: larger(request.startNs, BigInt(startMs) * nanosPerMs),
    endNs: -larger(-request.endNs, -BigInt(endMs) * nanosPerMs),
  };
  const slices: LogSlice[] = [];
  let bytes = 0;
  for (const part of parts) {
    if (part.maxMs < startMs || part.minMs >= endMs) continue;
    for await (const slice of part.slices(span)) {
      if (request.signal?.aborted === true)
        throw new OperatingError("cancelled", "query was cancelled");
      slices.push(slice);
      bytes += sliceBytes(slice);
      if (bytes > spanBytesMax) return undefined;
    }
  }
  return slices;
}

/** What there is of the request's span. */
function bounds(
  parts: readonly LogPart[],
  { startNs, endNs }: Pick<LogScanRequest, "startNs" | "endNs">,
): SpanMs | undefined {
  return shrink(parts, { startMs: floorMs(startNs), endMs: floorMs(endNs - 1n) + 1 });
}

/** Without the time at both ends in which no part has anything; undefined where nothing is left. */
function shrink(parts: readonly LogPart[], { startMs, endMs }: SpanMs): SpanMs | undefined {
  let [first, last] = [Infinity, -Infinity];
  for (const { minMs, maxMs } of parts) {
    if (maxMs < startMs || minMs >= endMs) continue;
    first = Math.min(first, Math.max(startMs, minMs));
    last = Math.max(last, Math.min(endMs, maxMs + 1));
  }
  return first < last ? { startMs: first, endMs: last } : undefined;
}

/** The largest span at the beginning (the end, backward) that has likely no more than `items` records, but a millisecond at least. */
function cut(
  parts: readonly LogPart[],
  { startMs, endMs }: SpanMs,
  items: number,
  isBackward: boolean,
): SpanMs {
  const spanOf = (length: number) =>
    isBackward ? { startMs: endMs - length, endMs } : { startMs, endMs: startMs + length };
  let [low, high] = [1, endMs - startMs];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (estimate(parts, spanOf(middle)) <= items) low = middle;
    else high = middle - 1;
  }
  return spanOf(low);
}

/** As if records were spread evenly over the time of their part. */
function estimate(parts: readonly LogPart[], { startMs, endMs }: SpanMs): number {
  let sum = 0;
  for (const { minMs, maxMs, items } of parts) {
    const overlap = Math.min(maxMs + 1, endMs) - Math.max(minMs, startMs);
    if (overlap > 0) sum += (items * overlap) / (maxMs + 1 - minMs);
  }
  return sum;
}

/** Rounds down, also before 1970. */
function floorMs(ns: bigint): number {
  return Number((ns - (((ns % nanosPerMs) + nanosPerMs) % nanosPerMs)) / nanosPerMs);
}

function larger(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}
