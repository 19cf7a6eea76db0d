import { OperatingError } from "#shared/errors.ts";
import { type SampleSink, gauge } from "../../collect/samples/family.ts";
import type { OpenInstance } from "../integration.ts";
import { splitAddress } from "../connections/split_address.ts";
import { CommandPort } from "./command_port.ts";
import { type ChronyConfig, usualPort } from "./config.ts";
import { type Reply, clockName, commands } from "./reply.ts";

/** Metrics as in github.com/superq/chrony_exporter. Gauges that are one number of chronyd's answer stand with its offset and form. */
type Read = (reply: Reply) => number;
const float =
  (offset: number): Read =>
  (reply) =>
    reply.float(offset);
const unsigned32 =
  (offset: number): Read =>
  (reply) =>
    reply.unsigned32(offset);
const unsigned16 =
  (offset: number): Read =>
  (reply) =>
    reply.unsigned16(offset);

const ofTracking = [
  [
    gauge("chrony_tracking_stratum", "Hops from a reference clock; 0 without a source."),
    unsigned16(24),
  ],
  [
    gauge(
      "chrony_tracking_leap_status",
      "0 normal, 1 and 2 a leap second is to come or to be left out, 3 not synchronised.",
    ),
    unsigned16(26),
  ],
  [
    gauge("chrony_tracking_reference_timestamp_seconds", "When the reference was last measured."),
    (reply: Reply) => reply.time(28),
  ],
  [
    gauge("chrony_tracking_system_time_seconds", "What the system clock is still to be slewed by."),
    float(40),
  ],
  [
    gauge("chrony_tracking_last_offset_seconds", "Offset at the last update of the clock."),
    float(44),
  ],
  [gauge("chrony_tracking_rms_offset_seconds", "Long-term average of the offset."), float(48)],
  [
    gauge(
      "chrony_tracking_frequency_ppms",
      "How wrong the clock would run by itself, parts per million.",
    ),
    float(52),
  ],
  [
    gauge(
      "chrony_tracking_residual_frequency_ppms",
      "Between the frequency that the reference suggests and the one in use, parts per million.",
    ),
    float(56),
  ],
  [
    gauge("chrony_tracking_skew_ppms", "Error bound of the frequency, parts per million."),
    float(60),
  ],
  [
    gauge("chrony_tracking_root_delay_seconds", "Network delay up to the reference clock."),
    float(64),
  ],
  [
    gauge("chrony_tracking_root_dispersion_seconds", "Dispersion up to the reference clock."),
    float(68),
  ],
  [
    gauge("chrony_tracking_update_interval_seconds", "Between the last two updates of the clock."),
    float(72),
  ],
] as const;
const trackingInfo = gauge("chrony_tracking_info", "1, with the source that is followed.", [
  "tracking_address",
  "tracking_name",
  "tracking_refid",
]);
const remoteReference = gauge(
  "chrony_tracking_remote_reference",
  "Whether a source is followed, and not this host's own clock.",
);

const source = ["source_address", "source_name"];
const ofSource = [
  [gauge("chrony_sources_stratum", "Stratum that the source tells.", source), unsigned16(22)],
  [
    gauge(
      "chrony_sources_polling_interval_seconds",
      "Between two questions to the source.",
      source,
    ),
    (reply: Reply) => 2 ** reply.signed16(20),
  ],
  [
    gauge(
      "chrony_sources_reachability_ratio",
      "Of the last 8 questions, how many were answered.",
      source,
    ),
    (reply: Reply) => bitsOf(reply.unsigned16(30) & 0xff) / 8,
  ],
  [
    gauge("chrony_sources_reachability_success", "Whether the last question was answered.", source),
    (reply: Reply) => reply.unsigned16(30) & 1,
  ],
  [
    gauge("chrony_sources_last_sample_age_seconds", "Since the last good sample.", source),
    unsigned32(32),
  ],
  [
    gauge("chrony_sources_last_sample_offset_seconds", "Offset of the last sample.", source),
    float(40),
  ],
  [
    gauge(
      "chrony_sources_last_sample_error_margin_seconds",
      "Error margin of the last sample.",
      source,
    ),
    float(44),
  ],
] as const;
const sourceState = gauge("chrony_sources_state_info", "1, with state and kind of the source.", [
  ...source,
  "source_state",
  "source_mode",
]);
/** Words of the library that the exporter uses. */
const states = ["sync", "unreach", "falseticker", "jittery", "candidate", "outlier"];
const modes = ["client", "peer", "reference clock"];
const referenceClock = 2;

