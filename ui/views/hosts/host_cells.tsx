import { Link } from "@tanstack/react-router";
import { memo } from "react";
import { formatCount, formatValue, type Unit } from "../../units/format.ts";
import { Sparkline } from "../../plot/sparkline.tsx";
import { AccountWord } from "../../widgets/account_word.tsx";
import { Ago } from "../../elements/ago.tsx";
import { StatusWord } from "../../elements/status_word.tsx";
import { figures, type Figure, type HostFigure, type HostRow } from "./host_rows.ts";

const shapes: Readonly<Record<Figure, { unit: Unit; max?: number; word: string }>> = {
  cpu: { unit: "percent", max: 100, word: "CPU" },
  memory: { unit: "percent", max: 100, word: "Memory" },
  disk: { unit: "percent", max: 100, word: "Disk" },
  received: { unit: "bytes_per_second", word: "In" },
  sent: { unit: "bytes_per_second", word: "Out" },
};

type Props = {
  readonly row: HostRow;
  readonly loading: boolean;
  readonly known: boolean;
  readonly nowMs: number;
};

/**
 * The cells of one host; the style sheet lays them out as a row or as a card. Kept between renders: scrolling renders the list
 * with every frame, and only rows that come into view may cost anything.
 */
export const HostCells = memo(function HostCells({ row, loading, known, nowMs }: Props) {
  const { agent, account } = row;
  return (
    <>
      <div role="cell" className="status">
        <StatusWord live={agent.live} known={known} />
      </div>
      <div role="cell" className="name">
        <Link
          to="/hosts/$agent"
          params={{ agent: agent.agent }}
          className="clip"
          title={agent.name}
        >
          {agent.name}
        </Link>
      </div>
      {figures.map((figure) => (
        <FigureCell key={figure} figure={figure} value={row.figures[figure]} loading={loading} />
      ))}
      <div role="cell" className="seen number">
        <Ago ms={agent.lastSeenMs} nowMs={nowMs} />
      </div>
      <div role="cell" className="version clip" title={agent.version}>
        {agent.version}
      </div>
      <div
        role="cell"
        className="in_flight number"
        title={`${formatCount(account.inFlight)} in flight of ${formatCount(account.collected)} collected`}
      >
        {formatValue(account.inFlight, "count")} of {formatValue(account.collected, "count")}
      </div>
      <div role="cell" className="dropped">
        <AccountWord account={account} brief />
      </div>
    </>
  );
});

function FigureCell({
  figure,
  value,
  loading,
}: {
  readonly figure: Figure;
  readonly value: HostFigure | undefined;
  readonly loading: boolean;
}) {
  const { unit, max, word } = shapes[figure];
  return (
    <div role="cell" className={`${figure} figure`}>
      <span className="card-word">{word}</span>
      {loading ? (
        <span className="bone" />
      ) : (
        <>
          <Sparkline values={value?.values} {...(max === undefined ? {} : { max })} />
          <span
            className={
              value === undefined || Number.isNaN(value.current) ? "number" : "number known"
            }
          >
            {currentText(value, unit)}
          </span>
        </>
      )}
    </div>
  );
}

/** The unit of a percentage stands in the header. */
function currentText(value: HostFigure | undefined, unit: Unit): string {
  const current = value?.current ?? Number.NaN;
  if (unit !== "percent" || Number.isNaN(current)) return formatValue(current, unit);
  return current.toFixed(1);
}
