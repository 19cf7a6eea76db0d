import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { noRules } from "#aggregator/rules/rules_view.ts";
import { lokiRoutes } from "#aggregator/api/routes/loki/loki.ts";
import { createHead } from "#aggregator/head/head.ts";
import { createSources } from "#aggregator/query/sources.ts";
import type { LineFilter, LogScanRequest, LogsSource } from "#aggregator/read/source.ts";
import { StoreConfig } from "#aggregator/blocks/config.ts";
import { openStore } from "#aggregator/blocks/open_store.ts";
import type { Store } from "#aggregator/read/store.ts";
import { Tails } from "#aggregator/tail/tails.ts";
import { systemClock } from "#shared/runtime/clock.ts";
import { createLogger } from "#shared/runtime/log.ts";
import { createSelfMetrics } from "#shared/runtime/self_metrics.ts";
import { machineLoad, rounded } from "#test/support/bench_world.ts";
import { LapwingProcess } from "#test/support/lapwing_process.ts";
import { readOwnMetric } from "#test/support/self_metrics_reader.ts";
import { startNats } from "#test/support/nats.ts";
import { type WrittenLogs, writeLogBlocks } from "#test/support/write_log_blocks.ts";

const tenant = "default";

/** Lines that are counted, or read, where bodies are wanted. */
type Question = { readonly lineFilters: readonly LineFilter[]; readonly bodies?: boolean };

/** What people look for. The needles are filled in once the lines are there. */
const questions: Readonly<Record<string, Question>> = {
  word_count: { lineFilters: [{ op: "|=", values: ["Failed"] }] },
  two_words_count: { lineFilters: [{ op: "|=", values: ["Received block"] }] },
  digits_count: { lineFilters: [{ op: "|=", values: ["77"] }] },
  not_count: { lineFilters: [{ op: "!=", values: ["INFO"] }] },
  regex_count: { lineFilters: [{ op: "|~", values: ["Failed password for .* from \\d+\\."] }] },
  regex_no_case_count: { lineFilters: [{ op: "|~", values: ["(?i)error|exception"] }] },
  regex_digits_count: { lineFilters: [{ op: "|~", values: ["\\b5\\d\\d\\b"] }] },
  json_field: {
    lineFilters: [
      { op: "|=", values: ['"path":"/cart"'] },
      { op: "|=", values: ['"outcome":"fail"'] },
    ],
    bodies: true,
  },
  count_all: { lineFilters: [] },
};

/** The same as users ask, through the routes of Loki's API; a metric at the end of the hour, but for the second one. */
const logqlQueries: Readonly<Record<string, readonly [path: string, query: string]>> = {
  count_all: ["query", 'sum(count_over_time({system=~".+"} [1h]))'],
  regexp_topk: [
    "query",
    'topk(5, sum by (component) (count_over_time({system="zookeeper"} | regexp "\\\\[(?P<component>[A-Za-z]+)" [1h])))',
  ],
  pattern_sum: [
    "query",
    'sum by (method) (sum_over_time({system="openstack"} | pattern "<_>\\"<method> <_>\\" status: <_> len: <len> time: <_>" | len!="" | unwrap len [1h]))',
  ],
  word_count: ["query", 'sum(count_over_time({system=~".+"} |= "Failed" [1h]))'],
  level_over_time: [
    "query_range",
    'sum by (detected_level) (count_over_time({system=~".+"} [1m]))',
  ],
  regex_count: ["query", 'sum(count_over_time({system=~".+"} |~ "(?i)error|exception" [1h]))'],
  json_field: ["query_range", '{system="shop"} | json | path="/cart" | outcome="fail"'],
  topk_unwrap: [
    "query",
    'topk(3, avg_over_time({system="shop"} | json | unwrap duration_ms [1h]) by (path))',
  ],
  bytes_over_time: ["query_range", 'sum by (system) (bytes_over_time({system=~".+"} [1m]))'],
  index_stats: ["index/stats", '{system=~".+"}'],
  index_volume: ["index/volume", '{system=~".+"}'],
  index_volume_range: ["index/volume_range", '{system=~".+"}'],
};

/**
 * How long does a search over committed blocks of logs take? Warm (asked `--rounds` times after once) and cold (first asked of a store that
 * was just opened; what the kernel keeps of its files stays). `scan` is the source alone, `logql` the routes of Loki's API with all that they do.
 * `rss_mb` and `peak_rss_mb` (VmHWM) are those of an aggregator process that has answered every search once.
 * `--lines`, `--rounds`, `--cold_rounds`.
 */
