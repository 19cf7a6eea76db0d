import { SQL } from "bun";
import { pathToFileURL } from "node:url";
import { z } from "zod";
import { updateDrops, type Drops } from "#shared/model/account.ts";
import type { CarrierPosition } from "#proto/bus/agent_port.ts";
import type { MetricFamily } from "#shared/model/metrics.ts";
import { migrations } from "./catalog_migrations.ts";
import { storeError } from "./errors.ts";
import type { AgentRecord, Block, LaneCommit } from "./store.ts";

/** What one transaction changes. */
export type CatalogChange = {
  readonly added: readonly Block[];
  readonly removed: readonly Block[];
  readonly lanes: readonly LaneCommit[];
  readonly carrier: CarrierPosition;
  readonly families: ReadonlyMap<string, readonly MetricFamily[]>;
  /** When the files of removed blocks may go, Unix milliseconds. */
  readonly deleteAfterMs: number;
};

export type PendingDeletion = { readonly key: string; readonly bytes: number };

/**
 * Blocks, positions and the rest of the state, in SQLite or PostgreSQL. One statement or transaction at a time: SQLite has one
 * connection, on which another's statement would fall into a transaction that is open.
 */
export class Catalog {
  readonly #sql: SQL;
  #last: Promise<unknown> = Promise.resolve();

  private constructor(sql: SQL) {
    this.#sql = sql;
  }

  /** `url` is postgres://… or sqlite://path. Brings the tables up to date. */
  static async open(url: string): Promise<Catalog> {
    const isPostgres = /^postgres(ql)?:/.test(url);
    // Neither must wait for ever, nor keep more connections than the one that is used.
    const sql = isPostgres
      ? new SQL({ url, max: 1, connectionTimeout: 10 })
      : // As a file URL: Bun takes any other text for a URL too, which a "#" or "?" in the path would cut.
        new SQL({ adapter: "sqlite", filename: pathToFileURL(url.replace(/^sqlite:(\/\/)?/, "")) });
    try {
      if (!isPostgres) {
        await sql.unsafe("PRAGMA journal_mode = WAL");
        // An acknowledged commit must survive a power cut; WAL alone promises that only with FULL.
        await sql.unsafe("PRAGMA synchronous = FULL");
        await sql.unsafe("PRAGMA busy_timeout = 5000");
      }
      await migrate(sql, isPostgres);
    } catch (cause) {
      await sql.close();
      throw storeError("open the catalog", cause);
    }
    return new Catalog(sql);
  }

