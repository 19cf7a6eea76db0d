import { OperatingError } from "#shared/errors.ts";
import { type Family, type SampleSink, gauge } from "../../collect/samples/family.ts";
import type { OpenInstance, Tick } from "../integration.ts";
import { splitAddress } from "../connections/split_address.ts";
import { type NtpConfig, usualPort } from "./config.ts";
import { RefusedQuestionError, readVariables, unknownVariable } from "./control_message.ts";
import { ControlPort } from "./control_port.ts";

/** Variables in milliseconds, as ntpd tells them, and the rest as they are; names as in RFC 9327. */
type Variable = readonly [name: string, family: Family, scale: number];

const stratum = gauge("node_ntp_stratum", "Hops from a reference clock; 16 is none.");
const leap = gauge(
  "node_ntp_leap",
  "0 normal, 1 and 2 a leap second is to come or to be left out, 3 not synchronised.",
);
const referenceTime = gauge(
  "node_ntp_reference_timestamp_seconds",
  "When the clock was last set or corrected, Unix seconds.",
);
const sanity = gauge(
  "node_ntp_sanity",
  "Whether the clock is synchronised, and can't be wrong by more than NTP allows (3.47 s).",
);
const ofSystem: readonly Variable[] = [
  ["stratum", stratum, 1],
  ["leap", leap, 1],
  [
    "rootdelay",
    gauge("node_ntp_root_delay_seconds", "Network delay up to the reference clock."),
    1e-3,
  ],
  [
    "rootdisp",
    gauge("node_ntp_root_dispersion_seconds", "Dispersion up to the reference clock."),
    1e-3,
  ],
  ["offset", gauge("node_ntp_offset_seconds", "Offset of the clock from its sources."), 1e-3],
  ["sys_jitter", gauge("ntpd_system_jitter_seconds", "Jitter of the sources together."), 1e-3],
  ["clk_jitter", gauge("ntpd_clock_jitter_seconds", "Jitter of the clock."), 1e-3],
  [
    "frequency",
    gauge("ntpd_frequency_ppms", "How wrong the clock would run by itself, parts per million."),
    1,
  ],
  ["clk_wander", gauge("ntpd_clock_wander_ppms", "How much that changes, parts per million."), 1],
];
const info = gauge("ntpd_info", "1, with version and the reference that is followed.", [
  "version",
  "refid",
]);
const peerCount = gauge("ntpd_peers", "Sources of time that ntpd has.");

const peer = ["peer_address", "peer_name"];
const ofPeer: readonly Variable[] = [
  ["stratum", gauge("ntpd_peer_stratum", "Stratum that the source tells.", peer), 1],
  ["delay", gauge("ntpd_peer_delay_seconds", "Round trip to the source.", peer), 1e-3],
  ["offset", gauge("ntpd_peer_offset_seconds", "Offset of the clock from the source.", peer), 1e-3],
  ["jitter", gauge("ntpd_peer_jitter_seconds", "Jitter of the source.", peer), 1e-3],
  ["dispersion", gauge("ntpd_peer_dispersion_seconds", "Dispersion of the source.", peer), 1e-3],
];
const pollInterval = gauge(
  "ntpd_peer_polling_interval_seconds",
  "Between two questions to the source.",
  peer,
);
const reachability = gauge(
  "ntpd_peer_reachability_ratio",
  "Of the last 8 questions, how many were answered.",
  peer,
);
const peerState = gauge("ntpd_peer_state_info", "1, with what is made of the source.", [
  ...peer,
  "peer_state",
]);
/** The select field of a peer's status word (RFC 9327, section 3.2), in ntpq's words. */
const states = [
  "reject",
  "falsetick",
  "excess",
  "outlier",
  "candidate",
  "backup",
  "sys.peer",
  "pps.peer",
];

/** An ntpd with a pool has some ten. */
const peersMax = 200;
/** Between the eras of NTP and of Unix: 1900 and 1970. */
const epochSeconds = 2_208_988_800;
/** MAXDIST and a half, as node_exporter judges by. */
const distanceSecondsMax = 3.466_08;

export const openNtp: OpenInstance<NtpConfig> = ({ address }) => {
  const at = splitAddress(address, usualPort);
  if ("path" in at)
    throw new OperatingError("bad_request", "ntpd is asked over UDP: expected host:port");
  // The NTP project's before 4.2.8 does not know it.
  let tellsNames = true;
  return {
    async collect(sink, tick) {
      const port = await ControlPort.open(at, tick.signal);
      try {
        addSystem(sink, readVariables(await port.ask("readVariables")));
        const peers = peersOf(await port.ask("readStatus"));
        sink.add(peerCount, peers.length);
        if (peers.length > peersMax)
          tick.degraded(`${peers.length - peersMax} of ${peers.length} sources are left out`);
        tellsNames = await addPeers(sink, tick, port, peers.slice(0, peersMax), tellsNames);
      } finally {
        port.close();
      }
    },
  };
};

