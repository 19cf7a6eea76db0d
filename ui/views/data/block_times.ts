import type { BlockRow } from "../../client/storage/data_service.ts";

/** A stretch of a row of the picture, as shares of its width. */
export type BlockBar = { readonly left: number; readonly width: number; readonly count: number };
export type BlockLane = { readonly name: string; readonly bars: readonly BlockBar[] };

/** Columns of the picture: blocks that fall into the same ones are one bar. */
const columns = 240;

/** Which stretches of a window each signal and resolution has blocks of. */
export function blockLanes(
  blocks: readonly BlockRow[],
  { startMs, endMs }: { readonly startMs: number; readonly endMs: number },
): BlockLane[] {
  const counts = new Map<string, Uint32Array>();
  const perColumn = Math.max(1, (endMs - startMs) / columns);
  for (const block of blocks) {
    const from = Math.max(0, Math.floor((block.minMs - startMs) / perColumn));
    const to = Math.min(columns - 1, Math.floor((block.maxMs - startMs) / perColumn));
    if (to < 0 || from >= columns) continue;
    const name = laneName(block);
    const lane = counts.get(name) ?? new Uint32Array(columns);
    counts.set(name, lane);
    for (let i = from; i <= to; i++) lane[i] = (lane[i] ?? 0) + 1;
  }
  return [...counts]
    .toSorted(([a], [b]) => a.localeCompare(b, undefined, { numeric: true }))
    .map(([name, lane]) => ({ name, bars: barsOf(lane) }));
}

function laneName({ signal, bucketMs }: BlockRow): string {
  return bucketMs > 0 ? `${signal}, ${bucketMs / 1_000} s` : signal;
}

function barsOf(lane: Uint32Array): BlockBar[] {
  const bars: BlockBar[] = [];
  let from = 0;
  for (let i = 1; i <= lane.length; i++) {
    const count = lane[from] ?? 0;
    if (i < lane.length && lane[i] === count) continue;
    if (count > 0) bars.push({ left: from / columns, width: (i - from) / columns, count });
    from = i;
  }
  return bars;
}