  /** All or nothing. */
  async apply(change: CatalogChange): Promise<void> {
    await this.#exclusive("commit to the catalog", () =>
      this.#sql.begin(async (sql) => {
        for (const block of change.added) await insertBlock(sql, block);
        for (const { id, key, bytes } of change.removed) {
          await sql`DELETE FROM blocks WHERE id = ${id}`;
          await sql`INSERT INTO deletions (key, bytes, delete_after_ms)
            VALUES (${key}, ${bytes}, ${change.deleteAfterMs}) ON CONFLICT (key) DO NOTHING`;
        }
        for (const lane of change.lanes) await saveLane(sql, lane);
        for (const [partition, { incarnation, sequence }] of Object.entries(change.carrier))
          await sql`INSERT INTO carrier (partition_name, incarnation, sequence)
            VALUES (${partition}, ${incarnation}, ${sequence}) ON CONFLICT (partition_name)
            DO UPDATE SET incarnation = excluded.incarnation, sequence = excluded.sequence`;
        for (const [tenant, families] of change.families)
          for (const { name, type, help, unit } of families)
            await sql`INSERT INTO families (tenant, name, type, help, unit)
              VALUES (${tenant}, ${name}, ${type}, ${help}, ${unit}) ON CONFLICT (tenant, name)
              DO UPDATE SET type = excluded.type, help = excluded.help, unit = excluded.unit`;
      }),
    );
  }

  async blocks(): Promise<Block[]> {
    const rows = await this.#read("SELECT * FROM blocks ORDER BY created_ms, id");
    return z.array(BlockRow).parse(rows);
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
    const rows = z.array(FamilyRow).parse(await this.#read("SELECT * FROM families"));
    return rows.map(({ tenant, ...family }) => ({ tenant, family }));
  }

  async saveAgent({ tenant, agent, name, heartbeat, lastSeenMs }: AgentRecord): Promise<void> {
    await this.#exclusive(
      "save an agent",
      () =>
        this.#sql`INSERT INTO agents (tenant, agent, name, heartbeat, last_seen_ms)
          VALUES (${tenant}, ${agent}, ${name}, ${heartbeat}, ${Math.round(lastSeenMs)})
          ON CONFLICT (tenant, agent) DO UPDATE SET name = excluded.name,
          heartbeat = excluded.heartbeat, last_seen_ms = excluded.last_seen_ms`,
    );
  }

  async agents(): Promise<AgentRecord[]> {
    const rows = await this.#read("SELECT * FROM agents ORDER BY tenant, agent");
    return z.array(AgentRow).parse(rows);
  }

  /** Files of removed blocks whose time has come. */
  async dueDeletions(nowMs: number): Promise<PendingDeletion[]> {
    const rows = await this.#exclusive(
      "read deletions",
      () => this.#sql`SELECT key, bytes FROM deletions WHERE delete_after_ms <= ${nowMs}`,
    );
    return z.array(z.object({ key: z.string(), bytes: count })).parse([...rows]);
  }

  /** Keys that must not be swept: their deletion is planned. */
  async pendingKeys(): Promise<string[]> {
    const rows = await this.#read("SELECT key FROM deletions");
    return z
      .array(z.object({ key: z.string() }))
      .parse(rows)
      .map(({ key }) => key);
  }

  async forgetDeletion(key: string): Promise<void> {
    await this.#exclusive(
      "forget a deletion",
      () => this.#sql`DELETE FROM deletions WHERE key = ${key}`,
    );
  }

  async close(): Promise<void> {
    await this.#last.catch(() => {});
    await this.#sql.close();
  }

  async #read(query: string): Promise<unknown[]> {
    const rows = await this.#exclusive("read the catalog", () => this.#sql.unsafe(query));
    return z.array(z.unknown()).parse([...rows]);
  }

  #exclusive<Result>(what: string, action: () => PromiseLike<Result>): Promise<Result> {
    const run = this.#last.then(action).catch((cause: unknown) => {
      throw storeError(what, cause);
    });
    this.#last = run.catch(() => {});
    return run;
  }
}

async function insertBlock(sql: SQL, block: Block): Promise<void> {
  const { id, tenant, signal, key, items, rows, bytes, minMs, maxMs, createdMs } = block;
  await sql`INSERT INTO blocks
    (id, tenant, signal, key, items, row_count, bytes, min_ms, max_ms, created_ms)
    VALUES (${id}, ${tenant}, ${signal}, ${key}, ${items}, ${rows}, ${bytes}, ${minMs}, ${maxMs}, ${createdMs})`;
}

async function saveLane(sql: SQL, commit: LaneCommit): Promise<void> {
  const { lane, position, itemsTotal, stored } = commit;
  const dropped = JSON.stringify(commit.dropped);
  const agentDropped = JSON.stringify(commit.agentDropped);
  await sql`INSERT INTO lanes
    (tenant, agent, signal, epoch, sequence, items_total, stored, dropped, agent_dropped)
    VALUES (${lane.tenant}, ${lane.agent}, ${lane.signal}, ${position.epoch}, ${position.sequence},
      ${itemsTotal}, ${stored}, ${dropped}, ${agentDropped})
    ON CONFLICT (tenant, agent, signal) DO UPDATE SET epoch = excluded.epoch,
    sequence = excluded.sequence, items_total = excluded.items_total, stored = excluded.stored,
    dropped = excluded.dropped, agent_dropped = excluded.agent_dropped`;
}

async function migrate(sql: SQL, isPostgres: boolean): Promise<void> {
  await sql.begin(async (tx) => {
    // Two processes may start at once; the number is an arbitrary one that means this program.
    if (isPostgres) await tx`SELECT pg_advisory_xact_lock(760076)`;
    await tx.unsafe(
      "CREATE TABLE IF NOT EXISTS schema_migrations (version BIGINT PRIMARY KEY, applied_ms BIGINT NOT NULL)",
    );
    const rows = await tx`SELECT max(version) AS version FROM schema_migrations`;
    const [{ version = null } = {}] = z.array(VersionRow).parse([...rows]);
    for (const [i, statements] of migrations.entries()) {
      if (i + 1 <= (version ?? 0)) continue;
      for (const statement of statements) await tx.unsafe(statement);
      await tx`INSERT INTO schema_migrations (version, applied_ms) VALUES (${i + 1}, ${Date.now()})`;
    }
  });
}

/** A BIGINT: SQLite gives a number, PostgreSQL text. Everything counted here stays far below 2^53. */
const count = z
  .union([z.number(), z.bigint(), z.string().regex(/^-?\d+$/)])
  .transform((value) => Number(value));
const VersionRow = z.object({ version: z.nullable(count).optional() });
const Signal = z.enum(["metrics", "logs"]);
const DropsText = z.string().transform((text): Drops => {
  const counts = z.record(z.string(), z.number()).parse(JSON.parse(text));
  return updateDrops({}, counts);
});

const BlockRow = z
  .object({
    id: z.string(),
    tenant: z.string(),
    signal: Signal,
    key: z.string(),
    items: count,
    row_count: count,
    bytes: count,
    min_ms: count,
    max_ms: count,
    created_ms: count,
  })
  .transform(({ row_count, min_ms, max_ms, created_ms, ...block }) => ({
    ...block,
    rows: row_count,
    minMs: min_ms,
    maxMs: max_ms,
    createdMs: created_ms,
  }));

const LaneRow = z
  .object({
    tenant: z.string(),
    agent: z.string(),
    signal: Signal,
    epoch: count,
    sequence: count,
    items_total: count,
    stored: count,
    dropped: DropsText,
    agent_dropped: DropsText,
  })
  .transform((row) => ({
    lane: { tenant: row.tenant, agent: row.agent, signal: row.signal },
    position: { epoch: row.epoch, sequence: row.sequence },
    itemsTotal: row.items_total,
    stored: row.stored,
    dropped: row.dropped,
    agentDropped: row.agent_dropped,
  }));

const CarrierRow = z.object({
  partition_name: z.string(),
  incarnation: z.string(),
  sequence: count,
});

const FamilyRow = z.object({
  tenant: z.string(),
  name: z.string(),
  type: z.enum([
    "counter",
    "gauge",
    "histogram",
    "gaugehistogram",
    "summary",
    "info",
    "stateset",
    "unknown",
  ]),
  help: z.string(),
  unit: z.string(),
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
