import type { DashboardListOptions } from "./options.ts";

/** What the lists look at in a dashboard. */
export type Listed = {
  readonly uid: string;
  readonly title: string;
  readonly folder: string;
  readonly tags: readonly string[];
  readonly starred: boolean;
  readonly updatedMs: number;
};

export type DashboardGroup<T extends Listed> = {
  readonly heading: string;
  readonly rows: readonly T[];
  /** Rows beyond the limit. */
  readonly left: number;
};

/** The lists that the options ask for, each with its heading. */
export function dashboardGroups<T extends Listed>(
  rows: readonly T[],
  options: DashboardListOptions,
): DashboardGroup<T>[] {
  const byTitle = rows.toSorted((a, b) => a.title.localeCompare(b.title));
  const groups: DashboardGroup<T>[] = [];
  const add = (heading: string, found: readonly T[]): void => {
    const shown = found.slice(0, options.limit);
    groups.push({ heading, rows: shown, left: found.length - shown.length });
  };
  if (options.starred)
    add(
      "Starred",
      byTitle.filter((row) => row.starred),
    );
  if (options.recent)
    add(
      "Changed last",
      byTitle.toSorted((a, b) => b.updatedMs - a.updatedMs),
    );
  if (options.search)
    add(
      "Found",
      byTitle.filter((row) => isFound(row, options)),
    );
  return groups;
}

function isFound(row: Listed, { query, folder, tags }: DashboardListOptions): boolean {
  return (
    row.title.toLowerCase().includes(query.toLowerCase()) &&
    (folder === "" || row.folder === folder || row.folder.startsWith(`${folder}/`)) &&
    tags.every((tag) => row.tags.includes(tag))
  );
}
