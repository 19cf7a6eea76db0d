import { z } from "zod";
import { byteSize } from "#shared/text/byte_size.ts";
import { duration } from "#shared/text/duration.ts";
import { listenAddress } from "../transport/listen_address.ts";

const labelName = z.string().regex(/^[a-zA-Z_][a-zA-Z0-9_]*$/, "expected a label name");

export const GraphiteConfig = z.lazy(() =>
  z.strictObject({
    /** The receiver is off where it is not named at all. */
    enabled: z.boolean().default(true),
    /** Carbon's port; false for nowhere. */
    tcp_listen: z.union([listenAddress, z.literal(false)]).default("127.0.0.1:2003"),
    udp_listen: z.union([listenAddress, z.literal(false)]).default("127.0.0.1:2003"),
    connections_max: z.number().int().min(1).default(1_024),
    /** A longer line or packet is refused. */
    packet_size_max: byteSize.prefault("64KiB"),
    /** graphite_exporter's file: rules that make names and labels of dotted names. */
    mapping_config: z.string().min(1).optional(),
    /** Whether what no rule fits is dropped. */
    strict_match: z.boolean().default(false),
    /** Of all series. */
    labels: z.record(labelName, z.string()).default({}),
    /** Series remembered; new ones over it are refused until others were idle. */
    series_max: z.number().int().min(1).default(500_000),
    /** After so long without a sample a series gives up its place where room is wanted. */
    series_idle: duration.prefault("1h"),
  }),
);
export type GraphiteConfig = z.output<typeof GraphiteConfig>;
