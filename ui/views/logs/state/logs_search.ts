import { useSearch } from "@tanstack/react-router";
import { useMemo } from "react";
import { assertNever } from "#shared/assert.ts";
import { useSearchChange } from "../../../state/page_range.ts";
import type { Dedup } from "./dedup.ts";
import { parseFilters, printFilters, toggled, type Filter, type FilterTarget } from "./filters.ts";
import { parseColumns, type Column } from "./columns.ts";
import type { Order } from "./line_store.ts";
import { literal, logqlOf, parserStages } from "./logql.ts";
import { isMetricQuery, readLogql } from "./read_logql.ts";
import type { LogsSearch, LogTab } from "./search_schema.ts";
import { parseWords, printWords, type Term } from "./words.ts";

export type Language = "words" | "logql";

export type LogsState = {
  readonly language: Language;
  /** What stands in the search bar. */
  readonly text: string;
  readonly filters: readonly Filter[];
  /** What is looked for in lines: to be marked in them. */
  readonly terms: readonly Term[];
  /** The query as LogQL. */
  readonly query: string;
  readonly isMetric: boolean;
  readonly tab: LogTab;
  readonly order: Order;
  readonly dedup: Dedup;
  readonly columns: readonly Column[];
  readonly wrap: boolean | undefined;
  readonly pretty: boolean;
  readonly side: boolean;
  readonly live: boolean;
  readonly line: string;
  readonly field: string;
  readonly change: (
    change: Readonly<Record<string, string>>,
    options?: { readonly replace: boolean },
  ) => void;
  readonly toggle: (target: FilterTarget, value: string, exclude: boolean) => void;
};

/** What a text says, in words with filters beside it or in LogQL. */
function askedIn(
  language: Language,
  text: string,
  filtersText: string,
): Pick<LogsState, "filters" | "terms" | "query" | "isMetric"> {
  switch (language) {
    case "words": {
      const [filters, terms] = [parseFilters(filtersText), parseWords(text)];
      return { filters, terms, query: logqlOf(terms, filters), isMetric: false };
    }
    case "logql":
      return { ...ofLogql(text), query: text, isMetric: isMetricQuery(text) };
    default:
      return assertNever(language);
  }
}

/** The page's state as its URL says, and how to change it. */
export function useLogsState(): LogsState {
  const search: LogsSearch = useSearch({ strict: false });
  const change = useSearchChange();
  return useMemo(() => {
    const { q: text = "", f = "", lang: language = "words", cols } = search;
    const asked = askedIn(language, text, f);
    return {
      language,
      text,
      ...asked,
      tab: search.tab ?? "lines",
      order: search.order ?? "newest",
      dedup: search.dedup ?? "none",
      columns: parseColumns(cols),
      wrap: search.wrap === undefined ? undefined : search.wrap === "on",
      pretty: search.json === "pretty",
      side: search.side !== "off",
      live: search.live === "on",
      line: search.line ?? "",
      field: search.field ?? "",
      change,
      toggle: (target, value, exclude) =>
        change(
          { ...toggledSearch(language, text, asked.filters, target, value, exclude), line: "" },
          { replace: false },
        ),
    };
  }, [search, change]);
}

function ofLogql(text: string): { filters: Filter[]; terms: Term[] } {
  const read = readLogql(text);
  return "cannot" in read ? { filters: [], terms: [] } : read;
}

/** The search with a condition more or less; LogQL that words can't say gets it as a stage at its end. */
function toggledSearch(
  language: Language,
  text: string,
  filters: readonly Filter[],
  target: FilterTarget,
  value: string,
  exclude: boolean,
): Readonly<Record<string, string>> {
  if (language === "words") return { f: printFilters(toggled(filters, target, value, exclude)) };
  const read = readLogql(text);
  if (!("cannot" in read))
    return { q: logqlOf(read.terms, toggled(read.filters, target, value, exclude)) };
  if (target.kind === "pattern") return { q: `${text} ${exclude ? "!>" : "|>"} ${literal(value)}` };
  const parsers = target.parsers.filter((parser) => !text.includes(`| ${parser}`));
  const stages = [
    ...parserStages(parsers),
    `| ${target.name}${exclude ? "!=" : "="}${literal(value)}`,
  ];
  return { q: [text, ...stages].join(" ") };
}

/** The search in the other language, or what of it words can't say. */
export function inLanguage(
  state: LogsState,
  language: Language,
): Readonly<Record<string, string>> | { readonly cannot: string } {
  if (language === state.language) return {};
  if (language === "logql") return { lang: "logql", q: state.query, f: "" };
  if (state.text.trim() === "") return { lang: "", q: "", f: "" };
  const read = readLogql(state.text);
  if ("cannot" in read) return read;
  return { lang: "", q: printWords(read.terms), f: printFilters(read.filters) };
}
