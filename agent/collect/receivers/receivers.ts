import { join } from "node:path";
import { Hono } from "hono";
import { nextTurn } from "#shared/async/turns.ts";
import { OperatingError } from "#shared/errors.ts";
import type { DropReason } from "#shared/model/account.ts";
import type { Labels } from "#shared/model/labels.ts";
import type { LogsBatch } from "#shared/model/logs.ts";
import type { MetricsBatch } from "#shared/model/metrics.ts";
import type { Signal } from "#shared/signals.ts";
import { isAbsent, wordsOf } from "#shared/model/special_values.ts";
import type { Clock } from "#shared/runtime/clock.ts";
import type { Pushes } from "#shared/runtime/door/door.ts";
import type { Logger } from "#shared/runtime/log.ts";
import type { SelfMetrics } from "#shared/runtime/self_metrics.ts";
import { TextPool } from "#shared/text/text_pool.ts";
import type { ProcessorList } from "../../pipeline/processors/config.ts";
import type { CollectorOutput, LogsOutput } from "../../pipeline/collector_output.ts";
import type { WhenFull } from "../../spool/when_full.ts";
import type { BoundReceiver } from "./binder.ts";
import type { ReceiversConfig } from "./config.ts";
import { logParts } from "./records/log_parts.ts";
import { MemoryBudget } from "./transport/memory_budget.ts";
import { type AgentLimit, PushedSeries } from "./samples/pushed_series.ts";
import type { OpenedReceiver, ReceiverContext } from "./receiver.ts";
import { StoredInPartError } from "./stored_in_part.ts";

