import { hostname } from "node:os";
import type { Labels } from "#shared/model/labels.ts";
import type { Clock } from "#shared/runtime/clock.ts";
import { Hono } from "hono";
import { answering } from "./answer.ts";

/** One target as /targets shows it; times RFC 3339, durations seconds or Prometheus's text. */
export type ActiveTarget = {
  readonly discoveredLabels: Labels;
  readonly labels: Labels;
  readonly scrapePool: string;
  readonly scrapeUrl: string;
  readonly globalUrl: string;
  readonly lastError: string;
  readonly lastScrape: string;
  readonly lastScrapeDuration: number;
  readonly health: "up" | "down" | "unknown";
  readonly scrapeInterval: string;
  readonly scrapeTimeout: string;
};
type DroppedTarget = { readonly discoveredLabels: Labels; readonly scrapePool: string };
export type Targets = {
  readonly active: readonly ActiveTarget[];
  readonly dropped: readonly DroppedTarget[];
};

type BuildInfo = {
  readonly version: string;
  readonly revision: string;
  readonly branch: string;
  readonly buildUser: string;
  readonly buildDate: string;
};

export type StatusParts = {
  readonly clock: Clock;
  readonly build: BuildInfo;
  /** When the process began, and how long data is kept ("30d"). */
  readonly startedMs: number;
  readonly storageRetention: string;
  readonly targets: (request: Request) => Promise<Targets> | Targets;
};

/** /status/buildinfo, /status/runtimeinfo, /targets. */
export function statusInfoRoutes({
  clock,
  build,
  startedMs,
  storageRetention,
  targets,
}: StatusParts): Hono {
  const app = new Hono();
  app.get(
    "/status/buildinfo",
    // No `features`: Grafana takes a server that has them for Mimir.
    answering(() => ({ dataJson: JSON.stringify({ ...build, goVersion: `bun${Bun.version}` }) })),
  );
  app.get(
    "/status/runtimeinfo",
    answering(() => ({
      dataJson: JSON.stringify({
        startTime: new Date(startedMs).toISOString(),
        CWD: process.cwd(),
        hostname: hostname(),
        serverTime: new Date(clock.now()).toISOString(),
        reloadConfigSuccess: true,
        lastConfigTime: new Date(startedMs).toISOString(),
        corruptionCount: 0,
        // There are no goroutines; clients read these fields all the same.
        goroutineCount: 0,
        GOMAXPROCS: navigator.hardwareConcurrency,
        GOMEMLIMIT: 0,
        GOGC: "",
        GODEBUG: "",
        storageRetention,
      }),
    })),
  );
  app.get(
    "/targets",
    answering(async (c) => {
      const state = (c.req.query("state") ?? "").toLowerCase();
      const pool = c.req.query("scrapePool") ?? "";
      const { active, dropped } = await targets(c.req.raw);
      const shows = (wanted: string): boolean =>
        state === "" || state === "any" || state === wanted;
      const inPool = ({ scrapePool }: { readonly scrapePool: string }): boolean =>
        pool === "" || scrapePool === pool;
      const counts = Object.fromEntries(
        Object.entries(Object.groupBy(dropped, ({ scrapePool }) => scrapePool)).map(
          ([name, all]) => [name, all?.length ?? 0],
        ),
      );
      return {
        dataJson: JSON.stringify({
          activeTargets: shows("active") ? active.filter(inPool) : [],
          droppedTargets: shows("dropped") ? dropped.filter(inPool) : [],
          droppedTargetCounts: shows("dropped") ? counts : null,
        }),
      };
    }),
  );
  return app;
}
