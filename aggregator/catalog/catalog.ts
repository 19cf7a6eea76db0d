import { SignalName } from "#shared/signal_name.ts";
import type { SQL } from "bun";
import { z } from "zod";
import { updateDrops, type Drops } from "#shared/model/account.ts";
import type { CarrierPosition } from "#proto/bus/agent_port.ts";
import type { MetricFamily } from "#shared/model/metrics.ts";
import { ChainRow, chainOf } from "./chain_row.ts";
import { count } from "./catalog_count.ts";
import {
  applyChange,
  insertAudit,
  insertTombstone,
  type CatalogChange,
  type TierFloor,
} from "./catalog_writes.ts";
import { CatalogConnection } from "./catalog_connection.ts";
import { migrate } from "./migrate_catalog.ts";
import { insertDeletionRequest } from "./deletion_requests.ts";
import type { DeletionRequest } from "../read/removals.ts";
import { FamilyRow } from "../objects/families_object.ts";
import type { AgentRecord, Block, LaneCommit } from "../read/store.ts";
import { LineFiltersText, SelectorsText, type AuditEntry, type Tombstone } from "./tombstone.ts";

/** Makes sure, within a transaction, that this process still owns the catalog; throws where it does not. */
export type Fence = (sql: SQL) => Promise<void>;

const blocksQuery = "SELECT * FROM blocks ORDER BY created_ms, id";

/** Blocks, positions and the rest of the state, in SQLite or PostgreSQL. */
export class Catalog {
  readonly #connection: CatalogConnection;
  #fence: Fence = () => Promise.resolve();

  private constructor(connection: CatalogConnection) {
    this.#connection = connection;
  }

  /** `url` is postgres://… or sqlite://path. Brings the tables up to date. */
  static async open(url: string): Promise<Catalog> {
    const connection = await CatalogConnection.open(url);
    try {
      await migrate(connection);
    } catch (cause) {
      await connection.close();
      throw cause;
    }
    return new Catalog(connection);
  }

  get isPostgres(): boolean {
    return this.#connection.isPostgres;
  }

  /** From now on what only the catalog's owner may write is written within the fence. */
  fenceBy(fence: Fence): void {
    this.#fence = fence;
  }

  /** All or nothing, and nothing by a process that no longer owns the catalog. */
  apply(change: CatalogChange): Promise<void> {
    return this.fenced("commit to the catalog", (sql) => applyChange(sql, change));
  }

