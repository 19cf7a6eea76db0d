import { gauge } from "../../collect/samples/family.ts";
import { messageOf } from "#shared/errors.ts";
import { chooseAddress } from "../net/resolve.ts";
import type { Probe, ProbeContext } from "../prober.ts";
import type { IcmpProbe } from "./config.ts";
import { EchoSocket, type Packet } from "./echo_socket.ts";
import { type Echo, decodeEcho, echoTypes, encodeEcho } from "./message.ts";

const duration = gauge("probe_icmp_duration_seconds", "Duration of icmp request by phase", [
  "phase",
]);
const replyHopLimit = gauge(
  "probe_icmp_reply_hop_limit",
  "Replied packet hop limit (TTL for ipv4)",
);
const usualPayload = "Lapwing probe ".repeat(2);
/** Milliseconds between looks at the socket: first many, as answers from near by come at once. */
const pausesMs = [0, 0, 0, 1, 1, 1, 2, 2, 4, 4, 8, 8];
const pauseMaxMs = 16;

let sequence = Math.floor(Math.random() * 65_536);

/** An echo request and its reply (prober/icmp.go). */
export const probeIcmp: Probe<IcmpProbe> = async (options, context) => {
  const { gauges, notes, target, deadline } = context;
  for (const phase of ["resolve", "setup", "rtt"]) gauges.register(duration, phase);
  const { address, seconds } = await chooseAddress(target, options, context);
  gauges.plus(duration, seconds, "resolve");
  const startMs = performance.now();
  const socket = new EchoSocket({
    address,
    source: options.source_ip_address,
    hopsMax: options.ttl,
    isWhole: options.dont_fragment,
  });
  try {
    const types = address.includes(":") ? echoTypes.ip6 : echoTypes.ip4;
    sequence = (sequence + 1) & 0xffff;
    const request: Echo = {
      type: types.request,
      id: Math.floor(Math.random() * 65_536),
      sequence,
      payload: payloadOf(options.payload_size),
    };
    const message = encodeEcho(request);
    gauges.plus(duration, (performance.now() - startMs) / 1_000, "setup");
    notes.debug("Writing out packet", { seq: request.sequence, unprivileged: socket.isPing });
    const sentNs = socket.send(message);
    const isReply = (packet: Packet) => isReplyTo(request, packet, types.reply, socket.isPing);
    const found = await waitFor(socket, isReply, context);
    if (found === undefined) {
      gauges.plus(duration, (performance.now() - startMs) / 1_000, "rtt");
      notes.error("Timeout reading from socket", { err: deadline.error.message });
      return false;
    }
    // A wall clock that is set back in between would make it negative.
    gauges.plus(duration, Math.max(0, Number(found.arrivedNs - sentNs)) / 1e9, "rtt");
    if (found.hopLimit !== undefined) gauges.set(replyHopLimit, found.hopLimit);
    notes.debug("Found matching reply packet");
    return true;
  } finally {
    socket.close();
  }
};

function payloadOf(size: number): Uint8Array {
  const text = Buffer.from(usualPayload);
  if (size === 0) return text;
  const payload = Buffer.alloc(size);
  text.copy(payload);
  return payload;
}

/** Undefined when the time is over. */
async function waitFor(
  socket: EchoSocket,
  isWanted: (packet: Packet) => boolean,
  { deadline, notes, clock }: ProbeContext,
): Promise<Packet | undefined> {
  for (let look = 0; !deadline.signal.aborted; look++) {
    for (let packet = receive(socket, notes); packet !== undefined; packet = receive(socket, notes))
      if (isWanted(packet)) return packet;
    const pauseMs = pausesMs[look] ?? pauseMaxMs;
    if (pauseMs === 0) await new Promise((resolve) => void setImmediate(resolve));
    else await clock.sleep(Math.min(pauseMs, deadline.leftMs + 1), deadline.signal);
  }
  return undefined;
}

/** An error of the network may be about another packet: it is told, and the reply is waited for. */
function receive(socket: EchoSocket, notes: ProbeContext["notes"]): Packet | undefined {
  try {
    return socket.receive();
  } catch (thrown) {
    notes.warn("Error reading from socket", { err: messageOf(thrown) });
    return undefined;
  }
}

function isReplyTo(request: Echo, packet: Packet, type: number, isAnyId: boolean): boolean {
  const echo = decodeEcho(packet.bytes);
  return (
    echo?.type === type &&
    echo.sequence === request.sequence &&
    (isAnyId || echo.id === request.id) &&
    Buffer.from(request.payload).equals(echo.payload)
  );
}
