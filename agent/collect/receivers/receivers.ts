import { join } from "node:path";
import { Hono } from "hono";
import { OperatingError } from "#shared/errors.ts";
import type { DropReason } from "#shared/model/account.ts";
import type { LogsBatch } from "#shared/model/logs.ts";
import type { MetricsBatch } from "#shared/model/metrics.ts";
import type { Signal } from "#shared/model/position.ts";
import { isAbsent, wordsOf } from "#shared/model/special_values.ts";
import type { Clock } from "#shared/runtime/clock.ts";
import type { Logger } from "#shared/runtime/log.ts";
import type { SelfMetrics } from "#shared/runtime/self_metrics.ts";
import type { ProcessorList } from "../../pipeline/processors/config.ts";
import type { CollectorOutput, LogsOutput } from "../collector.ts";
import type { ReceiversConfig } from "./config.ts";
import { MemoryBudget } from "./memory_budget.ts";
import { type AgentLimit, PushedSeries } from "./pushed_series.ts";
import type { OpenedReceiver, ReceiverContext } from "./receiver.ts";
import { receivers } from "./registry.ts";

type ReceiversParts = {
  readonly output: Pick<CollectorOutput, "metrics" | "logs" | "drop" | "through">;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: SelfMetrics;
  /** Folder in which each receiver may have one of its own. */
  readonly folder: string;
  /** The agent's limit on series. */
  readonly limiter: AgentLimit & { refusedSamples(samples: number): void };
  /** How late samples may be. */
  readonly outOfOrderMs: number;
};

/** The receivers that are on: their routes as one app, and how much they took. */
export class Receivers {
  readonly routes = new Hono();
  /** Those that are on. */
  readonly types: string[] = [];
  readonly #opened: OpenedReceiver[] = [];
  #stopped: Promise<void> | undefined;

  constructor(config: ReceiversConfig, parts: ReceiversParts) {
    const memory = new MemoryBudget(config.memory_max);
    const meters = createMeters(parts.metrics);
    const open = (
      type: keyof typeof receivers,
      make: (context: ReceiverContext) => OpenedReceiver,
    ): void => {
      const own = config[type];
      if (own?.enabled !== true) return;
      const processors = "processors" in own ? own.processors : undefined;
      const opened = make(contextOf(type, memory, meters, parts, processors));
      const counted = new Hono();
      // By path, because middleware for all paths would count the requests of every route behind it, too.
      for (const path of new Set(opened.routes.routes.map((route) => route.path)))
        counted.use(path, async (c, next) => {
          await next();
          if (c.res.status !== 404)
            meters.requests.inc({ receiver: type, code: String(c.res.status) });
        });
      this.routes.route("/", counted.route("/", opened.routes));
      this.#opened.push(opened);
      this.types.push(type);
    };
    const { collectd, graphite, statsd } = config;
    if (collectd !== undefined)
      open("collectd", (context) => receivers.collectd.open(collectd, context));
    open("elasticsearch", (context) => receivers.elasticsearch.open(config.elasticsearch, context));
    open("fluent", (context) => receivers.fluent.open(config.fluent, context));
    open("gelf", (context) => receivers.gelf.open(config.gelf, context));
    if (graphite !== undefined)
      open("graphite", (context) => receivers.graphite.open(graphite, context));
    open("influx", (context) => receivers.influx.open(config.influx, context));
    open("json_logs", (context) => receivers.json_logs.open(config.json_logs, context));
    open("json_metrics", (context) => receivers.json_metrics.open(config.json_metrics, context));
    open("loki", (context) => receivers.loki.open(config.loki, context));
    open("otlp", (context) => receivers.otlp.open(config.otlp, context));
    open("pushgateway", (context) => receivers.pushgateway.open(config.pushgateway, context));
    open("remote_write", (context) => receivers.remote_write.open(config.remote_write, context));
    if (statsd !== undefined) open("statsd", (context) => receivers.statsd.open(statsd, context));
    open("syslog", (context) => receivers.syslog.open(config.syslog, context));
  }

  async start(): Promise<void> {
    for (const opened of this.#opened) await opened.start?.();
  }

  /** Takes nothing more on ports of their own, and hands on what they hold; a second call waits for the first. */
  stop(): Promise<void> {
    this.#stopped ??= this.#stopAll();
    return this.#stopped;
  }

  async #stopAll(): Promise<void> {
    for (const opened of this.#opened) await opened.stop?.();
  }
}

function contextOf(
  type: string,
  memory: MemoryBudget,
  meters: ReturnType<typeof createMeters>,
  { output, clock, log, folder, limiter, outOfOrderMs }: ReceiversParts,
  processors: ProcessorList | undefined,
): ReceiverContext {
  const logs: LogsOutput =
    processors === undefined || processors.bound.length === 0
      ? output
      : (output.through?.(processors) ?? output);
  const took = (items: number, taken: number): void => {
    meters.items.inc({ receiver: type }, taken);
    if (taken < items)
      throw new OperatingError(
        "unavailable",
        `the spool took ${taken} of ${items} items: come again`,
      );
  };
  return {
    clock,
    log: log.child({ receiver: type }),
    folder: join(folder, type),
    memory,
    emitMetrics: async (batch: MetricsBatch) => took(samplesIn(batch), await output.metrics(batch)),
    emitLogs: async (batch: LogsBatch) => took(batch.bodyEnds.length, await logs.logs(batch, {})),
    drop: (signal: Signal, reason: DropReason, items: number) => {
      output.drop(signal, reason, items);
      // A receiver has a bound of its own, too; only a full agent is the agent's limit.
      if (reason === "series_limit" && !limiter.hasRoom()) limiter.refusedSamples(items);
    },
    newSeries: (limits) => new PushedSeries({ ...limits, outOfOrderMs, agent: limiter }),
    notStored: (kind, count) => meters.notStored.inc({ receiver: type, kind }, count),
    refusedConnection: (reason) => meters.connectionsRefused.inc({ receiver: type, reason }),
  };
}

function createMeters(metrics: SelfMetrics) {
  return {
    requests: metrics.counter(
      "lapwing_receiver_requests_total",
      "Pushed requests by status of the answer.",
      ["receiver", "code"],
    ),
    items: metrics.counter(
      "lapwing_receiver_items_total",
      "Pushed samples and records that the spool has taken.",
      ["receiver"],
    ),
    notStored: metrics.counter(
      "lapwing_receiver_not_stored_total",
      "Parts of pushed items that are not kept, such as fields that hold text.",
      ["receiver", "kind"],
    ),
    connectionsRefused: metrics.counter(
      "lapwing_receiver_connections_refused_total",
      "Connections of senders that were not taken, or closed: too many, wrong credentials, malformed messages, no memory.",
      ["receiver", "reason"],
    ),
  };
}

/** Receivers make no absent samples in sparse columns. */
function samplesIn({ rows, sparse, histograms, also = [] }: MetricsBatch): number {
  let count = (sparse?.values.length ?? 0) + (histograms?.columns.length ?? 0);
  for (const { values } of rows) {
    const words = wordsOf(values);
    for (let i = 0; i < values.length; i++) if (!isAbsent(words, i)) count++;
  }
  for (const part of also) count += samplesIn(part);
  return count;
}
