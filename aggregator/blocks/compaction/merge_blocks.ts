import type { DuckDBConnection } from "@duckdb/node-api";
import { rm } from "node:fs/promises";
import { runOf } from "../../read/cut_metrics.ts";
import { createBlockView } from "../view/block_view.ts";
import { joinLanes, type BlockNote, type FileNote } from "../file/block_metadata.ts";
import { exemplarsInOrder } from "../metrics/exemplar_rows.ts";
import { writeMetricsRows } from "../block_writer.ts";
import type { LocalFile } from "../file/local_file.ts";
import { throwIfAborted } from "../../duckdb/duckdb.ts";
import { acquireFiles } from "../integrity/read_readable.ts";
import { readNotes } from "../file/file_notes.ts";
import { SeriesTexts } from "../series/labels_text.ts";
import type { MaintenanceDeps } from "../deps.ts";
import { mergeNumbers, NotOfNumbers } from "./merge_numbers.ts";
import type { StorageWriter } from "../file/writer.ts";
import { seriesInOrder } from "../metrics/series_in_order.ts";
import type { Block } from "../../read/store.ts";
import type { Deleted } from "../deletion/tombstones.ts";

/**
 * Writes the samples of blocks of one tenant, but for what is deleted, into as few new ones as the limit
 * allows, and uploads them. `tiered` is what of them is in the next tier: all inputs have the same (planMerge). Throws NotOfNumbers where
 * they are to be streamed only, and can't be.
 */
export async function mergeBlocks(
  deps: MaintenanceDeps,
  inputs: readonly Block[],
  deleted: Deleted,
  signal: AbortSignal,
  tiered: readonly number[] | undefined = inputs[0]?.tiered,
  streamed: "only" | "if_possible" = "if_possible",
): Promise<Block[]> {
  const [first] = inputs;
  if (first === undefined) return [];
  const notes = await notesOf(deps, inputs, signal);
  // The age of what it holds, so that it stands where its inputs stood in the order of commit.
  const createdMs = Math.min(...inputs.map((block) => block.createdMs));
  const noteOf = mergedNote(inputs, notes, createdMs, await deps.claim.writer());
  const local: LocalFile[] = [];
  try {
    local.push(...(await writeMerged(deps, { inputs, deleted, noteOf, streamed }, signal)));
    const added: Block[] = [];
    const more = tiered === undefined || tiered.length === 0 ? {} : { tiered };
    for (const file of local)
      added.push(await deps.upload(first.tenant, first.signal, file, createdMs, more));
    return added;
  } finally {
    for (const { path } of local) await rm(path, { force: true });
  }
}

type NoteOf = (part: number, isLast: boolean) => BlockNote;
type Merging = {
  readonly inputs: readonly Block[];
  readonly deleted: Deleted;
  readonly noteOf: NoteOf;
  readonly streamed: "only" | "if_possible";
};

/** Plain numbers are streamed; what else there is, or stands beside them, is left to DuckDB. */
async function writeMerged(
  deps: MaintenanceDeps,
  { inputs, deleted, noteOf, streamed }: Merging,
  signal: AbortSignal,
): Promise<LocalFile[]> {
  const { writer, tools, staging: folder } = deps;
  const samplesMax = deps.config.compaction.samples_max;
  const own = await acquireFiles(tools.guard, inputs, signal);
  try {
    const { paths } = own;
    const collect = () => tools.series.collect(inputs[0]?.tenant ?? "");
    const into = { folder, samplesMax, noteOf, collect };
    return await mergeNumbers({ blocks: inputs, paths, deleted }, into, signal);
  } catch (error) {
    if (!(error instanceof NotOfNumbers) || streamed === "only") throw error;
    deleted.recount();
  } finally {
    own.release();
  }
  const files = await createBlockView(tools, inputs, deleted).files(inputs, signal);
  try {
    return await writer.use(
      "merge blocks",
      (connection) => mergeMetrics(deps, connection, files.paths, noteOf, signal),
      signal,
    );
  } finally {
    files.release();
  }
}

async function mergeMetrics(
  deps: MaintenanceDeps,
  connection: DuckDBConnection,
  paths: readonly string[],
  noteOf: NoteOf,
  signal: AbortSignal,
): Promise<LocalFile[]> {
  const itemsMax = deps.config.compaction.items_max;
  const { texts: known } = deps.tools;
  const series = seriesInOrder(connection, paths, known);
  const texts = new SeriesTexts();
  const files: LocalFile[] = [];
  let next = await series.next();
  const exemplars = exemplarsInOrder(connection, paths, known);
  let isDone = false;
  try {
    for (;;) {
      const file = await writeMetricsRows(
        deps.writer,
        deps.staging,
        async (writer) => {
          while (next.done !== true && writer.items < itemsMax) {
            throwIfAborted(signal);
            writer.add(texts.get(next.value.labels), runOf(next.value));
            next = await series.next();
          }
          if (next.done !== true) return;
          isDone = true;
          for await (const one of exemplars) writer.addExemplars(texts.get(one.labels), one);
        },
        "small",
        () => noteOf(files.length, isDone),
      );
      if (file.rows > 0) files.push(file);
      else await rm(file.path, { force: true });
      if (isDone) return files;
    }
  } catch (error) {
    for (const { path } of files) await rm(path, { force: true });
    throw error;
  }
}

/** Notes of blocks, in their order; undefined for one without. */
export async function notesOf(
  { writer, tools }: MaintenanceDeps,
  inputs: readonly Block[],
  signal: AbortSignal,
): Promise<(FileNote | undefined)[]> {
  const files = await createBlockView(tools, inputs).files(inputs, signal);
  try {
    return await writer.use(
      "read the notes of blocks",
      (connection) => readNotes(connection, files.paths),
      signal,
    );
  } finally {
    files.release();
  }
}

/** The notes of what one merge writes. */
export function mergedNote(
  inputs: readonly Block[],
  notes: readonly (FileNote | undefined)[],
  createdMs: number,
  writer: StorageWriter,
): (part: number, isLast: boolean) => BlockNote {
  const { tenant = "", signal = "metrics" } = inputs[0] ?? {};
  const lanes = joinLanes(notes.map((note) => note?.lanes ?? []));
  const isAnyPartial = notes.some((note) => note?.merge?.isPartial === true);
  const replaces = inputs.map(({ id }) => id);
  const cuts = [...new Set(notes.flatMap((note) => note?.merge?.cuts ?? []))];
  const group = Bun.randomUUIDv7();
  return (part, isLast) => {
    const isPartial = isAnyPartial || part > 0 || !isLast;
    const known = { group, part, isLast, isPartial, replaces };
    const merge = cuts.length === 0 ? known : { ...known, cuts };
    return { tenant, signal, createdMs, lanes, writer, merge };
  };
}