  /** Several statements as one, by the owner of the catalog alone. It may be run again: nothing but `sql` may be changed. */
  fenced<Result>(what: string, action: (sql: SQL) => Promise<Result>): Promise<Result> {
    return this.#connection.write(what, async (sql) => {
      await this.#fence(sql);
      return action(sql);
    });
  }

  /** Several statements as one; `what` is for the error. It may be run again where another process was quicker: nothing but `sql` may be changed. */
  transaction<Result>(what: string, action: (sql: SQL) => Promise<Result>): Promise<Result> {
    return this.#connection.atOneMoment(what, action);
  }

  async tombstones(): Promise<Tombstone[]> {
    const rows = await this.#read("SELECT * FROM tombstones ORDER BY id");
    const blocks = z
      .array(z.object({ tombstone: z.string(), block: z.string() }))
      .parse(await this.#read("SELECT tombstone, block FROM tombstone_blocks"));
    const byTombstone = Map.groupBy(blocks, ({ tombstone }) => tombstone);
    return z
      .array(TombstoneRow)
      .parse(rows)
      .map((row) => ({
        ...row,
        blocks: (byTombstone.get(row.id) ?? []).map(({ block }) => block),
      }));
  }

  /** The request, and who made it, stand in the same transaction. */
  async addTombstone(
    tombstone: Tombstone,
    entry: AuditEntry,
    request: DeletionRequest,
  ): Promise<void> {
    await this.fenced("record a deletion", async (sql) => {
      // Without blocks there is nothing to delete, but the request is recorded.
      if (tombstone.blocks.length > 0) await insertTombstone(sql, tombstone);
      await insertDeletionRequest(sql, request);
      await insertAudit(sql, tombstone.id, entry);
    });
  }

  /** In the order of time. */
  async audit(): Promise<AuditEntry[]> {
    return z.array(AuditRow).parse(await this.#read("SELECT * FROM audit ORDER BY at_ms, id"));
  }

  async blocks(): Promise<Block[]> {
    const rows = await this.#read(blocksQuery);
    return parseBlockRows(rows);
  }

  /**
   * The blocks once every transaction of an owner that the server still works on has ended: one whose connection was lost at its COMMIT
   * may take effect later. Throws where this process is no longer the owner.
   */
  settledBlocks(): Promise<Block[]> {
    return this.#connection.write("read the blocks of the catalog", async (sql) => {
      // Transactions of owners share this row (readLeaseForWriting); each statement after it sees what they have changed.
      if (this.isPostgres) await sql`SELECT epoch FROM owner_lease WHERE shard = 0 FOR UPDATE`;
      await this.#fence(sql);
      return parseBlockRows([...(await sql.unsafe(blocksQuery))]);
    });
  }

  /** Of all tenants and tiers that have one. */
  async tierFloors(): Promise<TierFloor[]> {
    return z.array(FloorRow).parse(await this.#read("SELECT * FROM tier_floors"));
  }

  async lanes(): Promise<LaneCommit[]> {
    const rows = await this.#read("SELECT * FROM lanes ORDER BY tenant, agent, signal");
    return z.array(LaneRow).parse(rows);
  }

  async carrier(): Promise<CarrierPosition> {
    const rows = z.array(CarrierRow).parse(await this.#read("SELECT * FROM carrier"));
    return Object.fromEntries(
      rows.map(({ partition_name, incarnation, sequence }) => [
        partition_name,
        { incarnation, sequence },
      ]),
    );
  }

  async families(): Promise<{ tenant: string; family: MetricFamily }[]> {
    const rows = z
      .array(FamilyRow.extend({ tenant: z.string() }))
      .parse(await this.#read("SELECT * FROM families"));
    return rows.map(({ tenant, ...family }) => ({ tenant, family }));
  }

  async saveAgent({ tenant, agent, name, heartbeat, lastSeenMs }: AgentRecord): Promise<void> {
    // Not fenced: the next heartbeat says it again, and a large fleet has hundreds of these a second.
    await this.#connection.run(
      "save an agent",
      (sql) =>
        sql`INSERT INTO agents (tenant, agent, name, heartbeat, last_seen_ms)
          VALUES (${tenant}, ${agent}, ${name}, ${heartbeat}, ${Math.round(lastSeenMs)})
          ON CONFLICT (tenant, agent) DO UPDATE SET name = excluded.name,
          heartbeat = excluded.heartbeat, last_seen_ms = excluded.last_seen_ms`,
    );
  }

  async removeAgent({ tenant, agent }: Pick<AgentRecord, "tenant" | "agent">): Promise<void> {
    await this.#connection.run(
      "forget an agent",
      (sql) => sql`DELETE FROM agents WHERE tenant = ${tenant} AND agent = ${agent}`,
    );
  }

  async agents(): Promise<AgentRecord[]> {
    const rows = await this.#read("SELECT * FROM agents ORDER BY tenant, agent");
    return z.array(AgentRow).parse(rows);
  }

  close(): Promise<void> {
    return this.#connection.close();
  }

  async #read(query: string): Promise<unknown[]> {
    const rows = await this.#connection.run("read the catalog", (sql) => sql.unsafe(query));
    return z.array(z.unknown()).parse([...rows]);
  }
}

/** Rows of the table `blocks`, also as a backup has them. */
export function parseBlockRows(rows: readonly unknown[]): Block[] {
  return z.array(BlockRow).parse(rows);
}

const DropsText = z.string().transform((text): Drops => {
  const counts = z.record(z.string(), z.number()).parse(JSON.parse(text));
  return updateDrops({}, counts);
});

