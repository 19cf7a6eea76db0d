import { getRouteApi, Link } from "@tanstack/react-router";
import { useDeferredValue, type ReactNode } from "react";
import type { Cardinality, NameCount } from "../../client/storage/data_service.ts";
import { formatCount, formatValue } from "../../units/format.ts";
import { usePageRange, useSearchChange } from "../../state/page_range.ts";
import { useSeriesLimits } from "../../queries/inventory.ts";
import { useCardinality } from "../../queries/storage.ts";
import { Button } from "../../elements/buttons.tsx";
import { CopyButton } from "../../widgets/copy_button.tsx";
import { FilterBox } from "../../widgets/filter_box.tsx";
import { Corner, Empty, Picture, RefreshCorner, Skeleton } from "../../widgets/picture.tsx";
import type { RowColumn } from "../../widgets/row_columns.ts";
import { RowTable } from "../../widgets/row_table.tsx";
import { dropLabel, dropMetric, labelSelector, selectorOf } from "./drop_snippet.ts";

const route = getRouteApi("/data");
const limit = 200;
/** It looks at every series in memory. */
const slowestMs = 30_000;

/** Of which metrics, labels and values the series are: a metric opens its labels, a label its values. */
export function CardinalityTab() {
  const { range, intervalMs } = usePageRange();
  const { metric, label, q = "" } = route.useSearch();
  const change = useSearchChange();
  const words = useDeferredValue(q);
  const match = metric === undefined ? [] : [selectorOf(metric)];
  const found = useCardinality(
    { match, label: label ?? "", limit, range },
    intervalMs === 0 ? 0 : Math.max(intervalMs, slowestMs),
  );
  return (
    <>
      <Way />
      <Picture query={found} skeleton={<Skeleton rows={10} height={28} />}>
        {(told) =>
          told.series === 0 ? (
            <Empty title="No series in this time range">
              {metric === undefined
                ? "They appear with the first samples; or choose a longer range above."
                : `No series of ${metric} got a sample then.`}
            </Empty>
          ) : (
            <>
              <div className="toolbar">
                <Figures told={told} metric={metric} />
                <RefreshCorner query={found} />
                {told.truncated && (
                  <Corner state="partial" detail="More series than could be looked at">
                    of a part of the series
                  </Corner>
                )}
              </div>
              <div className="toolbar">
                <FilterBox
                  label="Filter names"
                  value={q}
                  onChange={(text) => change({ q: text })}
                />
              </div>
              <Lists told={told} words={words} />
              {(metric !== undefined || label !== undefined) && (
                <Drop metric={metric} label={label} />
              )}
            </>
          )
        }
      </Picture>
    </>
  );
}

/** Where in metric → label → values one is, and the way back. */
function Way() {
  const { metric, label } = route.useSearch();
  const change = useSearchChange();
  if (metric === undefined && label === undefined) return null;
  const expr = metric === undefined ? labelSelector(label ?? "") : selectorOf(metric);
  return (
    <div className="toolbar">
      <Button icon="back" onClick={() => change({ metric: "", label: "", q: "" })}>
        All series
      </Button>
      {metric !== undefined && (
        <Button
          pressed={label === undefined}
          onClick={() => change({ label: "", q: "" }, { replace: false })}
        >
          {metric}
        </Button>
      )}
      {label !== undefined && <code>{label}</code>}
      <span className="spacer" />
      <Link to="/explore" search={{ expr: `count(${expr})` }} className="button">
        Open in Explore
      </Link>
    </div>
  );
}

type FiguresProps = { readonly told: Cardinality; readonly metric: string | undefined };

function Figures({ told, metric }: FiguresProps) {
  const { intervalMs } = usePageRange();
  // What is new is told of now, whichever time the page shows.
  const match = metric === undefined ? [] : [selectorOf(metric)];
  const everyMs = intervalMs === 0 ? 0 : Math.max(intervalMs, slowestMs);
  const now = useCardinality({ match, label: "", limit: 1, range: undefined }, everyMs).data;
  const limits = useSeriesLimits(intervalMs).data ?? [];
  const refusing = limits.filter(({ refusedSeries }) => refusedSeries > 0);
  return (
    <dl className="facts">
      <Fact name="Series">{formatCount(told.series)}</Fact>
      <Fact name="Metrics">{formatCount(told.metrics)}</Fact>
      <Fact name="Labels">{formatCount(told.labels)}</Fact>
      <Fact name="New in the last hour">{growth(now?.newInHour ?? -1)}</Fact>
      <Fact name="New in the last day">{growth(now?.newInDay ?? -1)}</Fact>
      <Fact name="Refused by limits">
        {refusing.length === 0
          ? "none"
          : `${formatCount(refusing.reduce((sum, each) => sum + each.refusedSeries, 0))} series, ${refusing[0]?.name ?? ""}${
              refusing[0]?.fastest === undefined ? "" : ` by ${refusing[0].fastest.label}`
            }`}
      </Fact>
    </dl>
  );
}

