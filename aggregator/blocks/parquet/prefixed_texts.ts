// Hot: guarded by `bench logs`, `bench search`.
import type { ByteSink } from "./byte_sink.ts";
import type { Page } from "./column_pages.ts";
import { DeltaColumn } from "./delta_column.ts";
import { writeLengths } from "./encode.ts";
import { UnsupportedParquet } from "./unsupported.ts";

/** Of all texts of a page, put together. */
const textBytesMax = 512 * 2 ** 20;

/** DELTA_BYTE_ARRAY: how many bytes each text shares with the one before, then lengths of what is left, to `head`; what is left, to `rests`. */
export function writePrefixed(
  texts: { readonly bytes: Uint8Array; readonly lengths: Uint32Array },
  head: ByteSink,
  rests: ByteSink,
): void {
  const { bytes, lengths } = texts;
  const shared = new Uint32Array(lengths.length);
  const left = new Uint32Array(lengths.length);
  rests.ensure(bytes.length);
  let [before, start] = [0, 0];
  for (let i = 0; i < lengths.length; i++) {
    const end = start + (lengths[i] ?? 0);
    const most = Math.min(end, 2 * start - before);
    let at = start;
    while (at < most && bytes[at] === bytes[before + at - start]) at++;
    shared[i] = at - start;
    left[i] = end - at;
    rests.copy(bytes, at, end - at);
    before = start;
    start = end;
  }
  writeLengths(head, shared);
  writeLengths(head, left);
}

/** Throws UnsupportedParquet. */
export function readPrefixed({ bytes, count }: Page): {
  readonly bytes: Uint8Array;
  readonly ends: Uint32Array;
} {
  const first = new DeltaColumn(bytes);
  const shared = first.decodeAll();
  const second = new DeltaColumn(bytes.subarray(first.end));
  const left = second.decodeAll();
  if (shared.length !== count || left.length !== count)
    throw new UnsupportedParquet("texts are cut off");
  const ends = new Uint32Array(count);
  let [size, rests, before] = [0, 0, 0];
  for (let i = 0; i < count; i++) {
    const [own, rest] = [shared[i] ?? -1, left[i] ?? -1];
    if (!(own >= 0 && own <= before && rest >= 0))
      throw new UnsupportedParquet("a text that begins as none does");
    before = own + rest;
    rests += rest;
    ends[i] = size += before;
    if (size > textBytesMax) throw new UnsupportedParquet("texts are too long");
  }
  let from = bytes.length - rests;
  if (from < first.end + second.end) throw new UnsupportedParquet("texts are cut off");
  const texts = new Uint8Array(size);
  let [last, to] = [0, 0];
  for (let i = 0; i < count; i++) {
    const start = to;
    for (let n = shared[i] ?? 0; n > 0; n--) texts[to++] = texts[last++] ?? 0;
    for (const end = ends[i] ?? 0; to < end;) texts[to++] = bytes[from++] ?? 0;
    last = start;
  }
  return { bytes: texts, ends };
}
