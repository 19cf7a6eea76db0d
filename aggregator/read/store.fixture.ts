import type { SeriesExemplars } from "#shared/model/exemplars.ts";
import type { LogsBatch } from "#shared/model/logs.ts";
import { type Logger, createLogger } from "#shared/runtime/log.ts";
import { type SelfMetrics, createSelfMetrics } from "#shared/runtime/self_metrics.ts";
import { systemClock } from "#shared/runtime/clock.ts";
import type { SeriesSamples } from "./source.ts";
import type { BlockStore } from "../blocks/block_store.ts";
import { StoreConfig } from "../blocks/config.ts";
import { cutContentOf } from "./cut_content.ts";
import { cutMetricsOf } from "./cut_metrics.ts";
import { openStore } from "../blocks/open_store.ts";
import type { Cut } from "./store.ts";

/** Material for the tests of this room. */
export function gauge(
  name: string,
  timestampsMs: readonly number[],
  values: readonly number[],
  labels: Record<string, string> = {},
): SeriesSamples {
  return {
    labels: { __name__: name, ...labels },
    timestampsMs: Float64Array.from(timestampsMs),
    values: Float64Array.from(values),
  };
}

/** One record a text, a millisecond apart. */
export function lines(
  app: string,
  texts: readonly (string | Uint8Array)[],
  startMs = 0,
): LogsBatch {
  const parts = texts.map((text) => (typeof text === "string" ? Buffer.from(text) : text));
  let end = 0;
  return {
    streams: [{ app }],
    streamOf: new Uint32Array(parts.length),
    timestampsMs: Float64Array.from(parts, (_, i) => startMs + i),
    nanos: new Uint32Array(parts.length),
    severities: new Uint8Array(parts.length),
    bodies: new Uint8Array(Buffer.concat(parts)),
    bodyEnds: Uint32Array.from(parts, (part) => (end += part.length)),
  };
}

export function cutOf(
  {
    metrics = [],
    logs,
    exemplars = [],
  }: {
    metrics?: readonly SeriesSamples[];
    logs?: LogsBatch;
    exemplars?: readonly SeriesExemplars[];
  },
  sequence: number,
): Cut {
  return {
    content: cutContentOf({
      metrics: new Map([["t", cutMetricsOf(metrics)]]),
      exemplars: new Map([["t", exemplars]]),
      logs: new Map(logs === undefined ? [] : [["t", [logs]]]),
    }),
    families: new Map([
      [
        "t",
        metrics.map(({ labels }) => ({
          name: labels["__name__"] ?? "",
          type: "gauge" as const,
          help: "",
          unit: "",
        })),
      ],
    ]),
    lanes: [
      {
        lane: { tenant: "t", agent: "a", signal: "metrics" },
        position: { epoch: 3, sequence },
        itemsTotal: 10 * sequence,
        ahead: [],
        stored: sequence,
        dropped: { duplicate_sample: 1 },
        agentDropped: {},
      },
    ],
    carrier: { p: { incarnation: "i", sequence } },
  };
}

/** For tests whose clock stands where they put it, and not where it can be. */
export const anyTime = { clock: { jump_max: "36500d", stop_max: "36500d" } };

/** A store with nothing in the background unless asked for, and a clock a day after the fixtures' times. */
export function openTestStore(
  dataDir: string,
  config: Record<string, unknown>,
  {
    nowMs = 86_400_000,
    now = () => nowMs,
    log = createLogger("error"),
    metrics = createSelfMetrics(),
    onLost = () => {},
  }: {
    readonly nowMs?: number;
    readonly now?: () => number;
    readonly log?: Logger;
    readonly metrics?: SelfMetrics;
    readonly onLost?: (reason: string) => void;
  } = {},
): Promise<BlockStore> {
  return openStore(StoreConfig.parse({ ...anyTime, compaction: { interval: "1d" }, ...config }), {
    dataDir,
    clock: { ...systemClock, now, sleep: waitForAbort },
    log,
    metrics,
    onLost,
  });
}

/** "name 1000=1 2000=0", one text a series. */
export function sampleTexts(series: readonly SeriesSamples[]): string[] {
  return series.map(({ labels, timestampsMs, values }) =>
    [labels["__name__"], ...Array.from(timestampsMs, (time, i) => `${time}=${values[i]}`)].join(
      " ",
    ),
  );
}

function waitForAbort(_ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted === true) resolve();
    signal?.addEventListener("abort", () => resolve(), { once: true });
  });
}
