import type { DuckDBConnection } from "@duckdb/node-api";
import { rm } from "node:fs/promises";
import { joinLanes, type BlockNote } from "../file/block_metadata.ts";
import { createBlockView } from "../view/block_view.ts";
import type { LocalFile } from "../file/local_file.ts";
import type { MaintenanceDeps } from "../deps.ts";
import { throwIfAborted } from "../../duckdb/duckdb.ts";
import { SeriesTexts } from "../series/labels_text.ts";
import { notesOf } from "../compaction/merge_blocks.ts";
import { seriesInOrder } from "../metrics/series_in_order.ts";
import type { Block } from "../../read/store.ts";
import type { Deleted } from "../deletion/tombstones.ts";
import { BucketBuffer, type BucketSeries } from "../tiers/bucket_buffer.ts";
import { combineBuckets } from "../tiers/combine.ts";
import { downsample } from "../tiers/downsample.ts";
import type { TierJob } from "./plan_tier.ts";
import { bucketsInOrder } from "../tiers/tier_reader.ts";
import { windowMs as windowLengthMs, windowStart } from "../tiers/windows.ts";
import { writeTierRows } from "../tiers/write_tier.ts";

/** Series in order, each as the pieces that it has. */
type Pieces = AsyncGenerator<readonly BucketSeries[]>;

/** Writes a window of a tier, as many blocks as the limit of one asks for, and uploads them. */
export async function writeTier(
  deps: MaintenanceDeps,
  { tenant, bucketMs, windowMs, sources, previous, isWhole }: TierJob,
  deleted: Deleted,
  signal: AbortSignal,
): Promise<Block[]> {
  const kept = isWhole ? [] : previous;
  const inputs = [...sources, ...kept];
  const notes = await notesOf(deps, inputs, signal);
  const unnamed = inputs.filter((_, i) => (notes[i]?.lanes ?? []).length === 0);
  const note = {
    tenant,
    lanes: joinLanes(notes.map((one) => one?.lanes ?? [])),
    tier: {
      bucketMs,
      windowMs,
      sources: [
        ...unnamed.map(({ id }) => id),
        ...notes.flatMap((one) => one?.tier?.sources ?? []),
      ],
    },
  };
  const files = await createBlockView(deps.tools, inputs, deleted).files(inputs, signal);
  const finer = files.paths.slice(0, sources.length);
  const own = files.paths.slice(sources.length);
  const isRaw = sources[0]?.bucketMs === undefined;
  const made = (connection: DuckDBConnection) =>
    isRaw
      ? rawPieces(deps, connection, finer, { bucketMs, windowMs })
      : bucketsInOrder(connection, finer, deps.tools.texts);
  try {
    if (kept.length === 0) return await writeBlocks(deps, { ...note, isMade: isRaw }, signal, made);
    // A connection reads one result at a time.
    return await deps.writer.use(
      "read a tier",
      (connection) =>
        writeBlocks(deps, { ...note, isMade: false }, signal, (other) =>
          inStep(bucketsInOrder(connection, own, deps.tools.texts), made(other)),
        ),
      signal,
    );
  } finally {
    files.release();
  }
}

/** Rewrites a block of a tier without what is deleted out of it. */
export async function rewriteTier(
  deps: MaintenanceDeps,
  block: Block,
  deleted: Deleted,
  signal: AbortSignal,
): Promise<Block[]> {
  const [before] = await notesOf(deps, [block], signal);
  const tier = before?.tier ?? {
    bucketMs: block.bucketMs ?? 0,
    windowMs: windowStart(block.maxMs),
    sources: [],
  };
  const { tenant } = block;
  const note = { tenant, lanes: before?.lanes ?? [], tier, isMade: true };
  const files = await createBlockView(deps.tools, [block], deleted).files([block], signal);
  try {
    const { tiered } = block;
    const more = tiered === undefined ? {} : { tiered };
    return await writeBlocks(
      deps,
      note,
      signal,
      (connection) => bucketsInOrder(connection, files.paths, deps.tools.texts),
      more,
    );
  } finally {
    files.release();
  }
}

type TierBlockNote = Pick<BlockNote, "tenant" | "lanes"> &
  Required<Pick<BlockNote, "tier">> & {
    /** Whether series come in the buckets that are wanted, each in one piece. */
    readonly isMade: boolean;
  };

