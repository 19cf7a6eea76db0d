import { useMemo, useRef } from "react";
import { incompleteOf, lateIn, type LateLane } from "../../dashboards/runner/late.ts";
import type { Frame } from "../../frames/frame.ts";
import { AlertMarksMenu } from "../../panels/alert_marks/alert_marks_menu.tsx";
import { PanelBody } from "../../panels/panel_body.tsx";
import { ToggleGroup } from "../../overlays/toggle_group.tsx";
import { formatAgo, formatExact } from "../../units/format.ts";
import { usePageRange } from "../../state/page_range.ts";
import { useNow } from "../../state/media.ts";
import { zoomedOut } from "../../state/time_range.ts";
import { Corner, Empty, Skeleton } from "../../widgets/picture.tsx";
import { LateNote } from "../dashboards/grid/late_note.tsx";
import { useLate } from "../dashboards/state/use_late.ts";
import { type ExploreState, type View, views } from "./explore_search.ts";
import { panelOf } from "./panel_of.ts";
import { RawList } from "./raw_list.tsx";
import { seriesTable } from "./series_table.ts";
import type { Answer } from "./use_answers.ts";

/** What a picture is taken of. */
export const pictureId = "explore-picture";
const crosshair = "explore";

const viewNames: Readonly<Record<View, string>> = {
  lines: "Lines",
  bars: "Bars",
  stacked: "Stacked",
  points: "Points",
  heatmap: "Heatmap",
  table: "Table",
  raw: "Raw",
};

type Props = {
  readonly state: ExploreState;
  readonly answers: readonly Answer[];
  readonly onView: (view: View) => void;
};

/** The answers as one picture, in the form that is chosen. */
export function Results({ state, answers, onView }: Props) {
  const ranges = answers.filter(({ instant }) => !instant);
  const instants = answers.filter(({ instant }) => instant);
  const { timeZone } = usePageRange();
  const lanes = useLateAnswers(answers);
  // Values of one moment are a table, whatever is chosen for those over time.
  const areTable = ranges.length === 0 && instants.length > 0 && state.view !== "raw";
  const shown = areTable ? views.filter((view) => view === "table" || view === "raw") : views;
  return (
    <div className="results" id={pictureId}>
      <div className="toolbar">
        <ToggleGroup
          label="Show as"
          value={areTable ? "table" : state.view}
          options={shown.map((value) => ({ value, label: viewNames[value] }))}
          onChange={onView}
        />
        <Freshness answers={answers} />
        <LateNote lanes={lanes} timeZone={timeZone} />
        {ranges.length > 0 && <AlertMarksMenu />}
      </div>
      {state.view === "raw" ? (
        <RawList answers={answers} />
      ) : (
        <>
          {ranges.length > 0 && (
            <Picture
              answers={ranges}
              view={state.view}
              lanes={lanes}
              id="range"
              title="Over time"
            />
          )}
          {instants.length > 0 && (
            <Picture
              answers={instants}
              view="table"
              lanes={lanes}
              id="instant"
              title="At the end of the range"
            />
          )}
        </>
      )}
      {answers.length === 0 && (
        <Empty title="Nothing is asked">All queries are hidden or empty.</Empty>
      )}
    </div>
  );
}

/** When the picture is of, and whether all of it is. */
function Freshness({ answers }: { readonly answers: readonly Answer[] }) {
  const nowMs = useNow(1_000);
  const { timeZone } = usePageRange();
  const stale = answers.filter(({ good, error }) => good !== undefined && error !== undefined);
  const atMs = Math.min(...answers.flatMap(({ good }) => good?.atMs ?? []));
  if (!Number.isFinite(atMs)) return null;
  if (stale.length > 0) {
    return (
      <Corner state="failed" detail={formatExact(atMs, timeZone)}>
        {stale.map(({ ref }) => ref).join(", ")} not refreshed, shown as of {formatAgo(atMs, nowMs)}
      </Corner>
    );
  }
  return (
    <span className="quiet" title={formatExact(atMs, timeZone)}>
      as of {formatAgo(atMs, nowMs)}
    </span>
  );
}

/** What the answers are made of and has not arrived yet. */
function useLateAnswers(answers: readonly Answer[]): readonly LateLane[] {
  const { intervalMs } = usePageRange();
  const late = useLate(intervalMs);
  const good = useSame(answers.flatMap((answer) => answer.good ?? []));
  return useMemo(() => {
    const [first] = good;
    if (first === undefined || late.lanes.length === 0) return [];
    const frames = good.flatMap((one) => one.frames);
    return lateIn(frames, metrics, first.window, late);
  }, [good, late]);
}

const metrics: ReadonlySet<string> = new Set(["metrics"]);

type PictureProps = {
  readonly lanes: readonly LateLane[];
  readonly answers: readonly Answer[];
  readonly id: string;
  readonly view: View;
  readonly title: string;
};

function Picture({ id, answers, view, lanes, title }: PictureProps) {
  const { setRange, timeZone } = usePageRange();
  const good = useSame(answers.flatMap((answer) => answer.good ?? []));
  const [first] = good;
  const { kind, custom, options } = panelOf(view);
  const frames = useMemo(() => {
    const all = good.flatMap((one) => one.frames);
    return kind === "table" && !good.some(({ instant }) => instant)
      ? [seriesTable(all)]
      : all.map((frame) => drawnAs(frame, custom));
  }, [kind, custom, good]);
  const window = first?.window;
  const incomplete = useMemo(
    () => (window === undefined ? [] : incompleteOf(lanes, window)),
    [lanes, window],
  );
  if (first === undefined) {
    return answers.some(({ isRunning }) => isRunning) ? (
      <Skeleton rows={1} height={360} />
    ) : (
      <Empty title="No answer">
        {answers.some(({ error }) => error !== undefined)
          ? "The reason stands with the query."
          : "The query was cancelled. Run it again."}
      </Empty>
    );
  }
  return (
    <section className={`result ${kind}`} aria-label={title}>
      <PanelBody
        id={`explore/${id}`}
        kind={kind}
        title={title}
        options={options}
        frames={frames}
        window={first.window}
        stepMs={first.stepMs}
        timeZone={timeZone}
        crosshair={crosshair}
        annotations={none}
        incomplete={incomplete}
        onZoom={(startMs, endMs) =>
          setRange({ from: String(Math.round(startMs)), to: String(Math.round(endMs)) })
        }
        onZoomOut={() => setRange(zoomedOut(first.window, Date.now()))}
        onFilter={undefined}
        onAnnotate={undefined}
        interpolate={asItIs}
        linksOf={noLinks}
      />
    </section>
  );
}

/** The list of before while it holds the same: answers are put together anew with every render. */
function useSame<T>(list: readonly T[]): readonly T[] {
  const before = useRef(list);
  const isSame =
    before.current.length === list.length && list.every((each, i) => each === before.current[i]);
  if (!isSame) before.current = list;
  return before.current;
}

const none: readonly never[] = [];
const asItIs = (text: string): string => text;
const noLinks = (): readonly never[] => none;

/** The kind's own options on every field of numbers. */
function drawnAs(frame: Frame, custom: Readonly<Record<string, unknown>>): Frame {
  const fields = frame.fields.map((field) =>
    field.type === "number" ? { ...field, options: { ...field.options, custom } } : field,
  );
  return { ...frame, fields };
}
