import { rm } from "node:fs/promises";
import type { MaintenanceDeps } from "../deps.ts";
import { acquireFiles } from "../integrity/read_readable.ts";
import type { LogMask } from "../logs/log_mask.ts";
import { readSlices } from "../logs/read_slices.ts";
import { mergedNote, notesOf } from "./merge_blocks.ts";
import { mergeLogs } from "./merge_logs.ts";
import type { Block } from "../../read/store.ts";

/** The blocks written, and how many records each mask left out, by its name. */
export type MergedLogs = {
  readonly added: readonly Block[];
  readonly hidden: ReadonlyMap<string, number>;
};

/** Writes the records of blocks of one tenant, but for those that a mask of their block hides, into one new block; none where nothing is left. */
export async function mergeLogBlocks(
  deps: MaintenanceDeps,
  inputs: readonly Block[],
  masksOf: (block: Block) => readonly LogMask[],
  signal: AbortSignal,
): Promise<MergedLogs> {
  const [first] = inputs;
  const hidden = new Map<string, number>();
  if (first === undefined) return { added: [], hidden };
  // The age of what it holds, so that it stands where its inputs stood in the order of commit.
  const createdMs = Math.min(...inputs.map((block) => block.createdMs));
  const notes = await notesOf(deps, inputs, signal);
  const noteOf = mergedNote(inputs, notes, createdMs, await deps.claim.writer());
  const files = await acquireFiles(deps.tools.guard, inputs, signal);
  let path: string | undefined;
  try {
    const slices = inputs.map((block, i) =>
      readSlices(files.paths[i] ?? "", masksOf(block), hidden),
    );
    const file = await mergeLogs(deps.staging, slices, noteOf(0, true), signal);
    ({ path } = file);
    if (file.rows === 0) return { added: [], hidden };
    return { added: [await deps.upload(first.tenant, "logs", file, createdMs)], hidden };
  } finally {
    files.release();
    if (path !== undefined) await rm(path, { force: true });
  }
}
