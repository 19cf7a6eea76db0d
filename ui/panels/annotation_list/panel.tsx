import { formatAgo, formatSpan } from "../../units/format.ts";
import { useStoredAnnotations } from "../../queries/dashboards.ts";
import { useNow } from "../../state/media.ts";
import { Picture, RefreshCorner, Skeleton } from "../../widgets/picture.tsx";
import type { PanelProps } from "../panel_kind.ts";
import { momentAt } from "../parts/moment.ts";
import { Nothing } from "../parts/nothing.tsx";
import type { AnnotationListOptions } from "./options.ts";

type Row = {
  readonly id: string;
  readonly startMs: number;
  readonly endMs: number | undefined;
  readonly title: string;
  readonly text: string;
  readonly tags: readonly string[];
};

/** Annotations made by hand, of this dashboard or of all, in the page's time range. */
export function AnnotationListPanel(props: PanelProps<AnnotationListOptions>) {
  const { options, annotations } = props;
  if (options.scope === "all") return <OfAll {...props} />;
  const rows = annotations.filter(
    ({ stored, tags }) => stored && options.tags.every((tag) => tags.includes(tag)),
  );
  return <Rows {...props} rows={rows} isCut={false} />;
}

function OfAll(props: PanelProps<AnnotationListOptions>) {
  const { window, options } = props;
  const { startMs, endMs } = window;
  const query = useStoredAnnotations({ startMs, endMs, dashboard: "", tags: options.tags });
  return (
    <div className="panel-list">
      <RefreshCorner query={query} />
      <Picture query={query} skeleton={<Skeleton rows={4} height={28} />}>
        {({ annotations, truncated }) => (
          <Rows
            {...props}
            isCut={truncated}
            rows={annotations.map((each) => ({
              ...each,
              endMs: each.endMs === 0 ? undefined : each.endMs,
            }))}
          />
        )}
      </Picture>
    </div>
  );
}

function Rows({
  rows,
  isCut,
  options,
  timeZone,
  onZoom,
}: PanelProps<AnnotationListOptions> & { readonly rows: readonly Row[]; readonly isCut: boolean }) {
  const nowMs = useNow(10_000);
  if (rows.length === 0) {
    return (
      <Nothing>
        {options.tags.length === 0
          ? "No annotation was made in this time range. Make one on a chart."
          : `No annotation of this time range has the tags ${options.tags.join(", ")}.`}
      </Nothing>
    );
  }
  const shown = rows.toSorted((a, b) => b.startMs - a.startMs).slice(0, options.limit);
  const left = rows.length - shown.length;
  return (
    <div className="panel-list">
      <ul>
        {shown.map((row) => (
          <li key={row.id} className="panel-list-row">
            <span className="panel-list-main">
              <strong className="clip" title={row.text}>
                {row.title === "" ? row.text : row.title}
              </strong>
              {row.title !== "" && row.text !== "" && (
                <span className="quiet clip" title={row.text}>
                  {row.text}
                </span>
              )}
            </span>
            {options.show_tags &&
              row.tags.slice(0, 5).map((tag) => (
                <span key={tag} className="panel-tag clip">
                  {tag}
                </span>
              ))}
            {options.show_time && (
              <button
                type="button"
                className="panel-link"
                title={`${momentAt(row.startMs, timeZone)}: show this time`}
                onClick={() => onZoom(...around(row))}
              >
                {formatAgo(row.startMs, nowMs)}
                {row.endMs === undefined ? "" : `, for ${formatSpan(row.endMs - row.startMs)}`}
              </button>
            )}
          </li>
        ))}
      </ul>
      {(left > 0 || isCut) && (
        <p className="panel-more">{left > 0 ? `and ${left} more` : "and more than are listed"}</p>
      )}
    </div>
  );
}

/** A stretch with as much before and after it, a moment with ten minutes of both. */
function around({ startMs, endMs }: Row): [number, number] {
  const marginMs = endMs === undefined ? 600_000 : Math.max(60_000, endMs - startMs);
  return [startMs - marginMs, (endMs ?? startMs) + marginMs];
}
