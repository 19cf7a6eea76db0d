import type { z } from "zod";
import { parsedOnce } from "#shared/schema.ts";
import type { Clock } from "#shared/runtime/clock.ts";
import { isTooManySteps } from "#shared/text/heavy_regex.ts";
import type { LogMetrics } from "./log_metrics.ts";
import type { Records } from "./records.ts";

/**
 * One step between a source and the spool. It changes, drops or fails records of a batch, and keeps their order. What it holds from
 * batch to batch it makes in create(): a new one for each chain, gone when the chain's configuration changes.
 */
export type ProcessorDefinition<Type extends string, Config extends z.ZodType> = {
  /** File name, value of `type` in the configuration, and of the label `processor` on our own metrics. */
  readonly type: Type;
  /** Options without `type` and `match`. */
  readonly config: Config;
  create(config: z.output<Config>, context: ProcessorContext): Process;
};

/** Works on the records named in `rows`, of which none is dropped; counts what it did. */
export type Process = (records: Records, rows: readonly number[], count: Outcomes) => void;

/** Records that were changed, and those with which it could not do what it is for (they stay as they were). */
export type Outcomes = { changed: number; failed: number; tooManySteps: number };

/** What `run` gives; undefined, and counted, where an expression takes too many steps for a record's text. */
export function withinSteps<Result>(count: Outcomes, run: () => Result): Result | undefined {
  try {
    return run();
  } catch (thrown) {
    if (!isTooManySteps(thrown)) throw thrown;
    count.tooManySteps++;
    return undefined;
  }
}

export type ProcessorContext = {
  readonly clock: Clock;
  /** Takes the series that are made of records. */
  readonly metrics: LogMetrics;
  /** Counts what a redaction has found, by its kind. */
  readonly redacted?: (kind: string) => void;
};

/** Keeps the types of config and create together. */
export function defineProcessor<Type extends string, Config extends z.ZodType>(
  definition: ProcessorDefinition<Type, Config>,
): ProcessorDefinition<Type, Config> {
  return definition;
}

/** A processor with its options checked and bound, or a group of them that share a match. */
export type BoundProcessor = {
  readonly type: string;
  /** Which records it is for; all where undefined. */
  readonly match: ((records: Records, row: number) => boolean) | undefined;
} & ({ readonly create: Create } | { readonly steps: readonly BoundProcessor[] });

type Create = (context: ProcessorContext) => Process;

export type Bind = (
  options: unknown,
) => { readonly create: Create } | { readonly issues: readonly z.core.$ZodIssue[] };

/** What the registry holds of a processor: checks options by the processor's own schema. */
export function bindable<Type extends string, Config extends z.ZodType>(
  definition: ProcessorDefinition<Type, Config>,
): Bind {
  return (options) => {
    const parsed = definition.config.safeParse(options, parsedOnce);
    if (!parsed.success) return { issues: parsed.error.issues };
    return { create: (context) => definition.create(parsed.data, context) };
  };
}
