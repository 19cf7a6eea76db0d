import { createRequire } from "node:module";

type Api = typeof import("@duckdb/node-api");
type Bindings = typeof import("@duckdb/node-bindings");

const load = createRequire(import.meta.url);
let api: Api | undefined;
let bindings: Bindings | undefined;

/**
 * DuckDB's library. It is loaded when it is used first: it takes 15 MB of memory, and an aggregator that writes and reads with its own code may not need
 * it for days.
 */
export function duckdbApi(): Api {
  api ??= load("@duckdb/node-api");
  if (api === undefined) throw new RangeError("DuckDB's library is empty");
  return api;
}

/** The functions under it, loaded in the same way. */
export function duckdbBindings(): Bindings {
  bindings ??= load("@duckdb/node-bindings");
  if (bindings === undefined) throw new RangeError("DuckDB's library is empty");
  return bindings;
}
