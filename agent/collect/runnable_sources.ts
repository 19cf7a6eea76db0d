import type { ProcessorList } from "../pipeline/processors/config.ts";
import type { RunnableSource } from "./collector.ts";
import type { BoundSource } from "./sources/binder.ts";
import { outOfOrderMsOf } from "#shared/runtime/config/out_of_order_config.ts";
import type { GlobalConfig, ScrapeConfig } from "./scrape/config.ts";
import { prometheusScrape } from "./scrape/source.ts";

/** The keys of the agent's configuration that say what is collected, and how. */
export type CollectedConfig = {
  readonly global: GlobalConfig;
  readonly scrape_configs: readonly ScrapeConfig[];
  readonly sources: readonly BoundSource[];
  readonly logs: { readonly processors: ProcessorList };
  readonly storage: Parameters<typeof outOfOrderMsOf>[0];
};

/** What the configuration asks to be run: one for each entry of `sources`, one for each scrape job. */
export function runnableSources(config: CollectedConfig): RunnableSource[] {
  const seen = new Map<string, number>();
  const named = config.sources.map((source): RunnableSource => {
    if (source.name !== undefined)
      return runnableOf(source, `${source.type}:${source.name}`, config);
    const count = (seen.get(source.type) ?? 0) + 1;
    seen.set(source.type, count);
    // The second of a type is told apart by its place among them, so that editing the first leaves its checkpoints alone.
    const name = count === 1 ? source.type : `${source.type}#${count}`;
    return runnableOf(source, name, config);
  });
  const { global } = config;
  const outOfOrderMs = outOfOrderMsOf(config.storage);
  const jobs = config.scrape_configs.map((job): RunnableSource => {
    const options = { global, scrape_configs: [job], outOfOrderMs };
    return {
      type: prometheusScrape.type,
      name: `scrape/${job.job_name}`,
      fingerprint: JSON.stringify(options),
      run: (context) => prometheusScrape.run(options, context),
    };
  });
  return [...named, ...jobs];
}

/** One entry of `sources` under its name, which stays the same over restarts: checkpoints hang on it. */
export function runnableOf(
  source: BoundSource,
  name: string,
  config: Pick<CollectedConfig, "logs">,
): RunnableSource {
  const { provenance, processors, ...rest } = source;
  const runnable: RunnableSource = { ...rest, name };
  const through = processors === undefined ? {} : { processors };
  if (provenance !== true) return { ...runnable, ...through };
  const text = JSON.stringify([name, source.fingerprint, config.logs.processors.text]);
  const version = new Bun.CryptoHasher("sha256").update(text).digest("hex").slice(0, 12);
  // What all records go through is part of the version, so a change of it begins a new one.
  return { ...runnable, ...through, fingerprint: text, provenance: version };
}
