import { useMemo } from "react";
import type { AgentRow, Target } from "../../client/query_service.ts";
import { formatAgo, formatCount, formatSpan } from "../../units/format.ts";
import { useSearchChange } from "../../state/page_range.ts";
import { useNow } from "../../state/media.ts";
import { Ago } from "../../elements/ago.tsx";
import { Button } from "../../elements/buttons.tsx";
import { FilterBox } from "../../widgets/filter_box.tsx";
import { Icon } from "../../elements/icon.tsx";
import { Empty } from "../../widgets/picture.tsx";
import type { RowColumn } from "../../widgets/row_columns.ts";
import { RowTable } from "../../widgets/row_table.tsx";
import { findTargets } from "./target_rows.ts";

type Props = {
  readonly row: AgentRow;
  /** Words to search for, and "failing" for the ones that fail: `q` and `only` of the page's URL. */
  readonly search: { readonly q?: string | undefined; readonly only?: string | undefined };
};

/** What an agent scrapes, searched, with the last error of each. */
export function TargetList({ row, search: { q = "", only } }: Props) {
  const change = useSearchChange();
  const nowMs = useNow(5_000);
  const columns = useMemo(() => targetColumns(nowMs), [nowMs]);
  const isFailing = only === "failing";
  const rows = useMemo(
    () => findTargets(row.targets, { words: q, isFailing }),
    [row.targets, q, isFailing],
  );
  const failing = row.targets.filter(({ health }) => health === "down").length;
  if (row.targets.length === 0)
    return (
      <Empty title="This agent scrapes no targets">
        Add <code>scrape_configs</code> to its <code>lapwing.yaml</code>; they are Prometheus's own.
      </Empty>
    );
  return (
    <>
      <div className="toolbar">
        <FilterBox label="Filter targets" value={q} onChange={(text) => change({ q: text })} />
        <Button
          pressed={isFailing}
          disabled={failing === 0 && !isFailing}
          onClick={() => change({ only: isFailing ? "" : "failing" })}
        >
          <strong>{failing}</strong> failing
        </Button>
        <span className="quiet" role="status">
          {rows.length} of {row.targets.length} targets
          {row.targetsLeftOut > 0 &&
            `; ${formatCount(row.targetsLeftOut)} more that the heartbeat had no room for: see GET /targets of the agent`}
        </span>
      </div>
      {rows.length === 0 ? (
        <Empty title="No target matches">Jobs, addresses, labels and errors are searched.</Empty>
      ) : (
        <RowTable id="targets" label={`Targets of ${row.name}`} rows={rows} columns={columns} />
      )}
    </>
  );
}

function targetColumns(nowMs: number): RowColumn<Target>[] {
  return [
    {
      key: "health",
      title: "State",
      width: 112,
      value: ({ health }) => health,
      cell: ({ health }) => <Health health={health} />,
    },
    { key: "pool", title: "Job", width: 150, value: ({ pool }) => pool },
    { key: "url", title: "Target", minWidth: 220, value: ({ url }) => url },
    {
      key: "error",
      title: "Last error",
      minWidth: 240,
      value: ({ lastError }) => lastError,
      text: ({ lastError }) => (lastError === "" ? "–" : lastError),
    },
    {
      key: "samples",
      title: "Samples",
      isNumber: true,
      width: 90,
      onPhone: false,
      value: ({ samples }) => samples,
      text: ({ samples }) => formatCount(samples),
    },
    {
      key: "took",
      title: "Took",
      isNumber: true,
      width: 84,
      onPhone: false,
      value: ({ durationSeconds }) => durationSeconds,
      text: ({ durationSeconds }) => formatSpan(durationSeconds * 1_000),
    },
    {
      key: "scraped",
      title: "Last scrape",
      isTime: true,
      width: 108,
      onPhone: false,
      value: ({ lastScrapeMs }) => lastScrapeMs,
      text: ({ lastScrapeMs }) => (lastScrapeMs > 0 ? formatAgo(lastScrapeMs, nowMs) : "never"),
      cell: ({ lastScrapeMs }) =>
        lastScrapeMs > 0 ? <Ago ms={lastScrapeMs} nowMs={nowMs} /> : "never",
    },
  ];
}

function Health({ health }: { readonly health: string }) {
  if (health !== "up" && health !== "down")
    return (
      <span className="quiet">{health === "unwatched" ? "not watched" : "not scraped yet"}</span>
    );
  return (
    <span className={health === "up" ? "state good" : "state bad"}>
      <Icon name={health === "up" ? "check" : "cross"} />
      {health}
    </span>
  );
}
