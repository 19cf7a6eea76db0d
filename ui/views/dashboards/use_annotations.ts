import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import type { Dashboard } from "#shared/dashboards/dashboard.ts";
import type { StoredAnnotation } from "../../client/dashboard_service.ts";
import { interpolate } from "../../dashboards/model/interpolate.ts";
import { windowAt, type RunScope } from "../../dashboards/runner/question.ts";
import { intervalOf, scrapeIntervalMs, stepMinOf } from "../../dashboards/runner/step.ts";
import { askFrames } from "../../frames/ask.ts";
import { useStoredAnnotations } from "../../state/dashboards.ts";
import type { Window } from "../../state/time_range.ts";
import { annotationsIn } from "../../dashboards/runner/annotation_frames.ts";
import type { BoardAnnotation } from "./board_context.ts";

type Source = Dashboard["annotations"][number];

/** Annotations need no finer times than a chart has pixels. */
const points = 500;
const linesMax = 200;
/** Asked again no more often. */
const quantumMs = 30_000;

const none: readonly never[] = [];

export type BoardAnnotations = {
  readonly annotations: readonly BoardAnnotation[];
  /** Made by hand, to be changed. */
  readonly stored: readonly StoredAnnotation[];
  readonly error: unknown;
};

/** The annotations of the shown range: those made by hand, and those that the dashboard's expressions give. */
export function useAnnotations(
  uid: string,
  dashboard: Dashboard,
  scope: RunScope,
  nowMs: number,
  hidden: ReadonlySet<string>,
): BoardAnnotations {
  const moment = Math.floor(nowMs / quantumMs) * quantumMs;
  const { range, timeZone } = scope;
  const { startMs, endMs } = useMemo(
    () => windowAt({ range, shiftMs: 0, timeZone }, moment),
    [range, timeZone, moment],
  );
  const shown = dashboard.annotations.filter(({ enabled, name }) => enabled && !hidden.has(name));
  // Those made by hand need no entry of their own.
  const hand = shown.find(({ source }) => source === "stored");
  const isOff =
    hand === undefined && dashboard.annotations.some(({ source }) => source === "stored");
  const stored = useStoredAnnotations(
    isOff || uid === ""
      ? undefined
      : { startMs, endMs: endMs + quantumMs, dashboard: uid, tags: hand?.tags ?? [] },
  );
  const asked = shown.filter(({ source }) => source === "metrics" || source === "logs");
  const queries = asked.map((source) => filledSource(source, scope));
  const computed = useQuery({
    queryKey: ["annotations", queries, startMs, endMs],
    queryFn: async ({ signal }) => {
      const window = { startMs, endMs };
      const settled = await Promise.allSettled(queries.map((each) => ask(each, window, signal)));
      const failure = settled.find((one) => one.status === "rejected");
      const found = settled.flatMap((one) => (one.status === "fulfilled" ? one.value : []));
      return { found, error: failure?.reason as unknown };
    },
    enabled: queries.length > 0,
    placeholderData: keepPreviousData,
    structuralSharing: false,
  });
  const answered = stored.data?.annotations ?? none;
  // That there are none is no news: the panels need not be drawn again for it.
  const rows = answered.length === 0 ? none : answered;
  return useMemo(() => {
    const byHand = rows.map((each) => fromStored(each, hand?.color ?? "accent"));
    const all = [...byHand, ...(computed.data?.found ?? [])];
    return {
      annotations: all.length === 0 ? none : all,
      stored: rows,
      error: computed.data?.error ?? stored.error ?? undefined,
    };
  }, [rows, computed.data, stored.error, hand?.color]);
}

function filledSource(source: Source, scope: RunScope): Source {
  if (source.source !== "metrics" && source.source !== "logs") return source;
  const language = source.source === "metrics" ? "promql" : "logql";
  const expr = scope.filtered(interpolate(source.expr, scope.variables, language), source.source);
  return { ...source, expr };
}

async function ask(
  source: Source,
  window: Window,
  signal: AbortSignal,
): Promise<readonly BoardAnnotation[]> {
  if (source.expr.trim() === "") return [];
  const { stepMs } = intervalOf(window, points, stepMinOf(source.step) ?? scrapeIntervalMs);
  const frames = await askFrames(
    {
      ref: source.name,
      source: source.source === "logs" ? "logs" : "metrics",
      expr: source.expr,
      instant: false,
      format: "time_series",
      legend: undefined,
      window,
      stepMs,
      limit: linesMax,
    },
    signal,
  );
  const { panels } = source;
  return annotationsIn(frames, source, stepMs).map((each) => ({ ...each, panels }));
}

function fromStored(given: StoredAnnotation, color: string): BoardAnnotation {
  const { id, startMs, endMs, title, text, tags, panel } = given;
  return {
    id,
    startMs,
    endMs: endMs > startMs ? endMs : undefined,
    title,
    text,
    tags,
    color,
    stored: true,
    panels: panel === 0 ? [] : [panel],
  };
}
