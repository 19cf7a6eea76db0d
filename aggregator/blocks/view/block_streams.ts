import { nextTurn } from "#shared/async/turns.ts";
import type { SeriesRequest, StreamVisitor } from "../../read/source.ts";
import type { ReadTools } from "./block_files.ts";
import { throwIfAborted } from "../../duckdb/duckdb.ts";
import { type KnownLabels, parseLabels } from "../series/labels_text.ts";
import { readableBlocks, readReadable } from "../integrity/read_readable.ts";
import { readStreams } from "../logs/logs_reader.ts";
import { eachStreamLeft } from "./logs_view.ts";
import { compileSelectors, type Selector } from "../series/selector.ts";
import { seriesBytes } from "../metrics/series_pieces.ts";
import type { Block } from "../../read/store.ts";
import type { Deleted } from "../deletion/tombstones.ts";

/** Nanoseconds a millisecond. */
const nsPerMs = 1_000_000n;
/** Blocks whose files are made local together. */
const blocksAtOnce = 16;
/** A block of more streams has them parsed each time: kept, they would push out those of all other blocks. */
const keptMax = 20_000;
/** Streams between pauses for others. */
const parsedAtOnce = 5_000;

/**
 * Label sets of the streams that match and have a record in the range, block by block, in no order; one that lies in several blocks is visited for
 * each. Holds the texts of one block's streams at most.
 */
export async function eachBlockStream(
  tools: ReadTools,
  blocks: readonly Block[],
  deleted: Deleted,
  request: SeriesRequest,
  visit: StreamVisitor,
): Promise<void> {
  const { tenant, startMs, endMs, signal, missing } = request;
  const selector = compileSelectors(request.selectors, "stream");
  const within = blocks.filter(
    (block) =>
      block.signal === "logs" &&
      block.tenant === tenant &&
      block.maxMs >= startMs &&
      block.minMs <= endMs,
  );
  const wanted = readableBlocks(tools.guard, within, missing);
  const concerned = wanted.filter((block) => deleted.concerns(block));
  await eachStreamLeft(tools, concerned, deleted, request, (labels) => {
    if (selector.matches(labels)) visit(labels);
  });
  const unread: Block[] = [];
  for (const block of wanted) {
    if (deleted.concerns(block)) continue;
    const known = isInside(block, request)
      ? tools.labels.get(`${block.id} ${selector.key}`)
      : undefined;
    if (known === undefined) unread.push(block);
    else for (const { labels, key } of known) visit(labels, key);
  }
  for (let i = 0; i < unread.length; i += blocksAtOnce) {
    const some = unread.slice(i, i + blocksAtOnce);
    // Where it is called again, streams are visited again, which they may.
    await readReadable(tools, { blocks: some, signal, missing }, async (paths, readable) => {
      for (const [j, block] of readable.entries())
        await readBlock(tools, block, paths[j] ?? "", selector, request, visit);
      return [];
    });
  }
}

async function readBlock(
  tools: ReadTools,
  block: Block,
  path: string,
  selector: Selector,
  request: SeriesRequest,
  visit: StreamVisitor,
): Promise<void> {
  const inside = isInside(block, request);
  // Both ends inclusive, to the whole of the last millisecond.
  const span = {
    startNs: BigInt(Math.trunc(request.startMs)) * nsPerMs,
    endNs: (BigInt(Math.trunc(request.endMs)) + 1n) * nsPerMs,
  };
  throwIfAborted(request.signal);
  const texts = await readStreams(path, inside ? undefined : span);
  if (texts.size > keptMax) return visitParsed(texts, selector, request, visit);
  const found: KnownLabels[] = [];
  for (const text of texts) {
    const known = tools.texts.get("", text);
    if (selector.matches(known.labels)) found.push(known);
  }
  // Of a block that lies in the range as a whole, all label sets count, and are worth remembering.
  if (inside)
    tools.labels.set(`${block.id} ${selector.key}`, found, 100 + found.length * seriesBytes);
  for (const { labels, key } of found) visit(labels, key);
}

async function visitParsed(
  texts: ReadonlySet<string>,
  selector: Selector,
  { signal }: SeriesRequest,
  visit: StreamVisitor,
): Promise<void> {
  let parsed = 0;
  for (const text of texts) {
    const labels = parseLabels("", text);
    if (selector.matches(labels)) visit(labels);
    if (++parsed % parsedAtOnce !== 0) continue;
    await nextTurn();
    throwIfAborted(signal);
  }
}

function isInside(block: Block, { startMs, endMs }: SeriesRequest): boolean {
  return block.minMs >= startMs && block.maxMs <= endMs;
}
