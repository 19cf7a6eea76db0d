import { OperatingError } from "#shared/errors.ts";
import type { Labels, Matcher } from "#shared/model/labels.ts";
import { labelsKey } from "#shared/model/labels.ts";
import { bodyLength } from "#shared/model/logs.ts";
import type { LogScope } from "../../../query/logql/evaluate.ts";
import type { LokiRange } from "./parameters.ts";

export type VolumeRequest = LokiRange & {
  readonly matchers: readonly Matcher[];
  readonly limit: number;
  /** Without them, those that the selector names; all where it names none. */
  readonly targetLabels: readonly string[];
  readonly aggregateBy: "series" | "labels";
  /** Width of what one figure is of; the whole range where undefined. */
  readonly stepMs: number | undefined;
};

/** Bytes of lines at the ends of steps, Unix milliseconds. */
export type Volume = {
  readonly labels: Labels;
  readonly timesMs: readonly number[];
  readonly bytes: readonly number[];
};

/** Series of an answer, as many as Loki allows. */
const seriesMax = 1_000;
const pointsMax = 11_000;

/**
 * Bytes by labels (series) or by names of labels, the largest first, `limit` of them each step. Times are the ends of steps as
 * Loki tells them (pkg/querier/queryrange/volume.go): a millisecond before the next begins, but for the last. Throws
 * OperatingError("bad_request").
 */
export async function volumes(request: VolumeRequest, scope: LogScope): Promise<Volume[]> {
  const { startNs, endNs, stepMs, limit } = request;
  const startMs = Number(startNs / 1_000_000n);
  const endMs = Number(endNs / 1_000_000n);
  const width = stepMs ?? Math.max(1, endMs - startMs);
  const steps = Math.max(1, Math.ceil((endMs - startMs) / width));
  if (steps > pointsMax)
    throw new OperatingError(
      "bad_request",
      `exceeded maximum resolution of ${pointsMax} points per time series. Try increasing the value of the step parameter`,
      { limit: "points" },
    );
  const found = await sums(request, scope, (ms) =>
    Math.min(steps - 1, Math.floor((ms - startMs) / width)),
  );
  const kept = largest([...found.values()], steps, limit);
  return kept
    .map(({ labels, bytes }) => {
      const filled = Array.from(bytes.keys()).toSorted((a, b) => a - b);
      return {
        labels,
        timesMs: filled.map((step) =>
          step === steps - 1 ? endMs : startMs + (step + 1) * width - 1,
        ),
        bytes: filled.map((step) => bytes.get(step) ?? 0),
      };
    })
    .toSorted((a, b) => (b.bytes[0] ?? 0) - (a.bytes[0] ?? 0) || order(a.labels, b.labels));
}

type Sum = { readonly labels: Labels; readonly bytes: Map<number, number> };

async function sums(
  { matchers, startNs, endNs, targetLabels, aggregateBy }: VolumeRequest,
  { tenant, source, signal }: LogScope,
  stepOf: (ms: number) => number,
): Promise<Map<string, Sum>> {
  const named = targetLabels.length > 0 ? targetLabels : matchers.map(({ name }) => name);
  const targets = named.length === 0 ? undefined : new Set(named);
  const request = { tenant, matchers, lineFilters: [], startNs, endNs } as const;
  const direction = "forward" as const;
  const needs = { bodies: false, attributes: false, lengths: true };
  const aborting = signal === undefined ? {} : { signal };
  const found = new Map<string, Sum>();
  for await (const slices of source.scan({ ...request, direction, needs, ...aborting }))
    for (const { batch, rows } of slices) {
      const sumsOf: (Sum[] | undefined)[] = [];
      const add = (stream: number, step: number, bytes: number) => {
        const labels = batch.streams[stream] ?? {};
        const own = (sumsOf[stream] ??= sumsFor(labels, targets, aggregateBy, found));
        for (const sum of own) sum.bytes.set(step, (sum.bytes.get(step) ?? 0) + bytes);
      };
      // Rows of one stream and step stand together nearly always.
      let [stream, step, bytes] = [-1, -1, 0];
      for (let i = 0; i < rows.length; i++) {
        const row = rows[i] ?? 0;
        const ownStep = stepOf(batch.timestampsMs[row] ?? 0);
        if (batch.streamOf[row] !== stream || ownStep !== step) {
          if (stream >= 0) add(stream, step, bytes);
          [stream, step, bytes] = [batch.streamOf[row] ?? 0, ownStep, 0];
        }
        bytes += bodyLength(batch, row);
      }
      if (stream >= 0) add(stream, step, bytes);
    }
  return found;
}

/** What a stream's bytes count for. */
function sumsFor(
  stream: Labels,
  targets: ReadonlySet<string> | undefined,
  aggregateBy: "series" | "labels",
  found: Map<string, Sum>,
): Sum[] {
  const entries = Object.entries(stream).filter(
    ([name]) => targets === undefined || targets.has(name),
  );
  if (entries.length === 0) return [];
  const sets: Labels[] =
    aggregateBy === "series"
      ? [Object.fromEntries(entries)]
      : entries.map(([name]) => ({ [name]: "" }));
  return sets.map((labels) => {
    const key = keyOf(labels);
    const known = found.get(key) ?? { labels, bytes: new Map() };
    found.set(key, known);
    if (found.size > seriesMax)
      throw new OperatingError(
        "bad_request",
        `the query hit the max number of series limit (limit: ${seriesMax} series)`,
      );
    return known;
  });
}

/** Those that are among the `limit` largest of some step, without what they have in other steps. */
function largest(found: readonly Sum[], steps: number, limit: number): Sum[] {
  if (found.length <= limit) return [...found];
  const kept = new Map<Sum, Map<number, number>>();
  for (let step = 0; step < steps; step++) {
    const here = found
      .filter(({ bytes }) => bytes.has(step))
      .toSorted(
        (a, b) => (b.bytes.get(step) ?? 0) - (a.bytes.get(step) ?? 0) || order(a.labels, b.labels),
      )
      .slice(0, limit);
    for (const sum of here) {
      const bytes = kept.get(sum) ?? new Map<number, number>();
      kept.set(sum, bytes.set(step, sum.bytes.get(step) ?? 0));
    }
  }
  return Array.from(kept, ([{ labels }, bytes]) => ({ labels, bytes }));
}

function order(a: Labels, b: Labels): number {
  const [left, right] = [keyOf(a), keyOf(b)];
  return left < right ? -1 : left > right ? 1 : 0;
}

/** Labels without a value, which stand for a name alone, have keys as well. */
function keyOf(labels: Labels): string {
  return labelsKey(labels) || Object.keys(labels).join();
}
