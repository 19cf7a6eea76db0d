import type { Question } from "../../dashboards/runner/question.ts";
import type { TimeRange } from "../../state/time_range.ts";

/** Where the queries of a panel can be looked into; undefined where there is no such page for them. */
export function exploreLink(questions: readonly Question[], range: TimeRange): string | undefined {
  const [first] = questions;
  if (first === undefined) return undefined;
  const params = new URLSearchParams({ from: range.from, to: range.to });
  if (first.source === "logs") {
    params.set("lang", "logql");
    params.set("q", first.expr);
    return `/logs?${params.toString()}`;
  }
  params.set("expr", first.expr);
  return `/explore?${params.toString()}`;
}
