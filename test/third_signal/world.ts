import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fromJson } from "@bufbuild/protobuf";
import { z } from "zod";
import { Agent } from "#agent/agent.ts";
import { AgentConfig } from "#agent/config/config.ts";
import { Aggregator } from "#aggregator/aggregator.ts";
import { Deleted } from "#aggregator/blocks/deletion/tombstones.ts";
import { storedSignals } from "#aggregator/blocks/signals/stored_signals.ts";
import { createBlockView } from "#aggregator/blocks/view/block_view.ts";
import { AggregatorFile } from "#aggregator/commands/aggregator_file.ts";
import { createEmbeddedReceiver } from "#aggregator/ingest/embedded_receiver.ts";
import { createNatsReceiver } from "#aggregator/ingest/nats_receiver.ts";
import { type StorageTools, withStorage } from "#aggregator/tools/storage_tools.ts";
import { GetStorageResponseSchema, ListBlocksResponseSchema } from "#proto/gen/v1/data_pb.js";
import { GetLossAccountResponseSchema } from "#proto/gen/v1/query_pb.js";
import { sumDrops } from "#shared/model/account.ts";
import { type Clock, systemClock } from "#shared/runtime/clock.ts";
import { Lifecycle } from "#shared/runtime/lifecycle.ts";
import { silentLogger } from "#shared/runtime/log.ts";
import { SelfLogTap } from "#shared/runtime/self_log_tap.ts";
import { createSelfMetrics } from "#shared/runtime/self_metrics.ts";
import { type Signal, signalsWith } from "#shared/signals.ts";
import { type Span, spans, SpansBatch } from "./span.ts";
import { spansLane } from "./spans_lane.ts";
import { SpansHead } from "./spans_head.ts";
import { readSpans, storedSpans } from "./stored_spans.ts";

const tenant = "main";
export const signals = storedSignals([storedSpans]);
const waitMaxMs = 60_000;
/** Sleeps of background work, which runs when the test asks for it. */
const backgroundMs = 10_000;

const clock: Clock = {
  ...systemClock,
  sleep: (ms, signal) =>
    ms < backgroundMs || signal === undefined
      ? systemClock.sleep(ms, signal)
      : new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true })),
};

/** Its own keys and an aggregator's are in one file. */
function configsOf(folder: string, url: string | undefined) {
  const shared = {
    tenant,
    data_dir: folder,
    ...(url === undefined ? {} : { nats: { servers: [url], reconnect_wait: "50ms" } }),
  };
  const agent = AgentConfig.parse({
    ...shared,
    sources: [],
    integrations: { detect: false },
    spool: { sync_interval: "5ms" },
  });
  const aggregator = AggregatorFile.parse({
    ...shared,
    ingest: { flush_interval: "1d", patterns: { enabled: false } },
    storage: {
      compaction: { interval: "1d", blocks_max: 2 },
      tiers: { enabled: false },
      delete_after: "0s",
    },
    ...(url === undefined ? {} : { streams: { max_bytes: "64MiB" } }),
  });
  return { agent, aggregator };
}

/** An agent and an aggregator, as their processes have them, which know of spans. `url`: of a NATS server between them; in one process without. */
export class World {
  readonly folder: string;
  readonly agent: Agent;
  readonly #url: string | undefined;
  readonly #config: ReturnType<typeof configsOf>["aggregator"];
  readonly #written = new Map<Signal, number>();
  #isAgentStarted = false;
  #running:
    | {
        aggregator: Aggregator;
        spansHead: SpansHead;
        metrics: ReturnType<typeof createSelfMetrics>;
      }
    | undefined;

  static async open(url?: string): Promise<World> {
    const folder = await mkdtemp(join(tmpdir(), "lapwing-third-signal-"));
    const configs = configsOf(folder, url);
    const agent = await Agent.open(configs.agent, {
      clock,
      log: silentLogger,
      metrics: createSelfMetrics(),
      uplink: url === undefined ? "embedded" : "nats",
      selfLogs: new SelfLogTap(),
      signals: [spansLane],
    });
    return new World(folder, url, agent, configs.aggregator);
  }

  private constructor(
    folder: string,
    url: string | undefined,
    agent: Agent,
    config: ReturnType<typeof configsOf>["aggregator"],
  ) {
    this.folder = folder;
    this.#url = url;
    this.agent = agent;
    this.#config = config;
  }

  get dataDir(): string {
    return join(this.folder, "aggregator");
  }
  get storeConfig() {
    return this.#config.storage;
  }
  get #now() {
    if (this.#running === undefined) throw new Error("the aggregator does not run");
    return this.#running;
  }

