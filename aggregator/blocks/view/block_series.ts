import type { SeriesRequest } from "../../read/source.ts";
import type { ReadTools } from "./block_files.ts";
import { labelsText, type KnownLabels } from "../series/labels_text.ts";
import { metricNameLabel } from "#shared/model/labels.ts";
import { readFiles } from "./local_files.ts";
import { readSeriesNames } from "../metrics/metrics_reader.ts";
import { compileSelectors } from "../series/selector.ts";
import type { Block } from "../../read/store.ts";
import type { BlockSeries, SeriesName } from "../series/series_index.ts";
import { SeriesMarks } from "../series/series_marks.ts";

/** Blocks whose series are read together: texts of all are in memory at once. */
const readTogether = 2;

/**
 * The series of blocks that are selected and have a sample in the range, and `more`. Blocks that lie in the range as a whole need the index
 * alone; those at its edges are read where a series is in no other block.
 */
export async function markSeries(
  tools: ReadTools,
  blocks: readonly Block[],
  more: readonly KnownLabels[],
  request: SeriesRequest,
): Promise<SeriesMarks> {
  const { selectors, startMs, endMs, signal, missing } = request;
  const { known, sets } = await setsOf(tools, blocks, request);
  const isWhole = ({ minMs, maxMs }: Block) => minMs >= startMs && maxMs <= endMs;
  const marks = new SeriesMarks(known);
  for (const wholes of [true, false])
    for (const [i, block] of blocks.entries())
      if (isWhole(block) === wholes) marks.take(sets[i] ?? new Uint32Array(), wholes);
  for (const { labels } of more) marks.takeNamed(labels[metricNameLabel] ?? "", labelsText(labels));
  if (!(await marks.select(selectors))) return marks;
  const across = blocks.filter((block) => !isWhole(block));
  const selector = compileSelectors(selectors, "labels");
  const files = await readFiles(tools, { blocks: across, signal, missing }, (connection, paths) =>
    readSeriesNames(connection, paths, selector, request),
  );
  marks.confirm(files.flatMap((names) => names ?? []));
  return marks;
}

/** Of each block; those that the index does not know yet are read. */
async function setsOf(
  tools: ReadTools,
  blocks: readonly Block[],
  { tenant, signal, missing }: SeriesRequest,
): Promise<BlockSeries> {
  await tools.series.ready;
  const { sets } = tools.series.of(tenant, blocks);
  const unknown = blocks.filter((_, i) => sets[i] === undefined);
  const everything = compileSelectors([], "labels");
  const read = new Map<Block, readonly SeriesName[]>();
  for (let from = 0; from < unknown.length; from += readTogether) {
    const some = unknown.slice(from, from + readTogether);
    const files = await readFiles(tools, { blocks: some, signal, missing }, (connection, paths) =>
      readSeriesNames(connection, paths, everything, undefined),
    );
    for (const [i, block] of some.entries()) {
      const names = files[i];
      // Of a damaged block nothing is known.
      if (names === undefined) continue;
      await tools.series.note(tenant, block.id, names);
      if (tools.series.of(tenant, [block]).sets[0] === undefined) read.set(block, names);
    }
  }
  // What found no room in the index has its numbers here alone.
  const now = tools.series.of(tenant, blocks);
  return {
    known: now.known,
    sets: blocks.map((block, i) => {
      const names = read.get(block);
      if (now.sets[i] !== undefined || names === undefined) return now.sets[i];
      return Uint32Array.from(names, ({ name, text }) => now.known.id(name, text));
    }),
  };
}
