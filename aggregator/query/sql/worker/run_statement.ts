import {
  type DuckDBConnection,
  type DuckDBDataChunk,
  DuckDBInstance,
  type DuckDBResult,
  type DuckDBType,
  DuckDBTypeId,
  type DuckDBValue,
  JsonDuckDBValueConverter,
} from "@duckdb/node-api";
import type { ColumnKind } from "#proto/columns/sql_rows.ts";
import { OperatingError, messageOf } from "#shared/errors.ts";
import { quoted } from "../../../duckdb/duckdb.ts";
import { storeError } from "../../../read/storage_error.ts";
import { checkStatement } from "../check_statement.ts";
import { LineFunction } from "../line_function.ts";
import { tiersView } from "../tier_views.ts";
import { lineFunctionName, logsView, metricsView } from "../views.ts";
import { clockMacros } from "../clock_macros.ts";
import { BatchBuilder, type Cell, rowBytes } from "./columns.ts";
import type { SqlColumn, SqlFiles, SqlJob } from "./job.ts";
import { planOf, planSetting } from "./plan_statement.ts";

/** A batch that is so large is sent. */
const batchBytes = 1_024 * 1_024;

export type SqlOutput = {
  columns(columns: readonly SqlColumn[]): void;
  batch(batch: Uint8Array): Promise<void>;
};

/**
 * Runs one statement in a DuckDB of its own that can open the job's files and nothing else: no other file, no network, no extension, no
 * setting. Says whether rows were cut. `onConnection` gets what can interrupt it.
 */
export async function runStatement(
  job: SqlJob,
  output: SqlOutput,
  onConnection: (connection: DuckDBConnection) => void,
): Promise<{ readonly truncated: boolean }> {
  const { files, spans, timeMs } = job;
  const instance = await DuckDBInstance.create(":memory:", {
    memory_limit: `${job.memoryBytes}B`,
    threads: String(job.threads),
    autoinstall_known_extensions: "false",
    autoload_known_extensions: "false",
    // Nothing is spilled: what does not fit is refused.
    temp_directory: "",
    max_temp_directory_size: "0B",
  });
  const connection = await instance.connect();
  const lines = new LineFunction(connection, lineFunctionName, files.logs);
  try {
    onConnection(connection);
    if (job.isPlan === true) await connection.run(planSetting);
    await lock(connection, files);
    await checkStatement(connection, job.sql, { isAtTime: timeMs !== undefined });
    if (timeMs !== undefined) for (const macro of clockMacros(timeMs)) await connection.run(macro);
    if (job.isPlan === true) return await sendPlan(connection, job, output);
    await connection.run(metricsView(files.metrics, spans?.metrics));
    await connection.run(logsView(files.logs, lineFunctionName, spans?.logs));
    await connection.run(tiersView(new Map(files.tiers), spans?.metrics_tiers));
    return await sendRows(connection, job, output);
  } catch (cause) {
    throw sqlError(cause);
  } finally {
    connection.closeSync();
    instance.closeSync();
    lines.close();
  }
}

/** The order counts: paths can't be allowed any more once access is off, and nothing can be set after the lock. */
async function lock(connection: DuckDBConnection, files: SqlFiles): Promise<void> {
  const paths = [...files.metrics, ...files.logs, ...files.tiers.flatMap(([, some]) => some)];
  await connection.run(`SET allowed_paths = [${paths.map((path) => quoted(path)).join(", ")}]`);
  await connection.run("SET enable_external_access = false");
  await connection.run("SET TimeZone = 'UTC'").catch(() => {});
  await connection.run("SET lock_configuration = true");
}

async function sendPlan(
  connection: DuckDBConnection,
  { sql }: SqlJob,
  output: SqlOutput,
): Promise<{ readonly truncated: boolean }> {
  const plan = await planOf(connection, sql);
  output.columns([{ name: "plan", type: "VARCHAR", kind: "text" }]);
  const batch = new BatchBuilder(["text"]);
  batch.add([plan]);
  await output.batch(batch.build());
  return { truncated: false };
}

