import { join } from "node:path";
import type { Hono } from "hono";
import type { AgentPort, Uplink } from "#proto/bus/agent_port.ts";
import { createLogsEncoder } from "#proto/codec/logs.ts";
import { createMetricsEncoder } from "#proto/codec/metrics_encoder.ts";
import type { Labels } from "#shared/model/labels.ts";
import { hostName } from "#shared/runtime/config/base_config.ts";
import type { Clock } from "#shared/runtime/clock.ts";
import type { Pushes } from "#shared/runtime/door/door.ts";
import type { Logger } from "#shared/runtime/log.ts";
import { outOfOrderMsOf } from "#shared/runtime/config/out_of_order_config.ts";
import { measureSeriesLimits } from "#shared/runtime/series_limit_meters.ts";
import type { SelfLogTap } from "#shared/runtime/self_log_tap.ts";
import { closeDataFolder, closeFolder } from "#shared/runtime/process/private_folder.ts";
import type { SelfMetrics } from "#shared/runtime/self_metrics.ts";
import { AdaptiveHost } from "./adaptive/adaptive_host.ts";
import { Collector, type RunnableSource } from "./collect/collector.ts";
import { aggregationSource } from "./collect/aggregation_source.ts";
import { logMetricsSource } from "./collect/log_metrics_source.ts";
import { Receivers } from "./collect/receivers/receivers.ts";
import { type PoolConfig, shownPools } from "./collect/scrape/shown_pools.ts";
import { runnableSources } from "./collect/runnable_sources.ts";
import type { AgentConfig } from "./config/config.ts";
import type { KeyKeeper } from "./enroll/key_keeper.ts";
import { keeperOf } from "./enroll/keeper_of.ts";
import { hostFacts } from "./facts.ts";
import { type FolderLock, lockFolder } from "./folder_lock.ts";
import { heartbeatOf, limitsOf } from "./heartbeat.ts";
import { agentId } from "./identity.ts";
import type { RemoteConfiguration } from "./configuration/remote_configuration.ts";
import { Detector } from "./integrations/detection/detector.ts";
import { divideFiles } from "./integrations/log_claims.ts";
import { type InstanceReport, instanceReports } from "./integrations/report.ts";
import { integrationSources } from "./integrations/runnables.ts";
import { Pipeline } from "./pipeline/pipeline.ts";
import { SeriesLimiter } from "./pipeline/series_limiter.ts";
import { checkSources } from "./probes/checks.ts";
import { type ProbeMeters, createProbeMeters } from "./probes/meters.ts";
import { describeAgent } from "./local/describe.ts";
import { openScrapeMemory } from "./collect/scrape_memory.ts";
import { HostRing } from "./local/host_ring.ts";
import { LazyRules } from "./local_rules/lazy_rules.ts";
import { RunningFile } from "./local/running_file.ts";
import type { AgentStatus } from "./local/status.ts";
import { type AddedLane, Spool } from "./spool/spool.ts";
import { agentRoutes } from "./agent_routes.ts";
import type { Updater } from "./update/updater.ts";
import { createNatsUplink } from "./uplink/nats_uplink.ts";
import { createAgentPort } from "./uplink/port.ts";
import { Reach } from "./uplink/reach.ts";

export type AgentParts = {
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: SelfMetrics;
  /** embedded: the aggregator in the same process reads the spool through `port`. */
  readonly uplink: "embedded" | "nats";
  /** Lines of this process's own log, for the source that stores them. */
  readonly selfLogs: SelfLogTap;
  /** Where the aggregator has a say in the configuration. */
  readonly remote?: Pick<RemoteConfiguration, "state" | "watch">;
  /** Signals beside the built-in ones; what has batches of one hands them to `output`. */
  readonly signals?: readonly AddedLane[];
  /** Brings the process to other releases; absent where it stays what it is. */
  readonly updater?: Updater | undefined;
};

/** What is found at once is there when the first answer is; a service that is slow to tell comes later. */
const firstDetectionMs = 2_000;

