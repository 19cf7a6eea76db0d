import { useSearch } from "@tanstack/react-router";
import { useState } from "react";
import type { FoundMetric } from "../../../client/search.ts";
import { selectorText } from "../../../promql/expr.ts";
import { ToggleGroup } from "../../../overlays/toggle_group.tsx";
import { InnerLink } from "../../../elements/inner_link.tsx";
import { explorePage } from "../../../state/places.ts";
import type { PageRangeSearch } from "../../../state/url.ts";
import { usePageTitle } from "../../../state/page_title.ts";
import { CopyButton } from "../../../widgets/copy_button.tsx";
import { Icon } from "../../../elements/icon.tsx";
import { Empty, Picture, RefreshCorner, Skeleton } from "../../../widgets/picture.tsx";
import { AddToDashboard } from "../add_to_dashboard.tsx";
import { queryFor, queryWords } from "../default_query.ts";
import { newQuery } from "../explore_search.ts";
import { kindWords, unitOf } from "../metric_words.ts";
import { searchMatch, useLabelNames, useMetricSearch } from "../search_hooks.ts";
import { LabelCards } from "./label_cards.tsx";
import { MetricCard } from "./metric_card.tsx";
import type { Change, MetricsState } from "./metrics_search.ts";
import { SmallChart } from "./small_chart.tsx";
import { useFrames } from "./use_frames.ts";
import { ValueCards } from "./value_cards.tsx";

type Props = { readonly state: MetricsState; readonly onChange: Change };

/** One metric: its picture, then the same by each label, by each value of one, and its relatives. */
export function MetricPage({ state, onChange }: Props) {
  const { metric: name, where, by } = state;
  usePageTitle(name);
  const [tab, setTab] = useState<"labels" | "related">("labels");
  const found = useMetricSearch(name, [selectorText(name, [])], 10);
  const metric = found.data?.results.find((each) => each.name === name);
  const labels = useLabelNames([selectorText(name, where)]);
  if (metric === undefined) {
    if (found.isFetching || found.data === undefined) return <Skeleton rows={3} height={120} />;
    return (
      <Empty title={`No data of ${name} in this range`}>
        <button type="button" className="link-button" onClick={() => onChange({ metric: "" })}>
          All metrics
        </button>
      </Empty>
    );
  }
  const names = (labels.data?.results ?? []).filter(
    (label) => label !== "__name__" && label !== "le",
  );
  return (
    <>
      <Head metric={metric} state={state} onChange={onChange} />
      <div className="toolbar">
        <ToggleGroup
          label="Show"
          value={tab}
          options={[
            { value: "labels", label: "By label" },
            { value: "related", label: "Related" },
          ]}
          onChange={setTab}
        />
        {tab === "labels" && by !== "" && (
          <button type="button" className="button" onClick={() => onChange({ by: "" })}>
            <Icon name="back" />
            All labels
          </button>
        )}
      </div>
      {tab === "related" ? (
        <Related metric={metric} state={state} onChange={onChange} />
      ) : by === "" ? (
        <LabelCards metric={metric} labels={names} state={state} onChange={onChange} />
      ) : (
        <ValueCards metric={metric} state={state} onChange={onChange} />
      )}
    </>
  );
}

type HeadProps = Props & { readonly metric: FoundMetric };

function Head({ metric, state, onChange }: HeadProps) {
  const [isAdding, setIsAdding] = useState(false);
  const search: PageRangeSearch = useSearch({ strict: false });
  const expr = queryFor(metric, state.where, state.by);
  const answer = useFrames(expr, 400);
  const words = [kindWords(metric), metric.help].filter((word) => word !== "").join(": ");
  return (
    <section aria-label={metric.name} className="metric-head">
      <div className="toolbar">
        <button type="button" className="button" onClick={() => onChange({ metric: "", by: "" })}>
          <Icon name="back" />
          All metrics
        </button>
        <InnerLink to={explorePage({ expr }, search)} className="button">
          <Icon name="explore" />
          Open in Explore
        </InnerLink>
        <button type="button" className="button" onClick={() => setIsAdding(true)}>
          <Icon name="plus" />
          Add to dashboard
        </button>
        <LogsLink state={state} />
        <RefreshCorner query={answer} />
      </div>
      {words !== "" && <p className="quiet">{words}</p>}
      <p className="metric-query">
        <span className="quiet">{queryWords(metric)}:</span> <code>{expr}</code>
        <CopyButton label="Copy the query" text={expr} />
      </p>
      <div className="metric-main">
        <Picture query={answer} skeleton={<Skeleton rows={1} height={240} />}>
          {(data) => (
            <SmallChart
              title={metric.name}
              answer={data}
              frames={data.frames}
              unit={unitOf(metric)}
              // The cards of the values, in the same colours, are its legend.
              legend={state.by === "" ? "table" : "hidden"}
            />
          )}
        </Picture>
      </div>
      {isAdding && (
        <AddToDashboard
          state={{ queries: [{ ...newQuery("A"), expr }], view: "lines" }}
          onClose={() => setIsAdding(false)}
        />
      )}
    </section>
  );
}

/** Logs whose labels have the same values; only where a condition says which. */
function LogsLink({ state }: { readonly state: MetricsState }) {
  const search: PageRangeSearch = useSearch({ strict: false });
  if (state.where.length === 0) return null;
  const asked = { expr: selectorText("", state.where), source: "logs" } as const;
  return (
    <InnerLink to={explorePage(asked, search)} className="button">
      <Icon name="logs" />
      Logs of the same labels
    </InnerLink>
  );
}

const relatedMax = 60;

/** Metrics whose names begin alike, those with the longest common beginning first. */
function Related({ metric, state, onChange }: HeadProps) {
  const family = metric.name.split("_").slice(0, 2).join("_");
  const found = useMetricSearch(family, searchMatch("", state.where), 500);
  return (
    <Picture query={found} skeleton={<Skeleton rows={3} height={132} />}>
      {({ results }) => {
        const related = results
          .filter(({ name }) => name !== metric.name && commonLength(name, metric.name) >= 3)
          .toSorted((a, b) => commonLength(b.name, metric.name) - commonLength(a.name, metric.name))
          .slice(0, relatedMax);
        if (related.length === 0) {
          return <Empty title="No related metrics">None has a name that begins alike.</Empty>;
        }
        return (
          <div className="card-grid">
            {related.map((each) => (
              <MetricCard
                key={each.name}
                metric={each}
                where={state.where}
                onOpen={() => onChange({ metric: each.name, by: "" })}
              />
            ))}
          </div>
        );
      }}
    </Picture>
  );
}

function commonLength(a: string, b: string): number {
  let i = 0;
  while (i < a.length && a[i] === b[i]) i += 1;
  return i;
}
