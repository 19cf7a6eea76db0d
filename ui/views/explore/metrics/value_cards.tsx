import { useMemo } from "react";
import type { InspectedAnswer } from "../../../frames/inspect_query.ts";
import type { FoundMetric } from "../../../client/search.ts";
import type { Frame } from "../../../frames/frame.ts";
import { Select } from "../../../overlays/select.tsx";
import { fieldStyles } from "../../../plot/color_modes.ts";
import { useDark } from "../../../state/theme.ts";
import { Icon } from "../../../elements/icon.tsx";
import { Empty, Picture, RefreshCorner, Skeleton } from "../../../widgets/picture.tsx";
import { queryFor } from "../default_query.ts";
import { unitOf } from "../metric_words.ts";
import {
  type Change,
  type MetricsState,
  type Sort,
  sorts,
  withCondition,
} from "./metrics_search.ts";
import { SmallChart } from "./small_chart.tsx";
import { unlikeScores } from "./unlike.ts";
import { useFrames, useInView } from "./use_frames.ts";

const cardsMax = 60;
const sortNames: Readonly<Record<Sort, string>> = {
  unlike: "most unlike the others",
  value: "greatest value",
  name: "name",
};

type Props = {
  readonly metric: FoundMetric;
  readonly state: MetricsState;
  readonly onChange: Change;
};

/** One chart for each value of a label, those that stand out first; each value can be kept alone or left out. */
export function ValueCards({ metric, state, onChange }: Props) {
  const { by, where, sort } = state;
  const answer = useFrames(queryFor(metric, where, by), 120);
  return (
    <>
      <div className="toolbar">
        <h2>By {by}</h2>
        <Select
          label="Order"
          showLabel
          value={sort}
          options={sorts.map((value) => ({ value, label: sortNames[value] }))}
          onChange={(next) => onChange({ sort: next })}
        />
        <RefreshCorner query={answer} />
      </div>
      <Picture query={answer} skeleton={<Skeleton rows={3} height={180} />}>
        {(data) => <Values {...{ state, onChange, data }} unit={unitOf(metric)} />}
      </Picture>
    </>
  );
}

type Value = {
  readonly value: string;
  readonly frame: Frame;
  readonly score: number;
  readonly last: number;
};

function Values({
  state,
  onChange,
  data,
  unit,
}: Omit<Props, "metric"> & { readonly data: InspectedAnswer; readonly unit: string }) {
  const { by, where, sort } = state;
  const dark = useDark();
  const values = useMemo(
    () => sorted(valuesOf(coloured(data.frames, dark), by), sort),
    [data, by, sort, dark],
  );
  if (values.length === 0) return <Empty title="No data in this range">Choose a longer one.</Empty>;
  return (
    <>
      <div className="card-grid">
        {values.slice(0, cardsMax).map(({ value, frame, score }) => (
          <ValueCard
            key={value}
            value={value}
            score={score}
            frame={frame}
            data={data}
            unit={unit}
            onKeep={() =>
              onChange({ where: withCondition(where, { label: by, op: "=", value }), by: "" })
            }
            onLeaveOut={() =>
              onChange({ where: withCondition(where, { label: by, op: "!=", value }) })
            }
          />
        ))}
      </div>
      {values.length > cardsMax && (
        <p className="quiet">
          {cardsMax} of {values.length} values are shown. Leave some out to see others.
        </p>
      )}
    </>
  );
}

/** From so many times the usual distance on, a series is said to stand out. */
const standsOut = 3;

type CardProps = {
  readonly value: string;
  readonly score: number;
  readonly frame: Frame;
  readonly data: InspectedAnswer;
  readonly unit: string;
  readonly onKeep: () => void;
  readonly onLeaveOut: () => void;
};

function ValueCard({ value, score, frame, data, unit, onKeep, onLeaveOut }: CardProps) {
  const { place, isInView } = useInView();
  const name = value === "" ? "(not set)" : value;
  return (
    <section ref={place} className="chart-card" aria-label={name}>
      <div className="chart-card-head">
        <h3 className="clip" title={name}>
          {name}
        </h3>
        {score >= standsOut && (
          <span
            className="state warn"
            title={`${score.toFixed(1)} times as far from the others as usual`}
          >
            <Icon name="warning" /> stands out
          </span>
        )}
        <button type="button" className="link-button" onClick={onKeep} aria-label={`Only ${name}`}>
          Only
        </button>
        <button
          type="button"
          className="link-button"
          onClick={onLeaveOut}
          aria-label={`Leave out ${name}`}
        >
          Leave out
        </button>
      </div>
      <div className="chart-card-body">
        {isInView && <SmallChart title={name} answer={data} frames={[frame]} unit={unit} />}
      </div>
    </section>
  );
}

/** Each series keeps the colour that it has among all of them: alone it might have another. */
function coloured(frames: readonly Frame[], dark: boolean): Frame[] {
  const series = frames.flatMap(({ fields }) => fields.filter(({ type }) => type === "number"));
  const styles = fieldStyles(series, dark);
  const colours = new Map(series.map((field, i) => [field, styles[i]?.color]));
  return frames.map((frame) => ({
    ...frame,
    fields: frame.fields.map((field) => {
      const fixed = colours.get(field);
      return fixed === undefined
        ? field
        : { ...field, options: { ...field.options, color: { mode: "fixed", fixed } } };
    }),
  }));
}

function valuesOf(frames: readonly Frame[], by: string): Value[] {
  const known = frames.filter(({ length }) => length > 0);
  const columns = known.map(({ fields }) => {
    const values = fields.at(-1)?.values;
    return values instanceof Float64Array ? values : new Float64Array();
  });
  const scores = unlikeScores(columns);
  return known.map((frame, i) => ({
    value: frame.fields.at(-1)?.labels[by] ?? "",
    frame,
    score: scores[i] ?? 0,
    last: columns[i]?.findLast(Number.isFinite) ?? Number.NEGATIVE_INFINITY,
  }));
}

function sorted(values: readonly Value[], sort: Sort): Value[] {
  const byName = (a: Value, b: Value): number => (a.value < b.value ? -1 : 1);
  return values.toSorted((a, b) => {
    if (sort === "name") return byName(a, b);
    return (sort === "value" ? b.last - a.last : b.score - a.score) || byName(a, b);
  });
}
