import { z } from "zod";
import { messageOf } from "#shared/errors.ts";
import { byteSize } from "#shared/text/byte_size.ts";
import { duration } from "#shared/text/duration.ts";
import { type Selects, compileSelector } from "../pipeline/aggregation/selector.ts";

/** Selectors of series, with the text that a person wrote. */
export type Chosen = { readonly text: readonly string[]; readonly selects: Selects };

const Match = z
  .union([z.string(), z.array(z.string()).min(1)])
  .transform((written, context): Chosen => {
    const text = typeof written === "string" ? [written] : written;
    try {
      return chosenBy(text);
    } catch (thrown) {
      context.addIssue({ code: "custom", message: messageOf(thrown), input: written });
      return z.NEVER;
    }
  });

/** Series that one of the selectors fits. Throws OperatingError("bad_request"). */
export function chosenBy(text: readonly string[]): Chosen {
  const selectors = text.map(compileSelector);
  return { text, selects: (labels) => selectors.some((selects) => selects(labels)) };
}

/** What is worth a look at its extremes on every host: few series, all of them gauges. */
const hostGauges = [
  '{__name__=~"node_load1|node_procs_(running|blocked)|node_memory_(MemAvailable|Dirty|SwapFree)_bytes"}',
  '{__name__=~"node_disk_io_now|node_filefd_allocated|node_netstat_Tcp_CurrEstab|node_sockstat_TCP_(inuse|tw)"}',
  '{__name__=~"node_nf_conntrack_entries|node_hwmon_temp_celsius|node_thermal_zone_temp"}',
];
/** Of them those whose usual band means something, and how wide it is at least: loads, connections and degrees below it are nobody's trouble. */
const hostBand = [
  '{__name__=~"node_load1|node_memory_MemAvailable_bytes|node_filefd_allocated|node_netstat_Tcp_CurrEstab"}',
  '{__name__=~"node_hwmon_temp_celsius|node_thermal_zone_temp"}',
];
const hostWidthMin = 2;
const everySeries = ['{__name__!=""}'];

const Metrics = z
  .strictObject({
    /** Series that the ring holds, so those that can be shipped finely; all of the sources where absent. */
    match: Match.optional(),
    /** Of them the gauges whose min, max, sum and count are shipped for every window: `match`, or a few of the host's where that is absent. */
    windows: Match.optional(),
  })
  .transform(({ match, windows }) => ({
    match: match ?? chosenBy(everySeries),
    windows: windows ?? match ?? chosenBy(hostGauges),
    isWritten: (windows ?? match) !== undefined,
  }));

const Band = z.strictObject({
  enabled: z.boolean().default(true),
  /** Series whose values (of counters: whose rates) are watched; those with windows, or a few of the host's, where absent. */
  match: Match.optional(),
  /** Half the width, in mean absolute deviations: 6 of them are 4.8 standard deviations of a normal distribution. */
  width: z.number().positive().default(6),
  /** Half the width at least, as a share of the mean, so that a series that hardly moves does not leave by a hair. */
  width_min: z.number().nonnegative().default(0.1),
  /** Half the width at least, in the series' own unit: of one whose mean is about 0, the share is nothing. 0, but 2 for those of the host. */
  width_min_absolute: z.number().nonnegative().optional(),
  /** Time constant of the estimate: what was usual so long ago counts a third by now. */
  memory: duration.refine((ms) => ms >= 10_000, "must be 10s or more").prefault("30m"),
  /** A series is watched once it has been known for so long. */
  warm_up: duration.prefault("10m"),
  /** So many values in a row lie outside before it is an exit, and within half the band before it has come back. */
  samples: z.int().positive().default(3),
  /** The same series does not ask again for so long. */
  cooldown: duration.prefault("15m"),
  /** Exits of all series together that are followed within an hour. */
  per_hour_max: z.int().positive().default(12),
});

/**
 * `adaptive_resolution`: sources are read every second and shipped every 15; what was not shipped lies in a ring for a while. Off
 * where the key is absent.
 */
export const AdaptiveConfig = z
  .strictObject({
    /** How often the sources are read. */
    collect: duration.refine((ms) => ms >= 100, "must be 100ms or more").prefault("1s"),
    /** How often a sample of each series is shipped. */
    ship: duration.prefault("15s"),
    /** How far back the ring reaches, and how many bytes it takes at most. In memory: a restart empties it. */
    ring: duration.refine((ms) => ms <= 7_200_000, "must be 2h or less").prefault("10m"),
    ring_size_max: byteSize
      .refine((size) => size >= 65_536, "must be 64KiB or more")
      .prefault("16MiB"),
    /** By type (host_metrics, redis ...) or by name (scrape/JOB). Those that can be read every second cheaply. */
    sources: z.array(z.string().min(1)).min(1).default(["host_metrics"]),
    metrics: Metrics.prefault({}),
    band: Band.prefault({}),
    /** What is shipped finely around an exit. */
    before: duration.prefault("5m"),
    after: duration.prefault("1m"),
    /** Orders of people and alerts within an hour. */
    requests_per_hour_max: z.int().positive().default(60),
    /** Samples that are shipped beside those of every window, within an hour. */
    samples_per_hour_max: z.int().positive().default(2_000_000),
  })
  .check(({ value, issues }) => {
    const refuse = (key: "ship" | "before" | "after", message: string) =>
      issues.push({ code: "custom", path: [key], message, input: value[key] });
    if (value.ship < 2 * value.collect) refuse("ship", "must be two times collect or more");
    for (const key of ["before", "after"] as const)
      if (value[key] > value.ring) refuse(key, "must not be longer than ring");
  })
  .transform(({ metrics: { isWritten, ...metrics }, band, ...rest }) => {
    const isHosts = band.match === undefined && !isWritten;
    const match = band.match ?? (isHosts ? chosenBy(hostBand) : metrics.windows);
    const widthMin = band.width_min_absolute ?? (isHosts ? hostWidthMin : 0);
    return { ...rest, metrics, band: { ...band, match, width_min_absolute: widthMin } };
  });

/** Times in milliseconds, sizes in bytes. */
export type AdaptiveConfig = z.output<typeof AdaptiveConfig>;
