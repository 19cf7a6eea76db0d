import { z } from "zod";
import { aggregatorShape } from "../config/config.ts";

/** One file serves all roles: an aggregator leaves alone what only an agent reads. */
export const AggregatorFile = z.strictObject({
  ...aggregatorShape,
  agent: z.unknown().optional(),
  global: z.unknown().optional(),
  scrape_configs: z.unknown().optional(),
  sources: z.unknown().optional(),
  logs: z.unknown().optional(),
  adaptive_resolution: z.unknown().optional(),
  integrations: z.unknown().optional(),
  receivers: z.unknown().optional(),
  local_rules: z.unknown().optional(),
  probes: z.unknown().optional(),
  stream_aggregation: z.unknown().optional(),
  cardinality: z.unknown().optional(),
  spool: z.unknown().optional(),
});
