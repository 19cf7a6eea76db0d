import type { Counter } from "prom-client";
import { type DropReason, type Drops, dropReasons } from "#shared/model/account.ts";
import type { LogsBatch } from "#shared/model/logs.ts";
import type { SelfMetrics } from "#shared/runtime/self_metrics.ts";
import {
  type BoundProcessor,
  type Outcomes,
  type Process,
  type ProcessorContext,
  withinSteps,
} from "./processor.ts";
import { Records } from "./records.ts";

export type ProcessorMeters = {
  readonly changed: Counter<"processor">;
  readonly dropped: Counter<"processor">;
  readonly failed: Counter<"processor">;
  readonly tooManySteps: Counter<"processor">;
  readonly redacted: Counter<"kind">;
};

export function createProcessorMeters(metrics: SelfMetrics): ProcessorMeters {
  const counter = (name: string, help: string) => metrics.counter(name, help, ["processor"]);
  return {
    changed: counter("lapwing_processor_changed_total", "Log records that a processor changed."),
    dropped: counter("lapwing_processor_dropped_total", "Log records that a processor dropped."),
    failed: counter(
      "lapwing_processor_failed_total",
      "Log records with which a processor could not do what it is for.",
    ),
    tooManySteps: counter(
      "lapwing_processor_step_limit_total",
      "Matches that were given up since an expression took too many steps for a log record.",
    ),
    redacted: metrics.counter(
      "lapwing_processor_redactions_total",
      "What redaction has found in log records, by kind or own pattern.",
      ["kind"],
    ),
  };
}

type Step = {
  readonly type: string;
  readonly match: BoundProcessor["match"];
} & ({ readonly process: Process } | { readonly steps: readonly Step[] });

/** Processors in the order of the configuration, with what they hold from batch to batch. */
export class ProcessorChain {
  readonly #steps: readonly Step[];
  readonly #meters: ProcessorMeters | undefined;

  constructor(
    bound: readonly BoundProcessor[],
    context: ProcessorContext,
    meters: ProcessorMeters | undefined,
  ) {
    const redacted = (kind: string) => meters?.redacted.inc({ kind });
    this.#steps = stepsOf(bound, { ...context, redacted });
    this.#meters = meters;
  }

  get isEmpty(): boolean {
    return this.#steps.length === 0;
  }

  /** The batch as the processors leave it; what they dropped is told to `drop`, once for each reason. */
  apply(batch: LogsBatch, drop: (reason: DropReason, items: number) => void): LogsBatch {
    if (this.isEmpty || batch.bodyEnds.length === 0) return batch;
    const records = new Records(batch);
    this.run(records);
    for (const [reason, items] of dropsByReason(records.drops())) drop(reason, items);
    return records.build();
  }

  /** The same on records that the caller wants to look at afterwards. */
  run(records: Records): void {
    const rows = Array.from({ length: records.length }, (_, i) => i);
    this.#run(this.#steps, records, rows);
  }

  #run(steps: readonly Step[], records: Records, all: readonly number[]): void {
    let rows = all;
    for (const step of steps) {
      const { type } = step;
      const outcomes: Outcomes = { changed: 0, failed: 0, tooManySteps: 0 };
      const { own, unsure } = matching(step, records, rows, outcomes);
      // Where `match` is not known, the record is redacted all the same.
      const redactions = unsure.length > 0 ? redactionsIn(step) : [];
      if (redactions.length > 0) this.#run(redactions, records, unsure);
      if (own.length === 0) {
        this.#count(type, outcomes);
        if (redactions.length > 0) rows = rows.filter((row) => !records.isDropped(row));
        continue;
      }
      if ("steps" in step) {
        this.#run(step.steps, records, own);
        this.#count(type, outcomes);
        rows = rows.filter((row) => !records.isDropped(row));
        continue;
      }
      records.by = type;
      step.process(records, own, outcomes);
      const before = rows.length;
      if ([own, unsure].some((some) => some.some((row) => records.isDropped(row))))
        rows = rows.filter((row) => !records.isDropped(row));
      this.#count(type, outcomes);
      if (rows.length < before)
        this.#meters?.dropped.inc({ processor: type }, before - rows.length);
    }
  }

  #count(processor: string, { changed, failed, tooManySteps }: Outcomes): void {
    if (changed > 0) this.#meters?.changed.inc({ processor }, changed);
    if (failed > 0) this.#meters?.failed.inc({ processor }, failed);
    if (tooManySteps > 0) this.#meters?.tooManySteps.inc({ processor }, tooManySteps);
  }
}

/** The rows that a step is for, and those for which its `match` takes too many steps. */
function matching(
  { match }: Step,
  records: Records,
  rows: readonly number[],
  outcomes: Outcomes,
): { readonly own: readonly number[]; readonly unsure: readonly number[] } {
  if (match === undefined) return { own: rows, unsure: [] };
  const unsure: number[] = [];
  const own = rows.filter((row) => {
    const isMatch = withinSteps(outcomes, () => match(records, row));
    if (isMatch === undefined) unsure.push(row);
    return isMatch === true;
  });
  outcomes.failed += unsure.length;
  return { own, unsure };
}

/** What a step redacts, whatever its `match` says. */
function redactionsIn(step: Step): Step[] {
  if ("steps" in step) return step.steps.flatMap((inner) => redactionsIn(inner));
  return step.type === "redact" ? [{ ...step, match: undefined }] : [];
}

function stepsOf(bound: readonly BoundProcessor[], context: ProcessorContext): Step[] {
  return bound.map((one): Step => {
    const { type, match } = one;
    if ("steps" in one) return { type, match, steps: stepsOf(one.steps, context) };
    return { type, match, process: one.create(context) };
  });
}

/** Each reason that counts. */
function dropsByReason(drops: Drops): [DropReason, number][] {
  return dropReasons.flatMap((reason): [DropReason, number][] => {
    const count = drops[reason] ?? 0;
    return count > 0 ? [[reason, count]] : [];
  });
}
