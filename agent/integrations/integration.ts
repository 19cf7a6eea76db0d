import type { z } from "zod";
import type { Clock } from "#shared/runtime/clock.ts";
import type { Logger } from "#shared/runtime/log.ts";
import type { Family, SampleSink } from "../collect/samples/family.ts";
import type { HostView } from "./host_view.ts";

/**
 * One kind of service that an agent knows: how to find it on this host, what to ask it, which files it logs to. Its folder holds this
 * (light: loaded with every agent), `collect.ts` (loaded when an instance runs), `dashboard.yaml`, `rules.yaml`, `slo.yaml`, a README and a test
 * against the real service.
 */
export type Integration<Name extends string, Config extends z.ZodType> = {
  /** Folder name, key in `integrations` of the configuration, and value of the label `source` on our own metrics. */
  readonly name: Name;
  /** As people write it: "PostgreSQL". */
  readonly title: string;
  /** Label `job` of its series, where the entry names none. */
  readonly job: string;
  /** Options of one instance; the keys that all have (interval, job, labels ...) are not among them. */
  readonly config: Config;
  /** Looks for instances. Called about once a minute: reads what the view holds, and asks the service at most once. */
  detect(
    host: HostView,
  ): readonly Finding<z.input<Config>>[] | Promise<readonly Finding<z.input<Config>>[]>;
  /** Label `instance` of its series, and what tells two instances on a host apart. No secrets. */
  instanceOf(options: z.output<Config>): string;
  /** How names of its metrics begin, where not as that of `up` does. */
  readonly metrics?: readonly string[];
  /** The exporter's own gauge of whether the service answered, such as pg_up: 1 after a tick that succeeded, else 0. */
  readonly up?: Family;
  /** A job of `scrape_configs` (without job_name) for an instance that speaks Prometheus's formats itself, or has an exporter beside it. */
  scrape?(options: z.output<Config>): ScrapeJobInput | undefined;
  /** For all others: loads `collect.ts`. */
  load?(): Promise<OpenInstance<z.output<Config>>>;
  /**
   * Entries of `sources`, as a person would write them, for the files that it logs to. Nobody else reads these files then: what other programs write
   * to them must go on.
   */
  logs?(options: z.output<Config>): readonly LogSourceInput[];
};

/** Of a job of `scrape_configs`; the integration gives at least `static_configs`. */
export type ScrapeJobInput = Readonly<Record<string, unknown>> & {
  readonly static_configs: readonly { readonly targets: readonly string[] }[];
};

/** One entry of `sources`. */
export type LogSourceInput = Readonly<Record<string, unknown>> & {
  readonly type: "file_logs" | "journald";
  /** Those of the service's metrics are put over them. */
  readonly labels?: Readonly<Record<string, string>>;
};

/** One instance that was found. */
export type Finding<Options> = {
  /** 0 to 1: process and port and answer agree (1), the port answers in the right protocol (0.8), a process by name alone (0.4). */
  readonly confidence: number;
  /** Each a short sentence: "process redis-server (pid 812)", "listens on 127.0.0.1:6379", "answers PING". */
  readonly because: readonly string[];
  /** What the entry would say. */
  readonly options: Options;
  /** What a person has to add before it can run; an instance without needs starts by itself. */
  readonly needs: readonly Need[];
};

export type Need = {
  /** Key of the options, such as "password_file". */
  readonly key: string;
  /** Example value for the snippet. No real secret. */
  readonly example: string;
  /** Why, and what to do on the service's side: "CREATE USER lapwing ...". */
  readonly why: string;
};

export type OpenInstance<Options> = (options: Options, context: InstanceContext) => OpenedInstance;

export type InstanceContext = {
  readonly clock: Clock;
  readonly log: Logger;
  /** Longest time for a tick, in milliseconds. */
  readonly timeoutMs: number;
};

/** What is asked once an interval. */
export type OpenedInstance = {
  /**
   * Appends the samples of this tick. A throw says that the service is down: its message is what people see, so no secrets in it.
   * What merely lacks a part tells so by tick.degraded and goes on.
   */
  collect(sink: SampleSink, tick: Tick): Promise<void>;
  /** Connections that it kept. */
  close?(): Promise<void> | void;
};

export type Tick = {
  /** Unix milliseconds. */
  readonly timestampMs: number;
  /** Aborts when the tick's time is over, or the agent stops. */
  readonly signal: AbortSignal;
  /** A part of the instance could not be asked, and why: "pg_stat_statements: not installed". Shown as long as ticks say it. */
  degraded(reason: string): void;
};

/** Keeps the types of config and functions together. */
export function defineIntegration<Name extends string, Config extends z.ZodType>(
  integration: Integration<Name, Config>,
): Integration<Name, Config> {
  return integration;
}
