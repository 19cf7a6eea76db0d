import { rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { mergedNote, notesOf } from "#aggregator/blocks/compaction/merge_blocks.ts";
import type { Deleted } from "#aggregator/blocks/deletion/tombstones.ts";
import type { MaintenanceDeps } from "#aggregator/blocks/deps.ts";
import { type BlockNote, metadataSql } from "#aggregator/blocks/file/block_metadata.ts";
import type { LocalFile } from "#aggregator/blocks/file/local_file.ts";
import { acquireFiles } from "#aggregator/blocks/integrity/read_readable.ts";
import { olderThan } from "#aggregator/blocks/retention/expiry.ts";
import { deletedItems } from "#aggregator/blocks/retention/removals_of.ts";
import type { StoredSignal, WritePart } from "#aggregator/blocks/signals/stored_signal.ts";
import { type Duckdb, quoted } from "#aggregator/duckdb/duckdb.ts";
import type { Block } from "#aggregator/read/store.ts";
import { assert } from "#shared/assert.ts";
import { parseMetricSelector } from "#shared/query_language/promql/parse.ts";
import { type Span, spans } from "./span.ts";
import { CutSpans } from "./spans_head.ts";

export const spansKeptMs = 2 * 86_400_000;

/** Blocks of spans: a row a span, in the order of their times. */
export const storedSpans: StoredSignal = {
  descriptor: spans,
  *parts({ added }) {
    for (const [tenant, items] of added.get(spans.name) ?? []) {
      assert(items instanceof CutSpans, "a cut of spans");
      const write: WritePart = ({ writer, staging }, note) =>
        writeSpans(writer, staging, items.spans, note);
      if (items.items > 0) yield [tenant, [write]];
    }
  },
  contentSql: (from) => `SELECT count(*)::DOUBLE, count(*)::DOUBLE, min(start_ms)::DOUBLE,
      max(start_ms)::DOUBLE, 0::DOUBLE, max(length(name)), max(duration_ms) FROM ${from}`,
  async replace(deps, removed, _how, signal) {
    const without = deps.deleted();
    const taken = new Map<string, number>();
    const added = await mergeSpans(deps, removed, { deleted: without, taken }, signal);
    const deleteAfterMs = deps.clock.now() + deps.config.delete_after;
    const removals = deletedItems(removed, taken);
    await deps.apply({ added, removed, deleteAfterMs, without, removals });
  },
  copyWithout: async ({ writer, staging }, { block, path, deleted }) => {
    const all = await readSpans(writer, [path]);
    const left = withoutDeleted(block, all, { deleted, taken: new Map() });
    return (await writeSpans(writer, staging, left, undefined)).path;
  },
  deletionOf: (queries) => ({
    query: queries.join(" or "),
    selectors: queries.map(parseMetricSelector),
  }),
  expired: (blocks, { nowMs }) => olderThan(blocks, nowMs, () => spansKeptMs),
  keptMs: () => spansKeptMs,
};

/** `taken` counts what each of `deleted` takes out. */
type Deleting = { readonly deleted: Deleted; readonly taken: Map<string, number> };

async function mergeSpans(
  deps: MaintenanceDeps,
  inputs: readonly Block[],
  deleting: Deleting,
  signal: AbortSignal,
): Promise<Block[]> {
  const createdMs = Math.min(...inputs.map((block) => block.createdMs));
  const notes = await notesOf(deps, inputs, signal);
  const noteOf = mergedNote(inputs, notes, createdMs, await deps.claim.writer());
  const files = await acquireFiles(deps.tools.guard, inputs, signal);
  const left: Span[] = [];
  try {
    for (const [i, block] of inputs.entries())
      left.push(
        ...withoutDeleted(block, await readSpans(deps.writer, [files.paths[i] ?? ""]), deleting),
      );
  } finally {
    files.release();
  }
  if (left.length === 0) return [];
  const file = await writeSpans(deps.writer, deps.staging, left, noteOf(0, true));
  try {
    return [await deps.upload(inputs[0]?.tenant ?? "", spans.name, file, createdMs)];
  } finally {
    await rm(file.path, { force: true });
  }
}

function withoutDeleted(block: Block, all: readonly Span[], { deleted, taken }: Deleting): Span[] {
  const masks = deleted.masks(block);
  return all.filter(({ name, startMs }) => {
    const by = masks.find(
      (mask) => startMs >= mask.startMs && startMs <= mask.endMs && mask.selector.matches({ name }),
    );
    if (by !== undefined) taken.set(by.name, (taken.get(by.name) ?? 0) + 1);
    return by === undefined;
  });
}

async function writeSpans(
  duckdb: Duckdb,
  folder: string,
  all: readonly Span[],
  note: BlockNote | undefined,
): Promise<LocalFile> {
  const path = join(folder, `${Bun.randomUUIDv7()}.parquet`);
  const times = all.map(({ startMs }) => startMs);
  const count = { rows: all.length, items: all.length };
  const written = { ...count, minMs: Math.min(...times), maxMs: Math.max(...times) };
  const rows = all.map(
    ({ name, startMs, durationMs }) => `(${quoted(name)}, ${startMs}, ${durationMs})`,
  );
  const from = `(VALUES ('', 0, 0)${rows.map((row) => `, ${row}`).join("")}) AS s(name, start_ms, duration_ms)`;
  await duckdb.use("write spans", (connection) =>
    connection.run(`COPY (SELECT name, start_ms::BIGINT AS start_ms, duration_ms::BIGINT AS duration_ms
      FROM ${from} WHERE name <> '' ORDER BY start_ms)
      TO ${quoted(path)} (FORMAT parquet, COMPRESSION zstd, KV_METADATA ${metadataSql(note, written)})`),
  );
  const { size } = await stat(path);
  return { ...written, path, bytes: size };
}

const Rows = z.array(z.tuple([z.string(), z.coerce.number(), z.coerce.number()]));

/** The spans of some files, by their times. */
export async function readSpans(duckdb: Duckdb, paths: readonly string[]): Promise<Span[]> {
  if (paths.length === 0) return [];
  const rows = await duckdb.use("read spans", async (connection) => {
    const reader = await connection.runAndReadAll(`SELECT name, start_ms, duration_ms
      FROM read_parquet([${paths.map(quoted).join(", ")}]) ORDER BY start_ms`);
    return Rows.parse(reader.getRows());
  });
  return rows.map(([name, startMs, durationMs]) => ({ name, startMs, durationMs }));
}
