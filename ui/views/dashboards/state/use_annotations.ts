import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import type { Dashboard } from "#shared/dashboards/dashboard.ts";
import type { StoredAnnotation } from "../../../client/dashboard_service.ts";
import { annotationQuestion } from "../../../dashboards/runner/annotation_question.ts";
import { windowAt, type RunScope } from "../../../dashboards/runner/question.ts";
import { askFrames, type Ask } from "../../../frames/ask.ts";
import { useStoredAnnotations } from "../../../queries/dashboards.ts";
import { annotationsIn } from "../../../dashboards/runner/annotation_frames.ts";
import type { BoardAnnotation } from "./board_context.ts";

type Source = Dashboard["annotations"][number];

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
  const queries = shown.flatMap((source) => {
    const question = annotationQuestion(source, scope, { startMs, endMs });
    return question === undefined ? [] : [{ source, question }];
  });
  const computed = useQuery({
    queryKey: ["annotations", queries],
    queryFn: async ({ signal }) => {
      const settled = await Promise.allSettled(
        queries.map(({ source, question }) => ask(source, question, signal)),
      );
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

async function ask(
  source: Source,
  question: Ask,
  signal: AbortSignal,
): Promise<readonly BoardAnnotation[]> {
  const frames = await askFrames(question, signal);
  const { panels } = source;
  return annotationsIn(frames, source, question.stepMs).map((each) => ({ ...each, panels }));
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
