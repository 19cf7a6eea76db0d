import { z } from "zod";
import { labelText } from "../promql/expr.ts";
import { askPromql } from "./columns.ts";
import { fetchJson } from "./transport.ts";
import { quote } from "./prometheus.ts";

/** Long enough for a few samples of what comes every five minutes. */
const lookBackMs = 20 * 60_000;
const seriesMax = 200;
/** Sources that may send at different paces: of each, one series is looked at. */
const jobsMax = 4;
/** Fewer say nothing of the pace. */
const samplesMin = 3;

const Labels = z.record(z.string(), z.string());
const Series = z.object({ data: z.array(Labels) });
/**
 * The usual time between samples of a selector's series before `endMs`, measured on one series of each job, and of those the
 * longest; undefined where there are too few samples. The cost does not grow with the number of series.
 */
export async function sampleIntervalMs(
  selector: string,
  endMs: number,
  signal?: AbortSignal,
): Promise<number | undefined> {
  const found = await fetchJson(
    {
      path: "/api/v1/series",
      params: {
        "match[]": selector,
        start: String((endMs - lookBackMs) / 1_000),
        end: String(endMs / 1_000),
        limit: String(seriesMax),
      },
      signal,
    },
    Series,
  );
  const byJob = new Map(found.data.map((labels) => [labels["job"] ?? "", labels]));
  const measured = await Promise.all(
    [...byJob.values()].slice(0, jobsMax).map((labels) => intervalOf(labels, endMs, signal)),
  );
  const known = measured.flatMap((each) => each ?? []);
  return known.length === 0 ? undefined : Math.max(...known);
}

async function intervalOf(
  labels: z.output<typeof Labels>,
  endMs: number,
  signal: AbortSignal | undefined,
): Promise<number | undefined> {
  const matchers = Object.entries(labels).map(
    ([name, value]) => `${labelText(name)}=${quote(value)}`,
  );
  const query = `{${matchers.join(",")}}[${lookBackMs}ms]`;
  const question = { query, startMs: endMs, endMs, stepMs: 0 };
  const answer = await askPromql(question, { signal });
  if (!("series" in answer)) return undefined;
  // A selector of labels matches series with further labels, too; the first is as good as any.
  const [series] = answer.series;
  const histograms = series?.histograms ?? [];
  const timesMs = [...(series?.timesMs ?? []), ...histograms.map(({ timeMs }) => timeMs)];
  return usualDistance(timesMs.map((timeMs) => timeMs / 1_000));
}

/** The median distance in whole seconds, for scrapes come a little early or late; as it is where it is below one. */
export function usualDistance(secondsAt: readonly number[]): number | undefined {
  if (secondsAt.length < samplesMin) return undefined;
  const distances = secondsAt
    .slice(1)
    .map((at, i) => (at - (secondsAt[i] ?? at)) * 1_000)
    .toSorted((a, b) => a - b);
  const middle = distances[Math.floor(distances.length / 2)] ?? 0;
  if (middle <= 0) return undefined;
  return middle < 1_000 ? Math.ceil(middle) : Math.round(middle / 1_000) * 1_000;
}
