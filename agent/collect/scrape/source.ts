import { z } from "zod";
import { reachedFields } from "#shared/cardinality/series_limit.ts";
import { outOfOrderDefaultMs } from "#shared/runtime/config/out_of_order_config.ts";
import { defineSource } from "../source.ts";
import { GlobalConfig, ScrapeConfigs } from "./config.ts";
import { jobFaults } from "./job.ts";
import { labelText } from "#shared/relabel/scalar_text.ts";
import { ScrapeMemory } from "../scrape_memory.ts";
import { ScrapeManager } from "./scrape_manager.ts";

/** Targets' states change with every scrape; they are reported together, at most this often. */
const reportIntervalMs = 1_000;
/** For a source that runs by itself; an agent's sources share what agent.scrape_memory_max says. */
const scrapeMemoryDefaultBytes = 256 * 1024 ** 2;

const Config = z.lazy(() =>
  z
    .strictObject({
      global: GlobalConfig.prefault({}),
      scrape_configs: ScrapeConfigs.default([]),
      /** Added to every series that lacks them, and winning over the global section's. */
      external_labels: z.record(z.string(), labelText).optional(),
      /** How late samples with timestamps of their own may be. */
      outOfOrderMs: z.number().default(outOfOrderDefaultMs),
    })
    .superRefine((config, context) => {
      for (const { path, message } of jobFaults(config.global, config.scrape_configs)) {
        context.addIssue({ code: "custom", path: ["scrape_configs", ...path], message });
      }
    }),
);

/** Prometheus targets, found and scraped as Prometheus does by the same configuration. */
export const prometheusScrape = defineSource({
  type: "prometheus_scrape",
  config: Config,
  async run(config, context) {
    const { clock, log, signal } = context;
    let hasNews = true;
    let failure: { readonly thrown: unknown } | undefined;
    const failed = new AbortController();
    const ended = AbortSignal.any([signal, failed.signal]);
    const manager = new ScrapeManager({
      log,
      output: {
        clock,
        seed: context.hostname,
        memory: context.scrapeMemory ?? new ScrapeMemory(scrapeMemoryDefaultBytes),
        emit: (batch) => context.emitMetrics(batch),
        drop: (reason, samples) => context.drop("metrics", reason, samples),
        seriesLimit: (report) => log.warn("series limit reached", reachedFields(report)),
        changed: () => {
          hasNews = true;
        },
        failed: (thrown) => {
          failure ??= { thrown };
          failed.abort();
        },
      },
    });
    try {
      const { global, scrape_configs, external_labels: externalLabels, outOfOrderMs } = config;
      await manager.apply({
        global,
        scrape_configs,
        outOfOrderMs,
        ...(externalLabels === undefined ? {} : { external_labels: externalLabels }),
      });
      while (!ended.aborted) {
        if (hasNews) {
          hasNews = false;
          context.reportTargets?.(manager.targets());
        }
        await clock.sleep(reportIntervalMs, ended);
      }
    } finally {
      await manager.close();
    }
    // The host reports it and starts all over.
    if (failure !== undefined) throw failure.thrown;
  },
});
