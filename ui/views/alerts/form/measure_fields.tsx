import { Select } from "../../../overlays/select.tsx";
import { MatcherList } from "../../explore/builder/matcher_list.tsx";
import { MetricField } from "../../explore/builder/metric_field.tsx";
import { searchMatch, useLabelNames } from "../../explore/search_hooks.ts";
import { groupings, readings, type GroupingOp, type Measure, type Reading } from "./alert_form.ts";
import { LabelsField, Line, ShortField } from "./parts.tsx";

const readingWords: Readonly<Record<Reading, string>> = {
  value: "its value",
  average: "its average",
  highest: "its highest value",
  lowest: "its lowest value",
  rate: "its rate per second",
};
const groupingWords: Readonly<Record<GroupingOp, string>> = {
  each: "of each series",
  sum: "summed",
  avg: "averaged",
  max: "the largest",
  min: "the smallest",
};

type Props = {
  readonly measure: Measure;
  readonly onChange: (measure: Measure) => void;
  /** Whether only the series count, not their values. */
  readonly selectsOnly?: boolean;
};

/** What is measured: a metric, conditions on its labels, and what is made of its samples. */
export function MeasureFields({ measure, onChange, selectsOnly = false }: Props) {
  const { metric, matchers, reading, window, grouping, by } = measure;
  const set = (part: Partial<Measure>): void => onChange({ ...measure, ...part });
  const names = useKnownLabels(measure);
  return (
    <>
      <Line>
        <MetricField
          value={metric}
          matchers={matchers}
          onChange={(next) => set({ metric: next })}
        />
        <MatcherList
          metric={metric}
          matchers={matchers}
          onChange={(next) => set({ matchers: next })}
        />
      </Line>
      {!selectsOnly && (
        <Line>
          <Select
            label="Reading"
            value={reading}
            options={readings.map((value) => ({ value, label: readingWords[value] }))}
            onChange={(next) => set({ reading: next })}
          />
          {reading !== "value" && (
            <ShortField label="over" value={window} onChange={(next) => set({ window: next })} />
          )}
          <Select
            label="Series"
            value={grouping}
            options={groupings.map((value) => ({ value, label: groupingWords[value] }))}
            onChange={(next) => set({ grouping: next })}
          />
          {grouping !== "each" && (
            <LabelsField
              label="by"
              known={names}
              values={by}
              onChange={(next) => set({ by: next })}
            />
          )}
        </Line>
      )}
    </>
  );
}

/** Labels of the series that a measure selects. */
export function useKnownLabels({ metric, matchers }: Measure): readonly string[] {
  const found = useLabelNames(searchMatch(metric, matchers));
  return (found.data?.results ?? []).filter((name) => !name.startsWith("__"));
}
