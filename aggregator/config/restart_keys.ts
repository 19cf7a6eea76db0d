import { type KeyEffects, baseKeyEffects } from "#shared/runtime/restart_keys.ts";

/** When changed keys of an aggregator take effect. */
export const aggregatorKeyEffects = {
  ...baseKeyEffects,
  storage: "restart",
  ingest: "restart",
  query: "restart",
  dashboards: "restart",
  nats: "restart",
  fleet: "restart",
  streams: "restart",
} as const satisfies KeyEffects;
