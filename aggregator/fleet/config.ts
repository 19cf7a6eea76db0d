import { z } from "zod";
import { duration } from "#shared/text/duration.ts";

/** An agent needs some time to exchange its credentials before they run out. */
const ttlMinMs = 5_000;

/** Enrolment of agents; off unless there are keys. */
export const FleetConfig = z.strictObject({
  /** The folder that `lapwing fleet init` made. Whoever reads it can make credentials. */
  keys: z.string().min(1).optional(),
  /** How agents reach NATS, where that is another way than the aggregator's own (`nats.servers`). */
  agent_servers: z.array(z.string().min(1)).min(1).optional(),
  /** How long an agent's credentials hold. It exchanges them itself when two thirds of it are over. */
  credentials_ttl: duration.refine((ms) => ms >= ttlMinMs, "expected 5s at least").prefault("30d"),
  /** How long after that an agent that was away may still exchange them, by proving that it has the key. */
  credentials_grace: duration.prefault("90d"),
});
export type FleetConfig = z.output<typeof FleetConfig>;
