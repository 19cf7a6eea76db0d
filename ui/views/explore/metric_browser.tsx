import { useQuery } from "@tanstack/react-query";
import { useDeferredValue, useState } from "react";
import { countSeries, countSeriesBy } from "../../client/series_counts.ts";
import type { FoundMetric } from "../../client/search.ts";
import { formatCount } from "../../units/format.ts";
import { type Matcher, selectorText } from "../../promql/expr.ts";
import { usePageRange } from "../../state/page_range.ts";
import { FilterBox } from "../../widgets/filter_box.tsx";
import { Icon } from "../../elements/icon.tsx";
import { Empty, Picture, Skeleton } from "../../widgets/picture.tsx";
import { queryFor } from "./default_query.ts";
import { kindWords } from "./metric_words.ts";
import { useLabelNames, useMetricSearch, windowNow } from "./search_hooks.ts";

const shownMax = 300;

/** All metrics with data in the page's range; each opens to its labels and values with counts, and can be put in the query. */
export function MetricBrowser({ onUse }: { readonly onUse: (expr: string) => void }) {
  const [text, setText] = useState("");
  const [metric, setMetric] = useState<FoundMetric>();
  if (metric !== undefined) {
    return <MetricDetail metric={metric} onBack={() => setMetric(undefined)} onUse={onUse} />;
  }
  return <MetricList text={text} onText={setText} onOpen={setMetric} onUse={onUse} />;
}

type ListProps = {
  readonly text: string;
  readonly onText: (text: string) => void;
  readonly onOpen: (metric: FoundMetric) => void;
  readonly onUse: (expr: string) => void;
};

function MetricList({ text, onText, onOpen, onUse }: ListProps) {
  const found = useMetricSearch(useDeferredValue(text), [], shownMax);
  const { range } = usePageRange();
  const names = found.data?.results.map(({ name }) => name) ?? [];
  const counts = useQuery({
    queryKey: ["series_counts", names, range],
    queryFn: ({ signal }) => countSeries(names, windowNow(range), signal),
    enabled: names.length > 0,
  });
  return (
    <div className="metric-browser">
      <FilterBox label="Search metrics" value={text} onChange={onText} slash={false} />
      <Picture query={found} skeleton={<Skeleton rows={8} height={40} />}>
        {({ results, more }) =>
          results.length === 0 ? (
            <Empty title={text === "" ? "No metrics in this range" : `No metric has "${text}"`}>
              {text === "" ? "Choose a longer time range, or add a host." : "Try fewer letters."}
            </Empty>
          ) : (
            <>
              <ul className="metric-list">
                {results.map((metric) => (
                  <li key={metric.name}>
                    <button type="button" className="metric-row" onClick={() => onOpen(metric)}>
                      <span className="metric-name">{metric.name}</span>
                      <span className="quiet">{kindWords(metric)}</span>
                      <span className="number">{countText(counts.data?.get(metric.name))}</span>
                      {metric.help !== "" && <span className="metric-help">{metric.help}</span>}
                    </button>
                    <button
                      type="button"
                      className="icon-button plain"
                      aria-label={`Use ${metric.name}`}
                      title="Use in the query"
                      onClick={() => onUse(queryFor(metric, []))}
                    >
                      <Icon name="plus" />
                    </button>
                  </li>
                ))}
              </ul>
              {more && (
                <p className="quiet">The first {shownMax} are shown. Type to find others.</p>
              )}
            </>
          )
        }
      </Picture>
    </div>
  );
}

function countText(count: number | undefined): string {
  return count === undefined ? "" : `${formatCount(count)} series`;
}

type DetailProps = {
  readonly metric: FoundMetric;
  readonly onBack: () => void;
  readonly onUse: (expr: string) => void;
};

function MetricDetail({ metric, onBack, onUse }: DetailProps) {
  const [matchers, setMatchers] = useState<readonly Matcher[]>([]);
  const selector = selectorText(metric.name, matchers);
  const names = useLabelNames([selector]);
  const [opened, setOpened] = useState<string>();
  return (
    <div className="metric-browser">
      <div className="toolbar">
        <button type="button" className="button" onClick={onBack}>
          <Icon name="back" />
          All metrics
        </button>
        <button
          type="button"
          className="button primary"
          onClick={() => onUse(queryFor(metric, matchers))}
        >
          Use in the query
        </button>
        <button type="button" className="button" onClick={() => onUse(selector)}>
          Use as it is
        </button>
      </div>
      <h3 className="metric-title">{metric.name}</h3>
      <p className="quiet">
        {[kindWords(metric), metric.help].filter((word) => word !== "").join(": ") ||
          "Nothing is told of this metric: no type, no help."}
      </p>
      <code>{queryFor(metric, matchers)}</code>
      <Picture query={names} skeleton={<Skeleton rows={5} height={28} />}>
        {({ results }) => (
          <ul className="label-list">
            {results
              .filter((name) => name !== "__name__")
              .map((label) => (
                <li key={label}>
                  <button
                    type="button"
                    className="label-row"
                    aria-expanded={opened === label}
                    onClick={() => setOpened(opened === label ? undefined : label)}
                  >
                    <Icon name={opened === label ? "down" : "forward"} />
                    {label}
                  </button>
                  {opened === label && (
                    <Values
                      selector={selector}
                      label={label}
                      chosen={matchers.find((each) => each.label === label)?.value}
                      onChoose={(value) => {
                        const others = matchers.filter((each) => each.label !== label);
                        setMatchers(
                          value === undefined ? others : [...others, { label, op: "=", value }],
                        );
                      }}
                    />
                  )}
                </li>
              ))}
          </ul>
        )}
      </Picture>
    </div>
  );
}

type ValuesProps = {
  readonly selector: string;
  readonly label: string;
  readonly chosen: string | undefined;
  readonly onChoose: (value: string | undefined) => void;
};

function Values({ selector, label, chosen, onChoose }: ValuesProps) {
  const { range } = usePageRange();
  const counts = useQuery({
    queryKey: ["value_counts", selector, label, range],
    queryFn: ({ signal }) => countSeriesBy(selector, label, windowNow(range), signal),
  });
  return (
    <Picture query={counts} skeleton={<Skeleton rows={3} height={24} />}>
      {(values) => (
        <ul className="value-list">
          {values.map(({ value, count }) => (
            <li key={value}>
              <button
                type="button"
                className="value-row"
                aria-pressed={chosen === value}
                onClick={() => onChoose(chosen === value ? undefined : value)}
              >
                <span className="clip">{value === "" ? "(not set)" : value}</span>
                <span className="number">{formatCount(count)}</span>
              </button>
            </li>
          ))}
        </ul>
      )}
    </Picture>
  );
}
