import { PromqlError } from "#shared/query_language/promql/errors.ts";
import { type Params, booleanOf, selectorsParam, timeParam } from "../params.ts";
import { type FilterParams, fuzzAlgorithms } from "./filter.ts";

/** Most results of one answer. */
export const limitMax = 10_000;
const countDefault = 100;
const batchMax = 1_000;
const termsMax = 32;
/** How far back a search goes without a start. */
const recentMs = 3_600_000;

export type SearchParams = FilterParams & {
  readonly selectors: ReturnType<typeof selectorsParam>;
  readonly startMs: number;
  readonly endMs: number;
  readonly order: "ascending" | "descending" | "score";
  readonly includeScore: boolean;
  readonly limit: number;
  readonly batchSize: number;
};

/** What all searches take, with Prometheus's defaults and refusals (its web/api/v1/search.go). */
export function searchParams(params: Params, nowMs: number, of: string): SearchParams {
  const startMs = timeParam(params, "start", nowMs - recentMs);
  const endMs = timeParam(params, "end", nowMs);
  if (endMs < startMs) throw bad("end timestamp must not be before start timestamp");
  const selectors = selectorsParam(params);
  const terms = params.all("search[]");
  if (terms.length > termsMax)
    throw bad(`too many search[] terms: got ${terms.length}, maximum is ${termsMax}`);
  return {
    selectors,
    startMs,
    endMs,
    terms,
    threshold: thresholdOf(params.get("fuzz_threshold")) / 100,
    algorithm: algorithmOf(params.get("fuzz_alg")),
    caseSensitive: flag(params, "case_sensitive", true),
    includeScore: flag(params, "include_score", false),
    order: orderOf(params, of, terms.length > 0),
    limit: limitOf(params),
    batchSize: Math.min(countOf(params, "batch_size"), batchMax),
  };
}

/** A boolean as Go reads it. */
export function flag(params: Params, name: string, otherwise: boolean): boolean {
  const text = params.get(name);
  const value = text === "" ? otherwise : booleanOf(text);
  if (value !== undefined) return value;
  throw bad(`invalid ${name} ${JSON.stringify(text)}: must be boolean`);
}

function thresholdOf(text: string): number {
  if (text === "") return 0;
  const value = /^[+-]?\d+$/.test(text) ? Number(text) : -1;
  if (value >= 0 && value <= 100) return value;
  throw bad(`invalid fuzz_threshold ${JSON.stringify(text)}: must be 0-100`);
}

function algorithmOf(text: string): FilterParams["algorithm"] {
  const found = text === "" ? fuzzAlgorithms[0] : fuzzAlgorithms.find((name) => name === text);
  if (found !== undefined) return found;
  const names = fuzzAlgorithms.join(" ");
  throw bad(`unsupported fuzz_alg ${JSON.stringify(text)}: must be one of [${names}]`);
}

function orderOf(params: Params, of: string, hasTerms: boolean): SearchParams["order"] {
  const [by, direction] = [params.get("sort_by"), params.get("sort_dir")];
  if (direction !== "" && by === "") throw bad("sort_dir is only valid when sort_by is set");
  if (direction !== "" && by === "score") throw bad("sort_dir is not supported for sort_by=score");
  if (!["", "asc", "dsc"].includes(direction))
    throw bad(`invalid sort_dir ${JSON.stringify(direction)}: must be "asc" or "dsc"`);
  if (by === "score" && !hasTerms) throw bad("sort_by=score requires search[] to be set");
  if (!["", "alpha", "score"].includes(by))
    throw bad(`invalid sort_by ${JSON.stringify(by)} for ${of}: must be "alpha" or "score"`);
  if (by === "score") return "score";
  return direction === "dsc" ? "descending" : "ascending";
}

function limitOf(params: Params): number {
  const limit = countOf(params, "limit");
  if (limit <= limitMax) return limit;
  throw bad(
    `limit ${limit} exceeds the configured maximum (${limitMax}, see --web.search.max-limit)`,
  );
}

/** 0 is the server's choice. */
function countOf(params: Params, name: string): number {
  const text = params.get(name);
  if (text === "") return countDefault;
  const count = /^[+-]?\d+$/.test(text) ? Number(text) : -1;
  if (count < 0) throw bad(`invalid ${name} ${JSON.stringify(text)}: must be non-negative integer`);
  return count === 0 ? countDefault : count;
}

function bad(message: string): PromqlError {
  return new PromqlError("bad_data", message);
}
