import { type KeyEffects, baseKeyEffects } from "#shared/runtime/restart_keys.ts";

/** When changed keys of an aggregator take effect. */
export const aggregatorKeyEffects = {
  ...baseKeyEffects,
  storage: "restart",
  ingest: "restart",
  query: "restart",
  rules: {
    files: "reload",
    integrations: "reload",
    alerting: "reload",
    heartbeat: "reload",
    unknown: "reload",
    evaluation_interval: "reload",
    query_offset: "reload",
    external_labels: "reload",
    external_url: "reload",
    for_outage_tolerance: "reload",
    for_grace_period: "reload",
    memory_max: "restart",
    concurrency_max: "restart",
  },
  alertmanager: {
    config_file: "reload",
    data_retention: "restart",
    external_url: "reload",
    alerts_max: "restart",
    groups_max: "restart",
    silences_max: "reload",
    silence_size_max: "reload",
    scripts: "restart",
    concurrency_max: "restart",
  },
  dashboards: "restart",
  nats: "restart",
  fleet: "restart",
  streams: "restart",
} as const satisfies KeyEffects;
