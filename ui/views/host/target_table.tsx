import type { Target } from "../../client/query_service.ts";
import { formatAgo, formatCount, formatExact, formatSpan } from "../../plot/format.ts";
import { useNow } from "../../state/media.ts";
import { Icon } from "../../widgets/icon.tsx";

/** Rows drawn: an agent of more targets than this is a question for a search. */
const rowsMax = 500;
const ranks: Readonly<Record<string, number>> = { down: 0, unknown: 1, up: 2 };

/** What an agent scrapes; the ones that are down come first, with their last error. */
export function TargetTable({
  targets,
  leftOut,
}: {
  readonly targets: readonly Target[];
  /** More that the agent has and did not tell of. */
  readonly leftOut: number;
}) {
  const nowMs = useNow(1_000);
  const rows = targets.toSorted(
    (a, b) => (ranks[a.health] ?? 1) - (ranks[b.health] ?? 1) || a.url.localeCompare(b.url),
  );
  const more = Math.max(0, rows.length - rowsMax) + leftOut;
  return (
    <div className="table-scroll" tabIndex={0} role="region" aria-label="Scrape targets">
      <table className="table">
        <thead>
          <tr>
            <th scope="col">State</th>
            <th scope="col">Job</th>
            <th scope="col">Target</th>
            <th scope="col" className="number">
              Samples
            </th>
            <th scope="col" className="number">
              Took
            </th>
            <th scope="col" className="number">
              Last scrape
            </th>
            <th scope="col">Last error</th>
          </tr>
        </thead>
        <tbody>
          {rows.slice(0, rowsMax).map((row) => (
            <tr key={`${row.pool}\u0000${row.url}`}>
              <td>
                <Health health={row.health} />
              </td>
              <td className="name-cell">{row.pool}</td>
              <td className="url-cell">{row.url}</td>
              <td className="number">{formatCount(row.samples)}</td>
              <td className="number">{formatSpan(row.durationSeconds * 1_000)}</td>
              <td className="number" title={formatExact(row.lastScrapeMs)}>
                {row.lastScrapeMs > 0 ? formatAgo(row.lastScrapeMs, nowMs) : "never"}
              </td>
              <td className="error-cell">{row.lastError === "" ? "–" : row.lastError}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {more > 0 && <p className="quiet">and {formatCount(more)} more targets</p>}
    </div>
  );
}

function Health({ health }: { readonly health: string }) {
  if (health === "up") {
    return (
      <span className="state good">
        <Icon name="check" />
        up
      </span>
    );
  }
  if (health === "down") {
    return (
      <span className="state bad">
        <Icon name="cross" />
        down
      </span>
    );
  }
  return (
    <span className="quiet">{health === "unwatched" ? "not watched" : "not scraped yet"}</span>
  );
}
