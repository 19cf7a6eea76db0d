import { useVirtualizer } from "@tanstack/react-virtual";
import { useContext, useDeferredValue, useEffect, useMemo, useRef, useState } from "react";
import type { FoundMetric } from "../../../client/search.ts";
import { Select } from "../../../overlays/select.tsx";
import { formatCount } from "../../../units/format.ts";
import { ScrollContext } from "../../../state/scroll.ts";
import { FilterBox } from "../../../widgets/filter_box.tsx";
import { Empty, Picture, Skeleton } from "../../../widgets/picture.tsx";
import { metricKind } from "../default_query.ts";
import { searchMatch, useMetricSearch } from "../search_hooks.ts";
import { MetricCard } from "./metric_card.tsx";
import type { Change, MetricsState } from "./metrics_search.ts";

const metricsMax = 5_000;
const cardPx = 148;
const gapPx = 16;
const cardMinPx = 280;

type Props = { readonly state: MetricsState; readonly onChange: Change };

/** All metrics with data in the range, each with its picture; only those on the screen are asked for. */
export function MetricGrid({ state, onChange }: Props) {
  const { where } = state;
  const found = useMetricSearch(useDeferredValue(state.text), searchMatch("", where), metricsMax);
  return (
    <Picture query={found} skeleton={<Skeleton rows={6} height={132} />}>
      {({ results, more }) => (
        <Found state={state} onChange={onChange} all={results} isCut={more} />
      )}
    </Picture>
  );
}

type FoundProps = Props & { readonly all: readonly FoundMetric[]; readonly isCut: boolean };

function Found({ state, onChange, all, isCut }: FoundProps) {
  const { text, type, prefix } = state;
  const shown = useMemo(
    () =>
      all.filter(
        (metric) => metric.name.startsWith(prefix) && (type === "" || metricKind(metric) === type),
      ),
    [all, prefix, type],
  );
  const kinds = ["counter", "gauge", "histogram", "native_histogram", "summary"] as const;
  return (
    <>
      <div className="toolbar">
        <FilterBox label="Search metrics" value={text} onChange={(q) => onChange({ text: q })} />
        <Select
          label="Type"
          showLabel
          value={type}
          options={[
            { value: "", label: "any" },
            ...kinds.map((value) => ({ value, label: value.replace("_", " ") })),
          ]}
          onChange={(next) => onChange({ type: next })}
        />
        <span className="quiet">
          {formatCount(shown.length)} {shown.length === 1 ? "metric" : "metrics"} with data in this
          range{isCut ? `, of the first ${formatCount(metricsMax)}: search to find others` : ""}
        </span>
      </div>
      <Prefixes names={all.map(({ name }) => name)} prefix={prefix} onChange={onChange} />
      {shown.length === 0 ? (
        <Empty title={text === "" ? "No metrics" : `No metric has "${text}"`}>
          Try fewer letters, another type, fewer conditions or a longer range.
        </Empty>
      ) : (
        <Cards metrics={shown} state={state} onChange={onChange} />
      )}
    </>
  );
}

type PrefixProps = {
  readonly names: readonly string[];
  readonly prefix: string;
  readonly onChange: Change;
};

const prefixesMax = 24;

/** The tree of names, a level at a time: "node_" holds "node_cpu_" and others. */
function Prefixes({ names, prefix, onChange }: PrefixProps) {
  const below = useMemo(() => prefixesBelow(names, prefix), [names, prefix]);
  const parts = prefix.split("_").slice(0, -1);
  if (below.length < 2 && prefix === "") return null;
  return (
    <nav className="prefixes" aria-label="Beginnings of names">
      {prefix !== "" && (
        <button type="button" className="button" onClick={() => onChange({ prefix: "" })}>
          All
        </button>
      )}
      {parts.map((part, i) => (
        <button
          key={i}
          type="button"
          className="button"
          aria-pressed={i === parts.length - 1}
          onClick={() => onChange({ prefix: `${parts.slice(0, i + 1).join("_")}_` })}
        >
          {part}_
        </button>
      ))}
      {below.slice(0, prefixesMax).map(({ name, count }) => (
        <button
          key={name}
          type="button"
          className="button plain"
          onClick={() => onChange({ prefix: name })}
        >
          {name.slice(prefix.length)} <span className="quiet">{count}</span>
        </button>
      ))}
    </nav>
  );
}

function prefixesBelow(names: readonly string[], prefix: string) {
  const counts = new Map<string, number>();
  for (const name of names) {
    const end = name.startsWith(prefix) ? name.indexOf("_", prefix.length) : -1;
    if (end < 0) continue;
    const next = name.slice(0, end + 1);
    counts.set(next, (counts.get(next) ?? 0) + 1);
  }
  return [...counts]
    .filter(([, count]) => count > 1)
    .map(([name, count]) => ({ name, count }))
    .toSorted((a, b) => b.count - a.count);
}

function Cards({ metrics, state, onChange }: Props & { readonly metrics: readonly FoundMetric[] }) {
  const place = useRef<HTMLDivElement>(null);
  const scroller = useContext(ScrollContext);
  const [{ columns, top }, setLayout] = useState({ columns: 3, top: 0 });
  useEffect(() => {
    const element = place.current;
    if (element === null) return;
    const measure = (): void =>
      setLayout({
        columns: Math.max(1, Math.floor((element.clientWidth + gapPx) / (cardMinPx + gapPx))),
        top: element.offsetTop,
      });
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  const virtual = useVirtualizer({
    count: Math.ceil(metrics.length / columns),
    getScrollElement: () => scroller?.current ?? null,
    estimateSize: () => cardPx + gapPx,
    scrollMargin: top,
    overscan: 1,
  });
  return (
    <div ref={place} className="metric-grid" style={{ height: virtual.getTotalSize() }}>
      {virtual.getVirtualItems().map(({ index, start }) => (
        <div
          key={index}
          className="metric-grid-row"
          style={{
            transform: `translateY(${start - top}px)`,
            gridTemplateColumns: `repeat(${columns}, minmax(0, 1fr))`,
          }}
        >
          {metrics.slice(index * columns, (index + 1) * columns).map((metric) => (
            <MetricCard
              key={metric.name}
              metric={metric}
              where={state.where}
              onOpen={() => onChange({ metric: metric.name, by: "" })}
            />
          ))}
        </div>
      ))}
    </div>
  );
}
