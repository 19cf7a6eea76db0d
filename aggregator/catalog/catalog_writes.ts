import type { SQL } from "bun";
import type { CarrierPosition } from "#proto/bus/agent_port.ts";
import { OperatingError } from "#shared/errors.ts";
import type { MetricFamily } from "#shared/model/metrics.ts";
import type { Removal } from "../read/removals.ts";
import { applyRemovals } from "./apply_removals.ts";
import { savePatterns } from "./pattern_writes.ts";
import { chainRow } from "./chain_row.ts";
import type { Block, LaneCommit, PatternsCommit } from "../read/store.ts";
import { insertDeletion, type PendingDeletion } from "./deletion_rows.ts";
import type { AuditEntry, Tombstone } from "./tombstone.ts";

/** What one transaction changes. */
export type CatalogChange = {
  readonly added: readonly Block[];
  readonly removed: readonly Block[];
  readonly lanes: readonly LaneCommit[];
  readonly carrier: CarrierPosition;
  readonly families: ReadonlyMap<string, readonly MetricFamily[]>;
  /** When the files of removed blocks may go, Unix milliseconds. */
  readonly deleteAfterMs: number;
  /** Tombstones of removed blocks that go on for added ones, and those that are finished. */
  readonly tombstones?: TombstoneChange;
  /** Blocks that stay, with what of them is in the next tier from now on. */
  readonly tiered?: readonly TieredBlock[];
  readonly floors?: readonly TierFloor[];
  readonly patterns?: readonly PatternsCommit[];
  /** Of removed blocks, by id, those whose files go to the trash. */
  readonly trashed?: ReadonlyMap<string, NonNullable<PendingDeletion["trash"]>>;
  /** Items of removed blocks that are in no added one. */
  readonly removals?: readonly Removal[];
};

export type TieredBlock = { readonly id: string; readonly tiered: readonly number[] };

/** Nothing of a tier (bucketMs 0: raw samples) that is not after the floor is read any more. */
export type TierFloor = {
  readonly tenant: string;
  readonly bucketMs: number;
  readonly floorMs: number;
};

export type TombstoneChange = {
  readonly inherited: readonly { readonly tombstone: string; readonly block: string }[];
  /** Ids of those that some of the removed blocks were rewritten without. */
  readonly started: readonly string[];
  readonly finished: readonly {
    readonly id: string;
    readonly key: string;
    readonly deleteAfterMs: number;
  }[];
};

/** The catalog is not as a change expects, because another process wrote to it. The change is not made. */
export class CatalogChangedError extends OperatingError {
  constructor(what: string) {
    super(
      "conflict",
      `${what}: the catalog was changed by another process, so nothing was written`,
    );
  }
}

/** The statements of one change, within the transaction of `sql`. Throws CatalogChangedError. */
export async function applyChange(sql: SQL, change: CatalogChange): Promise<void> {
  for (const block of change.added) await insertBlock(sql, block);
  for (const { id, key, bytes } of change.removed) {
    const rows = await sql`DELETE FROM blocks WHERE id = ${id} RETURNING id`;
    if ([...rows].length !== 1)
      throw new CatalogChangedError(`block ${id} is not there to be replaced`);
    await sql`DELETE FROM tombstone_blocks WHERE block = ${id}`;
    const trash = change.trashed?.get(id);
    const deletion = { key, bytes, ...(trash === undefined ? {} : { trash }) };
    await insertDeletion(sql, deletion, change.deleteAfterMs);
  }
  for (const { tombstone, block } of change.tombstones?.inherited ?? [])
    await sql`INSERT INTO tombstone_blocks (tombstone, block) VALUES (${tombstone}, ${block})`;
  for (const { id, key, deleteAfterMs } of change.tombstones?.finished ?? []) {
    await sql`DELETE FROM tombstones WHERE id = ${id}`;
    await insertDeletion(sql, { key, bytes: 0 }, deleteAfterMs);
  }
  const finished = change.tombstones?.finished ?? [];
  await applyRemovals(
    sql,
    change.removals ?? [],
    change.tombstones?.started ?? [],
    finished.map(({ id }) => id),
  );
  for (const { id, tiered } of change.tiered ?? []) {
    const rows = await sql`UPDATE blocks SET tiered = ${JSON.stringify(tiered)}
      WHERE id = ${id} RETURNING id`;
    if ([...rows].length !== 1) throw new CatalogChangedError(`block ${id} is not there`);
  }
  for (const floor of change.floors ?? []) await saveFloor(sql, floor);
  for (const lane of change.lanes) await saveLane(sql, lane);
  await savePatterns(sql, change.patterns ?? []);
  for (const [partition, { incarnation, sequence }] of Object.entries(change.carrier))
    await sql`INSERT INTO carrier (partition_name, incarnation, sequence)
      VALUES (${partition}, ${incarnation}, ${sequence}) ON CONFLICT (partition_name)
      DO UPDATE SET incarnation = excluded.incarnation, sequence = excluded.sequence`;
  for (const [tenant, families] of change.families) await saveFamilies(sql, tenant, families);
}

