import type { DuckDBConnection } from "@duckdb/node-api";
import { OperatingError } from "#shared/errors.ts";
import { lineFunctionName } from "./views.ts";
import { clockFunctions } from "./clock_macros.ts";

/** What a query may read besides its own common table expressions. */
const views = new Set(["metrics", "metrics_tiers", "logs"]);
/** Table functions that make rows out of nothing. All others reach files, settings or other queries. */
const tableFunctions = new Set(["range", "generate_series", "unnest"]);
/** Functions that tell of the process and its surroundings, and the one that the view of logs is made with. */
const refusedFunctions = new Set([
  lineFunctionName,
  "getenv",
  "getvariable",
  "current_setting",
  "read_text",
  "read_blob",
]);
const plainName = /^(?!duckdb_|pg_|sqlite_|information_schema)[a-z_][a-z0-9_]*$/;
/** A statement is a tree of a few levels; a hostile one may be a ladder. */
const nodesMax = 100_000;

/**
 * Refuses everything but one SELECT over the views: by DuckDB's own parse tree, so that no spelling gets around it. The
 * locked instance that runs the query is the second wall. `isAtTime`: nothing of it may read the machine's clock. Throws
 * OperatingError("bad_request").
 */
export async function checkStatement(
  connection: DuckDBConnection,
  sql: string,
  { isAtTime = false }: { readonly isAtTime?: boolean } = {},
): Promise<void> {
  const reader = await connection.runAndReadAll("SELECT json_serialize_sql($sql::VARCHAR)", {
    sql,
  });
  const tree = reader.getRowsJS()[0]?.[0];
  const parsed: unknown = JSON.parse(typeof tree === "string" ? tree : "{}");
  const statements = isNode(parsed) ? parsed["statements"] : undefined;
  if (!isNode(parsed) || parsed["error"] !== false || !Array.isArray(statements)) {
    const reason = isNode(parsed) ? parsed["error_message"] : undefined;
    const text = typeof reason === "string" ? reason : "expected one SELECT";
    throw new OperatingError("bad_request", `SQL: ${text}`);
  }
  if (statements.length !== 1)
    throw refused(`${statements.length} statements, expected one SELECT`);
  const nodes = allNodes(statements);
  const tables = new Set(views);
  for (const name of nodes.flatMap(expressionNames)) {
    if (!plainName.test(name)) throw refused(`the name "${name}" of a common table expression`);
    tables.add(name);
  }
  for (const node of nodes) {
    checkNode(node, tables);
    if (isAtTime) checkClock(node);
  }
}

type Node = Readonly<Record<string, unknown>>;

function checkNode(node: Node, tables: ReadonlySet<string>): void {
  if (node["type"] === "TABLE_FUNCTION" && isNode(node["function"])) {
    const name = textOf(node["function"]["function_name"]);
    if (!tableFunctions.has(name)) throw refused(`the table function ${name}()`);
  }
  if (node["type"] === "BASE_TABLE") {
    const name = textOf(node["table_name"]);
    const isQualified = textOf(node["schema_name"]) !== "" || textOf(node["catalog_name"]) !== "";
    if (isQualified || !tables.has(name))
      throw refused(`the table "${name}"; there are metrics, metrics_tiers and logs`);
  }
  if (node["type"] === "SHOW_REF" && !isNode(node["query"])) throw refused("SHOW");
  if (node["class"] === "FUNCTION" && refusedFunctions.has(textOf(node["function_name"])))
    throw refused(`the function ${textOf(node["function_name"])}()`);
}

/** By its catalog's name a function is DuckDB's own, which reads the machine's clock. */
function checkClock(node: Node): void {
  const name = textOf(node["function_name"]);
  if (node["class"] !== "FUNCTION" || !clockFunctions.has(name)) return;
  if (textOf(node["schema"]) !== "" || textOf(node["catalog"]) !== "")
    throw refused(`the function ${name}() by a qualified name: expected ${name}() alone`);
}

function refused(what: string): OperatingError {
  return new OperatingError("bad_request", `SQL: refused: ${what}`);
}

function expressionNames(node: Node): string[] {
  const map = isNode(node["cte_map"]) ? node["cte_map"]["map"] : undefined;
  if (!Array.isArray(map)) return [];
  return map.flatMap((entry: unknown) => (isNode(entry) ? [textOf(entry["key"])] : []));
}

function allNodes(root: unknown): Node[] {
  const nodes: Node[] = [];
  const open: unknown[] = [root];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (nodes.length > nodesMax) throw refused("a statement this large");
    if (Array.isArray(next))
      open.push(...next.filter((one) => typeof one === "object" && one !== null));
    else if (isNode(next)) {
      nodes.push(next);
      for (const value of Object.values(next))
        if (typeof value === "object" && value !== null) open.push(value);
    }
  }
  return nodes;
}

function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value.toLowerCase() : "";
}
