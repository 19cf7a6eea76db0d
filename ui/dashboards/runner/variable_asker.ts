import { z } from "zod";
import { assertNever } from "#shared/assert.ts";
import { metricNameLabel } from "#shared/model/labels.ts";
import { fetchJson } from "../../client/transport.ts";
import { askFrames } from "../../frames/ask.ts";
import type { DataSource } from "../../frames/data_source.ts";
import { seriesText } from "../../frames/legend.ts";
import type { Frame } from "../../frames/frame.ts";
import type { Window } from "../../state/time_range.ts";
import type { VariableQuestion } from "../model/variable_query.ts";
import type { VariableAsker } from "../model/variables.ts";

// Not strict: the formats let servers add members.
const Values = z.object({ data: z.array(z.string()).nullish() });
const Series = z.object({ data: z.array(z.record(z.string(), z.string())).nullish() });

/** Asks the aggregator what a query variable has to choose from, over a window. */
export function variableAsker(window: Window): VariableAsker {
  return async (question, signal) => {
    switch (question.ask) {
      case "label_values":
        return labelValues(question, window, signal);
      case "label_names":
        return namesIn("labels", question.source, window, question.match, signal);
      case "metrics": {
        const match = `{${metricNameLabel}=~${JSON.stringify(`.*(?:${question.pattern}).*`)}}`;
        const path = `/api/v1/label/${metricNameLabel}/values`;
        return values(path, prometheus(window, match), signal);
      }
      case "query_result":
        return queryResult(question, window, signal);
      case "series": {
        const params = prometheus(window, question.match);
        const { data } = await fetchJson({ path: "/api/v1/series", params, signal }, Series);
        return (data ?? []).map((labels) => seriesText(labels));
      }
    }
  };
}

function labelValues(
  { source, label, match }: Extract<VariableQuestion, { ask: "label_values" }>,
  window: Window,
  signal: AbortSignal | undefined,
): Promise<readonly string[]> {
  return namesIn(`label/${encodeURIComponent(label)}/values`, source, window, match, signal);
}

/** A list of names that the API of either source has under the same path. */
function namesIn(
  path: string,
  source: DataSource,
  window: Window,
  match: string | undefined,
  signal: AbortSignal | undefined,
): Promise<readonly string[]> {
  switch (source) {
    case "metrics":
      return values(`/api/v1/${path}`, prometheus(window, match), signal);
    case "logs":
      return values(`/loki/api/v1/${path}`, loki(window, match), signal);
    default:
      return assertNever(source);
  }
}

async function values(
  path: string,
  params: Readonly<Record<string, string>>,
  signal: AbortSignal | undefined,
): Promise<readonly string[]> {
  return (await fetchJson({ path, params, signal }, Values)).data ?? [];
}

function prometheus({ startMs, endMs }: Window, match: string | undefined): Record<string, string> {
  const times = { start: String(startMs / 1_000), end: String(endMs / 1_000) };
  return match === undefined || match === "" ? times : { ...times, "match[]": match };
}

function loki({ startMs, endMs }: Window, match: string | undefined): Record<string, string> {
  const times = {
    start: `${Math.round(startMs)}000000`,
    end: `${Math.round(endMs)}000000`,
  };
  return match === undefined || match === "" ? times : { ...times, query: match };
}

/** Each sample as Prometheus writes it: `metric{label="value"} 1 1700000000000`. */
async function queryResult(
  { source, expr }: Extract<VariableQuestion, { ask: "query_result" }>,
  window: Window,
  signal: AbortSignal | undefined,
): Promise<readonly string[]> {
  const ask = { ref: "A", instant: true, format: "time_series", legend: undefined } as const;
  const rest = { source, expr, window, stepMs: 60_000, limit: undefined };
  const frames = await askFrames({ ...ask, ...rest }, signal);
  return frames.flatMap(sampleText);
}

function sampleText(frame: Frame): string[] {
  const [time, value] = frame.fields;
  if (value === undefined || frame.length === 0) return [];
  const number: unknown = value.values[0];
  const ms: unknown = time?.values[0];
  return [`${seriesText(value.labels)} ${String(number)} ${String(ms)}`];
}