  async start(): Promise<void> {
    const metrics = createSelfMetrics();
    const spansHead = new SpansHead();
    const parts = { clock, log: silentLogger, metrics };
    const aggregator = await Aggregator.open(this.#config, {
      ...parts,
      receiver: this.#receiver(parts),
      lifecycle: new Lifecycle(clock),
      uiFolder: undefined,
      signals: [{ head: spansHead, stored: storedSpans }],
    });
    this.#running = { aggregator, spansHead, metrics };
    await aggregator.start();
    if (!this.#isAgentStarted) await this.agent.start("http://127.0.0.1:0");
    this.#isAgentStarted = true;
  }

  #receiver(parts: Parameters<typeof createNatsReceiver>[2]) {
    if (this.#url === undefined)
      return createEmbeddedReceiver(this.agent.port, { ...parts, heartbeatIntervalMs: 50 });
    const { nats, streams } = this.#config;
    return createNatsReceiver(nats, streams, { ...parts, signals: signalsWith([spans]) });
  }

  async stop(): Promise<void> {
    await this.#now.aggregator.stop();
    this.#running = undefined;
  }

  async close(): Promise<void> {
    if (this.#running !== undefined) await this.stop();
    await this.agent.stop();
    await rm(this.folder, { recursive: true, force: true });
  }

  /** Ten spans, samples and lines each, a second apart from `startMs` on. */
  async write(startMs: number): Promise<void> {
    const times = Array.from({ length: 10 }, (_, i) => startMs + 1_000 * i);
    await this.writeSpans(
      times.map((ms, i) => ({ name: i % 2 === 0 ? "get" : "put", startMs: ms, durationMs: i })),
    );
    const { output } = this.agent;
    const schema = { series: [{ __name__: "up" }], families: [] };
    const rows = times.map((timestampMs, i) => ({ timestampMs, values: Float64Array.of(i) }));
    this.#wrote("metrics", await output.metrics({ schema, rows }));
    const lines = times.map((ms) => Buffer.from(`line of ${ms}`));
    let end = 0;
    const batch = {
      streams: [{ app: "shop" }],
      streamOf: new Uint32Array(lines.length),
      timestampsMs: Float64Array.from(times),
      nanos: new Uint32Array(lines.length),
      severities: new Uint8Array(lines.length),
      bodies: new Uint8Array(Buffer.concat(lines)),
      bodyEnds: Uint32Array.from(lines, (line) => (end += line.length)),
    };
    this.#wrote("logs", await output.logs(batch, {}));
  }

  async writeSpans(all: readonly Span[]): Promise<void> {
    this.#wrote(spans.name, await this.agent.output.added(spans.name, new SpansBatch(all)));
  }

  #wrote(signal: Signal, items: number): void {
    this.#written.set(signal, (this.#written.get(signal) ?? 0) + items);
  }