const WindowsText = z
  .string()
  .transform((text): readonly number[] => z.array(z.number()).parse(JSON.parse(text)));

const BlockRow = z
  .object({
    id: z.string(),
    tenant: z.string(),
    signal: SignalName,
    key: z.string(),
    items: count,
    row_count: count,
    bytes: count,
    min_ms: count,
    max_ms: count,
    created_ms: count,
    checksum: z.string().nullable(),
    // Absent in backups of before there were any.
    exemplars: count.nullish(),
    exemplars_min_ms: count.nullish(),
    exemplars_max_ms: count.nullish(),
    bucket_ms: count.optional(),
    tiered: WindowsText.optional(),
  })
  .transform((row) => ({
    id: row.id,
    tenant: row.tenant,
    signal: row.signal,
    key: row.key,
    items: row.items,
    bytes: row.bytes,
    ...(row.checksum === null ? {} : { checksum: row.checksum }),
    ...(row.exemplars === null || row.exemplars === undefined
      ? {}
      : {
          exemplars: {
            count: row.exemplars,
            minMs: row.exemplars_min_ms ?? 0,
            maxMs: row.exemplars_max_ms ?? 0,
          },
        }),
    ...(row.bucket_ms === undefined || row.bucket_ms === 0 ? {} : { bucketMs: row.bucket_ms }),
    ...(row.tiered === undefined || row.tiered.length === 0 ? {} : { tiered: row.tiered }),
    rows: row.row_count,
    minMs: row.min_ms,
    maxMs: row.max_ms,
    createdMs: row.created_ms,
  }));

const FloorRow = z
  .object({ tenant: z.string(), bucket_ms: count, floor_ms: count })
  .transform(({ tenant, bucket_ms, floor_ms }) => ({
    tenant,
    bucketMs: bucket_ms,
    floorMs: floor_ms,
  }));

const ChainsText = z
  .string()
  .transform((text): unknown => JSON.parse(text))
  .pipe(z.array(ChainRow).transform((rows) => rows.map(chainOf)));

const LaneRow = z
  .object({
    tenant: z.string(),
    agent: z.string(),
    signal: SignalName,
    epoch: count,
    sequence: count,
    items_total: count,
    stored: count,
    dropped: DropsText,
    agent_dropped: DropsText,
    ahead: ChainsText,
  })
  .transform((row) => ({
    lane: { tenant: row.tenant, agent: row.agent, signal: row.signal },
    position: { epoch: row.epoch, sequence: row.sequence },
    itemsTotal: row.items_total,
    stored: row.stored,
    dropped: row.dropped,
    agentDropped: row.agent_dropped,
    ahead: row.ahead,
  }));

const TombstoneRow = z
  .object({
    id: z.string(),
    signal: SignalName,
    tenant: z.string(),
    selectors: SelectorsText,
    line_filters: LineFiltersText.nullable(),
    logql: z.string().nullable(),
    start_ms: count,
    end_ms: count,
    created_ms: count,
  })
  .transform(({ start_ms, end_ms, created_ms, line_filters, logql, ...row }) => ({
    ...row,
    ...(line_filters !== null && { lineFilters: line_filters }),
    ...(logql !== null && { logql }),
    startMs: start_ms,
    endMs: end_ms,
    createdMs: created_ms,
  }));

const AuditRow = z
  .object({
    at_ms: count,
    tenant: z.string(),
    actor: z.string(),
    action: z.string(),
    detail: z.string(),
  })
  .transform(({ at_ms, ...row }) => ({ ...row, atMs: at_ms }));

const CarrierRow = z.object({
  partition_name: z.string(),
  incarnation: z.string(),
  sequence: count,
});

const AgentRow = z
  .object({
    tenant: z.string(),
    agent: z.string(),
    name: z.string(),
    heartbeat: z.string(),
    last_seen_ms: count,
  })
  .transform(({ last_seen_ms, ...agent }) => ({ ...agent, lastSeenMs: last_seen_ms }));
