import { memo, useEffect, useMemo, useRef, type ReactNode, type RefObject } from "react";
import type { Panel } from "#shared/dashboards/dashboard.ts";
import { OperatingError } from "#shared/errors.ts";
import { interpolate, type VariableValues } from "../../../dashboards/model/interpolate.ts";
import type { Complaint } from "../../../dashboards/runner/expressions.ts";
import { incompleteOf, lateIn, type LateLane } from "../../../dashboards/runner/late.ts";
import { allQuestions } from "../../../dashboards/runner/panel_plan.ts";
import { Tooltip } from "../../../overlays/tooltip.tsx";
import { PanelBody } from "../../../panels/panel_body.tsx";
import { panelKindOf } from "../../../panels/registry.ts";
import { formatAgo } from "../../../units/format.ts";
import type { TimeRange } from "../../../state/time_range.ts";
import { Icon } from "../../../elements/icon.tsx";
import { Corner, Empty, Skeleton } from "../../../widgets/picture.tsx";
import { queryErrorText } from "../../../widgets/query_error.ts";
import { useBoard } from "../state/board_context.ts";
import { useWidth } from "../../../state/width.ts";
import { useInView } from "../state/in_view.ts";
import { LateNote } from "./late_note.tsx";
import { PanelLinks } from "./panel_links.tsx";
import { useLinksOf } from "../state/use_links.ts";
import { usePanel, type PanelData } from "../state/use_panel.ts";

/** What a panel shows when it is asked for: the same object from answer to answer. */
export type PanelTools = {
  readonly title: string;
  readonly data: () => PanelData;
  readonly range: () => TimeRange;
  readonly element: () => HTMLElement | null;
};

type Props = {
  readonly panel: Panel;
  /** Variables that have one value here: of a repeated panel or row. */
  readonly scoped: VariableValues;
  /** The panel's menu. */
  readonly menu?: (tools: PanelTools) => ReactNode;
  readonly className?: string;
  /** Told what is shown, for who edits it. */
  readonly onData?: (data: PanelData) => void;
};

/** A panel with its head: it asks while it is in view, and says in its corner how current its picture is. */
export const PanelView = memo(function PanelView(props: Props) {
  const { panel, scoped, menu, className = "", onData } = props;
  const element = useRef<HTMLElement>(null);
  const isInView = useInView(element);
  const width = useWidth(element);
  const data = usePanel(panel, scoped, width, isInView);
  const { variables } = data.moment;
  useEffect(() => onData?.(data), [onData, data]);
  const title = interpolate(panel.title, variables, "text");
  const tools = useTools(title, data, element);
  const classes = ["board-panel", panel.transparent === true ? "clear" : "", className];
  return (
    <section
      ref={element}
      className={classes.filter(Boolean).join(" ")}
      aria-label={title === "" ? `Panel ${panel.id}` : title}
      data-panel={panel.id}
    >
      <header className="board-panel-head">
        <h2 className="clip" title={title}>
          {title}
        </h2>
        {panel.description !== undefined && panel.description !== "" && (
          <Tooltip text={interpolate(panel.description, variables, "text")}>
            <button type="button" className="icon-button plain" aria-label={`About ${title}`}>
              <Icon name="info" />
            </button>
          </Tooltip>
        )}
        <PanelLinks links={panel.links} variables={variables} title={title} />
        <TimeNote panel={panel} variables={variables} />
        <PanelCorner data={data} />
        <PanelLateNote data={data} />
        {data.isAsking && <span className="asking" role="status" aria-label="Asking" />}
        {menu?.(tools)}
      </header>
      <div className="board-panel-body">
        <Body panel={panel} title={title} data={data} isInView={isInView} />
      </div>
    </section>
  );
});

function useTools(
  title: string,
  data: PanelData,
  element: RefObject<HTMLElement | null>,
): PanelTools {
  const { range } = useBoard().scope;
  const latest = useRef({ data, range });
  latest.current = { data, range };
  return useMemo(
    () => ({
      title,
      data: () => latest.current.data,
      range: () => latest.current.range,
      element: () => element.current,
    }),
    [title, element],
  );
}

