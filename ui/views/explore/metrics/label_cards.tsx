import type { FoundMetric } from "../../../client/search.ts";
import { Empty, Picture, Skeleton } from "../../../widgets/picture.tsx";
import { queryFor } from "../default_query.ts";
import { unitOf } from "../metric_words.ts";
import type { Change, MetricsState } from "./metrics_search.ts";
import { SmallChart } from "./small_chart.tsx";
import { useFrames, useInView } from "./use_frames.ts";

type Props = {
  readonly metric: FoundMetric;
  readonly labels: readonly string[];
  readonly state: MetricsState;
  readonly onChange: Change;
};

/** The metric by each of its labels, a chart each; one opens to its values. */
export function LabelCards({ metric, labels, state, onChange }: Props) {
  if (labels.length === 0) {
    return <Empty title="No labels">This metric has nothing to be broken down by.</Empty>;
  }
  return (
    <div className="card-grid">
      {labels.map((label) => (
        <LabelCard key={label} metric={metric} label={label} state={state} onChange={onChange} />
      ))}
    </div>
  );
}

type CardProps = Omit<Props, "labels"> & { readonly label: string };

function LabelCard({ metric, label, state, onChange }: CardProps) {
  const { place, isInView } = useInView();
  const answer = useFrames(queryFor(metric, state.where, label), 120, isInView);
  return (
    <section ref={place} className="chart-card" aria-label={`By ${label}`}>
      <div className="chart-card-head">
        <h2 className="clip">{label}</h2>
        {answer.data !== undefined && (
          <span className="quiet">
            {answer.data.seriesCount} {answer.data.seriesCount === 1 ? "value" : "values"}
          </span>
        )}
        <button type="button" className="link-button" onClick={() => onChange({ by: label })}>
          Show each
          <span className="hidden"> value of {label}</span>
        </button>
      </div>
      <div className="chart-card-body">
        <Picture query={answer} skeleton={<Skeleton rows={1} height={140} />}>
          {(data) => (
            <SmallChart
              title={`By ${label}`}
              answer={data}
              frames={data.frames}
              unit={unitOf(metric)}
            />
          )}
        </Picture>
      </div>
    </section>
  );
}
