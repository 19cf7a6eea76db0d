import type { z } from "zod";
import type { Clock } from "#shared/runtime/clock.ts";
import type { AddressGuard } from "./net/address_guard.ts";
import type { Deadline } from "./net/deadline.ts";
import type { Gauges } from "./gauges.ts";
import type { ProbeNotes } from "./probe_notes.ts";

/** One kind of probe. Its schema is light and loaded with every agent; what does the probing is loaded by the first probe. */
export type Prober<Config extends z.ZodType> = {
  /** The block of a module that is named like the prober. */
  readonly config: Config;
  load(): Promise<Probe<z.output<Config>>>;
};

/**
 * Probes once. Says whether the target is well; what it found out goes to context.gauges, and why not to context.notes. A throw is a failed
 * probe whose reason is its message.
 */
export type Probe<Options> = (options: Options, context: ProbeContext) => Promise<boolean>;

export type ProbeContext = {
  readonly target: string;
  readonly gauges: Gauges;
  readonly notes: ProbeNotes;
  /** Asked of every address before it is connected to. */
  readonly guard: AddressGuard;
  readonly deadline: Deadline;
  readonly clock: Clock;
  /** Parameter `hostname` of the request: the name to ask for, whatever is connected to. */
  readonly hostname?: string;
};

/** Keeps the types of config and probe together. */
export function defineProber<Config extends z.ZodType>(prober: Prober<Config>): Prober<Config> {
  return prober;
}
