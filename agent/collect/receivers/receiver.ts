import { Hono } from "hono";
import type { z } from "zod";
import type { MemoryBudget } from "./transport/memory_budget.ts";
import type { PushedSeries, PushedSeriesLimits } from "./samples/pushed_series.ts";
import type { ReceiverOutput } from "./receiver_output.ts";

export type ReceiverSchema = z.ZodType<{ readonly enabled: boolean }>;

/**
 * One protocol by which telemetry is pushed to this agent. A receiver answers that it took something only after emitMetrics or
 * emitLogs resolved: from then on the spool's file has it.
 */
export type Receiver<Type extends string, Config extends ReceiverSchema> = {
  /** Name of its folder, key in `receivers` of the configuration, and value of the label `receiver` on our own metrics. */
  readonly type: Type;
  /** Options; `parse({})` gives a working configuration. */
  readonly config: Config;
  /** Whether it makes log records, so that its section may have `processors`. */
  readonly emitsLogs: boolean;
  /** Set where it listens as soon as it is on, at a port that may be another program's. */
  readonly isOffUntilNamed?: true;
  /** Receives nothing before the routes are mounted; listens on ports of its own only from start(). */
  open(config: z.output<Config>, context: ReceiverContext): OpenedReceiver;
};

export type OpenedReceiver = {
  readonly routes: Hono;
  /** Origins whose pages may send to a path; none where absent. */
  origins?(path: string): readonly string[];
  /** Throws OperatingError("unavailable") when a port is taken. */
  start?(): Promise<void>;
  stop?(): Promise<void>;
};

/** What a receiver is lent. */
export type ReceiverContext = ReceiverOutput & {
  /** For state that outlives the process; made by the receiver when it has some. */
  readonly folder: string;
  /** An empty list of series, bound by the agent's limit and window beside those given. */
  newSeries(limits: Pick<PushedSeriesLimits, "seriesMax" | "idleMs">): PushedSeries;
  /** Memory of request bodies, shared by all receivers. */
  readonly memory: MemoryBudget;
};

/** Keeps the types of config and open together. */
export function defineReceiver<Type extends string, Config extends ReceiverSchema>(
  receiver: Receiver<Type, Config>,
): Receiver<Type, Config> {
  return receiver;
}

/** Opens a receiver that has ports of its own and no routes: it is loaded when it begins to listen, so that it takes no memory of those who have it off. */
export function listensIf(
  isOn: boolean,
  load: () => Promise<Omit<OpenedReceiver, "routes">>,
): OpenedReceiver {
  const routes = new Hono();
  if (!isOn) return { routes };
  let opened: Omit<OpenedReceiver, "routes"> | undefined;
  return {
    routes,
    async start() {
      opened = await load();
      await opened.start?.();
    },
    async stop() {
      await opened?.stop?.();
    },
  };
}
