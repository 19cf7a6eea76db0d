import type { z } from "zod";
import { SourceEntry } from "#agent/collect/sources/config.ts";
import type { Integration } from "#agent/integrations/integration.ts";
import { ProcessorChain } from "#agent/pipeline/processors/chain.ts";
import { LogMetrics } from "#agent/pipeline/processors/log_metrics.ts";
import { systemClock } from "#shared/runtime/clock.ts";
import { type ProcessedRecord, recordsOf } from "./processed.ts";

/** The log sources of an integration's instance: what becomes of files, and which series are made of them. */
export class LogsUnderTest {
  readonly #metrics = new LogMetrics();
  readonly #sources: readonly ReturnType<typeof SourceEntry.parse>[];

  constructor(
    // oxlint-disable-next-line typescript/no-explicit-any
    integration: Integration<string, z.ZodType<any>>,
    options: unknown,
  ) {
    const entries = integration.logs?.(integration.config.parse(options)) ?? [];
    this.#sources = entries.map((entry) => SourceEntry.parse(entry));
  }

  /** Records of a file with this text, as the source with the label `log` reads it, or the one without. */
  read(log: string | undefined, text: string): ProcessedRecord[] {
    const clock = systemClock;
    for (const { preview, processors } of this.#sources) {
      const batches = [...(preview?.(Buffer.from(text), { clock, hostname: "test" }) ?? [])];
      if (batches[0]?.streams[0]?.log !== log) continue;
      const chain = new ProcessorChain(
        processors?.bound ?? [],
        { clock, metrics: this.#metrics },
        undefined,
      );
      return batches.flatMap((batch) => recordsOf(chain.apply(batch, () => {})));
    }
    throw new Error(`no source of files has log="${log}"`);
  }

  /** Series made so far, by `name{labels}` without `job` and `instance`, labels in the order of their names. */
  counted(): Map<string, number> {
    const made = this.#metrics.collect(Date.now());
    return new Map(
      made?.schema.series.map(
        ({ __name__: name, job: _job, instance: _instance, ...labels }, i) => [
          `${name}{${Object.entries(labels)
            .map(([label, value]) => `${label}=${JSON.stringify(value)}`)
            .toSorted()
            .join(",")}}`,
          made.rows[0]?.values[i] ?? Number.NaN,
        ],
      ),
    );
  }
}
