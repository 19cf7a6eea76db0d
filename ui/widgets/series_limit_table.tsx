import { Link } from "@tanstack/react-router";
import type { SeriesLimitRow } from "../client/query_service.ts";
import { formatAgo, formatCount, formatExact } from "../units/format.ts";
import { useNow } from "../state/media.ts";
import { useTimeZone } from "../state/time_zone.ts";
import { Icon } from "../elements/icon.tsx";

/** Rows drawn; those that refuse come first. */
const rowsMax = 100;
/** A limit that refused something so recently is refusing. */
const refusingMs = 5 * 60_000;
const nearlyFull = 0.8;

type Props = {
  readonly caption: string;
  readonly limits: readonly SeriesLimitRow[];
  readonly nameOf: (agent: string) => string;
};

/** Limits on active series: how full each is, what it refuses, and which label is to blame. */
export function SeriesLimitTable({ caption, limits, nameOf }: Props) {
  const nowMs = useNow(1_000);
  return (
    <div className="table-scroll" tabIndex={0} role="region" aria-label={caption}>
      <table className="table series-limits">
        <caption className="hidden">{caption}</caption>
        <thead>
          <tr>
            <th scope="col">State</th>
            <th scope="col">Limit of</th>
            <th scope="col">Full</th>
            <th scope="col">Grows fastest</th>
            <th scope="col" className="number">
              Active series
            </th>
            <th scope="col" className="number">
              Limit
            </th>
            <th scope="col" className="number">
              Series refused
            </th>
            <th scope="col" className="number">
              Samples refused
            </th>
          </tr>
        </thead>
        <tbody>
          {limits.slice(0, rowsMax).map((row) => (
            <tr key={`${row.scope}\u0000${row.agent}\u0000${row.name}`}>
              <td>
                <State row={row} nowMs={nowMs} />
              </td>
              <th scope="row" className="name-cell">
                <Owner row={row} nameOf={nameOf} />
              </th>
              <td>
                <Fullness row={row} />
              </td>
              <td className="growing-cell">
                <Growing row={row} />
              </td>
              <td className="number">{formatCount(row.active)}</td>
              <td className="number">{formatCount(row.limit)}</td>
              <td className="number">{formatCount(row.refusedSeries)}</td>
              <td className="number">{formatCount(row.refusedSamples)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {limits.length > rowsMax && (
        <p className="quiet">and {limits.length - rowsMax} more limits</p>
      )}
    </div>
  );
}

function State({ row, nowMs }: { readonly row: SeriesLimitRow; readonly nowMs: number }) {
  const timeZone = useTimeZone();
  if (row.lastRefusedMs > nowMs - refusingMs) {
    return (
      <span
        className="state bad"
        title={`last refused ${formatExact(row.lastRefusedMs, timeZone)}`}
      >
        <Icon name="cross" />
        refuses new series
      </span>
    );
  }
  if (row.active >= nearlyFull * row.limit) {
    return (
      <span className="state warn">
        <Icon name="warning" />
        nearly full
      </span>
    );
  }
  const refused = row.lastRefusedMs > 0 && `, refused ${formatAgo(row.lastRefusedMs, nowMs)}`;
  return (
    <span className="state good">
      <Icon name="check" />
      has room{refused}
    </span>
  );
}

function Owner({
  row,
  nameOf,
}: {
  readonly row: SeriesLimitRow;
  readonly nameOf: Props["nameOf"];
}) {
  if (row.agent === "") return <span title={row.name}>tenant {row.name}</span>;
  const host = nameOf(row.agent);
  return (
    <>
      <Link to="/hosts/$agent" params={{ agent: row.agent }} title={host}>
        {host}
      </Link>
      <span className="limit-target" title={row.scope === "target" ? row.name : undefined}>
        {row.scope === "target" ? `target ${row.name}` : "the whole agent"}
      </span>
    </>
  );
}

function Fullness({ row }: { readonly row: SeriesLimitRow }) {
  const share = row.limit > 0 ? Math.min(1, row.active / row.limit) : 0;
  const percent = Math.floor(100 * share);
  const level = share >= 1 ? "bad" : share >= nearlyFull ? "warn" : "good";
  return (
    <span className="fullness">
      <span className="fullness-bar" aria-hidden="true">
        <span className={level} style={{ width: `${percent}%` }} />
      </span>
      <span className="number">{percent} %</span>
    </span>
  );
}

function Growing({ row: { fastest } }: { readonly row: SeriesLimitRow }) {
  if (fastest === undefined) return <span className="quiet">known from half the limit on</span>;
  const what = fastest.metric === "" ? "names of metrics" : fastest.metric;
  const values = `${formatCount(fastest.distinctValues)} values`;
  return (
    <>
      <code title={fastest.label}>{fastest.label}</code>{" "}
      <span>+{formatCount(fastest.growth)} in an hour</span>
      <span className="limit-target" title={`${values} of ${what}`}>
        {values}, {what}
      </span>
    </>
  );
}
