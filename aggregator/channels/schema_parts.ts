import { z } from "zod";
import { scalarText } from "#shared/relabel/scalar_text.ts";
import type { GlobalConfig } from "./global_config.ts";
import { HttpConfig } from "./http/http_config.ts";

/** A text with templates. An unquoted number in YAML means its text. */
export const templated = (initial = "") => scalarText.default(initial);

/** Keys that every channel has. */
export const commonShape = (sendsResolved: boolean) => ({
  /** Whether to notify about resolved alerts. */
  send_resolved: z.boolean().default(sendsResolved),
});

/** The key of channels that can send a chart. It is off for Alertmanager's receivers, whose messages stay as they are. */
export const chartShape = (isOn: boolean) => ({
  /** Whether messages have a chart, the value, what changed, and links to silence. Lapwing's own. */
  chart: z.boolean().default(isOn),
});

/** Keys that every channel over HTTP has. */
export const httpShape = (sendsResolved: boolean) => ({
  ...commonShape(sendsResolved),
  http_config: HttpConfig.optional(),
});

/** Adds `http_config` of `global` where a receiver has none. */
export function withHttp<Config extends { readonly http_config?: HttpConfig | undefined }>(
  config: Config,
  global: GlobalConfig,
): Config {
  const http_config = config.http_config ?? global.http_config;
  return http_config === undefined ? config : { ...config, http_config };
}
