import type { DeletionTerms } from "../read/store.ts";
import { recordConditions } from "./line_conditions.ts";

/** The deletion of the records that a log query finds. Throws OperatingError("bad_request"). */
export function logDeletionOf(query: string): DeletionTerms {
  const { matchers, lineFilters, run } = recordConditions(query);
  const terms = { query, selectors: [matchers], lineFilters };
  return run === undefined ? terms : { ...terms, logql: query };
}