/** Families of one INSERT: five parameters each, of which SQLite takes 32,766. */
const familiesAtOnce = 256;

/** Of several with one name the last counts. */
async function saveFamilies(
  sql: SQL,
  tenant: string,
  given: readonly MetricFamily[],
): Promise<void> {
  const families = [...new Map(given.map((family) => [family.name, family])).values()];
  for (let at = 0; at < families.length; at += familiesAtOnce) {
    const rows = families
      .slice(at, at + familiesAtOnce)
      .map(({ name, type, help, unit }) => ({ tenant, name, type, help, unit }));
    await sql`INSERT INTO families ${sql(rows)} ON CONFLICT (tenant, name)
      DO UPDATE SET type = excluded.type, help = excluded.help, unit = excluded.unit`;
  }
}

export async function insertTombstone(sql: SQL, tombstone: Tombstone): Promise<void> {
  const { id, signal, tenant, startMs, endMs, createdMs, blocks } = tombstone;
  const selectors = JSON.stringify(tombstone.selectors);
  const { lineFilters } = tombstone;
  const filters = lineFilters === undefined ? null : JSON.stringify(lineFilters);
  await sql`INSERT INTO tombstones
    (id, signal, tenant, selectors, line_filters, logql, start_ms, end_ms, created_ms)
    VALUES (${id}, ${signal}, ${tenant}, ${selectors}, ${filters}, ${tombstone.logql ?? null},
      ${startMs}, ${endMs}, ${createdMs})`;
  for (const block of blocks)
    await sql`INSERT INTO tombstone_blocks (tombstone, block) VALUES (${id}, ${block})`;
}

export async function insertAudit(sql: SQL, id: string, entry: AuditEntry): Promise<void> {
  const { atMs, tenant, actor, action, detail } = entry;
  await sql`INSERT INTO audit (id, at_ms, tenant, actor, action, detail)
    VALUES (${id}, ${atMs}, ${tenant}, ${actor}, ${action}, ${detail})`;
}

export async function insertBlock(sql: SQL, block: Block): Promise<void> {
  const { id, tenant, signal, key, items, rows, bytes, minMs, maxMs, createdMs } = block;
  const checksum = block.checksum ?? null;
  const exemplars = block.exemplars ?? { count: null, minMs: null, maxMs: null };
  const bucketMs = block.bucketMs ?? 0;
  const tiered = JSON.stringify(block.tiered ?? []);
  await sql`INSERT INTO blocks
    (id, tenant, signal, key, items, row_count, bytes, min_ms, max_ms, created_ms, checksum,
      exemplars, exemplars_min_ms, exemplars_max_ms, bucket_ms, tiered)
    VALUES (${id}, ${tenant}, ${signal}, ${key}, ${items}, ${rows}, ${bytes}, ${minMs}, ${maxMs},
      ${createdMs}, ${checksum}, ${exemplars.count}, ${exemplars.minMs}, ${exemplars.maxMs},
      ${bucketMs}, ${tiered})`;
}

export async function saveFloor(sql: SQL, { tenant, bucketMs, floorMs }: TierFloor): Promise<void> {
  await sql`INSERT INTO tier_floors (tenant, bucket_ms, floor_ms)
    VALUES (${tenant}, ${bucketMs}, ${floorMs}) ON CONFLICT (tenant, bucket_ms)
    DO UPDATE SET floor_ms = excluded.floor_ms WHERE excluded.floor_ms > tier_floors.floor_ms`;
}

/** A position never moves back: frames before it are in blocks, and would be stored a second time. */
async function saveLane(sql: SQL, commit: LaneCommit): Promise<void> {
  const { lane, position, itemsTotal, stored } = commit;
  const dropped = JSON.stringify(commit.dropped);
  const agentDropped = JSON.stringify(commit.agentDropped);
  const ahead = JSON.stringify(commit.ahead.map(chainRow));
  const rows = await sql`INSERT INTO lanes
    (tenant, agent, signal, epoch, sequence, items_total, stored, dropped, agent_dropped,
      ahead)
    VALUES (${lane.tenant}, ${lane.agent}, ${lane.signal}, ${position.epoch}, ${position.sequence},
      ${itemsTotal}, ${stored}, ${dropped}, ${agentDropped}, ${ahead})
    ON CONFLICT (tenant, agent, signal) DO UPDATE SET epoch = excluded.epoch,
    sequence = excluded.sequence, items_total = excluded.items_total, stored = excluded.stored,
    dropped = excluded.dropped, agent_dropped = excluded.agent_dropped,
    ahead = excluded.ahead
    WHERE (excluded.epoch, excluded.sequence) >= (lanes.epoch, lanes.sequence)
    RETURNING agent`;
  if ([...rows].length !== 1)
    throw new CatalogChangedError(
      `${lane.signal} of agent ${lane.agent} would go back to ${position.epoch}:${position.sequence}`,
    );
}
