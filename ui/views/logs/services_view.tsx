import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Link, useSearch } from "@tanstack/react-router";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useMemo, useRef } from "react";
import { messageOf } from "#shared/errors.ts";
import {
  labelVolumes,
  levelNamed,
  levels,
  logLabelNames,
  logLabelValues,
  queryCounts,
  type Level,
} from "../../client/logs.ts";
import { Select } from "../../overlays/select.tsx";
import { formatCount, formatValue } from "../../units/format.ts";
import { useSearchChange } from "../../state/page_range.ts";
import { useScroller } from "../../state/scroll.ts";
import { stepOf, type Window } from "../../state/time_range.ts";
import { FilterBox } from "../../widgets/filter_box.tsx";
import { Empty, Picture, RefreshCorner, Skeleton } from "../../widgets/picture.tsx";
import { printFilters } from "./state/filters.ts";
import { useLogWindow } from "./state/log_window.ts";
import { escapeRegex, everything, literal } from "./state/logql.ts";
import { LogServicesSearch } from "./state/search_schema.ts";

const rowPx = 56;
const barsMax = 60;
/** Services whose counts are asked for together. */
const groupSize = 20;
/** As many as the aggregator tells the volumes of. */
const volumesMax = 1_000;
const preferred = ["service_name", "job", "app", "container", "unit", "host", "filename"];

/** Logs without a query: what writes lines, how many, and how many of them are errors. */
export function LogServicesView() {
  const { q = "", label = "service_name" } = useSearch({
    strict: false,
    select: (search) => LogServicesSearch.parse(search),
  });
  const change = useSearchChange();
  const { window, slowKey: rangeKey } = useLogWindow();
  const names = useQuery({
    queryKey: ["log_label_names", rangeKey],
    queryFn: ({ signal }) => logLabelNames({ query: everything, ...window, signal }),
    placeholderData: keepPreviousData,
  });
  const services = useQuery({
    queryKey: ["log_services", label, rangeKey],
    queryFn: ({ signal }) => servicesBy(label, window, signal),
    placeholderData: (before, beforeQuery) =>
      beforeQuery?.queryKey[1] === label ? keepPreviousData(before) : undefined,
  });
  const options = useMemo(() => {
    const found = (names.data ?? []).toSorted((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1));
    return (found.includes(label) ? found : [label, ...found]).map((value) => ({
      value,
      label: value,
    }));
  }, [names.data, label]);
  return (
    <section className="page">
      <div className="toolbar">
        <h1>Logs by</h1>
        <Select
          label="Label"
          value={label}
          options={options}
          onChange={(next) => change({ label: next === "service_name" ? "" : next })}
        />
        <FilterBox label={`Filter ${label}`} value={q} onChange={(text) => change({ q: text })} />
        <Link to="/logs" className="button">
          Search all lines
        </Link>
        <RefreshCorner query={services} />
      </div>
      <Picture query={services} skeleton={<Skeleton rows={8} height={rowPx - 8} />}>
        {(all) => {
          const wanted = q.trim().toLowerCase();
          const shown = all.filter(({ value }) => value.toLowerCase().includes(wanted));
          if (all.length === 0)
            return (
              <Empty title={`No lines with the label ${label} in this range`}>
                Choose another label, or widen the time range.
              </Empty>
            );
          if (shown.length === 0)
            return <Empty title={`No ${label} holds "${q}"`}>Write less of it to find more.</Empty>;
          return <ServiceRows services={shown} label={label} window={window} rangeKey={rangeKey} />;
        }}
      </Picture>
    </section>
  );
}

type Service = { readonly value: string; readonly bytes: number | undefined };

/** By volume; where there are too many values for that, by name. */
async function servicesBy(label: string, window: Window, signal: AbortSignal): Promise<Service[]> {
  try {
    const found = await labelVolumes({ query: "{}", ...window, label, limit: volumesMax, signal });
    return found.toSorted((a, b) => b.bytes - a.bytes);
  } catch (thrown) {
    if (!messageOf(thrown).includes("series limit")) throw thrown;
    const values = await logLabelValues(label, { query: "", ...window, signal });
    return values.map((value) => ({ value, bytes: undefined }));
  }
}

function rank(name: string): number {
  const at = preferred.indexOf(name);
  return at < 0 ? preferred.length : at;
}

type RowsProps = {
  readonly services: readonly Service[];
  readonly label: string;
  readonly window: Window;
  readonly rangeKey: string;
};

function ServiceRows({ services, label, window, rangeKey }: RowsProps) {
  const scroller = useScroller();
  const list = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: Math.ceil(services.length / groupSize),
    getScrollElement: () => scroller.current,
    estimateSize: (i) => Math.min(groupSize, services.length - i * groupSize) * rowPx,
    scrollMargin: list.current?.offsetTop ?? 0,
    overscan: 1,
  });
  return (
    <div
      ref={list}
      style={{ height: virtual.getTotalSize(), position: "relative" }}
      role="list"
      aria-label={`${services.length} values of ${label}`}
    >
      {virtual.getVirtualItems().map(({ index, start }) => (
        <div
          key={index}
          style={{
            position: "absolute",
            top: start - (list.current?.offsetTop ?? 0),
            left: 0,
            right: 0,
          }}
        >
          <ServiceGroup
            services={services.slice(index * groupSize, (index + 1) * groupSize)}
            {...{ label, window, rangeKey }}
          />
        </div>
      ))}
    </div>
  );
}

