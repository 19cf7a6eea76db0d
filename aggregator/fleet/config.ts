import { z } from "zod";
import { agentFleetShape } from "#proto/fleet/agent_fleet_config.ts";
import { parsePublicKey } from "#proto/update/minisign.ts";
import { byteSize } from "#shared/text/byte_size.ts";
import { duration } from "#shared/text/duration.ts";

/** An agent needs some time to exchange its credentials before they run out. */
const ttlMinMs = 5_000;
/** A piece of a program is 256 KiB, and an agent waits a minute for one. */
const rateMin = 65_536;

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
  /** An agent that was not heard of for so long is gone: `lapwing_agent_up` is 0. Agents tell of themselves every 5 s. */
  silent_after: duration.refine((ms) => ms >= 10_000, "expected 10s or more").prefault("30s"),
  /** ... and for so long, forgotten: its series end, and it is on no list. What it sent stays. */
  forget_after: duration.refine((ms) => ms >= 60_000, "expected a minute or more").prefault("30d"),
  /** How often the series of agents get a sample. */
  interval: duration.refine((ms) => ms >= 1_000, "expected a second or more").prefault("15s"),
  /** Whether what agents collect may be changed over HTTP: whoever reaches the port may then, because there is no login yet. */
  http_changes: z.boolean().default(false),
  /** One file serves all roles: these are an agent's. */
  ...agentFleetShape(),
  /** Whose signatures of releases count here (minisign's "RW..."); agents get them when they enrol. */
  release_keys: z
    .array(z.string().refine(isPublicKey, 'expected a public key of minisign ("RW...")'))
    .max(10)
    .default([]),
  /** Bytes a second that all agents together may download of a release. */
  release_rate_max: byteSize
    .refine((bytes) => bytes >= rateMin, "expected 64KiB or more")
    .prefault("20MiB"),
});
export type FleetConfig = z.output<typeof FleetConfig>;

function isPublicKey(text: string): boolean {
  try {
    parsePublicKey(text);
    return true;
  } catch {
    return false;
  }
}
