/**
 * A socket for echo requests. Ping sockets (icmp(7)) need no right where net.ipv4.ping_group_range has the process's group; else raw
 * ones are tried, which need CAP_NET_RAW. The runtime can't wait for such a socket, so it is looked at now and then; the kernel stamps packets when
 * they arrive, and so the time of a round trip does not depend on when they are found. Numbers are those of Linux (uapi/linux/in.h, in6.h,
 * icmp.h, icmpv6.h, asm-generic/socket.h).
 */
import { ptr } from "bun:ffi";
import { OperatingError } from "#shared/errors.ts";
import { addressBytes } from "../net/ip_address.ts";
import { errorNumber, errorText, libc } from "./libc.ts";

const family = { ip4: 2, ip6: 10 } as const;
const [kindDatagram, kindRaw, nonBlocking, closeOnExec] = [2, 3, 0o4_000, 0o2_000_000];
const protocol = { ip4: 1, ip6: 58 } as const;
const [levelSocket, levelIp, levelRaw] = [1, 0, 255];
const [timestampNs, ipTtl, ipReceiveTtl, ipMtuDiscover, neverFragment] = [35, 2, 12, 10, 2];
const [ip6UnicastHops, ip6ReceiveHops, ip6HopLimit] = [16, 51, 52];
const icmpFilter = 1;
const [tryAgain, interrupted] = [11, 4];
const realTime = 0;

const packetBytesMax = 65_536 + 60;
const controlBytes = 256;

export type EchoSocketOptions = {
  readonly address: string;
  readonly source: string | undefined;
  /** 0 leaves it to the system. */
  readonly hopsMax: number;
  readonly isWhole: boolean;
};

export type Packet = {
  /** Without the header of IP; valid until the next one is received. */
  readonly bytes: Uint8Array;
  readonly hopLimit: number | undefined;
  /** When it arrived: nanoseconds of the wall clock. */
  readonly arrivedNs: bigint;
};

/** Opened, set up and closed for one probe. */
export class EchoSocket {
  /** Whether the kernel chooses the identifier of what is sent. */
  readonly isPing: boolean;
  readonly #descriptor: number;
  readonly #isFour: boolean;
  readonly #destination: Uint8Array;
  readonly #packet = new Uint8Array(packetBytesMax);
  readonly #control = new Uint8Array(controlBytes);
  readonly #vector = new BigUint64Array(2);
  readonly #header = new Uint8Array(56);

