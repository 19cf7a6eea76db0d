import { hostname } from "node:os";
import { parseListen } from "#shared/runtime/config/base_config.ts";
import type { AggregatorConfig } from "./config.ts";

const anyHost: ReadonlySet<string> = new Set(["0.0.0.0", "::"]);

/**
 * The configuration with the address of this server in links where none is given: by its host name and port, as Prometheus does. On a free port
 * there is none.
 */
export function withExternalUrl<Config extends Pick<AggregatorConfig, "listen" | "rules">>(
  config: Config,
): Config {
  const { listen, rules } = config;
  const { hostname: host, port } = parseListen(listen);
  if (rules.external_url !== "" || port === 0) return config;
  const name = anyHost.has(host) ? hostname() : host.includes(":") ? `[${host}]` : host;
  return { ...config, rules: { ...rules, external_url: `http://${name}:${port}` } };
}
