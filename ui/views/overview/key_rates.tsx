import { useMemo, type ReactNode } from "react";
import type { Storage } from "../../client/storage/data_service.ts";
import type { AgentRow } from "../../client/query_service.ts";
import { InnerLink } from "../../elements/inner_link.tsx";
import { formatCount, formatValue } from "../../units/format.ts";
import { Sparkline } from "../../plot/sparkline.tsx";
import { usePageRange } from "../../state/page_range.ts";
import { explorePage } from "../../state/places.ts";
import { useRangeSet } from "../../queries/ranges.ts";
import { Corner, RefreshCorner } from "../../widgets/picture.tsx";
import { rateWindow } from "../hosts/host_rows.ts";

const points = 60;

/** What the aggregator takes in, of all agents. */
function collectedRate(signal: "metrics" | "logs", window: string): string {
  return `sum(rate(lapwing_agent_collected_items_total{signal="${signal}"}[${window}]))`;
}

const expressions = [
  (stepMs: number) => collectedRate("metrics", rateWindow(stepMs)),
  (stepMs: number) => collectedRate("logs", rateWindow(stepMs)),
  () => "sum(lapwing_agent_up)",
];

type Props = {
  readonly agents: readonly AgentRow[] | undefined;
  readonly storage: Storage | undefined;
};

/** How much comes in and is held: a figure each, with its course over the page's range, and the chart behind it. */
export function KeyRates({ agents, storage }: Props) {
  const { range, intervalMs } = usePageRange();
  const everyMs = intervalMs === 0 ? 0 : Math.max(intervalMs, 10_000);
  const set = useRangeSet(expressions, { range, pointsMax: points, everyMs, withNewest: true });
  const [samples, lines, up] = (set.data?.answers ?? []).map((one) => one?.series[0]?.values);
  const [samplesNow, linesNow] = (set.data?.newest ?? []).map((one) => one?.series[0]?.values);
  const live = agents?.filter((row) => row.live).length;
  const stored = useMemo(() => sumOf(storage), [storage]);
  return (
    <section className="key-rates" aria-label="Key rates">
      <Rate
        name="Samples taken in"
        href={explorePage({ expr: collectedRate("metrics", "1m") }, range)}
        values={samples}
      >
        {rateText(samplesNow)}
      </Rate>
      <Rate
        name="Log lines taken in"
        href={explorePage({ expr: collectedRate("logs", "1m") }, range)}
        values={lines}
      >
        {rateText(linesNow)}
      </Rate>
      <Rate name="Hosts live" href="/hosts" values={up}>
        {live === undefined ? "–" : `${formatCount(live)} of ${formatCount(agents?.length ?? 0)}`}
      </Rate>
      <Rate name="Series in memory" href="/data">
        {storage === undefined ? "–" : formatCount(storage.head.series)}
      </Rate>
      <Rate name="Store" href="/data" note={stored?.note}>
        {stored === undefined ? "–" : formatValue(stored.bytes, "bytes")}
      </Rate>
      <RefreshCorner query={set} />
      {set.isError && set.data === undefined && (
        <Corner state="failed" detail={set.error.message}>
          no rates: {set.error.message}
        </Corner>
      )}
    </section>
  );
}

function Rate({
  name,
  href,
  values,
  note,
  children,
}: {
  readonly name: string;
  readonly href: string;
  readonly values?: Float64Array | undefined;
  readonly note?: string | undefined;
  readonly children: ReactNode;
}) {
  return (
    <div className="key-rate">
      <span className="key-rate-name">
        <InnerLink to={href}>{name}</InnerLink>
      </span>
      <span className="key-rate-value">
        <strong>{children}</strong>
        {values !== undefined && <Sparkline values={values} />}
        {note !== undefined && <span className="quiet">{note}</span>}
      </span>
    </div>
  );
}

function rateText(values: Float64Array | undefined): string {
  const value = values?.[0] ?? Number.NaN;
  return Number.isNaN(value) ? "–" : `${formatValue(value, "count")}/s`;
}

function sumOf(storage: Storage | undefined) {
  if (storage === undefined) return undefined;
  const bytes = storage.shares.reduce((sum, share) => sum + share.bytes, 0);
  const blocks = storage.shares.reduce((sum, share) => sum + share.blocks, 0);
  return { bytes, note: `${formatCount(blocks)} ${blocks === 1 ? "block" : "blocks"}` };
}
