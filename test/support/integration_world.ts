import type { z } from "zod";
import type { Family } from "#agent/collect/samples/family.ts";
import type { Integration, OpenedInstance } from "#agent/integrations/integration.ts";
import { systemClock } from "#shared/runtime/clock.ts";
import { silentLogger } from "#shared/runtime/log.ts";

/** What one tick of an integration gave. */
export type Collected = {
  /** By `name{label="value",...}`, labels in the family's order, empty ones left out. */
  readonly samples: ReadonlyMap<string, number>;
  readonly families: ReadonlyMap<string, Family>;
  /** Parts that could not be asked. */
  readonly degraded: readonly string[];
};

/** An instance of an integration under test, asked tick by tick without an agent around it. */
export class InstanceUnderTest {
  readonly #opened: Promise<OpenedInstance>;
  readonly #up: Family | undefined;
  readonly #timeoutMs: number;

  /** `options` as a person writes them; the integration's schema checks them. */
  constructor(
    // oxlint-disable-next-line typescript/no-explicit-any
    integration: Integration<string, z.ZodType<any>>,
    options: unknown,
    timeoutMs = 5_000,
  ) {
    this.#timeoutMs = timeoutMs;
    this.#up = integration.up;
    this.#opened = openedOf(integration, options, timeoutMs);
  }

  /** One tick. Rejects as the collector does where the service is down. */
  async tick(timestampMs = Date.now()): Promise<Collected> {
    const opened = await this.#opened;
    const samples = new Map<string, number>();
    const families = new Map<string, Family>();
    const degraded: string[] = [];
    const sink = {
      add(family: Family, value: number, ...labelValues: readonly string[]) {
        if (family.labelNames.length !== labelValues.length)
          throw new Error(
            `${family.name} has labels ${family.labelNames.join(", ")}, got ${labelValues.join(", ")}`,
          );
        const labels = family.labelNames.flatMap((name, i) =>
          (labelValues[i] ?? "") === "" ? [] : [`${name}=${JSON.stringify(labelValues[i])}`],
        );
        const key = labels.length === 0 ? family.name : `${family.name}{${labels.join(",")}}`;
        if (samples.has(key)) throw new Error(`${key} came twice in one tick`);
        samples.set(key, value);
        families.set(family.name, family);
      },
    };
    const signal = AbortSignal.timeout(this.#timeoutMs);
    await opened.collect(sink, {
      timestampMs,
      signal,
      degraded: (reason) => degraded.push(reason),
    });
    if (this.#up !== undefined) sink.add(this.#up, 1);
    return { samples, families, degraded };
  }

  async close(): Promise<void> {
    const opened = await this.#opened.catch(() => undefined);
    await opened?.close?.();
  }
}

async function openedOf(
  // oxlint-disable-next-line typescript/no-explicit-any
  integration: Integration<string, z.ZodType<any>>,
  options: unknown,
  timeoutMs: number,
) {
  const open = await integration.load?.();
  if (open === undefined) throw new Error(`${integration.name} is scraped, not asked`);
  return open(integration.config.parse(options), {
    clock: systemClock,
    log: silentLogger,
    timeoutMs,
  });
}
