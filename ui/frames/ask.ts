import { assertNever } from "#shared/assert.ts";
import { askLogql, askPromql } from "../client/columns.ts";
import { toNs } from "../client/logs.ts";
import { aligned, type Window } from "../state/time_range.ts";
import type { DataSource } from "./data_source.ts";
import type { Frame } from "./frame.ts";
import { heatmapFrames } from "./heatmap_frames.ts";
import { logFrames } from "./log_frames.ts";
import { metricFrames } from "./metric_frames.ts";
import { answerOf, seriesKept, type Answer } from "./read_answer.ts";
import { tableFrames } from "./table_frames.ts";

/** A question to the aggregator. `expr` is final: variables are filled in. */
export type Ask = {
  readonly ref: string;
  readonly source: DataSource;
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

/** Asks the aggregator and makes frames of its answer. Throws OperatingError. */
export async function askFrames(ask: Ask, signal?: AbortSignal): Promise<readonly Frame[]> {
  const read = await asked(ask, { signal, seriesMax: seriesKept });
  const notices = [...read.end.warnings, ...read.end.infos];
  return framesOf(answerOf(read, ask.window.endMs), ask, notices);
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

type How = Parameters<typeof askPromql>[1];

function asked({ source, expr: query, instant, window, stepMs, limit }: Ask, how: How) {
  switch (source) {
    case "metrics": {
      if (instant) return askPromql({ query, ...window, stepMs: 0 }, how);
      return askPromql({ query, ...aligned(window, stepMs), stepMs }, how);
    }
    case "logs": {
      const range = { query, startNs: toNs(window.startMs), endNs: toNs(window.endMs) };
      if (instant && !selectsLines(query)) return askLogql({ ...range, instant }, how);
      return askLogql({ ...range, stepMs, limit: limit ?? linesMax, direction: "backward" }, how);
    }
    default:
      return assertNever(source);
  }
}

/** LogQL that begins with a selector gives lines; all metric queries begin with a function, a number or a vector's name. */
function selectsLines(query: string): boolean {
  return /^(?:\s|#[^\n]*\n|\()*\{/.test(query);
}
