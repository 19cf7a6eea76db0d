import type { KeyEffects } from "#shared/runtime/restart_keys.ts";

/** When changed keys of an aggregator take effect. */
export const aggregatorKeyEffects = {
  listen: "restart",
  http: "reload",
  data_dir: "restart",
  tenant: "restart",
  lifecycle: "restart",
  log: "restart",
  storage: "restart",
  ingest: "restart",
  query: "restart",
  dashboards: "restart",
  nats: "restart",
  fleet: "restart",
  streams: "restart",
} as const satisfies KeyEffects;