async function writeBlocks(
  deps: MaintenanceDeps,
  note: TierBlockNote,
  signal: AbortSignal,
  read: (connection: DuckDBConnection) => Pieces,
  more: Pick<Block, "tiered"> = {},
): Promise<Block[]> {
  const { tenant, tier } = note;
  const createdMs = deps.clock.now();
  const writer = await deps.claim.writer();
  const local: LocalFile[] = [];
  try {
    await deps.writer.use(
      "make a tier",
      (connection) =>
        writeFiles(deps, read(connection), { ...note, createdMs, writer }, local, signal),
      signal,
    );
    const added: Block[] = [];
    for (const file of local)
      added.push(
        await deps.upload(tenant, "metrics", file, createdMs, {
          bucketMs: tier.bucketMs,
          ...more,
        }),
      );
    return added;
  } finally {
    for (const { path } of local) await rm(path, { force: true });
  }
}

async function writeFiles(
  deps: MaintenanceDeps,
  pieces: Pieces,
  { isMade, ...note }: TierBlockNote & Pick<BlockNote, "createdMs" | "writer">,
  local: LocalFile[],
  signal: AbortSignal,
): Promise<void> {
  const itemsMax = deps.config.compaction.items_max;
  const texts = new SeriesTexts();
  const buffer = new BucketBuffer();
  const group = Bun.randomUUIDv7();
  let next = await pieces.next();
  while (next.done !== true) {
    const file = await writeTierRows(
      deps.writer,
      deps.staging,
      async (writer) => {
        while (next.done !== true && writer.items < itemsMax) {
          throwIfAborted(signal);
          const [first] = next.value;
          if (first !== undefined) {
            buffer.clear();
            if (!isMade) combineBuckets(next.value, note.tier.bucketMs, buffer);
            writer.add(texts.get(first.labels), isMade ? first : buffer.view(first.labels));
          }
          next = await pieces.next();
        }
      },
      "small",
      () => {
        const part = local.length;
        const isLast = next.done === true;
        const merge = { group, part, isLast, isPartial: part > 0 || !isLast, replaces: [] };
        return { ...note, signal: "metrics", merge };
      },
    );
    local.push(file);
  }
}

/** Series of raw blocks, downsampled; what is not in the window is left out. */
async function* rawPieces(
  deps: MaintenanceDeps,
  connection: DuckDBConnection,
  paths: readonly string[],
  { bucketMs, windowMs }: Pick<TierJob, "bucketMs" | "windowMs">,
): Pieces {
  const span = { afterMs: windowMs, untilMs: windowMs + windowLengthMs };
  const condition = `t_max > ${BigInt(span.afterMs)}::BIGINT AND t_min <= ${BigInt(span.untilMs)}::BIGINT`;
  const buffer = new BucketBuffer();
  for await (const series of seriesInOrder(connection, paths, deps.tools.texts, condition)) {
    buffer.clear();
    downsample(series, bucketMs, span, buffer);
    if (buffer.length > 0) yield [buffer.view(series.labels)];
  }
}

/** Two streams as one: of a series that both have, all pieces together. */
async function* inStep(one: Pieces, other: Pieces): Pieces {
  const texts = new SeriesTexts();
  let a = await one.next();
  let b = await other.next();
  for (;;) {
    if (a.done === true && b.done === true) return;
    let order = a.done === true ? 1 : -1;
    if (a.done !== true && b.done !== true) order = compareSeries(texts, a.value, b.value);
    const pieces: BucketSeries[] = [];
    if (order <= 0 && a.done !== true) pieces.push(...a.value);
    if (order >= 0 && b.done !== true) pieces.push(...b.value);
    yield pieces;
    if (order <= 0) a = await one.next();
    if (order >= 0) b = await other.next();
  }
}

/** DuckDB's order: of the bytes of UTF-8, by name, then labels. */
function compareSeries(
  texts: SeriesTexts,
  [one]: readonly BucketSeries[],
  [other]: readonly BucketSeries[],
): number {
  if (one === undefined || other === undefined) return 0;
  const a = texts.get(one.labels);
  const b = texts.get(other.labels);
  const byName = Buffer.compare(Buffer.from(a.name), Buffer.from(b.name));
  return byName === 0 ? Buffer.compare(Buffer.from(a.text), Buffer.from(b.text)) : byName;
}
