import { z } from "zod";
import { fetchJson } from "../client/transport.ts";
import { aligned, type Window } from "../state/time_range.ts";
import type { Frame } from "./frame.ts";
import { heatmapFrames } from "./heatmap_frames.ts";
import { logFrames } from "./log_frames.ts";
import { metricFrames } from "./metric_frames.ts";
import { readAnswer, type Answer } from "./read_answer.ts";
import { tableFrames } from "./table_frames.ts";

/** A question to the aggregator. `expr` is final: variables are filled in. */
export type Ask = {
  readonly ref: string;
  readonly source: "metrics" | "logs";
  readonly expr: string;
  /** One value at the end of the window. */
  readonly instant: boolean;
  readonly format: "time_series" | "table" | "heatmap";
  /** Names of the series: {{label}}; empty for automatic ones. */
  readonly legend: string | undefined;
  readonly window: Window;
  readonly stepMs: number;
  /** Of logs: lines at most. */
  readonly limit: number | undefined;
  /** Whether other queries of the panel give tables, too: then the value's column is "Value #A", as Grafana names it. */
  readonly shared?: boolean;
};

const linesMax = 1_000;

// Not strict: the formats let servers add members, and readers skip them. The samples are read by hand, for there may be millions.
const Envelope = z.object({
  status: z.literal("success"),
  data: z.object({ resultType: z.string(), result: z.unknown() }),
  warnings: z.array(z.string()).nullish(),
  infos: z.array(z.string()).nullish(),
});

/** Asks the aggregator and makes frames of its answer. Throws OperatingError, as fetchJson does. */
export async function askFrames(ask: Ask, signal?: AbortSignal): Promise<readonly Frame[]> {
  const { path, params } = requestOf(ask);
  const { data, warnings, infos } = await fetchJson(
    { path, params, signal, isForm: true },
    Envelope,
  );
  const notices = [...(warnings ?? []), ...(infos ?? [])];
  return framesOf(readAnswer(data.resultType, data.result, gridOf(ask)), ask, notices);
}

/** An answer as the panel wants it. Without series there is one frame without fields if there is something to say. */
export function framesOf(answer: Answer, ask: Ask, notices: readonly string[]): readonly Frame[] {
  const said = [...notices, ...answer.notices];
  const frames = framesByFormat(answer, ask);
  const [first, ...rest] = frames;
  if (said.length === 0) return frames;
  if (first === undefined) {
    return [{ ref: ask.ref, name: "", length: 0, fields: [], notices: said }];
  }
  return [{ ...first, notices: [...said, ...first.notices] }, ...rest];
}

function framesByFormat(answer: Answer, ask: Ask): readonly Frame[] {
  if (answer.kind === "lines") return logFrames(answer, ask);
  if (answer.kind === "text") {
    const values = [answer.text];
    const field = { name: "Value", type: "string", labels: {}, values, options: {} } as const;
    return [{ ref: ask.ref, name: ask.expr, length: 1, fields: [field], notices: [] }];
  }
  const hasHistograms = answer.series.some(({ histograms }) => histograms !== undefined);
  if (ask.format === "heatmap" || hasHistograms) return heatmapFrames(answer, ask);
  return ask.format === "table" ? tableFrames(answer, ask) : metricFrames(answer, ask);
}

/** Times that points may have: Loki answers up to the first multiple of the step after the end. */
function gridOf(ask: Ask): { startMs: number; stepMs: number; length: number } {
  const { startMs, endMs } = ask.window;
  if (ask.instant) return { startMs: endMs, stepMs: 1, length: 1 };
  const stepMs = Math.max(1, ask.stepMs);
  const grid = aligned(ask.window, stepMs);
  const lastMs = ask.source === "logs" ? Math.ceil(endMs / stepMs) * stepMs : grid.endMs;
  return {
    startMs: Math.floor(startMs / stepMs) * stepMs,
    stepMs,
    length: Math.floor((lastMs - grid.startMs) / stepMs) + 1,
  };
}

function requestOf(ask: Ask): { path: string; params: Record<string, string> } {
  const { expr: query, window, stepMs } = ask;
  const step = String(stepMs / 1_000);
  if (ask.source === "metrics") {
    if (ask.instant) {
      return { path: "/api/v1/query", params: { query, time: String(window.endMs / 1_000) } };
    }
    const { startMs, endMs } = aligned(window, stepMs);
    const params = { query, start: String(startMs / 1_000), end: String(endMs / 1_000), step };
    return { path: "/api/v1/query_range", params };
  }
  if (ask.instant && !selectsLines(query)) {
    return { path: "/loki/api/v1/query", params: { query, time: nanoseconds(window.endMs) } };
  }
  return {
    path: "/loki/api/v1/query_range",
    params: {
      query,
      start: nanoseconds(window.startMs),
      end: nanoseconds(window.endMs),
      step,
      limit: String(ask.limit ?? linesMax),
      direction: "backward",
    },
  };
}

/** LogQL that begins with a selector gives lines; all metric queries begin with a function, a number or a vector's name. */
function selectsLines(query: string): boolean {
  return /^(?:\s|#[^\n]*\n|\()*\{/.test(query);
}

function nanoseconds(ms: number): string {
  return `${Math.round(ms)}000000`;
}
