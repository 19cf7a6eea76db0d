import { parseArgs } from "node:util";
import { noRules } from "#aggregator/rules/rules_view.ts";
import { lokiRoutes } from "#aggregator/api/routes/loki/loki.ts";
import { queryRoutes } from "#aggregator/api/routes/prometheus/query_routes.ts";
import { createHead } from "#aggregator/head/head.ts";
import { createPromqlEngine, PromqlConfig } from "#aggregator/query/promql/engine.ts";
import { createSources, type Sources } from "#aggregator/query/sources.ts";
import type { BlockView } from "#aggregator/read/store.ts";
import { Tails } from "#aggregator/tail/tails.ts";
import { systemClock } from "#shared/runtime/clock.ts";
import { machineLoad, rounded } from "#test/support/bench_world.ts";
import { linesBatch } from "#test/support/lines_batch.ts";
import { type Stall, stallQueries } from "#test/support/stall_queries.ts";
import type { Hono } from "hono";
import { foundSeries } from "#aggregator/blocks/series/found_series.fixture.ts";

const tenant = "default";
const nowMs = 1_800_000_000_000;
const samplesOfSeries = 10;

/**
 * How long does one hostile query hold the event loop? Each is asked over HTTP routes in this process, over series and lines of the head, while a probe
 * measures the longest time between two of its turns. `--series`, `--lines`, `--only NAME`.
 */
export async function run(args: readonly string[]): Promise<Record<string, unknown>> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      series: { type: "string", default: "20000" },
      lines: { type: "string", default: "20000" },
      timeout: { type: "string", default: "10" },
      only: { type: "string", default: "" },
    },
  });
  const sources = fill(Number(values.series), Number(values.lines));
  const routes = routesOf(sources);
  const queries = stallQueries(nowMs).filter(({ name }) => name.startsWith(values.only));
  const found: Record<string, Measured> = {};
  for (const query of queries) {
    found[query.name] = await measure(routes, query, Number(values.timeout) * 1_000);
    console.error(query.name, JSON.stringify(found[query.name]));
  }
  const stalls = Object.values(found).map(({ stall_ms }) => stall_ms);
  const cpu = Object.values(found).map(({ stall_cpu_ms }) => stall_cpu_ms);
  const worst = { max_stall_ms: Math.max(...stalls), max_stall_cpu_ms: Math.max(...cpu) };
  return { ...worst, queries: found, machine_load: machineLoad() };
}

type Measured = {
  readonly stall_ms: number;
  readonly stall_cpu_ms: number;
  readonly took_ms: number;
  readonly status: number;
  readonly bytes: number;
};
type Routes = { readonly prometheus: Hono; readonly loki: Hono };

async function measure(routes: Routes, stall: Stall, timeoutMs: number): Promise<Measured> {
  const meter = startMeter();
  const from = performance.now();
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(), timeoutMs);
  const path = stall.api === "loki" ? `/loki/api/v1${stall.path}` : stall.path;
  const answer = await routes[stall.api].request(path, {
    method: "POST",
    body: new URLSearchParams(stall.body),
    signal: abort.signal,
  });
  let bytes = 0;
  for await (const chunk of answer.body ?? []) {
    bytes += chunk.length;
    if (answer.status >= 400) console.error("  ", Buffer.from(chunk).toString().slice(0, 250));
  }
  clearTimeout(timer);
  const tookMs = performance.now() - from;
  const stalls = await meter();
  return {
    stall_ms: rounded(stalls.wallMs, 1),
    stall_cpu_ms: rounded(stalls.cpuMs, 1),
    took_ms: Math.round(tookMs),
    status: answer.status,
    bytes,
  };
}

/** Of the longest: what the clock says, and what this thread took, which is all there is of it on an idle machine. */
type Stalls = { readonly wallMs: number; readonly cpuMs: number };

function cpuMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1_000;
}

/** Measures the longest time between two turns of the event loop until the returned function is called. */
function startMeter(): () => Promise<Stalls> {
  let [last, lastCpu, isOn] = [performance.now(), cpuMs(), true];
  const longest = { wallMs: 0, cpuMs: 0 };
  const tick = (): void => {
    const [now, cpu] = [performance.now(), cpuMs()];
    longest.wallMs = Math.max(longest.wallMs, now - last);
    longest.cpuMs = Math.max(longest.cpuMs, cpu - lastCpu);
    [last, lastCpu] = [now, cpu];
    if (isOn) setTimeout(tick, 1);
  };
  tick();
  return async () => {
    await new Promise((resolve) => setTimeout(resolve, 5));
    isOn = false;
    return longest;
  };
}

function routesOf({ metrics, logs }: Sources): Routes {
  const engine = createPromqlEngine(metrics, PromqlConfig.parse({}), systemClock);
  return {
    prometheus: queryRoutes({ engine, clock: systemClock, tenant: () => tenant }),
    loki: lokiRoutes({
      rules: () => noRules,
      logs,
      tenant,
      now: () => nowMs,
      tails: new Tails(),
      onDropped: () => {},
      build: { version: "", revision: "", branch: "", buildUser: "", buildDate: "" },
      config: () => "",
    }),
  };
}

/** Series `m{i, job, group}` with a sample a minute, and lines of 200 bytes. */
function fill(seriesCount: number, lineCount: number): Sources {
  const head = createHead();
  const series = Array.from({ length: seriesCount }, (_, i) => ({
    __name__: i % 2 === 0 ? "m" : "n_bucket",
    i: `instance-${i}`,
    job: `job-${i % 10}`,
    group: `group-${i % 1_000}`,
    le: `${i % 7}`,
  }));
  const rows = Array.from({ length: samplesOfSeries }, (_, at) => ({
    schema: { series },
    timestampMs: nowMs - (samplesOfSeries - at) * 60_000,
    values: Float64Array.from(series, (_one, i) => i * at),
    items: series.length,
  }));
  const lane = { tenant, agent: "host", signal: "metrics" } as const;
  head.appendMetrics(lane, { rows, sparse: [], families: [] }, nowMs);
  const lines = Array.from({ length: lineCount }, (_, i) => lineOf(i));
  lines.push("wide ".repeat(50_000), `{"a":"${"x,".repeat(100_000)}"}`);
  lines.push(`{${Array.from({ length: 15_000 }, (_, i) => `"key${i}":"v"`).join(",")}}`);
  lines.push(Array.from({ length: 15_000 }, (_, i) => `key${i}=v`).join(" "));
  const batch = { ...linesBatch(lines, { job: "logs" }) };
  batch.timestampsMs.forEach((_, i) => (batch.timestampsMs[i] = nowMs - 60_000 + i));
  head.appendLogs({ ...lane, signal: "logs" }, batch, nowMs);
  return createSources(
    head,
    () => noBlocks,
    () => [],
  );
}

function lineOf(i: number): string {
  const json = JSON.stringify({ level: "info", path: `/api/v1/query/${i}`, status: 200, took: i });
  return i % 2 === 0
    ? json
    : `level=info ts=2026-11-22T10:00:00Z caller=main.go:${i} msg="GET /api/v1/query 200" took=${i}ms user=u${i}`;
}

const noBlocks: BlockView = {
  blocks: [],
  files: async () => ({ paths: [], release: () => {} }),
  withFiles: (_blocks, _reader, use) => use([], []),
  metrics: {
    select: async () => [],
    exemplars: async () => [],
    series: async () => foundSeries(),
  },
  logs: { select: async () => [], parts: () => [], eachStream: async () => {} },
};
