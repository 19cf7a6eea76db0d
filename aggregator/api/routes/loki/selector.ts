import type { Matcher } from "#shared/model/labels.ts";
import { LogqlError, parseLogql } from "../../../log_pipeline/parse_query.ts";

/** The matchers of a stream selector without anything behind it. `{}` is everything where the endpoint takes that. Throws LogqlError. */
export function selectorOf(
  text: string,
  everything: "allowed" | "refused" = "refused",
): readonly Matcher[] {
  if (everything === "allowed" && /^\s*(?:\{\s*\})?\s*$/.test(text)) return [];
  const query = parseLogql(text);
  if (query.kind === "log" && query.stages.length === 0) return query.matchers;
  throw new LogqlError(`only label matchers are supported, got ${text}`);
}