/** The whole agent, in the order of the data's way: sources, transforms, spool, uplink. */
export class Agent {
  readonly port: AgentPort;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #metrics: SelfMetrics;
  readonly #selfLogs: SelfLogTap;
  readonly #startedMs: number;
  readonly #runningFile: RunningFile;
  readonly #lock: FolderLock;
  readonly #spool: Spool;
  readonly #pipeline: Pipeline;
  readonly #adaptive: AdaptiveHost;
  readonly #collector: Collector;
  readonly #detector: Detector;
  readonly #receivers: Receivers;
  readonly #uplink: Uplink | undefined;
  readonly #reach: Reach;
  readonly #rules: LazyRules;
  /** The host's last hour, for the page that the agent shows. */
  readonly #ring = new HostRing();
  readonly #probeMeters: ProbeMeters;
  #config: AgentConfig;
  #routes: { readonly of: Hono; readonly all: Hono } | undefined;
  #shownPools: { readonly of: AgentConfig; readonly pools: readonly PoolConfig[] } | undefined;

  /** Recovers the spool; collects nothing before start(). */
  static async open(config: AgentConfig, parts: AgentParts): Promise<Agent> {
    const { clock, log, metrics } = parts;
    const folder = join(config.data_dir, "agent");
    await closeDataFolder(config.data_dir);
    const lock = lockFolder(folder, clock.now());
    await closeFolder(folder);
    if (config.spool.path !== "") await closeFolder(config.spool.path);
    const agent = await agentId(folder);
    const spool = await Spool.open(
      { ...config.spool, path: config.spool.path || join(folder, "spool") },
      {
        clock,
        log: log.child({ room: "spool" }),
        metrics,
        tenant: config.tenant,
        agent,
        encoders: { metrics: createMetricsEncoder, logs: createLogsEncoder },
        added: parts.signals ?? [],
      },
    );
    const keeper = parts.uplink === "nats" ? await keeperOf(config, parts, spool) : undefined;
    return new Agent(config, parts, { spool, lock }, await hostFacts(), keeper);
  }