export type ReceiversParts = {
  readonly output: Pick<CollectorOutput, "metrics" | "logs" | "drop" | "through"> & {
    /** Makes what was written durable, and visible to queries, within some milliseconds. */
    syncPromptly(signal: Signal): void;
  };
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

/** How long the later parts of a push wait for the spool, all together: Promtail, Alloy and OpenTelemetry's exporters wait 10 s for an answer. */
const laterPartsMaxMs = 5_000;

/** A receiver that is on. */
type Running = {
  readonly type: string;
  readonly series: readonly PushedSeries[];
  readonly opened: OpenedReceiver;
  readonly routes: Hono;
  /** Once it is stopped, requests that still find it are told to come again. */
  isStopped: boolean;
};

/** The receivers that are on: their routes as one app, and how much they took. */
export class Receivers {
  readonly #parts: ReceiversParts;
  readonly #memory: MemoryBudget;
  readonly #texts = new TextPool();
  readonly #meters: ReturnType<typeof createMeters>;
  readonly #running = new Map<string, Running>();
  #config: ReceiversConfig;
  #routes: Hono;
  #stopped: Promise<void> | undefined;

  constructor(config: ReceiversConfig, parts: ReceiversParts) {
    this.#parts = parts;
    this.#config = config;
    this.#memory = new MemoryBudget(config.memory_max);
    this.#meters = createMeters(parts.metrics);
    const held = parts.metrics.gauge(
      "lapwing_receivers_memory_bytes",
      "What receivers hold of receivers.memory_max: requests and messages that are being read.",
      [],
    );
    parts.metrics.onCollect(() => held.set(this.#memory.bytes));
    for (const bound of config.bound.values()) this.#open(bound);
    this.#routes = this.#newRoutes();
  }

  /** Another app after a reload that changed something. */
  get routes(): Hono {
    return this.#routes;
  }

  /** What they answer, and the origins whose pages may send. */
  get pushes(): Pushes {
    const running = Array.from(this.#running.values());
    return {
      // Their own routes: what counts requests matches all methods of a path.
      has: (method, path) =>
        running.some(({ opened }) => opened.routes.router.match(method, path)[0].length > 0),
      origins: (path) => running.flatMap(({ opened }) => opened.origins?.(path) ?? []),
    };
  }

  /** A label set of a pushed series that is equal, where one is known; `hash` is hashOf() its labelsKey(). */
  heldLabels(labels: Labels, hash: number): Labels | undefined {
    for (const { series } of this.#running.values())
      for (const one of series) {
        const held = one.held(labels, hash);
        if (held !== undefined) return held;
      }
    return undefined;
  }

  /** Those that are on. */
  get types(): string[] {
    return [...this.#running.keys()].toSorted();
  }

  async start(): Promise<void> {
    for (const { opened } of this.#running.values()) await opened.start?.();
  }

  /**
   * Receivers whose configuration is another begin anew; the others notice nothing. Throws what a start throws, such as OperatingError
   * "unavailable" for a port that is taken: those that were there before then run again.
   */
  async reload(config: ReceiversConfig): Promise<void> {
    const before = this.#config;
    const types = new Set([...before.bound.keys(), ...config.bound.keys()]);
    const changed = [...types].filter(
      (type) => config.bound.get(type)?.fingerprint !== before.bound.get(type)?.fingerprint,
    );
    if (changed.length === 0 || this.#stopped !== undefined) return;
    try {
      await this.#replace(changed, config);
      this.#config = { ...config, memory_max: before.memory_max };
    } catch (thrown) {
      await this.#replace(changed, before);
      throw thrown;
    } finally {
      this.#routes = this.#newRoutes();
    }
  }

  /** Takes nothing more on ports of their own, and hands on what they hold; a second call waits for the first. */
  stop(): Promise<void> {
    this.#stopped ??= this.#stopAll();
    return this.#stopped;
  }

  async #stopAll(): Promise<void> {
    for (const { opened } of this.#running.values()) await opened.stop?.();
  }

  /** All stop before one starts: ports may move from one to another. */
  async #replace(changed: readonly string[], config: ReceiversConfig): Promise<void> {
    for (const type of changed) {
      const running = this.#running.get(type);
      if (running === undefined) continue;
      running.isStopped = true;
      await running.opened.stop?.();
      this.#running.delete(type);
    }
    for (const type of changed) {
      const bound = config.bound.get(type);
      if (bound !== undefined) await this.#open(bound)?.opened.start?.();
    }
  }

  #open(bound: BoundReceiver): Running | undefined {
    const { type, isEnabled, processors } = bound;
    if (!isEnabled) return undefined;
    const series: PushedSeries[] = [];
    const lent = { memory: this.#memory, meters: this.#meters, texts: this.#texts, series };
    const opened = bound.open(contextOf(type, { ...this.#parts, ...lent }, processors));
    const routes = new Hono();
    const running: Running = { type, series, opened, routes, isStopped: false };
    // By path, because middleware for all paths would count the requests of every route behind it, too.
    for (const path of new Set(opened.routes.routes.map((route) => route.path)))
      routes.use(path, async (c, next) => {
        if (running.isStopped) return c.text("come again\n", 503, { "retry-after": "1" });
        await next();
        if (c.res.status !== 404)
          this.#meters.requests.inc({ receiver: type, code: String(c.res.status) });
      });
    routes.route("/", opened.routes);
    this.#running.set(type, running);
    return running;
  }

  #newRoutes(): Hono {
    const app = new Hono();
    for (const type of this.types) {
      const running = this.#running.get(type);
      if (running !== undefined) app.route("/", running.routes);
    }
    return app;
  }
}

function contextOf(
  type: string,
  parts: ReceiversParts & {
    readonly memory: MemoryBudget;
    readonly meters: ReturnType<typeof createMeters>;
    readonly texts: TextPool;
    /** Gets those that are made. */
    readonly series: PushedSeries[];
  },
  processors: ProcessorList | undefined,
): ReceiverContext {
  const { output, clock, log, folder, limiter, outOfOrderMs, memory, meters, texts } = parts;
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
    emitMetrics: async (batch: MetricsBatch) => {
      const items = samplesIn(batch);
      const taken = await output.metrics(batch);
      output.syncPromptly("metrics");
      took(items, taken);
    },
    emitLogs: async (batch: LogsBatch, whenFull: WhenFull = "refuse") => {
      let stored = 0;
      // A client that is refused sends the stored parts again, so later parts wait for a while.
      const later =
        whenFull === "refuse" ? { refusedAtMs: clock.monotonic() + laterPartsMaxMs } : whenFull;
      for (const part of logParts(batch)) {
        if (stored > 0) await nextTurn();
        try {
          const taken = await logs.logs(part, {}, stored > 0 ? later : whenFull);
          output.syncPromptly("logs");
          took(part.bodyEnds.length, taken);
        } catch (thrown) {
          if (stored === 0 || !(thrown instanceof OperatingError)) throw thrown;
          throw new StoredInPartError(stored, thrown);
        }
        stored += part.bodyEnds.length;
      }
    },
    drop: (signal: Signal, reason: DropReason, items: number) => {
      output.drop(signal, reason, items);
      // A receiver has a bound of its own, too; only a full agent is the agent's limit.
      if (reason === "series_limit" && !limiter.hasRoom()) limiter.refusedSamples(items);
    },
    newSeries: (limits) => {
      const made = new PushedSeries({ ...limits, outOfOrderMs, agent: limiter, texts });
      parts.series.push(made);
      return made;
    },
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
