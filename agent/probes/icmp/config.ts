import { z } from "zod";
import { SourceAddress, ipShape } from "../net/options.ts";

export const IcmpProbe = z.strictObject({
  ...ipShape,
  source_ip_address: SourceAddress.optional(),
  /** Whether routers may cut the packet to pieces; IPv4 only. */
  dont_fragment: z.boolean().default(false),
  /** Bytes behind the header; 0 is the usual 28. */
  payload_size: z.int().min(0).max(65_507).default(0),
  /** Hops until a packet is let go; 0 leaves it to the system. */
  ttl: z.int().min(0, `"ttl" cannot be negative`).max(255, `"ttl" cannot exceed 255`).default(64),
});
export type IcmpProbe = z.output<typeof IcmpProbe>;
