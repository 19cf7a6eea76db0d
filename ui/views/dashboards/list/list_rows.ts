import type { DashboardOrigin, DashboardRow } from "../../../client/dashboard_service.ts";

export const listColumns = ["folder", "title", "updated", "panels"] as const;
export type ListColumn = (typeof listColumns)[number];

export type ListFilter = {
  readonly words: string;
  readonly folder: string | undefined;
  readonly tags: readonly string[];
  readonly starred: boolean;
  readonly origin: DashboardOrigin | undefined;
};

/** A heading and what stands under it. Without a name where the list is in no folders. */
export type ListGroup = {
  readonly name: string | undefined;
  readonly rows: readonly DashboardRow[];
};

export const originWords: Readonly<Record<DashboardOrigin, string>> = {
  saved: "Saved",
  file: "File",
  built_in: "Built in",
};

/** Rows in which all words occur, somewhere in title, folder, tags and description. */
export function filterList(rows: readonly DashboardRow[], filter: ListFilter): DashboardRow[] {
  const words = filter.words.toLowerCase().split(/\s+/).filter(Boolean);
  return rows.filter((row) => {
    const { folder, origin } = filter;
    if (folder !== undefined && row.folder !== folder && !row.folder.startsWith(`${folder}/`)) {
      return false;
    }
    if (origin !== undefined && row.origin !== origin) return false;
    if (filter.starred && !row.starred) return false;
    if (!filter.tags.every((tag) => row.tags.includes(tag))) return false;
    const text = [row.title, row.folder, ...row.tags, row.description].join("\n").toLowerCase();
    return words.every((word) => text.includes(word));
  });
}

/** By folder those without one come first; all other orders are one list. */
export function groupList(
  rows: readonly DashboardRow[],
  sort: ListColumn,
  down: boolean,
): readonly ListGroup[] {
  const sign = down ? -1 : 1;
  if (sort !== "folder") {
    const sorted = rows.toSorted((a, b) => {
      if (sort === "updated") return sign * (a.updatedMs - b.updatedMs) || byTitle(a, b);
      if (sort === "panels") return sign * (a.panels - b.panels) || byTitle(a, b);
      return sign * byTitle(a, b);
    });
    return sorted.length === 0 ? [] : [{ name: undefined, rows: sorted }];
  }
  const folders = new Map<string, DashboardRow[]>();
  for (const row of rows) folders.set(row.folder, [...(folders.get(row.folder) ?? []), row]);
  return [...folders]
    .toSorted(([a], [b]) => sign * a.localeCompare(b))
    .map(([name, some]) => ({ name, rows: some.toSorted(byTitle) }));
}

/** Each value with how often it occurs, the most frequent first. */
export function counted(values: readonly string[]): readonly (readonly [string, number])[] {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].toSorted((a, b) => b[1] - a[1] || a[0].localeCompare(b[0]));
}

function byTitle(a: DashboardRow, b: DashboardRow): number {
  return a.title.localeCompare(b.title);
}
