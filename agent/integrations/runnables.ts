import { prometheusScrape } from "../collect/scrape/source.ts";
import type { RunnableSource } from "../collect/collector.ts";
import { type CollectedConfig, runnableOf } from "../collect/runnable_sources.ts";
import { takingPrefix } from "../collect/hand_over.ts";
import { hostName } from "#shared/runtime/config/base_config.ts";
import { outOfOrderMsOf } from "#shared/runtime/config/out_of_order_config.ts";
import type { BoundInstance } from "./config.ts";
import { runInstance } from "./instance.ts";
import { instanceLabel } from "./instance_label.ts";

/** The keys of the agent's configuration that its integrations need besides their own. */
type WatchedConfig = Pick<CollectedConfig, "global" | "logs" | "storage"> & {
  readonly agent: { readonly name?: string | undefined };
};

/** What watches these instances: one source for the metrics of each, and one for each of its log entries. An instance that comes twice is watched once. */
export function integrationSources(
  instances: readonly BoundInstance[],
  config: WatchedConfig,
): RunnableSource[] {
  const sources = new Map<string, RunnableSource>();
  const hostname = config.agent.name ?? hostName();
  for (const each of instances) {
    const name = `${takingPrefix}${each.integration.name}/${each.instance}`;
    if (sources.has(name)) continue;
    sources.set(name, metricsSource(each, name, config));
    for (const [i, log] of each.logs(hostname).entries()) {
      const logName = `${name}/logs${i === 0 ? "" : `#${i + 1}`}`;
      sources.set(logName, runnableOf(log, logName, config));
    }
  }
  return [...sources.values()];
}

function metricsSource(each: BoundInstance, name: string, config: WatchedConfig): RunnableSource {
  const type = each.integration.name;
  const { scrape } = each;
  if (scrape === undefined)
    return {
      type,
      name,
      fingerprint: each.fingerprint,
      run: (context) => runInstance(each, context),
    };
  const { global } = config;
  const options = { global, scrape_configs: scrape, outOfOrderMs: outOfOrderMsOf(config.storage) };
  return {
    type,
    name,
    fingerprint: JSON.stringify([each.fingerprint, options]),
    run: (context) => {
      const instance = instanceLabel(each.instance, context.hostname);
      const scrape_configs = scrape.map((job) => ({
        ...job,
        static_configs: job.static_configs.map((group) => ({
          ...group,
          labels: { instance, ...group.labels },
        })),
      }));
      return prometheusScrape.run({ ...options, scrape_configs }, context);
    },
  };
}
