import type { KeyEffects } from "#shared/runtime/restart_keys.ts";

/** What becomes of an aggregator's keys on a reload. */
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
