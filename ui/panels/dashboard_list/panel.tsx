import type { DashboardRow } from "../../client/dashboard_service.ts";
import { useDashboards } from "../../queries/dashboards.ts";
import { Picture, RefreshCorner, Skeleton } from "../../widgets/picture.tsx";
import type { PanelProps } from "../panel_kind.ts";
import { InnerLink } from "../../elements/inner_link.tsx";
import { Nothing } from "../parts/nothing.tsx";
import { dashboardGroups } from "./lists.ts";
import type { DashboardListOptions } from "./options.ts";

const everyMs = 60_000;

/** Links to dashboards: starred, changed last, or found by title, folder and tags. */
export function DashboardListPanel(props: PanelProps<DashboardListOptions>) {
  const query = useDashboards(everyMs);
  return (
    <div className="panel-list">
      <RefreshCorner query={query} />
      <Picture query={query} skeleton={<Skeleton rows={4} height={28} />}>
        {(rows) => <Groups {...props} rows={rows} />}
      </Picture>
    </div>
  );
}

function Groups({
  rows,
  options,
  window,
  interpolate,
}: PanelProps<DashboardListOptions> & { readonly rows: readonly DashboardRow[] }) {
  const groups = dashboardGroups(rows, { ...options, query: interpolate(options.query) });
  if (groups.length === 0) return <Nothing>No list is chosen in the panel's options.</Nothing>;
  if (groups.every((group) => group.rows.length === 0)) {
    return (
      <Nothing>
        {rows.length === 0
          ? "There are no dashboards yet."
          : `None of ${rows.length} dashboards is in ${groups.map(({ heading }) => `"${heading}"`).join(", ")}.`}
      </Nothing>
    );
  }
  const range = options.keep_time
    ? `?from=${Math.round(window.startMs)}&to=${Math.round(window.endMs)}`
    : "";
  return groups
    .filter((group) => group.rows.length > 0)
    .map(({ heading, rows: shown, left }) => (
      <section key={heading} aria-label={heading}>
        {options.headings && <p className="panel-list-head">{heading}</p>}
        <ul>
          {shown.map((row) => (
            <li key={row.uid} className="panel-list-row">
              <span className="panel-list-main">
                <InnerLink
                  to={`/dashboards/${encodeURIComponent(row.uid)}${range}`}
                  title={row.description === "" ? row.title : row.description}
                >
                  {row.title}
                </InnerLink>
              </span>
              {options.show_folder && row.folder !== "" && (
                <span className="quiet clip" title={row.folder}>
                  {row.folder}
                </span>
              )}
            </li>
          ))}
        </ul>
        {left > 0 && <p className="panel-more">and {left} more</p>}
      </section>
    ));
}
