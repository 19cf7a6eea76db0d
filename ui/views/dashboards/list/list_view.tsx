import { getRouteApi, Link } from "@tanstack/react-router";
import { lazy, Suspense, useDeferredValue, useMemo, useState } from "react";
import type { DashboardOrigin, DashboardRow } from "../../../client/dashboard_service.ts";
import { Menu, type MenuEntry } from "../../../overlays/menu.tsx";
import { Select } from "../../../overlays/select.tsx";
import { useDashboards } from "../../../queries/dashboards.ts";
import { useSearchChange } from "../../../state/page_range.ts";
import { FilterBox } from "../../../widgets/filter_box.tsx";
import { Icon } from "../../../elements/icon.tsx";
import { Empty, Picture, RefreshCorner, Skeleton } from "../../../widgets/picture.tsx";
import { counted, filterList, groupList, originWords, type ListColumn } from "./list_rows.ts";
import { ListTable } from "./list_table.tsx";
import { Button } from "../../../elements/buttons.tsx";

const ImportDialog = lazy(() => import("../documents/import_dialog.tsx"));

const route = getRouteApi("/dashboards");
/** Others may save meanwhile; the list is small. */
const everyMs = 60_000;

/** All dashboards: those made here, those from files, and those that Lapwing brings. */
export function DashboardsView() {
  const { q = "", folder, tags = "", starred, origin } = route.useSearch();
  const change = useSearchChange();
  const dashboards = useDashboards(everyMs);
  const [importing, setImporting] = useState(false);
  const words = useDeferredValue(q);
  const chosenTags = useMemo(() => tags.split(",").filter(Boolean), [tags]);
  const rows = useMemo(
    () =>
      filterList(dashboards.data ?? [], {
        words,
        folder,
        tags: chosenTags,
        starred: starred === "yes",
        origin,
      }),
    [dashboards.data, words, folder, chosenTags, starred, origin],
  );
  const toggleTag = (tag: string): void => {
    const next = chosenTags.includes(tag)
      ? chosenTags.filter((each: string) => each !== tag)
      : [...chosenTags, tag];
    change({ tags: next.join(",") });
  };
  return (
    <section className="page">
      <div className="toolbar board-filters">
        <FilterBox label="Search dashboards" value={q} onChange={(text) => change({ q: text })} />
        <Filters
          all={dashboards.data ?? []}
          folder={folder}
          origin={origin}
          tags={chosenTags}
          starred={starred === "yes"}
          onTag={toggleTag}
        />
        <span className="quiet wide-words" role="status">
          {dashboards.data !== undefined && countText(rows.length, dashboards.data.length)}
        </span>
        <RefreshCorner query={dashboards} />
        <span className="spacer" />
        <Button onClick={() => setImporting(true)}>Import</Button>
        <Link to="/dashboards/new" className="button primary">
          New dashboard
        </Link>
      </div>
      <Picture query={dashboards} skeleton={<Skeleton rows={12} height={28} />}>
        {(all) => <Results all={all} rows={rows} onTag={toggleTag} />}
      </Picture>
      {importing && (
        <Suspense>
          <ImportDialog onClose={() => setImporting(false)} folder={folder ?? ""} />
        </Suspense>
      )}
    </section>
  );
}

type ResultProps = {
  readonly all: readonly DashboardRow[];
  /** Those that match. */
  readonly rows: readonly DashboardRow[];
  readonly onTag: (tag: string) => void;
};

function Results({ all, rows, onTag }: ResultProps) {
  const { sort = "folder", dir } = route.useSearch();
  const change = useSearchChange();
  const down = dir === "down";
  const groups = useMemo(() => groupList(rows, sort, down), [rows, sort, down]);
  const sortBy = (column: ListColumn): void => {
    const first = column === "updated" || column === "panels" ? "down" : "up";
    const next = column === sort ? (down ? "up" : "down") : first;
    change({ sort: column, dir: next });
  };
  if (all.length === 0) {
    return (
      <Empty title="No dashboards yet">
        Make one with New dashboard, or import one of Grafana's from a file.
      </Empty>
    );
  }
  return rows.length === 0 ? (
    <Empty title="No dashboard matches">
      All words of the search and all filters must match.{" "}
      <button
        type="button"
        className="link"
        onClick={() => change({ q: "", folder: "", tags: "", starred: "", origin: "" })}
      >
        Clear them
      </button>
    </Empty>
  ) : (
    <ListTable groups={groups} sort={sort} down={down} onSort={sortBy} onTag={onTag} />
  );
}

type FilterProps = {
  readonly all: readonly DashboardRow[];
  readonly folder: string | undefined;
  readonly origin: DashboardOrigin | undefined;
  readonly tags: readonly string[];
  readonly starred: boolean;
  readonly onTag: (tag: string) => void;
};

function Filters({ all, folder, origin, tags, starred, onTag }: FilterProps) {
  const change = useSearchChange();
  const folders = useMemo(
    () => [...new Set(all.map((row) => row.folder))].filter(Boolean).toSorted(),
    [all],
  );
  const tagCounts = useMemo(() => counted(all.flatMap((row) => row.tags)), [all]);
  const origins = [
    { value: "", label: "From anywhere" },
    ...Object.entries(originWords).map(([value, label]) => ({ value, label })),
  ];
  return (
    <>
      <Button
        icon="star"
        pressed={starred}
        onClick={() => change({ starred: starred ? "" : "yes" })}
      >
        <span className="wide-words">Starred</span>
      </Button>
      {folders.length > 0 && (
        <Select
          label="Folder"
          value={folder ?? ""}
          options={[
            { value: "", label: "All folders" },
            ...folders.map((name) => ({ value: name, label: name })),
          ]}
          onChange={(next) => change({ folder: next })}
        />
      )}
      {tagCounts.length > 0 && (
        <Menu
          label="Tags"
          align="start"
          trigger={
            <button type="button" className="button">
              {tags.length === 0 ? "Tags" : tags.join(", ")}
              <Icon name="chevron" />
            </button>
          }
          entries={tagCounts.map(([tag, count]): MenuEntry => ({
            label: `${tag} (${count})`,
            checked: tags.includes(tag),
            onSelect: () => onTag(tag),
          }))}
        />
      )}
      <Select
        label="Origin"
        value={origin ?? ""}
        options={origins}
        onChange={(next) => change({ origin: next })}
      />
    </>
  );
}

function countText(shown: number, all: number): string {
  const word = all === 1 ? "dashboard" : "dashboards";
  return shown === all ? `${all} ${word}` : `${shown} of ${all} ${word}`;
}
