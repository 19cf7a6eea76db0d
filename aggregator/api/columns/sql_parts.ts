import type { MessageInitShape } from "@bufbuild/protobuf";
import type { ColumnKind } from "#proto/columns/sql_rows.ts";
import { type SqlColumnsSchema, SqlKind } from "#proto/gen/v1/sql_pb.js";
import type { SqlResult } from "../../query/sql.ts";
import { guarded } from "../connect_routes.ts";

type Part = MessageInitShape<typeof SqlColumnsSchema>;

const kinds = {
  number: SqlKind.NUMBER,
  boolean: SqlKind.BOOLEAN,
  text: SqlKind.TEXT,
  json: SqlKind.JSON,
} as const satisfies Record<ColumnKind, SqlKind>;

/** The answer to a SQL query in parts, a batch of rows each. Throws ConnectError. */
export async function* sqlParts(query: () => Promise<SqlResult>): AsyncGenerator<Part> {
  const { columns, batches, truncated, warnings, isPartial } = await guarded(query);
  let part: Part = {
    columns: columns.map(({ name, type, kind }) => ({ name, type, kind: kinds[kind] })),
  };
  for (const { rows, cells } of batches) {
    if (part.batch !== undefined) {
      yield part;
      part = {};
    }
    part.batch = { rows, cells: [...cells] };
  }
  const end = { truncated, warnings: [...warnings], isPartial: isPartial === true };
  yield { ...part, end };
}
