import { type KeyEffects, baseKeyEffects } from "#shared/runtime/restart_keys.ts";

/** When changed keys of an agent take effect. */
export const agentKeyEffects = {
  ...baseKeyEffects,
  agent: {
    name: "restart",
    labels: "reload",
    series_limit: "restart",
    scrape_memory_max: "restart",
  },
  global: "reload",
  scrape_configs: "reload",
  sources: "reload",
  logs: "reload",
  stream_aggregation: "reload",
  cardinality: "reload",
  adaptive_resolution: "reload",
  integrations: "reload",
  probes: "reload",
  receivers: { memory_max: "restart" },
  local_rules: "reload",
  spool: "restart",
  nats: "restart",
  uplink: "restart",
  self_update: "restart",
  // Of an aggregator's keys an agent reads these.
  storage: { out_of_order_time_window: "restart", tsdb: "restart" },
  fleet: { configuration: "restart", allow_commands: "reload" },
} as const satisfies KeyEffects;