  private constructor(
    config: AgentConfig,
    { clock, log, metrics, uplink, selfLogs, remote, updater }: AgentParts,
    { spool, lock }: { readonly spool: Spool; readonly lock: FolderLock },
    facts: Readonly<Record<string, string>>,
    keeper: KeyKeeper | undefined,
  ) {
    this.#config = config;
    this.#clock = clock;
    this.#log = log;
    this.#metrics = metrics;
    this.#selfLogs = selfLogs;
    this.#startedMs = clock.now();
    this.#runningFile = new RunningFile(join(config.data_dir, "agent"));
    this.#lock = lock;
    this.#spool = spool;
    const name = config.agent.name ?? hostName();
    const limit = config.agent.series_limit;
    const limiter = new SeriesLimiter({ name, limit, clock, log });
    this.#pipeline = new Pipeline({ spool, limiter, clock, log, metrics }, labelsOf(config));
    this.#pipeline.setProcessors(config.logs.processors);
    this.#pipeline.setAggregation(config.stream_aggregation, config.cardinality);
    const output = this.#pipeline;
    this.#adaptive = this.#newAdaptive();
    const hostTick = this.#ring.add.bind(this.#ring);
    const scrapeMemory = openScrapeMemory(config.agent.scrape_memory_max, metrics);
    const own = { hostname: name, selfLogs, hostTick, scrapeMemory };
    this.#collector = new Collector({ output, clock, log, metrics, ...own });
    this.#detector = new Detector(config.integrations, {
      clock,
      log: log.child({ room: "integrations" }),
      path: join(config.data_dir, "agent", "integrations.json"),
    });
    const folder = join(config.data_dir, "agent", "receivers");
    const outOfOrderMs = outOfOrderMsOf(config.storage);
    const lent = { output, clock, log, metrics, folder, limiter, outOfOrderMs };
    this.#receivers = new Receivers(config.receivers, lent);
    this.#probeMeters = createProbeMeters(metrics);
    measureSeriesLimits(metrics, "", () =>
      limitsOf(limiter.report(), this.#pipeline.guard.reports(), this.#collector.targets()),
    );
    this.port = createAgentPort(
      spool,
      clock,
      () =>
        heartbeatOf({
          name,
          labels: this.#config.agent.labels,
          facts,
          startedMs: this.#startedMs,
          targets: this.#collector.targets(),
          sources: this.#collector.sources(),
          seriesLimit: limiter.report(),
          labelLimits: this.#pipeline.guard.reports(),
          integrations: this.#integrations(),
          pools: this.#pools(),
          credentials: keeper?.state(),
          configuration: remote?.state(),
          update: updater?.state(),
        }),
      (clockOffsetMs) => this.#reach.answered(clockOffsetMs),
      this.#adaptive.request,
    );
    const parts = { clock, log: log.child({ room: "uplink" }), metrics, keeper, updater };
    this.#uplink = uplink === "nats" ? natsUplink(config, parts, remote) : undefined;
    this.#reach = new Reach(clock, this.#uplink?.status.bind(this.#uplink));
    this.#rules = this.#createRules();
  }

  #createRules(): LazyRules {
    return new LazyRules({
      clock: this.#clock,
      log: this.#log.child({ room: "local_rules" }),
      metrics: this.#metrics,
      path: join(this.#config.data_dir, "agent", "local_rules.json"),
      offlineMs: () => this.#reach.offlineMs(),
      onFired: (labels) => this.#adaptive.fired(labels),
      tapped: this.#pipeline,
    });
  }

  #newAdaptive(): AdaptiveHost {
    return new AdaptiveHost({
      clock: this.#clock,
      log: this.#log.child({ room: "adaptive_resolution" }),
      metrics: this.#metrics,
      labels: () => labelsOf(this.#config),
      store: (batch) => this.#pipeline.metrics(batch),
    });
  }

  /** `url`: where the process listens, for commands on this host. */
  async start(url: string): Promise<void> {
    await this.#runningFile.write(url, this.#log);
    await this.#configureRules();
    await this.#adaptive.configure(this.#config);
    const detection = this.#detector.start(() => this.#apply());
    const late = new AbortController();
    await Promise.race([detection, this.#clock.sleep(firstDetectionMs, late.signal)]);
    late.abort();
    await this.#apply();
    await this.#receivers.start();
    await this.#uplink?.start(this.port);
  }

  /**
   * Restarts the sources, jobs and receivers that changed; says which other keys need a restart of the process. Throws OperatingError, and changes
   * nothing, where a receiver can't listen.
   */
  async reload(config: AgentConfig): Promise<void> {
    // First, because it is all that can fail: then everything else is as it was.
    await this.#receivers.reload(config.receivers);
    this.#config = config;
    this.#pipeline.setLabels(labelsOf(config));
    this.#pipeline.setProcessors(config.logs.processors);
    this.#pipeline.setAggregation(config.stream_aggregation, config.cardinality);
    this.#detector.configure(config.integrations);
    await this.#configureRules();
    await this.#adaptive.configure(config);
    await this.#apply();
    // Sources that are no longer read finely had windows open.
    if (config.adaptive_resolution === undefined) await this.#adaptive.finish();
    this.#log.info("configuration reloaded");
  }

  #configureRules(): Promise<void> {
    const { name, labels } = vantageOf(this.#config);
    return this.#rules.configure(this.#config.local_rules, { agent: name, ...labels });
  }

  /** What it answers over HTTP; another app after a reload that changed receivers. */
  get routes(): Hono {
    const { routes: pushed } = this.#receivers;
    if (this.#routes?.of !== pushed) {
      const meters = this.#probeMeters;
      const all = agentRoutes({
        collection: [() => this.#collector.targets(), () => this.#integrations()],
        probes: [() => this.#config.probes, { clock: this.#clock, meters }],
        local: [() => this.status(), this.#ring],
        resolution: [this.#adaptive.request],
        pushed,
      });
      this.#routes = { of: pushed, all };
    }
    return this.#routes.all;
  }

  /** An equal label set of a pushed series, where one is known; `hash` is hashOf() its labelsKey(). */
  heldLabels(labels: Labels, hash: number): Labels | undefined {
    return this.#receivers.heldLabels(labels, hash);
  }

  /** Where batches go, of any signal. */
  get output(): Pick<Pipeline, "metrics" | "logs" | "added" | "drop"> {
    return this.#pipeline;
  }

  /** What the door has to know of the receivers. */
  get pushes(): Pushes {
    return this.#receivers.pushes;
  }

  /** Starts and stops sources as the configuration and detection want them now. */
  #apply(): Promise<void> {
    return this.#collector.apply(this.#wanted());
  }

  #integrations(): InstanceReport[] {
    const { integrations } = this.#config;
    const { name } = vantageOf(this.#config);
    return instanceReports(integrations, this.#detector, this.#collector.targets(), name);
  }

  /** The jobs as they are in effect; made again only when the configuration changed. */
  #pools(): readonly PoolConfig[] {
    if (this.#shownPools?.of !== this.#config)
      this.#shownPools = { of: this.#config, pools: shownPools(this.#collected()) };
    return this.#shownPools.pools;
  }

  /** The configuration with the intervals at which jobs are really scraped. */
  #collected(): AgentConfig {
    return { ...this.#config, scrape_configs: this.#adaptive.jobs(this.#config.scrape_configs) };
  }

  #wanted(): RunnableSource[] {
    const { aggregators } = this.#pipeline;
    const named = this.#config.integrations.named;
    const instances = this.#adaptive.instances([...named, ...this.#detector.instances()]);
    const config = this.#collected();
    const collected = [...runnableSources(config), ...integrationSources(instances, config)];
    return divideFiles([
      ...this.#adaptive.sources(collected),
      ...checkSources(this.#config.probes, vantageOf(this.#config), this.#probeMeters),
      logMetricsSource(this.#pipeline.logMetrics),
      ...(aggregators.every((one) => one.isEmpty) ? [] : [aggregationSource(aggregators)]),
    ]);
  }

  /** How the agent is, for people on its own host. */
  status(): Promise<AgentStatus> {
    return describeAgent({
      name: vantageOf(this.#config).name,
      startedMs: this.#startedMs,
      nowMs: this.#clock.now(),
      spool: this.#spool,
      spoolConfig: this.#config.spool,
      metrics: this.#metrics,
      reach: this.#reach.status(),
      targets: this.#collector.targets(),
      sources: this.#collector.sources(),
      integrations: this.#integrations(),
      receivers: this.#receivers.types,
      rules: this.#rules.status(),
      recentLog: this.#selfLogs.recentTroubles,
    });
  }

  /** Whether an aggregator answers its heartbeats. */
  get isReached(): boolean {
    return this.#reach.status().reached;
  }

  notReady(): string[] {
    const uplink = this.#uplink?.status();
    const reasons = uplink === undefined || uplink.connected ? [] : [`uplink: ${uplink.detail}`];
    for (const { signal, trouble } of this.#spool.lanes)
      if (trouble.state !== "ok")
        reasons.push(`spool of ${signal}: ${trouble.state}: ${trouble.lastError}`);
    if (this.#spool.isFull) reasons.push("spool: full: sources wait for room");
    return reasons;
  }

  /** Sources write what they still hold into the spool, then nothing more comes. What a full disk refuses stays with its source. */
  async stopCollecting(): Promise<void> {
    this.#spool.stopWaiting();
    await this.#detector.stop();
    await this.#rules.stop();
    await Promise.all([this.#collector.stop(), this.#receivers.stop()]);
    await this.#adaptive.finish();
    await this.#pipeline.endAggregation();
  }

  /** What the aggregator has not committed yet stays in the spool. */
  async stop(): Promise<void> {
    await this.stopCollecting();
    await this.#uplink?.close();
    await this.#spool.close();
    await this.#runningFile.remove();
    this.#lock.release();
  }
}

function natsUplink(
  { nats, uplink: config }: AgentConfig,
  parts: Parameters<typeof createNatsUplink>[1],
  remote: AgentParts["remote"],
): Uplink {
  const besides = remote && { besides: remote.watch.bind(remote) };
  return createNatsUplink(nats, { ...parts, ...besides, config });
}

/** Labels of the agent win over those for everything. */
function labelsOf(config: AgentConfig): Record<string, string> {
  return { ...config.global.external_labels, ...config.agent.labels };
}

/** What checks know this agent by. */
function vantageOf(config: AgentConfig) {
  return { name: config.agent.name ?? hostName(), labels: labelsOf(config) };
}
