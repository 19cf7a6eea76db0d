import type { Labels } from "#shared/model/labels.ts";
import type { Clock } from "#shared/runtime/clock.ts";
import type { Logger } from "#shared/runtime/log.ts";
import type { z } from "zod";

/** Targets that were found together. Each target has `__address__` and whatever labels are its own. */
export type TargetGroup = {
  readonly targets: readonly Labels[];
  /** Labels of all its targets; a target's own win. */
  readonly labels: Labels;
};

export type DiscoveryContext = {
  readonly clock: Clock;
  readonly log: Logger;
  readonly signal: AbortSignal;
  /** The groups that are there now, instead of all that this discovery told before. */
  readonly update: (groups: readonly TargetGroup[]) => void;
  /** Name servers as "address:port"; those of the host where there are none. */
  readonly nameServers?: readonly string[];
};

/** One way to find targets. What fails is logged, and the targets that were found last stay. */
export type Discovery<Type extends string, Config extends z.ZodType> = {
  /** File name, and the part of the configuration's key before `_configs` or `_sd_configs`. */
  readonly type: Type;
  readonly config: Config;
  /** Runs until context.signal aborts. */
  run(config: z.output<Config>, context: DiscoveryContext): Promise<void>;
};

/** Keeps the types of config and run together. */
export function defineDiscovery<Type extends string, Config extends z.ZodType>(
  discovery: Discovery<Type, Config>,
): Discovery<Type, Config> {
  return discovery;
}

/** Resolves when the signal aborts. */
export function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
