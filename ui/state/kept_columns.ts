import { useSearch } from "@tanstack/react-router";
import { createContext, useMemo } from "react";
import { useSearchChange } from "./page_range.ts";

/** Where tables keep which columns they show, and in which order. */
export type KeptColumns = {
  /** By the parameter of a table; undefined where nobody arranged its columns. */
  readonly columns: ReadonlyMap<string, string>;
  /** Empty text for the columns as they are at first. */
  readonly keep: (parameter: string, text: string) => void;
};

/** Undefined where there is no URL to keep them in. */
export const KeptColumnsContext = createContext<KeptColumns | undefined>(undefined);

const prefix = "cols-";

/** The URL's parameter of a table: `cols-agents`, `cols-5` of a dashboard's fifth panel. */
export function columnsParameter(table: string): string {
  return prefix + table.slice(table.lastIndexOf("/") + 1);
}

/** The columns of the page's tables as its URL has them. */
export function useUrlColumns(): KeptColumns {
  const search: Readonly<Record<string, unknown>> = useSearch({ strict: false });
  const change = useSearchChange();
  const text = JSON.stringify(Object.entries(search).filter(([name]) => name.startsWith(prefix)));
  return useMemo(() => {
    const entries = Object.entries(search).flatMap(([name, value]) =>
      name.startsWith(prefix) && typeof value === "string" ? [[name, value] as const] : [],
    );
    return { columns: new Map(entries), keep: (name, value) => change({ [name]: value }) };
    // eslint-disable-next-line react-hooks/exhaustive-deps -- equal parameters are the same ones
  }, [text, change]);
}
