import { Alertmanager, type AlertmanagerParts, type Settings } from "./alertmanager.ts";
import { knownChannels } from "./known_channels.ts";

type Config = Settings & { readonly tenant: string };
type Parts = Pick<AlertmanagerParts, "clock" | "log" | "metrics" | "catalog">;

/** The Alertmanager of a configuration, with all channels. It uses no query engine: it works on while queries are overloaded. */
export function openAlertmanager(config: Config, parts: Parts): Promise<Alertmanager> {
  const { clock, log } = parts;
  return Alertmanager.open(config, {
    ...parts,
    log: log.child({ room: "notify" }),
    tenant: config.tenant,
    channels: knownChannels,
    channelParts: () =>
      Promise.resolve({
        textsOf: () => ({ text: (template) => template, html: (template) => template }),
        fetch,
        now: () => clock.now(),
      }),
  });
}