async function sendRows(
  connection: DuckDBConnection,
  { sql, rowsMax, resultBytesMax }: SqlJob,
  output: SqlOutput,
): Promise<{ readonly truncated: boolean }> {
  const result = await connection.stream(sql);
  const types = result.columnTypes();
  const kinds = types.map(kindOf);
  const names = result.columnNames();
  output.columns(kinds.map((kind, i) => ({ name: names[i] ?? "", type: String(types[i]), kind })));
  const left = { rows: rowsMax, bytes: resultBytesMax };
  let batch = new BatchBuilder(kinds);
  let isEnded = false;
  try {
    for await (const chunk of result)
      for (let row = 0; row < chunk.rowCount; row++) {
        const cells = cellsOf(chunk, row, types);
        const bytes = rowBytes(cells);
        if (left.rows === 0 || bytes > left.bytes) {
          if (left.rows === rowsMax) throw tooLarge(bytes, resultBytesMax);
          await output.batch(batch.build());
          return { truncated: true };
        }
        left.rows--;
        left.bytes -= bytes;
        batch.add(cells);
        if (batch.bytes < batchBytes) continue;
        await output.batch(batch.build());
        batch = new BatchBuilder(kinds);
      }
    isEnded = true;
    await output.batch(batch.build());
    return { truncated: false };
  } finally {
    if (!isEnded) {
      connection.interrupt();
      await ended(result);
    }
  }
}

function tooLarge(bytes: number, max: number): OperatingError {
  const text = `a row of the result takes ${bytes} bytes, at most ${max} are allowed (query.sql.result_max): select less of it`;
  return new OperatingError("bad_request", `SQL: ${text}`);
}

/** DuckDB's threads are done with what was interrupted: a connection that is closed before waits for them, and they may wait for a line. */
async function ended(result: DuckDBResult): Promise<void> {
  try {
    for (;;) {
      const chunk = await result.fetchChunk();
      if (chunk === null || chunk.rowCount === 0) return;
    }
  } catch {
    // That it was interrupted.
  }
}

const numberTypes: ReadonlySet<DuckDBTypeId> = new Set([
  DuckDBTypeId.TINYINT,
  DuckDBTypeId.SMALLINT,
  DuckDBTypeId.INTEGER,
  DuckDBTypeId.UTINYINT,
  DuckDBTypeId.USMALLINT,
  DuckDBTypeId.UINTEGER,
  DuckDBTypeId.FLOAT,
  DuckDBTypeId.DOUBLE,
]);
const nestedTypes: ReadonlySet<DuckDBTypeId> = new Set([
  DuckDBTypeId.LIST,
  DuckDBTypeId.ARRAY,
  DuckDBTypeId.STRUCT,
  DuckDBTypeId.MAP,
  DuckDBTypeId.UNION,
  DuckDBTypeId.INTERVAL,
  DuckDBTypeId.VARIANT,
]);

/** 64-bit integers, decimals and times are texts. */
function kindOf({ typeId }: DuckDBType): ColumnKind {
  if (numberTypes.has(typeId)) return "number";
  if (typeId === DuckDBTypeId.BOOLEAN) return "boolean";
  return nestedTypes.has(typeId) ? "json" : "text";
}

function cellsOf(chunk: DuckDBDataChunk, row: number, types: readonly DuckDBType[]): Cell[] {
  return types.map((type, i) => cellOf(chunk.getColumnVector(i).getItem(row), type));
}

function cellOf(value: DuckDBValue, type: DuckDBType): Cell {
  if (value === null || typeof value === "number" || typeof value === "boolean") return value;
  const json = JsonDuckDBValueConverter(value, type, JsonDuckDBValueConverter);
  return typeof json === "string" && !nestedTypes.has(type.typeId) ? json : JSON.stringify(json);
}

/** What DuckDB says of a statement is the user's to read. */
function sqlError(cause: unknown): OperatingError {
  const error = storeError("SQL", cause);
  if (error.code !== "unavailable") return error;
  // The kernel refused an allocation that DuckDB does not count against its own limit.
  if (/\bbad_alloc\b/.test(messageOf(cause)))
    return new OperatingError(
      "overloaded",
      "SQL: the query needs more memory than query.sql.memory_limit allows: read fewer rows or columns, or smaller values",
      { cause },
    );
  return new OperatingError("bad_request", `SQL: ${messageOf(cause)}`, { cause });
}
