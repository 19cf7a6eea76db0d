import { SignalName } from "#shared/signal_name.ts";
import { z } from "zod";
import { assert } from "#shared/assert.ts";
import type { LaneId } from "#proto/bus/agent_port.ts";
import { updateDrops, type Drops } from "#shared/model/account.ts";
import { comparePositions } from "#shared/model/position.ts";
import { joinSpans, type Span } from "#shared/model/spans.ts";
import { ChainRow, chainOf, chainRow } from "../../catalog/chain_row.ts";
import { quoted } from "../../duckdb/duckdb.ts";
import { type FormatVersion, versionKey } from "./format_version.ts";
import { parseWriter, type StorageWriter, writerText } from "./writer.ts";
import { isLater } from "../../catalog/lane_commit.ts";
import type { Written } from "./written.ts";
import type { Block, LaneCommit } from "../../read/store.ts";

/** What a block says of a lane of its tenant and signal: whose frames' items it holds, and the account at the last of them. */
export type LaneNote = { readonly spans: readonly Span[]; readonly commit: LaneCommit };

/** Where a block comes from. Written into its file, so that an empty catalog can be filled from the files alone. */
export type BlockNote = {
  readonly tenant: string;
  readonly signal: Block["signal"];
  readonly createdMs: number;
  readonly lanes: readonly LaneNote[];
  /** Absent in files that were written before storages had an owner. */
  readonly writer?: StorageWriter;
  /** Absent for a block that alone has what a commit wrote. */
  readonly merge?: MergeNote;
  /** Of a tier's block. Its frames are those of which it has what lies in its window. */
  readonly tier?: TierNote;
};

export type TierNote = {
  readonly bucketMs: number;
  /** Start of the window that all of its buckets lie in. */
  readonly windowMs: number;
  /** Ids of the blocks without lanes that it has the content of. */
  readonly sources: readonly string[];
};

/** Of a file that a merge wrote, or that is not the only one that a commit wrote of its tenant and signal. */
export type MergeNote = {
  /** The same for all files that one merge wrote; a UUID of version 7, so later merges have greater ones. */
  readonly group: string;
  /** From 0; the file with the highest one is the last. */
  readonly part: number;
  readonly isLast: boolean;
  /** The block, or one that it was merged from, holds only a part of its lanes' frames: its merge wrote several files. */
  readonly isPartial: boolean;
  /** Ids of the blocks that were merged; of older files only of those not known by their frames. */
  readonly replaces: readonly string[];
  /** Groups of commits that wrote several files, of which something is in it: that of a file that a commit wrote is its own. */
  readonly cuts?: readonly string[];
};

/** The note of one of the files that a commit writes of a tenant and signal. */
export function cutNote(note: BlockNote, group: string, part: number, parts: number): BlockNote {
  if (parts === 1) return note;
  // One commit, but what is written of each tenant and signal counts for itself.
  const id = `${group} ${note.tenant} ${note.signal}`;
  const isLast = part === parts - 1;
  const merge = { group: id, part, isLast, isPartial: true, replaces: [], cuts: [id] };
  return { ...note, merge };
}

/** What is read back from a file. */
export type FileNote = BlockNote & Written & { readonly rows: number };

/** The file's key-value metadata, as COPY's KV_METADATA takes it. Without a note only the version of the format. */
export function metadataSql(
  note: BlockNote | undefined,
  written: Written & { readonly rows: number },
): string {
  const pairs = metadataPairs(note, written);
  return `{${pairs.map(([key, value]) => `${key}: ${quoted(value)}`).join(", ")}}`;
}

/** The same as pairs. */
export function metadataPairs(
  note: BlockNote | undefined,
  written: Written & { readonly rows: number },
  version: FormatVersion = 1,
): [string, string][] {
  const pairs: [string, string][] = [[versionKey, String(version)]];
  if (note !== undefined) {
    const { tenant, signal, createdMs, lanes, writer, merge, tier } = note;
    pairs.push(["lapwing_tenant", tenant], ["lapwing_signal", signal]);
    pairs.push(["lapwing_items", String(written.items)], ["lapwing_rows", String(written.rows)]);
    pairs.push(["lapwing_min_ms", String(written.minMs)]);
    pairs.push(["lapwing_max_ms", String(written.maxMs)]);
    pairs.push(["lapwing_created_ms", String(createdMs)]);
    if (written.exemplars !== undefined) {
      const { count: exemplars, minMs, maxMs } = written.exemplars;
      pairs.push(["lapwing_exemplars", `${exemplars} ${minMs} ${maxMs}`]);
    }
    if (writer !== undefined) pairs.push(["lapwing_writer", writerText(writer)]);
    if (lanes.length > 0) pairs.push(["lapwing_lanes", packed(lanes.map(laneRow))]);
    if (merge !== undefined) pairs.push(["lapwing_merge", packed(merge)]);
    if (tier !== undefined) pairs.push(["lapwing_tier", packed(tier)]);
  }
  return pairs;
}

