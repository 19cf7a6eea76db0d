import {
  DuckDBTableFunction,
  VARCHAR,
  type DuckDBConnection,
  type DuckDBDataChunk,
  type DuckDBType,
} from "@duckdb/node-api";
import { OperatingError, messageOf } from "#shared/errors.ts";

/** Rows that JavaScript makes, a chunk at a time: a table for one query. */
export type ChunkSource = {
  readonly columns: readonly { readonly name: string; readonly type: DuckDBType }[];
  /** Sets the chunk's number of rows, then fills them; 0 ends the table. At most 2,048 rows. */
  fill(chunk: DuckDBDataChunk): void;
};

const functionName = "lapwing_chunks";

/**
 * Lends rows to queries of one DuckDB, which asks for them chunk by chunk: a table of its own for them would hold all of them, two
 * or three times over while it is filled and read.
 */
export class ChunkSources {
  readonly #sources = new Map<string, ChunkSource>();
  readonly #failures = new Map<string, unknown>();
  /** Kept: DuckDB calls back into it. */
  readonly #function: DuckDBTableFunction;
  #made = 0;

  constructor(connection: DuckDBConnection) {
    this.#function = DuckDBTableFunction.create({
      name: functionName,
      parameterTypes: [VARCHAR],
      bindFunction: (info) => {
        const id = String(info.getParameter(0));
        const source = this.#sources.get(id);
        if (source === undefined) return info.setError(`there are no rows ${id}`);
        for (const { name, type } of source.columns) info.addResultColumn(name, type);
        info.setBindData({ id, source });
      },
      // Rows come in one order, so from one thread.
      initFunction: (info) => info.setMaxThreads(1),
      mainFunction: (info, chunk) => {
        const { id, source } = boundOf(info.bindData);
        try {
          source.fill(chunk);
        } catch (thrown) {
          this.#failures.set(id, thrown);
          chunk.rowCount = 0;
          info.setError(messageOf(thrown));
        }
      },
    });
    connection.registerTableFunction(this.#function);
  }

  /** Runs a query with the rows as the table that it is given as SQL. Throws what fill() throws. */
  async lend<Result>(
    source: ChunkSource,
    query: (table: string) => Promise<Result>,
  ): Promise<Result> {
    const id = String(this.#made++);
    this.#sources.set(id, source);
    try {
      return await query(`${functionName}('${id}')`);
    } catch (thrown) {
      throw this.#failures.get(id) ?? thrown;
    } finally {
      this.#sources.delete(id);
      this.#failures.delete(id);
    }
  }
}

type Bound = { readonly id: string; readonly source: ChunkSource };

function boundOf(data: object | undefined): Bound {
  if (data !== undefined && isBound(data)) return data;
  throw new OperatingError("unavailable", "a table of rows is read that was never bound");
}

function isBound(data: object): data is Bound {
  return "id" in data && "source" in data;
}
