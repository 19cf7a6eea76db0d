import { assertNever } from "#shared/assert.ts";
import { stringifySearch, type PageRangeSearch } from "./url.ts";

/** The address of a host's page, or of a tab of it. */
export function hostPage(agent: string, tab = ""): string {
  return `/hosts/${encodeURIComponent(agent)}${tab === "" ? "" : `?tab=${tab}`}`;
}

/** The address of an agent's page, or of a tab of it. */
export function agentPage(agent: string, tab = ""): string {
  return `/agents/${encodeURIComponent(agent)}${tab === "" ? "" : `?tab=${tab}`}`;
}

/** The address of the alerts, filtered by words. */
export function alertsPage(words: string): string {
  return `/alerts${stringifySearch({ q: words })}`;
}

/** The rules that contain words. */
export function rulesPage(words: string): string {
  return `/alerts${stringifySearch({ tab: "rules", q: words })}`;
}

/** What can be looked into further. */
export type Explored = { readonly expr: string; readonly source?: "metrics" | "logs" };

/** The editor of rules with an expression, to make an alert of it. */
export function newRulePage({ expr, source = "metrics" }: Explored, name = ""): string {
  return `/alerts/rule${stringifySearch({ expr, lang: ruleLanguages[source], name })}`;
}

/** What rules over a source are written in; PromQL where the address says nothing. */
const ruleLanguages = { metrics: undefined, logs: "logql" } as const;

/** Where a query is looked into: Explore, or Logs for LogQL. At the time of `page`: a link opened in a tab of its own keeps it, too. */
export function explorePage(
  { expr, source = "metrics" }: Explored,
  page: PageRangeSearch = {},
): string {
  const { from, to, tz, refresh } = page;
  const place = { from, to, tz, refresh };
  switch (source) {
    case "metrics":
      return `/explore${stringifySearch({ ...place, expr })}`;
    case "logs":
      return `/logs${stringifySearch({ ...place, lang: "logql", q: expr })}`;
    default:
      return assertNever(source);
  }
}
