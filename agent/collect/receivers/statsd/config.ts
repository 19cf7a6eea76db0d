import { z } from "zod";
import { byteSize } from "#shared/text/byte_size.ts";
import { duration } from "#shared/text/duration.ts";
import { listenAddress } from "../transport/listen_address.ts";

/** Ways to write tags, in the words of statsd_exporter, which takes the first four. */
export const tagFormats = ["dogstatsd", "influxdb", "librato", "signalfx", "graphite"] as const;
export type TagFormat = (typeof tagFormats)[number];

/** As long as the kernel takes it. */
const unixPath = z.lazy(() =>
  z.string().max(100).regex(/^\//, "expected a path that begins with /"),
);
const labelName = z.string().regex(/^[a-zA-Z_][a-zA-Z0-9_]*$/, "expected a label name");

export const StatsdConfig = z.lazy(() =>
  z.strictObject({
    /** The receiver is off where it is not named at all. */
    enabled: z.boolean().default(true),
    /** Where everyone sends to; false for nowhere. */
    udp_listen: z.union([listenAddress, z.literal(false)]).default("127.0.0.1:8125"),
    /** A line each. */
    tcp_listen: listenAddress.optional(),
    /** Path of a socket for datagrams, as DogStatsD's clients have it; anyone on this host may write to it. */
    unix_listen: unixPath.optional(),
    /** Path of a socket for streams of packets, each after its length in four bytes, little endian. */
    unix_stream_listen: unixPath.optional(),
    connections_max: z.number().int().min(1).default(1_024),
    /** A longer packet or line is refused; DogStatsD's clients send 8 KiB at most. */
    packet_size_max: byteSize.prefault("64KiB"),
    /** Series are written so often, at whole multiples of it. */
    interval: duration.prefault("15s").refine((ms) => ms >= 100, "expected 100ms or more"),
    /** A series without a sample for so long ends; 0 is never. A counter begins anew after it, so that a rare event wants long ones. */
    ttl: duration.prefault("1h"),
    series_max: z.number().int().min(1).default(100_000),
    /** Whether -5|g takes five away, as in StatsD, or is minus five, as to Datadog. */
    gauge_sign: z.enum(["relative", "absolute"]).default("relative"),
    tag_formats: z.array(z.enum(tagFormats)).default([...tagFormats]),
    /** The label that DogStatsD's container id becomes; it is left out without one. */
    container_id_label: labelName.optional(),
    /** statsd_exporter's file: rules that make names and labels of dotted names. */
    mapping_config: z.string().min(1).optional(),
    /** What timers, histograms and distributions become. A native histogram is one series, has quantiles of any share and span afterwards, and bounds that nobody must choose. */
    observer_type: z.enum(["native", "classic", "summary"]).default("native"),
    native_histogram: z
      .strictObject({
        /** Of neighbouring bounds, at most: 1.1 is schema 3, in which quantiles are off by 4.4 % at most. */
        bucket_factor: z.number().min(1.002).default(1.1),
        /** A histogram that would span more halves its resolution. */
        buckets_max: z.number().int().min(8).max(1_024).default(256),
      })
      .prefault({}),
    classic_histogram: z
      .strictObject({
        /** Upper bounds; those of Prometheus's client libraries. */
        buckets: z
          .array(z.number())
          .min(1)
          .max(256)
          .default([0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]),
      })
      .prefault({}),
    summary: z
      .strictObject({
        quantiles: z.array(z.number().min(0).max(1)).max(64).default([0.5, 0.9, 0.99]),
        max_age: duration.prefault("10m"),
        age_buckets: z.number().int().min(1).max(60).default(5),
      })
      .prefault({}),
    /** Of all series and streams. */
    labels: z.record(labelName, z.string()).default({}),
    /** Of an event's text or a check's message; a longer one is cut there. */
    line_size_max: byteSize.prefault("256KiB"),
  }),
);
export type StatsdConfig = z.output<typeof StatsdConfig>;
