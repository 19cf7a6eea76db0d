import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { assertNever } from "#shared/assert.ts";
import { explainRule, type RuleLanguage } from "../../../client/rules.ts";
import { formatCount } from "../../../units/format.ts";
import type { RuleDraft } from "./rule_draft.ts";

/** How many series and samples the expression reads in each evaluation. */
export function RuleCostLine({ draft: { expr, language } }: { readonly draft: RuleDraft }) {
  const { data, isError } = useQuery({
    queryKey: ["rule_cost", language, expr],
    queryFn: ({ signal }) => explainRule({ expression: expr, language }, signal),
    placeholderData: keepPreviousData,
    retry: false,
    staleTime: 60_000,
    gcTime: 60_000,
  });
  // The backtest beside it shows why an expression cannot be read.
  if (isError || data === undefined) return null;
  const [series, samples] = unitsOf(language);
  const selectors = data.reads.map(
    (read) =>
      `${read.selector}: ${countText(read.series)} ${series}, ${countText(read.samples)} ${samples}`,
  );
  return (
    <p className="quiet" title={selectors.join("\n")}>
      Each evaluation reads {countText(data.series)} {series} and {countText(data.samples)}{" "}
      {samples}.
    </p>
  );
}

function countText(count: number | null): string {
  return count === null ? "an unknown number of" : formatCount(count);
}

function unitsOf(language: RuleLanguage): readonly [string, string] {
  switch (language) {
    case "promql":
      return ["series", "samples"];
    case "logql":
      return ["streams", "lines"];
    default:
      return assertNever(language);
  }
}