/** From the pairs of a file; undefined for one that has no note. Throws what zod throws for one that can't be read. */
export function parseNote(pairs: ReadonlyMap<string, string>): FileNote | undefined {
  const text = (key: string) => pairs.get(`lapwing_${key}`) ?? "";
  if (text("tenant") === "") return undefined;
  const signal = SignalName.parse(text("signal"));
  const tenant = text("tenant");
  const rows = text("lanes") === "" ? [] : z.array(LaneRow).parse(unpacked(text("lanes")));
  const note = {
    tenant,
    signal,
    createdMs: whole.parse(text("created_ms")),
    items: whole.parse(text("items")),
    rows: whole.parse(text("rows")),
    minMs: whole.parse(text("min_ms")),
    maxMs: whole.parse(text("max_ms")),
    ...exemplarsNote(text("exemplars")),
    lanes: rows.map((row) => laneNote({ tenant, agent: row.agent, signal }, row)),
  };
  const merge = text("merge") === "" ? undefined : MergeRow.parse(unpacked(text("merge")));
  const tier = text("tier") === "" ? undefined : TierRow.parse(unpacked(text("tier")));
  const writer = parseWriter(text("writer"));
  return {
    ...note,
    ...(writer === undefined ? {} : { writer }),
    ...(merge === undefined ? {} : { merge: mergeNote(merge) }),
    ...(tier === undefined ? {} : { tier }),
  };
}

function mergeNote({ cuts, ...merge }: z.output<typeof MergeRow>): MergeNote {
  return { ...merge, ...(cuts === undefined ? {} : { cuts }) };
}

function exemplarsNote(text: string): Pick<Written, "exemplars"> {
  if (text === "") return {};
  const [exemplars, minMs, maxMs] = z.tuple([whole, whole, whole]).parse(text.split(" "));
  return { exemplars: { count: exemplars, minMs, maxMs } };
}

/** The lanes of several blocks as one block has them. */
export function joinLanes(notes: readonly (readonly LaneNote[])[]): LaneNote[] {
  const byAgent = new Map<string, LaneNote>();
  for (const lane of notes.flat()) {
    const { agent } = lane.commit.lane;
    const known = byAgent.get(agent);
    byAgent.set(agent, known === undefined ? lane : joinLane(known, lane));
  }
  return [...byAgent.values()];
}

function joinLane(a: LaneNote, b: LaneNote): LaneNote {
  return {
    spans: joinSpans([...a.spans, ...b.spans]),
    commit: isLater(b.commit, a.commit) ? b.commit : a.commit,
  };
}

/** Whether a frame is in both. */
export function spansOverlap(a: readonly Span[], b: readonly Span[]): boolean {
  return a.some((one) =>
    b.some(
      (other) =>
        comparePositions(one.from, other.to) < 0 && comparePositions(other.from, one.to) < 0,
    ),
  );
}

type LaneRow = z.output<typeof LaneRow>;

function laneRow({ spans, commit }: LaneNote): LaneRow {
  const { lane, itemsTotal, stored, dropped, agentDropped, position } = commit;
  return {
    agent: lane.agent,
    spans: spans.map(({ from, to }) => [from.epoch, from.sequence, to.epoch, to.sequence]),
    position: [position.epoch, position.sequence],
    items_total: itemsTotal,
    stored,
    dropped: { ...dropped },
    agent_dropped: { ...agentDropped },
    ...(commit.ahead.length === 0 ? {} : { ahead: commit.ahead.map(chainRow) }),
  };
}

function laneNote(lane: LaneId, row: LaneRow): LaneNote {
  const [epoch, sequence] = row.position;
  return {
    spans: row.spans.map(([fromEpoch, fromSequence, toEpoch, toSequence]) => ({
      from: { epoch: fromEpoch, sequence: fromSequence },
      to: { epoch: toEpoch, sequence: toSequence },
    })),
    commit: {
      lane,
      position: { epoch, sequence },
      itemsTotal: row.items_total,
      stored: row.stored,
      dropped: dropsOf(row.dropped),
      agentDropped: dropsOf(row.agent_dropped),
      ahead: (row.ahead ?? []).map(chainOf),
    },
  };
}

function dropsOf(counts: Readonly<Record<string, number>>): Drops {
  return updateDrops({}, counts);
}

/** JSON, zstd, base64: hundreds of agents make it long, and a file's metadata is not compressed otherwise. */
function packed(value: unknown): string {
  return Buffer.from(Bun.zstdCompressSync(JSON.stringify(value))).toString("base64");
}

function unpacked(text: string): unknown {
  const bytes = Bun.zstdDecompressSync(Buffer.from(text, "base64"));
  assert(bytes.length <= noteBytesMax, "a block's note is bounded");
  return JSON.parse(Buffer.from(bytes).toString("utf8"));
}

const noteBytesMax = 256 * 1_024 * 1_024;
const whole = z.coerce.number().int();
const count = z.number().int();
const LaneRow = z.object({
  agent: z.string(),
  spans: z.array(z.tuple([count, count, count, count])),
  position: z.tuple([count, count]),
  items_total: z.number(),
  stored: z.number(),
  dropped: z.record(z.string(), z.number()),
  agent_dropped: z.record(z.string(), z.number()),
  ahead: z.array(ChainRow).optional(),
});
const TierRow = z.object({ bucketMs: count, windowMs: count, sources: z.array(z.string()) });
const MergeRow = z.object({
  group: z.string(),
  part: count,
  isLast: z.boolean(),
  isPartial: z.boolean(),
  replaces: z.array(z.string()),
  cuts: z.array(z.string()).optional(),
});
