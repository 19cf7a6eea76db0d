import { z } from "zod";

/** Enrolment of agents; off unless there are keys. */
export const FleetConfig = z.strictObject({
  /** The folder that `lapwing fleet init` made. Whoever reads it can make credentials. */
  keys: z.string().min(1).optional(),
  /** How agents reach NATS, where that is another way than the aggregator's own (`nats.servers`). */
  agent_servers: z.array(z.string().min(1)).min(1).optional(),
});
export type FleetConfig = z.output<typeof FleetConfig>;