  /** Throws OperatingError with the system's reason. */
  constructor({ address, source, hopsMax, isWhole }: EchoSocketOptions) {
    this.#isFour = !address.includes(":");
    const version = this.#isFour ? "ip4" : "ip6";
    const flags = nonBlocking | closeOnExec;
    const calls = libc();
    const ping = calls.socket(family[version], kindDatagram | flags, protocol[version]);
    this.isPing = ping >= 0;
    this.#descriptor = this.isPing
      ? ping
      : calls.socket(family[version], kindRaw | flags, protocol[version]);
    if (this.#descriptor < 0)
      throw new OperatingError(
        "unavailable",
        `no socket for ICMP (${errorText(errorNumber())}): it needs the process's group in net.ipv4.ping_group_range, or CAP_NET_RAW`,
      );
    this.#destination = socketAddress(address);
    try {
      if (source !== undefined) {
        const from = socketAddress(source);
        if (calls.bind(this.#descriptor, ptr(from), from.length) < 0)
          throw new OperatingError(
            "unavailable",
            `cannot send from ${source}: ${errorText(errorNumber())}`,
          );
      }
      this.#setUp(hopsMax, isWhole);
    } catch (thrown) {
      this.close();
      throw thrown;
    }
  }

  /** Sends a message of ICMP; when it was sent, in nanoseconds of the wall clock. Throws OperatingError. */
  send(message: Uint8Array): bigint {
    const sentNs = wallClockNs();
    const { length } = message;
    const to = this.#destination;
    const sent = libc().sendto(this.#descriptor, ptr(message), length, 0, ptr(to), to.length);
    if (Number(sent) < 0)
      throw new OperatingError("unavailable", `cannot send: ${errorText(errorNumber())}`);
    return sentNs;
  }

  /** The next packet that has arrived; undefined where there is none. Throws OperatingError. */
  receive(): Packet | undefined {
    this.#vector[0] = BigInt(ptr(this.#packet));
    this.#vector[1] = BigInt(this.#packet.length);
    const header = new DataView(this.#header.buffer);
    header.setBigUint64(16, BigInt(ptr(this.#vector)), true);
    header.setBigUint64(24, 1n, true);
    header.setBigUint64(32, BigInt(ptr(this.#control)), true);
    header.setBigUint64(40, BigInt(controlBytes), true);
    const length = Number(libc().recvmsg(this.#descriptor, ptr(this.#header), 0));
    if (length < 0) {
      const error = errorNumber();
      if (error === tryAgain || error === interrupted) return undefined;
      throw new OperatingError("unavailable", errorText(error));
    }
    const used = Number(header.getBigUint64(40, true));
    const told = this.#told(used);
    // Raw sockets of IPv4 hand over its header, too.
    const skip = this.#isFour && !this.isPing ? ((this.#packet[0] ?? 0) & 0xf) * 4 : 0;
    return { bytes: this.#packet.subarray(skip, length), ...told };
  }

  close(): void {
    libc().close(this.#descriptor);
  }

  #setUp(hopsMax: number, isWhole: boolean): void {
    this.#set(levelSocket, timestampNs, 1);
    if (this.#isFour) {
      this.#set(levelIp, ipReceiveTtl, 1);
      if (hopsMax > 0) this.#set(levelIp, ipTtl, hopsMax);
      if (isWhole) this.#set(levelIp, ipMtuDiscover, neverFragment);
      // Of all messages that a raw socket would be handed, replies to echo requests (type 0) alone.
      if (!this.isPing) this.#set(levelRaw, icmpFilter, ~1);
      return;
    }
    this.#set(41, ip6ReceiveHops, 1);
    if (hopsMax > 0) this.#set(41, ip6UnicastHops, hopsMax);
    if (this.isPing) return;
    // A bit that is set blocks its type; 129 is the reply.
    const blocked = new Uint32Array(8).fill(0xffff_ffff);
    blocked[129 >> 5] = ~(1 << (129 & 31));
    libc().setsockopt(this.#descriptor, protocol.ip6, icmpFilter, ptr(blocked), 32);
  }

  #set(level: number, option: number, value: number): void {
    const bytes = Int32Array.of(value);
    libc().setsockopt(this.#descriptor, level, option, ptr(bytes), 4);
  }

  /** Messages of cmsg(3): length, level, type, data. */
  #told(used: number): Pick<Packet, "hopLimit" | "arrivedNs"> {
    const view = new DataView(this.#control.buffer);
    let hopLimit: number | undefined;
    let arrivedNs: bigint | undefined;
    for (let at = 0; at + 16 <= used;) {
      const length = Number(view.getBigUint64(at, true));
      if (length < 16) break;
      const level = view.getInt32(at + 8, true);
      const type = view.getInt32(at + 12, true);
      if (level === levelSocket && type === timestampNs)
        arrivedNs =
          view.getBigInt64(at + 16, true) * 1_000_000_000n + view.getBigInt64(at + 24, true);
      if ((level === levelIp && type === ipTtl) || (level === 41 && type === ip6HopLimit))
        hopLimit = view.getInt32(at + 16, true);
      at += (length + 7) & ~7;
    }
    return { hopLimit, arrivedNs: arrivedNs ?? wallClockNs() };
  }
}

function wallClockNs(): bigint {
  const parts = new BigInt64Array(2);
  libc().clock_gettime(realTime, ptr(parts));
  return (parts[0] ?? 0n) * 1_000_000_000n + (parts[1] ?? 0n);
}

/** struct sockaddr_in or sockaddr_in6; a numeric zone ("%2") is its scope. */
function socketAddress(address: string): Uint8Array {
  const bytes = addressBytes(address) ?? new Uint8Array(16);
  if (!address.includes(":")) {
    const four = new Uint8Array(16);
    new DataView(four.buffer).setUint16(0, family.ip4, true);
    four.set(bytes.subarray(12), 4);
    return four;
  }
  const six = new Uint8Array(28);
  const view = new DataView(six.buffer);
  view.setUint16(0, family.ip6, true);
  six.set(bytes, 8);
  const zone = Number(address.split("%")[1] ?? 0);
  view.setUint32(24, Number.isInteger(zone) ? zone : 0, true);
  return six;
}