type Counts = ReadonlyMap<
  string,
  {
    readonly byLevel: ReadonlyMap<Level, Float64Array>;
    readonly total: number;
    readonly errors: number;
  }
>;

/** Counts are asked for when a group comes into view, for all of it at once. */
function ServiceGroup({ services, label, window, rangeKey }: RowsProps) {
  const stepMs = stepOf(window, barsMax);
  const values = services.map(({ value }) => value);
  const counts = useQuery({
    queryKey: ["log_service_counts", label, values, rangeKey],
    queryFn: async ({ signal }): Promise<Counts> => countsOf(label, values, window, stepMs, signal),
    placeholderData: keepPreviousData,
    structuralSharing: false,
  });
  return services.map(({ value, bytes }) => {
    const own = counts.data?.get(value);
    const share = own === undefined || own.total === 0 ? 0 : own.errors / own.total;
    const filter = {
      kind: "label",
      name: label,
      values: [value],
      exclude: false,
      parsers: [],
    } as const;
    return (
      <div key={value} role="listitem" className="logs-services-row">
        <Link
          to="/logs"
          search={{ f: printFilters([filter]), q: "", label: "" }}
          className="clip"
          title={value}
        >
          {value === "" ? "(empty)" : value}
        </Link>
        <span
          className="number"
          title={bytes === undefined ? undefined : formatValue(bytes, "bytes")}
        >
          {own === undefined ? "" : formatCount(own.total)}
          <span className="quiet"> lines</span>
        </span>
        <span className={share > 0.05 ? "state bad" : "quiet"}>
          {own === undefined ? "" : errorWord(share)}
        </span>
        {counts.isError && counts.data === undefined ? (
          <span className="quiet">{messageOf(counts.error)}</span>
        ) : (
          <LevelBars byLevel={own?.byLevel} />
        )}
      </div>
    );
  });
}

async function countsOf(
  label: string,
  values: readonly string[],
  window: Window,
  stepMs: number,
  signal: AbortSignal,
): Promise<Counts> {
  const first = Math.floor(window.startMs / stepMs);
  const steps = Math.max(1, Math.ceil(window.endMs / stepMs) - first);
  const selector = `{${label}=~${literal(values.map(escapeRegex).join("|"))}}`;
  const query = `sum by (${label}, detected_level) (count_over_time(${selector} [${stepMs}ms]))`;
  const { series } = await queryCounts({
    query,
    startMs: (first + 1) * stepMs,
    endMs: window.endMs,
    stepMs,
    signal,
  });
  const counts = new Map<
    string,
    { byLevel: Map<Level, Float64Array>; total: number; errors: number }
  >();
  for (const { labels, samples } of series) {
    const value = labels[label] ?? "";
    const own = counts.get(value) ?? {
      byLevel: new Map<Level, Float64Array>(),
      total: 0,
      errors: 0,
    };
    counts.set(value, own);
    const level = levelNamed(labels["detected_level"]);
    const column = own.byLevel.get(level) ?? new Float64Array(steps);
    own.byLevel.set(level, column);
    for (const [timeMs, lines] of samples) {
      const i = Math.round(timeMs / stepMs) - first - 1;
      if (i < 0 || i >= steps) continue;
      column[i] = (column[i] ?? 0) + lines;
      own.total += lines;
      if (level === "error" || level === "critical") own.errors += lines;
    }
  }
  return counts;
}

function errorWord(share: number): string {
  return share === 0 ? "no errors" : `${(share * 100).toFixed(share < 0.1 ? 1 : 0)} % errors`;
}

const barsHeight = 40;

function LevelBars({
  byLevel,
}: {
  readonly byLevel: ReadonlyMap<Level, Float64Array> | undefined;
}) {
  const paths = useMemo(() => {
    if (byLevel === undefined) return [];
    const columns = levels.flatMap((level) => {
      const column = byLevel.get(level);
      return column === undefined ? [] : [[level, column] as const];
    });
    const steps = columns[0]?.[1].length ?? 0;
    const sums = Array.from({ length: steps }, (_, i) =>
      columns.reduce((sum, [, column]) => sum + (column[i] ?? 0), 0),
    );
    const top = Math.max(1, ...sums);
    const below = new Float64Array(steps);
    return columns.map(([level, column]) => {
      let path = "";
      column.forEach((count, i) => {
        if (count <= 0) return;
        const px = Math.max(1, (count / top) * (barsHeight - 2));
        path += `M${i * 10} ${(barsHeight - (below[i] ?? 0)).toFixed(1)}h9v${(-px).toFixed(1)}h-9z`;
        below[i] = (below[i] ?? 0) + px;
      });
      return { level, path, steps };
    });
  }, [byLevel]);
  return (
    <svg
      height={barsHeight}
      viewBox={`0 0 ${(paths[0]?.steps ?? 1) * 10} ${barsHeight}`}
      preserveAspectRatio="none"
      aria-hidden="true"
    >
      {paths.map(({ level, path }) => (
        <path key={level} d={path} className={`level-fill-${level}`} />
      ))}
    </svg>
  );
}
