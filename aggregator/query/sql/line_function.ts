import {
  type DuckDBConnection,
  DuckDBDataChunk,
  DuckDBScalarFunction,
  INTEGER,
  VARCHAR,
} from "@duckdb/node-api";
import duckdb from "@duckdb/node-bindings";
import { messageOf } from "#shared/errors.ts";
import { BlockLines } from "../../blocks/logs/block_lines.ts";
import { readInt32s } from "../../duckdb/vectors.ts";

/**
 * `name(file, row)` in the SQL of a connection's DuckDB: the line of that row, both counted from 0, of a row with a template. Our own reader makes
 * it, a fraction of the work that it is in SQL. DuckDB's threads wait for the thread of this program meanwhile, which therefore never must
 * wait for them: end queries before connections are closed.
 */
export class LineFunction {
  readonly #lines: BlockLines;

  constructor(connection: DuckDBConnection, name: string, paths: readonly string[]) {
    const lines = new BlockLines(paths);
    this.#lines = lines;
    const made = new DuckDBScalarFunction();
    made.setName(name);
    made.addParameter(INTEGER);
    made.addParameter(INTEGER);
    made.setReturnType(VARCHAR);
    // Not by setMainFunction(): its vectors take texts only, and lines are bytes.
    duckdb.scalar_function_set_function(made.scalar_function, (info, input, output) => {
      try {
        const chunk = new DuckDBDataChunk(input);
        lines.forEach(readInt32s(chunk, 0), readInt32s(chunk, 1), (line, i) =>
          duckdb.vector_assign_string_element_len(output, i, line),
        );
      } catch (error) {
        duckdb.scalar_function_set_error(info, `a line cannot be read: ${messageOf(error)}`);
      }
    });
    connection.registerScalarFunction(made);
  }

  /** Once no query that may call it is under way. */
  close(): void {
    this.#lines.close();
  }
}