function Body({
  panel,
  title,
  data,
  isInView,
}: {
  readonly panel: Panel;
  readonly title: string;
  readonly data: PanelData;
  readonly isInView: boolean;
}) {
  const board = useBoard();
  const wasInView = useRef(false);
  wasInView.current ||= isInView;
  const { frames, moment, isLoading, complaints } = data;
  const annotations = useMemo(
    () =>
      board.annotations.filter(({ panels }) => panels.length === 0 || panels.includes(panel.id)),
    [board.annotations, panel.id],
  );
  const linksOf = useLinksOf(frames, moment);
  const late = usePanelLate(data);
  const incomplete = useMemo(() => incompleteOf(late, moment.window), [late, moment.window]);
  const kind = panelKindOf(panel.kind);
  if (kind === undefined) {
    return (
      <Empty title={`There is no panel of the kind "${panel.kind}"`}>
        It is kept as it was imported. Edit the panel to choose another kind for its queries.
      </Empty>
    );
  }
  // Drawing what nobody has scrolled to yet would only cost time.
  if (!wasInView.current) return null;
  if (kind.asks) {
    if (isLoading) return <Skeleton rows={1} height={400} />;
    const failed = complaints[0];
    if (failed !== undefined && frames.length === 0) return <Failed complaint={failed} />;
  }
  const { onAnnotate } = board;
  return (
    <PanelBody
      // A dashboard that was never saved has no name to keep anything by.
      id={board.uid === "" ? undefined : `${board.uid}/${panel.id}`}
      kind={panel.kind}
      options={panel.options}
      none={panel.field.no_value}
      hasInfos={board.isEditing}
      title={title}
      frames={frames}
      window={moment.window}
      stepMs={moment.stepMs}
      timeZone={board.scope.timeZone}
      crosshair={board.dashboard.crosshair === "off" ? "" : "board"}
      hasSharedTooltip={board.dashboard.crosshair === "tooltip"}
      annotations={annotations}
      incomplete={incomplete}
      onZoom={board.onZoom}
      onZoomOut={board.onZoomOut}
      onFilter={board.onFilter}
      onAnnotate={
        onAnnotate === undefined
          ? undefined
          : (startMs, endMs) => onAnnotate(panel.id, startMs, endMs)
      }
      interpolate={(text, format) => interpolate(text, moment.variables, format)}
      linksOf={linksOf}
    />
  );
}

function Failed({ complaint: { ref, error } }: { readonly complaint: Complaint }) {
  return (
    <div className="failed" role="alert">
      <Icon name="warning" />
      <div>
        <strong>{queryErrorText(error)}</strong>
        {ref !== "" && (
          <p>
            Query {ref}.{" "}
            {isWrong(error) ? "Edit the panel to change it." : "Tried again every few seconds."}
          </p>
        )}
      </div>
    </div>
  );
}

/** Whether asking again changes nothing. */
function isWrong(error: unknown): boolean {
  return error instanceof OperatingError && error.code === "bad_request";
}

/** Says that the picture is not what it should be: failed with the last good one shown, or in part. */
function PanelCorner({ data }: { readonly data: PanelData }) {
  const { complaints, frames, answeredMs } = data;
  const { nowMs } = useBoard();
  const [first] = complaints;
  if (first !== undefined && frames.length > 0) {
    const why = queryErrorText(first.error);
    const stale = data.states.some(
      ({ error, answered }) => error !== undefined && answered !== undefined,
    );
    return (
      <Corner
        state={stale ? "failed" : "partial"}
        detail={complaints.map(({ ref, error }) => `${ref} ${queryErrorText(error)}`).join("\n")}
      >
        {stale && answeredMs > 0 ? `as of ${formatAgo(answeredMs, nowMs)}: ${why}` : why}
      </Corner>
    );
  }
  return null;
}

/** What the panel shows, or is computed from, and has not arrived yet. */
function usePanelLate({ plan, raw, moment }: PanelData): readonly LateLane[] {
  const { late } = useBoard();
  return useMemo(() => {
    if (late.lanes.length === 0) return [];
    const signals = new Set<string>(allQuestions(plan).map(({ source }) => source));
    return lateIn(raw, signals, moment.window, late);
  }, [late, plan, raw, moment.window]);
}

function PanelLateNote({ data }: { readonly data: PanelData }) {
  const { scope } = useBoard();
  return <LateNote lanes={usePanelLate(data)} timeZone={scope.timeZone} />;
}

function TimeNote({
  panel,
  variables,
}: {
  readonly panel: Panel;
  readonly variables: VariableValues;
}) {
  const { time } = panel;
  if (time === undefined || time.hide_note === true) return null;
  const parts: string[] = [];
  if (time.from !== undefined && time.from !== "") {
    parts.push(`last ${interpolate(time.from, variables).replace(/^now-/, "")}`);
  }
  if (time.shift !== undefined && time.shift !== "") {
    parts.push(`${interpolate(time.shift, variables)} earlier`);
  }
  if (parts.length === 0) return null;
  return (
    <span className="time-note quiet">
      <Icon name="clock" /> {parts.join(", ")}
    </span>
  );
}