  /** Waits until all that was written can be found, or is dropped by the aggregator. */
  async taken(): Promise<void> {
    await until("all items", async () => {
      const found = [
        [spans.name, await this.#countStored(spans.name)],
        ["logs", await this.#countStored("logs")],
        ["metrics", await this.#countSamples()],
      ] as const;
      return found.every(([signal, items]) => items === this.#written.get(signal));
    });
  }

  /** In the head, in blocks or dropped. */
  async #countStored(signal: Signal): Promise<number> {
    const account = await this.#laneAccount(signal);
    const { out_of_bounds_timestamp: ahead = 0 } = account?.dropped ?? {};
    const heads = await this.measured("lapwing_head_items");
    return (account?.stored ?? 0) + (heads[signal] ?? 0) + ahead;
  }

  /** Those that a query finds: the head has samples of its own making, too. */
  async #countSamples(): Promise<number> {
    const query = encodeURIComponent("sum(count_over_time(up[30d]))");
    const answer = await this.#request(`/api/v1/query?query=${query}`, { method: "GET" });
    return Number(Counted.parse(await answer.json()).data.result[0]?.value[1] ?? 0);
  }

  /** The agent's loss account of a signal. The equation must hold. */
  async account(signal: Signal) {
    const account = await this.#laneAccount(signal);
    if (account === undefined) throw new Error(`no account of ${signal}`);
    const { collected, stored, inFlight, dropped } = account;
    if (collected !== stored + inFlight + sumDrops(dropped))
      throw new Error(`the account of ${signal} does not add up: ${JSON.stringify(account)}`);
    return { collected, stored, inFlight, dropped };
  }

  async #laneAccount(signal: Signal) {
    const { agent } = this.agent.port;
    const body = JSON.stringify({ agent });
    const answer = await this.#request("/lapwing.v1.QueryService/GetLossAccount", { body });
    const { lanes } = fromJson(GetLossAccountResponseSchema, await jsonOf(answer));
    return lanes.find((lane) => lane.signal === signal);
  }

  /** Whether the agent knows that all of its frames are in blocks. */
  async isCommitted(): Promise<boolean> {
    const { spool } = await this.agent.status();
    return spool.lanes.every(({ waiting }) => waiting === 0);
  }

  /** What the head answers queries of spans with. */
  recentSpans(): readonly Span[] {
    return this.#now.spansHead.of(tenant);
  }

  async flush(): Promise<void> {
    await this.#request("/-/flush");
  }

  /** A round of retention, compaction and deletion. */
  async maintain(): Promise<void> {
    await this.#request("/api/v1/admin/tsdb/clean_tombstones");
  }

  /** Deletes the spans of a name; gives the number of blocks concerned. */
  async deleteSpans(name: string, startMs: number, endMs: number): Promise<number> {
    const parameters = new URLSearchParams({
      query: `{name="${name}"}`,
      start: String(startMs / 1_000),
      end: String(endMs / 1_000),
    });
    const answer = await this.#request(`/api/v1/admin/delete/spans?${parameters.toString()}`);
    return Deletions.parse(await answer.json()).data.blocks;
  }

  /** Requests to delete spans, as the API lists them. */
  async deletions() {
    const answer = await this.#request("/api/v1/admin/delete", { method: "GET" });
    return Requests.parse(await answer.json()).data.filter(({ signal }) => signal === spans.name);
  }

  async cancelDeletion(id: string): Promise<void> {
    await this.#request(`/api/v1/admin/delete/${spans.name}/${id}`, { method: "DELETE" });
  }

  /** The page Data's own question. */
  async storage() {
    const answer = await this.#request("/lapwing.v1.DataService/GetStorage", { body: "{}" });
    return fromJson(GetStorageResponseSchema, await jsonOf(answer));
  }

  /** Blocks of a signal, or what is wrong with the question. */
  async blocksOf(signal: string) {
    const body = JSON.stringify({ signal, limit: 100 });
    const path = "/lapwing.v1.DataService/ListBlocks";
    return fromJson(ListBlocksResponseSchema, await jsonOf(await this.#request(path, { body })))
      .blocks;
  }

  async items(signal: string): Promise<number> {
    return (await this.blocksOf(signal)).reduce((sum, { items }) => sum + items, 0);
  }

  /** What left the blocks of spans, by reason. */
  async removed(): Promise<Record<string, number>> {
    const { removed } = await this.storage();
    const own = removed.filter(({ signal }) => signal === spans.name);
    return Object.fromEntries(own.map(({ reason, items }) => [reason, items]));
  }

  /** The spans of all blocks, by time, as a reader of files sees them. */
  stored(): Promise<readonly Span[]> {
    return this.command("read", async ({ catalog, read, duckdb }) => {
      const own = (await catalog.blocks()).filter(({ signal }) => signal === spans.name);
      const deleted = new Deleted(await catalog.tombstones());
      const files = await createBlockView(read, own, deleted).files(own);
      try {
        return await readSpans(duckdb, files.paths);
      } finally {
        files.release();
      }
    });
  }

  /** Own metrics by signal. */
  async measured(name: string): Promise<Record<string, number>> {
    const families = await this.#now.metrics.families();
    const metrics = families.find((family) => family.name === name)?.metric ?? [];
    return Object.fromEntries(
      metrics.map(({ label = [], gauge }) => [
        label.find((one) => one.name === "signal")?.value ?? "",
        Number(gauge?.value ?? 0),
      ]),
    );
  }

  /** A storage command, beside or without the aggregator. */
  command<Result>(
    mode: "read" | "write",
    action: (tools: StorageTools) => Promise<Result>,
    dataDir = this.dataDir,
  ): Promise<Result> {
    return withStorage(this.storeConfig, dataDir, mode, action, signals);
  }

  /** Throws the answer's text where it is not good. */
  async #request(path: string, init: RequestInit = {}): Promise<Response> {
    const headers = { "content-type": "application/json" };
    const more = init.body === undefined ? {} : { headers };
    const answer = await this.#now.aggregator.routes.request(path, {
      method: "POST",
      ...init,
      ...more,
    });
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    return answer;
  }
}

const Counted = z.object({
  data: z.object({ result: z.array(z.object({ value: z.tuple([z.number(), z.string()]) })) }),
});
const Requests = z.object({
  data: z.array(
    z.object({
      id: z.string(),
      signal: z.string(),
      query: z.string(),
      status: z.string(),
      removed_items: z.number(),
    }),
  ),
});
const Deletions = z.object({ data: z.object({ blocks: z.number() }) });

async function jsonOf(answer: Response) {
  return z.json().parse(await answer.json());
}

export async function until(what: string, isDone: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + waitMaxMs;
  while (!(await isDone())) {
    if (performance.now() > deadline) throw new Error(`waited in vain for ${what}`);
    await Bun.sleep(10);
  }
}