function growth(count: number): string {
  return count < 0 ? "not known" : `+${formatCount(count)}`;
}

function Fact({ name, children }: { readonly name: string; readonly children: ReactNode }) {
  return (
    <div className="fact">
      <dt>{name}</dt>
      <dd className="anywhere">{children}</dd>
    </div>
  );
}

type ListsProps = { readonly told: Cardinality; readonly words: string };

function Lists({ told, words }: ListsProps) {
  const { metric, label } = route.useSearch();
  const change = useSearchChange();
  const kept = <Row extends NameCount>(rows: readonly Row[]): readonly Row[] =>
    rows.filter(({ name }) => name.toLowerCase().includes(words.trim().toLowerCase()));
  const open = (next: { metric?: string; label?: string }): void =>
    change({ ...next, q: "" }, { replace: false });
  return (
    <div className="cardinality">
      {label !== undefined && (
        <Named
          id="values"
          title={`Values of ${label}`}
          about={cutText(told.valuesBySeries.length)}
          rows={kept(told.valuesBySeries)}
          of={told.series}
        />
      )}
      {metric === undefined && (
        <Named
          id="metrics"
          title="Metrics by series"
          about={cutText(told.metricsBySeries.length)}
          rows={kept(told.metricsBySeries)}
          of={told.series}
          onRow={({ name }) => open({ metric: name })}
        />
      )}
      {label === undefined && (
        <Named
          id="labels"
          title="Labels by values"
          about={cutText(told.labelsByValues.length)}
          rows={kept(told.labelsByValues)}
          of={told.series}
          onRow={({ name }) => open({ label: name })}
          more={{
            key: "values",
            title: "Values",
            isNumber: true,
            width: 90,
            value: (row) => told.labelsByValues.find(({ name }) => name === row.name)?.values,
          }}
        />
      )}
      {label === undefined && (
        <Named
          id="pairs"
          title="Labels with their values, by series"
          about={cutText(told.pairsBySeries.length)}
          rows={kept(told.pairsBySeries)}
          of={told.series}
        />
      )}
    </div>
  );
}

function cutText(count: number): string {
  return count >= limit ? `the first ${limit}` : "";
}

type NamedProps = {
  readonly id: string;
  readonly title: string;
  readonly about: string;
  readonly rows: readonly NameCount[];
  /** All series, for the share. */
  readonly of: number;
  readonly onRow?: (row: NameCount) => void;
  readonly more?: RowColumn<NameCount>;
};

function Named({ id, title, about, rows, of, onRow, more }: NamedProps) {
  const columns: RowColumn<NameCount>[] = [
    {
      key: "name",
      title: "Name",
      minWidth: 220,
      value: ({ name }) => name,
      text: ({ name }) => (name === "" ? "(empty)" : name),
      ...(onRow !== undefined && {
        cell: (row: NameCount) => <span className="link clip">{row.name}</span>,
      }),
    },
    ...(more === undefined ? [] : [more]),
    {
      key: "series",
      title: "Series",
      isNumber: true,
      width: 96,
      value: ({ series }) => series,
      text: ({ series }) => formatCount(series),
    },
    {
      key: "share",
      title: "Share",
      isNumber: true,
      width: 120,
      value: ({ series }) => (100 * series) / of,
      text: ({ series }) => formatValue((100 * series) / of, "percent"),
      cell: ({ series }) => <Share share={series / of} />,
    },
  ];
  return (
    <section className="block" aria-label={title}>
      <div className="toolbar">
        <h2>{title}</h2>
        {about !== "" && <span className="quiet">{about}</span>}
      </div>
      {rows.length === 0 ? (
        <p className="quiet">None.</p>
      ) : (
        <RowTable
          id={id}
          label={title}
          rows={rows}
          columns={columns}
          heightMax={420}
          {...(onRow !== undefined && { onRow })}
        />
      )}
    </section>
  );
}

function Share({ share }: { readonly share: number }) {
  return (
    <span className="share">
      <span className="share-bar" aria-hidden="true">
        <span style={{ width: `${Math.min(100, 100 * share)}%` }} />
      </span>
      <span>{formatValue(100 * share, "percent")}</span>
    </span>
  );
}

/** What to write to have fewer of them. */
function Drop({
  metric,
  label,
}: {
  readonly metric: string | undefined;
  readonly label: string | undefined;
}) {
  const text = label === undefined ? dropMetric(metric ?? "") : dropLabel(label);
  const what = label === undefined ? metric : `the label ${label}`;
  return (
    <section className="block" aria-label="How to drop it">
      <h2>To drop {what}</h2>
      <p className="quiet">
        In the configuration of the agents that scrape it.
        {label !== undefined &&
          " Series that differ in this label alone become one: make sure that no two of them remain in a scrape."}
      </p>
      <div className="command">
        <pre tabIndex={0}>{text}</pre>
        <CopyButton label="Copy the lines" text={text} />
      </div>
    </section>
  );
}