export async function run(args: readonly string[]): Promise<Record<string, unknown>> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      lines: { type: "string", default: "1000000" },
      rounds: { type: "string", default: "9" },
      cold_rounds: { type: "string", default: "2" },
      logql: { type: "string", default: "true" },
    },
  });
  const lines = Number(values.lines);
  const folder = await mkdtemp(join(tmpdir(), "lapwing-search-"));
  try {
    const dataDir = join(folder, "data");
    const world = new World(join(dataDir, "aggregator"));
    const endMs = Math.floor(Date.now() / 1_000) * 1_000;
    const cpu = process.cpuUsage();
    const written = await world.use((store) => writeLogBlocks(store, tenant, lines, endMs));
    const writeCpu = process.cpuUsage(cpu);
    console.error(`written with ${rounded((writeCpu.user + writeCpu.system) / 1e6)} CPU-s`);
    const all = { ...questions, ...needles(written) };
    const cold: Record<string, number[]> = {};
    for (let round = 0; round < Number(values.cold_rounds); round++)
      for (const [name, question] of Object.entries(all))
        await world.use(async (store) => {
          const { tookMs } = await scanOnce(sourceOf(store), question, written);
          (cold[`scan_${name}`] ??= []).push(tookMs);
        });
    const withLogql = values.logql === "true";
    const coldLogql = withLogql ? Object.entries(logqlQueries) : [];
    for (let round = 0; round < Number(values.cold_rounds); round++)
      for (const [name, asked] of coldLogql)
        await world.use(async (store) => {
          const ask = logqlAsker(inProcess(sourceOf(store), written), written);
          const from = performance.now();
          await ask(asked);
          (cold[`logql_${name}`] ??= []).push(performance.now() - from);
        });
    const rounds = Number(values.rounds);
    const scan = await world.use((store) => warm(sourceOf(store), all, written, rounds));
    const bytes = await world.use(async (store) =>
      store.view().blocks.reduce((sum, block) => sum + block.bytes, 0),
    );
    const logql = withLogql
      ? await world.use((store) =>
          warmLogql(logqlAsker(inProcess(sourceOf(store), written), written), rounds),
        )
      : {};
    const memory = await memoryOfSearches(folder, dataDir, all, written);
    const warmTimes = [...Object.values(scan), ...Object.values(logql)];
    return {
      lines,
      p50_ms: rounded(middle(warmTimes.map(({ p50_ms }) => p50_ms))),
      p99_ms: rounded(Math.max(...warmTimes.map(({ p99_ms }) => p99_ms))),
      cold_p99_ms: rounded(Math.max(...Object.values(cold).flat())),
      stored_bytes_per_line: rounded(bytes / lines),
      queries: Object.fromEntries(
        Object.entries({ ...scan, ...logql }).map(([name, found]) => [
          name,
          { ...found, ...(cold[name] && { cold_ms: rounded(Math.max(...cold[name])) }) },
        ]),
      ),
      ...memory,
      compaction: "off",
      machine_load: machineLoad(),
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

class World {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** A store that was just opened. */
  async use<Result>(action: (store: Store) => Promise<Result>): Promise<Result> {
    const config = StoreConfig.parse({ compaction: { enabled: false } });
    const store = await openStore(config, {
      dataDir: this.#folder,
      clock: systemClock,
      log: createLogger("error"),
      metrics: createSelfMetrics(),
    });
    try {
      return await action(store);
    } finally {
      await store.close();
    }
  }
}

function sourceOf(store: Store): LogsSource {
  const head = createHead();
  return createSources(
    head,
    () => store.view(),
    (asked) => store.families(asked),
  ).logs;
}

function needle(text: string | undefined): Question {
  if (text === undefined) throw new Error("no line with an id was written");
  return { lineFilters: [{ op: "|=", values: [text] }], bodies: true };
}

/** Ids of three lines; whole words between quotes or spaces, and not. */
function needles({ samples }: WrittenLogs): Record<string, Question> {
  const trace = samples.map((line) => /"trace_id":"(\w+)"/.exec(line)?.[1]).find(Boolean);
  const block = samples.map((line) => /blk_-\d{19}/.exec(line)?.[0]).find(Boolean);
  return {
    needle_trace_lines: needle(trace),
    needle_quoted_lines: needle(`"${trace}"`),
    needle_block_lines: needle(block),
  };
}

async function scanOnce(
  source: LogsSource,
  { lineFilters, bodies = false }: Question,
  { startMs, endMs }: WrittenLogs,
): Promise<{ readonly tookMs: number; readonly found: number }> {
  const request: LogScanRequest = {
    tenant,
    matchers: [{ name: "system", op: "=~", value: ".+" }],
    lineFilters,
    startNs: BigInt(startMs) * 1_000_000n,
    endNs: BigInt(endMs) * 1_000_000n,
    direction: "backward",
    needs: { bodies, attributes: false },
  };
  const from = performance.now();
  let found = 0;
  for await (const slices of source.scan(request))
    for (const { rows } of slices) found += rows.length;
  return { tookMs: performance.now() - from, found };
}

type AskLogql = (asked: readonly [path: string, query: string]) => Promise<number>;

type Send = (path: string) => Promise<Response>;

/** The routes of Loki's API in this process. */
function inProcess(logs: LogsSource, { endMs }: WrittenLogs): Send {
  const app = lokiRoutes({
    rules: () => noRules,
    logs,
    tenant,
    now: () => endMs,
    tails: new Tails(),
    onDropped: () => {},
    build: { version: "", revision: "", branch: "", buildUser: "", buildDate: "" },
    config: () => "",
  });
  return async (path) => app.request(path);
}

/** Sends queries to Loki's API. Returns the length of the answer, throws if it is an error. */
function logqlAsker(send: Send, { startMs, endMs }: WrittenLogs): AskLogql {
  const time = { start: `${startMs}000000`, end: `${endMs}000000`, time: `${endMs}000000` };
  return async ([path, query]) => {
    const parameters = new URLSearchParams({ query, ...time, step: "60", limit: "1000" });
    const response = await send(`/loki/api/v1/${path}?${parameters}`);
    const text = await response.text();
    if (response.status !== 200) throw new Error(`${query}: ${text}`);
    return text.length;
  };
}

/** Runs every search once in an aggregator process of its own and reports that process's memory. */
async function memoryOfSearches(
  folder: string,
  dataDir: string,
  all: Readonly<Record<string, Question>>,
  written: WrittenLogs,
) {
  const nats = await startNats();
  try {
    const aggregator = await LapwingProcess.start({
      role: "aggregator",
      name: "aggregator",
      folder,
      config: {
        data_dir: dataDir,
        nats: { servers: [nats.url] },
        storage: { compaction: { enabled: false } },
      },
    });
    try {
      const startRssMb = megabytes(aggregator.residentBytes());
      const ask = logqlAsker((path) => fetch(`${aggregator.url}${path}`), written);
      const asked = [...Object.values(all).map(asLogql), ...Object.values(logqlQueries)];
      for (const query of asked) await ask(query);
      const cacheBytes = await readOwnMetric(aggregator.url, "lapwing_store_logs_cache_bytes");
      if (cacheBytes === 0) throw new Error("the aggregator read no lines");
      return {
        searches: asked.length,
        logs_cache_mb: megabytes(cacheBytes),
        start_rss_mb: startRssMb,
        rss_mb: megabytes(aggregator.residentBytes()),
        peak_rss_mb: megabytes(aggregator.peakBytes()),
      };
    } finally {
      await aggregator.end("SIGTERM");
    }
  } finally {
    await nats.stop();
  }
}

function megabytes(bytes: number): number {
  return rounded(bytes / 1e6, 1);
}

function asLogql({ lineFilters, bodies = false }: Question): readonly [string, string] {
  const filters = lineFilters.map(
    ({ op, values }) => `${op} ${values.map((value) => JSON.stringify(value)).join(" or ")}`,
  );
  const selected = `{system=~".+"} ${filters.join(" ")}`;
  return bodies ? ["query_range", selected] : ["query", `sum(count_over_time(${selected} [1h]))`];
}

async function warmLogql(ask: AskLogql, rounds: number): Promise<Record<string, Measured>> {
  const measured: Record<string, Measured> = {};
  for (const [name, asked] of Object.entries(logqlQueries))
    measured[`logql_${name}`] = await measure(Math.min(rounds, 5), () => ask(asked));
  return measured;
}

function middle(times: readonly number[]): number {
  return times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)] ?? 0;
}

type Measured = {
  readonly found: number;
  readonly p50_ms: number;
  readonly p99_ms: number;
  readonly cpu_ms: number;
};

async function warm(
  source: LogsSource,
  all: Readonly<Record<string, Question>>,
  written: WrittenLogs,
  rounds: number,
): Promise<Record<string, Measured>> {
  const measured: Record<string, Measured> = {};
  for (const [name, question] of Object.entries(all))
    measured[`scan_${name}`] = await measure(rounds, async () => {
      const { found } = await scanOnce(source, question, written);
      return found;
    });
  return measured;
}

async function measure(rounds: number, once: () => Promise<number>): Promise<Measured> {
  const times: number[] = [];
  let found = await once();
  const before = process.cpuUsage();
  for (let round = 0; round < rounds; round++) {
    const from = performance.now();
    found = await once();
    times.push(performance.now() - from);
  }
  const { user, system } = process.cpuUsage(before);
  times.sort((a, b) => a - b);
  return {
    found,
    p50_ms: rounded(times[Math.floor(times.length / 2)] ?? 0),
    p99_ms: rounded(times.at(-1) ?? 0),
    cpu_ms: rounded((user + system) / 1e3 / rounds),
  };
}