function addSystem(sink: SampleSink, told: ReadonlyMap<string, string>): void {
  if (!told.has("stratum"))
    throw new OperatingError("corrupt", "the answer tells no stratum: expected ntpd's variables");
  addNumbers(sink, ofSystem, told);
  const number = (name: string) => Number(told.get(name) ?? Number.NaN);
  const time = ntpSeconds(told.get("reftime") ?? "");
  if (time !== undefined) sink.add(referenceTime, time);
  const distance = (number("rootdelay") / 2 + number("rootdisp")) / 1_000;
  const hops = number("stratum");
  const isSane = number("leap") < 3 && hops >= 1 && hops < 16 && distance <= distanceSecondsMax;
  sink.add(sanity, isSane ? 1 : 0);
  sink.add(info, 1, told.get("version") ?? "", told.get("refid") ?? "");
}

function addNumbers(
  sink: SampleSink,
  variables: readonly Variable[],
  told: ReadonlyMap<string, string>,
  ...labels: readonly string[]
): void {
  for (const [name, family, scale] of variables) {
    const text = told.get(name) ?? "";
    const value = Number(text);
    if (text !== "" && Number.isFinite(value)) sink.add(family, value * scale, ...labels);
  }
}

type Peer = { readonly association: number; readonly status: number };

/** Pairs of 16 bits: association and its status word. */
function peersOf(data: Buffer): Peer[] {
  return Array.from({ length: Math.floor(data.length / 4) }, (_, i) => ({
    association: data.readUInt16BE(i * 4),
    status: data.readUInt16BE(i * 4 + 2),
  }));
}

const peerVariables = "srcadr,stratum,hpoll,reach,delay,offset,jitter,dispersion";

/** A peer may go between two questions. Gives whether ntpd tells names. */
async function addPeers(
  sink: SampleSink,
  tick: Tick,
  port: ControlPort,
  peers: readonly Peer[],
  tellsNames: boolean,
): Promise<boolean> {
  let asksNames = tellsNames;
  const seen = new Set<string>();
  for (const { association, status } of peers) {
    const ask = () =>
      port.ask("readVariables", association, `${asksNames ? "srchost," : ""}${peerVariables}`);
    try {
      const told = readVariables(
        await ask().catch((thrown: unknown) => {
          const isUnknown =
            thrown instanceof RefusedQuestionError && thrown.reason === unknownVariable;
          if (!isUnknown || !asksNames) throw thrown;
          asksNames = false;
          return ask();
        }),
      );
      const address = told.get("srcadr") ?? "";
      // Pools stand among the peers, without an address of their own.
      if (address === "" || address === "0.0.0.0" || address === "::" || seen.has(address))
        continue;
      seen.add(address);
      addPeer(sink, told, status, [address, told.get("srchost") || address]);
    } catch (thrown) {
      if (!(thrown instanceof RefusedQuestionError)) throw thrown;
      tick.degraded(`source ${association}: ${thrown.message}`);
    }
  }
  return asksNames;
}

function addPeer(
  sink: SampleSink,
  told: ReadonlyMap<string, string>,
  status: number,
  labels: readonly string[],
): void {
  addNumbers(sink, ofPeer, told, ...labels);
  const poll = Number(told.get("hpoll") ?? Number.NaN);
  if (!Number.isNaN(poll)) sink.add(pollInterval, 2 ** poll, ...labels);
  // Hexadecimal, with 0x before it.
  const reach = Number(told.get("reach") ?? Number.NaN);
  if (!Number.isNaN(reach)) sink.add(reachability, bitsOf(reach & 0xff) / 8, ...labels);
  sink.add(peerState, 1, ...labels, states[(status >> 8) & 7] ?? "");
}

/** "0xeeacc632.969543d9" as Unix seconds; undefined for what is none, and for 0, never. */
function ntpSeconds(text: string): number | undefined {
  const [, seconds = "", fraction = ""] = /^0x([0-9a-f]{8})\.([0-9a-f]{8})$/i.exec(text) ?? [];
  const whole = Number.parseInt(seconds, 16);
  if (Number.isNaN(whole) || whole === 0) return undefined;
  // The era of 2036 begins at 0 again.
  const era = whole < 0x8000_0000 ? 2 ** 32 : 0;
  return whole + era - epochSeconds + Number.parseInt(fraction, 16) / 2 ** 32;
}

function bitsOf(byte: number): number {
  let count = 0;
  for (let rest = byte; rest > 0; rest >>= 1) count += rest & 1;
  return count;
}
