/** A column that a table is sorted by. */
type SortedBy = { readonly id: string; readonly desc: boolean };

/** Columns that a table is sorted by, as the URL has them: `sort=state,name` and `dir=up,down`. */
export function parseSorting(sort: string, dir: string): readonly SortedBy[] {
  const directions = dir.split(",");
  return sort
    .split(",")
    .filter((id) => id !== "")
    .map((id, i) => ({ id, desc: directions[i] === "down" }));
}

/** The same for the URL; nothing for a table as its page has it at first. */
export function sortingSearch(sorting: readonly SortedBy[]): {
  readonly sort: string;
  readonly dir: string;
} {
  return {
    sort: sorting.map(({ id }) => id).join(","),
    dir: sorting.map(({ desc }) => (desc ? "down" : "up")).join(","),
  };
}

/** Keys of hidden columns, `hide=up,spool`; undefined where nobody chose, none for a choice to hide nothing. */
export function parseHide(hide: string | undefined): readonly string[] | undefined {
  return hide === undefined ? undefined : hide.split(",").filter((key) => key !== nothing);
}

/** The word for no column, for an empty parameter is taken out of the URL. */
const nothing = "none";

/** The same for the URL. */
export function hideSearch(hidden: readonly string[] | undefined): string {
  return hidden === undefined ? "" : hidden.length === 0 ? nothing : hidden.join(",");
}