const ofStatistics = [
  [
    gauge("chrony_sourcestats_samples", "Samples that are kept of the source.", source),
    unsigned32(24),
  ],
  [
    gauge(
      "chrony_sourcestats_runs",
      "Runs of residuals of one sign in the last regression.",
      source,
    ),
    unsigned32(28),
  ],
  [
    gauge("chrony_sourcestats_span_seconds", "Between the oldest and the newest sample.", source),
    unsigned32(32),
  ],
  [
    gauge("chrony_sourcestats_stddev", "Estimated standard deviation of samples, seconds.", source),
    float(36),
  ],
  [
    gauge(
      "chrony_sourcestats_frequency_ppms",
      "Residual frequency of the source, parts per million.",
      source,
    ),
    float(40),
  ],
  [
    gauge(
      "chrony_sourcestats_frequency_skew_ppms",
      "Error bound of that frequency, parts per million.",
      source,
    ),
    float(44),
  ],
  [
    gauge("chrony_sourcestats_offset", "Estimated offset of the source, seconds.", source),
    float(48),
  ],
] as const;

/** Names of a chronyd gone mad would be no end of series. */
const sourcesMax = 500;
const localReference = 0x7f7f0101;

export const openChrony: OpenInstance<ChronyConfig> = ({ address }) => {
  const at = splitAddress(address, usualPort);
  if ("path" in at)
    throw new OperatingError("bad_request", "chronyd is asked over UDP: expected host:port");
  /** Names under which sources are configured, by address. */
  let names: ReadonlyMap<string, string> = new Map();
  return {
    async collect(sink, { signal }) {
      const port = await CommandPort.open(at, signal);
      try {
        addTracking(sink, await port.ask(commands.tracking), names);
        names = await addSources(sink, port, names);
      } finally {
        port.close();
      }
    },
  };
};

function addTracking(sink: SampleSink, reply: Reply, names: ReadonlyMap<string, string>): void {
  for (const [family, read] of ofTracking) sink.add(family, read(reply));
  const referenceId = reply.unsigned32(0);
  const address = reply.address(4);
  const isLocal = referenceId === localReference || address === "127.127.1.1";
  sink.add(remoteReference, isLocal || referenceId === 0 ? 0 : 1);
  const hex = referenceId.toString(16).padStart(8, "0").toUpperCase();
  sink.add(
    trackingInfo,
    1,
    address,
    names.get(address) ?? (address || clockName(referenceId)),
    hex,
  );
}

/** A source may go away between two questions: the rest is still told. */
async function addSources(
  sink: SampleSink,
  port: CommandPort,
  known: ReadonlyMap<string, string>,
): Promise<Map<string, string>> {
  const count = Math.min((await port.ask(commands.countOfSources)).unsigned32(0), sourcesMax);
  const names = new Map<string, string>();
  for (let place = 0; place < count; place++) {
    const reply = await unlessGone(port.askAt(commands.source, place));
    if (reply === undefined) break;
    const address = reply.address(0);
    if (address === "" || names.has(address)) continue;
    const mode = reply.unsigned16(26);
    const name =
      mode === referenceClock
        ? clockName(new DataView(Uint8Array.from(reply.addressBytes(0)).buffer).getUint32(0))
        : (known.get(address) ?? (await nameOf(port, reply, address)));
    names.set(address, name);
    for (const [family, read] of ofSource) sink.add(family, read(reply), address, name);
    const state = reply.unsigned16(24);
    const words = [states[state] ?? `unknown (${state})`, modes[mode] ?? `unknown (${mode})`];
    sink.add(sourceState, 1, address, name, ...words);
    const statistics = await unlessGone(port.askAt(commands.sourceStatistics, place));
    // Places move when a source is added or removed meanwhile.
    if (statistics === undefined || (mode !== referenceClock && statistics.address(4) !== address))
      continue;
    for (const [family, read] of ofStatistics) sink.add(family, read(statistics), address, name);
  }
  return names;
}

async function unlessGone(reply: Promise<Reply>): Promise<Reply | undefined> {
  try {
    return await reply;
  } catch (thrown) {
    if (thrown instanceof OperatingError && thrown.code === "not_found") return undefined;
    throw thrown;
  }
}

/** The name that the source is configured by; chrony before 4.0 does not tell. */
async function nameOf(port: CommandPort, reply: Reply, address: string): Promise<string> {
  try {
    return (await port.ask(commands.sourceName, reply.addressBytes(0))).text(0, 256) || address;
  } catch (thrown) {
    if (thrown instanceof OperatingError && thrown.code === "bad_request") return address;
    throw thrown;
  }
}

function bitsOf(byte: number): number {
  let count = 0;
  for (let rest = byte; rest > 0; rest >>= 1) count += rest & 1;
  return count;
}
