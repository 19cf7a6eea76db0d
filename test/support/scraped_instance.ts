import { IntegrationsConfig } from "#agent/integrations/config.ts";
import { ExpositionReader } from "./read_exposition.ts";

/** Where an entry of an integration that is scraped is scraped, as the agent binds it; undefined where it is asked instead. */
export function scrapeUrlOf(integration: string, entry: object): string | undefined {
  const [bound] = IntegrationsConfig.parse({ [integration]: [entry] }).named;
  const [job] = bound?.scrape ?? [];
  if (job === undefined) return undefined;
  const [target] = job.static_configs[0]?.targets ?? [];
  return `${job.scheme}://${String(target)}${job.metrics_path}`;
}

/** What a scrape of it holds, by `name{label="value",...}`, labels sorted. */
export async function scrapedSamples(url: string): Promise<Map<string, number>> {
  const answer = await fetch(url);
  const samples = new Map<string, number>();
  for (const [labels, value] of new ExpositionReader().read(await answer.text(), "prometheus")) {
    const { __name__: name = "", ...rest } = labels;
    const inner = Object.entries(rest)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, text]) => `${key}=${JSON.stringify(text)}`)
      .join(",");
    samples.set(inner === "" ? name : `${name}{${inner}}`, value);
  }
  return samples;
}
