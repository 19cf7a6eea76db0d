import { hostname } from "node:os";
import type { SeriesLimitState } from "#aggregator/fleet/series_limit_states.ts";
import type { HeadOverview } from "#aggregator/read/head.ts";
import { PromqlError } from "#shared/query_language/promql/errors.ts";
import { messageOf } from "#shared/errors.ts";
import type { Clock } from "#shared/runtime/clock.ts";
import type { Lifecycle } from "#shared/runtime/lifecycle.ts";
import type { SelfMetrics } from "#shared/runtime/self_metrics.ts";
import { anchoredRegex } from "#shared/text/linear_regex.ts";
import { type Context, Hono } from "hono";
import { answering, invalidParameter } from "./answer.ts";
import { featuresOf } from "./features.ts";
import { spokenVersions } from "../../spoken_versions.ts";
import { liveNotifications } from "./live_notifications.ts";
import { readParams } from "./params.ts";
import { shownConfig } from "#shared/runtime/config/shown_config.ts";
import { tsdbStatusJson } from "./tsdb_status.ts";

type BuildInfo = {
  readonly version: string;
  readonly revision: string;
  readonly branch: string;
  readonly buildUser: string;
  readonly buildDate: string;
};

/** A block as /status/tsdb/blocks shows it. */
export type BlockMeta = {
  readonly ulid: string;
  readonly minTime: number;
  readonly maxTime: number;
  readonly stats: { readonly numSamples: number };
  readonly compaction: { readonly level: number; readonly sources: readonly string[] };
  readonly version: number;
};

export type StatusParts = {
  readonly clock: Clock;
  readonly build: BuildInfo;
  /** When the process began, and how long data is kept ("30d"). */
  readonly startedMs: number;
  readonly storageRetention: string;
  /** The configuration in effect; secrets are taken out before it is shown. */
  readonly config: () => unknown;
  readonly lifecycle: Pick<Lifecycle, "reloaded" | "notifications">;
  readonly selfMetrics: Pick<SelfMetrics, "families">;
  /** In Prometheus's names. */
  readonly flags: Readonly<Record<string, string>>;
  readonly delayedNameRemoval: boolean;
  readonly head: (request: Request) => HeadOverview;
  /** Limits on active series, of the tenant and of agents. */
  readonly seriesLimits: (request: Request) => readonly SeriesLimitState[];
  readonly blocks: (request: Request) => readonly BlockMeta[];
};

/** What a server tells of itself: /status/..., /features, /notifications. */
export function statusInfoRoutes(parts: StatusParts): Hono {
  const app = new Hono();
  const tells = (path: string, data: (c: Context) => unknown) =>
    app.get(
      path,
      answering((c) => ({ dataJson: JSON.stringify(data(c)) })),
    );
  // No `features`: Grafana takes a server that has them for Mimir.
  tells("/status/buildinfo", () => buildInfo(parts));
  tells("/status/runtimeinfo", () => runtimeInfo(parts));
  tells("/status/config", () => ({ yaml: shownConfig(parts.config()) }));
  tells("/status/flags", () => parts.flags);
  // There is no log to be replayed: what is not in a block yet comes again from its sender.
  tells("/status/walreplay", () => ({ min: 0, max: 0, current: 0 }));
  tells("/status/tsdb/blocks", (c) => ({ blocks: parts.blocks(c.req.raw) }));
  tells("/features", () => featuresOf(parts));
  tells("/notifications", () => parts.lifecycle.notifications.list());
  app.get("/notifications/live", (c) => liveNotifications(c, parts.lifecycle.notifications));
  app.get(
    "/status/self_metrics",
    answering(async (c) => {
      const matches = nameTest((await readParams(c)).get("metric_name_pattern"));
      const families = await parts.selfMetrics.families();
      return { dataJson: JSON.stringify(families.filter(({ name }) => matches(name))) };
    }),
  );
  app.get(
    "/status/tsdb",
    answering(async (c) => {
      const limit = tsdbLimit((await readParams(c)).get("limit"));
      const limits = parts.seriesLimits(c.req.raw);
      return { dataJson: await tsdbStatusJson(parts.head(c.req.raw), limits, limit) };
    }),
  );
  return app;
}

/** GET /version, outside /api/v1. */
export function versionRoute({ build }: Pick<StatusParts, "build">): Hono {
  return new Hono().get("/version", (c) => c.json(buildInfo({ build })));
}

/** `version` is Prometheus's, for clients that decide by it; Lapwing's own stands at the end. */
const buildInfo = ({ build }: Pick<StatusParts, "build">) => ({
  ...build,
  version: spokenVersions.prometheus,
  goVersion: `bun${Bun.version}`,
  lapwingVersion: build.version,
});

const runtimeInfo = ({ clock, startedMs, storageRetention, lifecycle }: StatusParts) => ({
  startTime: new Date(startedMs).toISOString(),
  CWD: process.cwd(),
  hostname: hostname(),
  serverTime: new Date(clock.now()).toISOString(),
  reloadConfigSuccess: lifecycle.reloaded.succeeded,
  lastConfigTime: new Date(lifecycle.reloaded.atMs).toISOString(),
  corruptionCount: 0,
  // There are no goroutines; clients read these fields all the same.
  goroutineCount: 0,
  GOMAXPROCS: navigator.hardwareConcurrency,
  GOMEMLIMIT: 0,
  GOGC: "",
  GODEBUG: "",
  storageRetention,
});

/** A regular expression for whole names; empty takes all. */
function nameTest(pattern: string): (name: string) => boolean {
  if (pattern === "") return () => true;
  try {
    const regex = anchoredRegex(pattern);
    return (name) => regex.test(name);
  } catch (cause) {
    throw new PromqlError("bad_data", `invalid metric_name_pattern: ${messageOf(cause)}`);
  }
}

const tsdbLimitMax = 10_000;

function tsdbLimit(text: string): number {
  if (text === "") return 10;
  if (/^\+?\d+$/.test(text) && Number(text) >= 1) {
    if (Number(text) <= tsdbLimitMax) return Number(text);
    throw invalidParameter("limit", `limit must not exceed ${tsdbLimitMax}`);
  }
  throw invalidParameter("limit", "limit must be a positive number");
}
