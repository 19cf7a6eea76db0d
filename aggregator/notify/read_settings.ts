import { readFile } from "node:fs/promises";
import { OperatingError, messageOf } from "#shared/errors.ts";
import type { ChannelParts } from "#aggregator/channels/channel.ts";
import type { AlertmanagerKeys } from "./config.ts";
import type { AlertmanagerConfig } from "./config/alertmanager_config.ts";
import type { KnownChannel } from "./config/integration.ts";
import { emptyConfig, readAlertmanagerConfig } from "./config/read_config.ts";

export type Settings = {
  readonly alertmanager: AlertmanagerKeys;
  readonly rules: { readonly external_url: string };
};

export type ReadParts = {
  readonly channels: readonly KnownChannel[];
  /** What channels use, with the templates that the configuration names, relative to its file. */
  readonly channelParts: (
    templates: readonly string[],
    configFile: string,
  ) => Promise<ChannelParts>;
};

export type ReadSettings = {
  readonly config: AlertmanagerConfig;
  readonly channelParts: ChannelParts;
};

/** The configuration file that the settings name. Throws OperatingError("bad_request") with all mistakes. */
export async function readSettings(
  { alertmanager: { config_file: file, dependencies } }: Settings,
  { channels, channelParts }: ReadParts,
): Promise<ReadSettings> {
  if (file === undefined) {
    const { config, ...rest } = await noSettings({ channelParts });
    return { ...rest, config: { ...config, dependencies } };
  }
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (cause) {
    throw new OperatingError("bad_request", `${file}: ${messageOf(cause)}`, { cause });
  }
  const config = { ...(await readAlertmanagerConfig(text, file, channels)), dependencies };
  return { config, channelParts: await channelParts(config.templates, file) };
}

/** No receivers. */
export async function noSettings({
  channelParts,
}: Pick<ReadParts, "channelParts">): Promise<ReadSettings> {
  return { config: emptyConfig(), channelParts: await channelParts([], "") };
}
