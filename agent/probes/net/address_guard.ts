import { z } from "zod";
import { OperatingError } from "#shared/errors.ts";
import { addressBytes, embeddedIpv4, isMapped } from "./ip_address.ts";

/** Refuses addresses and Unix sockets that a probe must not reach. */
export type AddressGuard = {
  /** Throws ForbiddenAddressError. `address` is numeric, and what is connected to right after. */
  check(address: string): void;
  /** Throws ForbiddenAddressError. `path` is that of a Unix socket. */
  checkSocket(path: string): void;
};

/** A probe was aimed at an address or socket that it must not reach. */
export class ForbiddenAddressError extends OperatingError {
  constructor(what: string, reason: string, key: "probes.allow" | "probes.allow_sockets") {
    super(
      "bad_request",
      `${what} is forbidden (${reason}): ${key} of the agent's configuration can permit it`,
    );
  }
}

export type Cidr = { readonly source: string; readonly bytes: Uint8Array; readonly bits: number };

/** "10.0.0.0/8", "fe80::/10", or one address. */
export const Cidr = z.string().transform((text, context): Cidr => {
  const [address = "", length, ...rest] = text.split("/");
  const bytes = addressBytes(address);
  const isFour = bytes !== undefined && isMapped(bytes) && !address.includes(":");
  const bitsMax = isFour ? 32 : 128;
  const bits = length === undefined ? bitsMax : /^\d{1,3}$/.test(length) ? Number(length) : -1;
  if (bytes === undefined || bits < 0 || bits > bitsMax || rest.length > 0) {
    const message = `expected an address or a range such as "10.0.0.0/8" or "fe80::/10"`;
    context.addIssue({ code: "custom", message, input: text });
    return z.NEVER;
  }
  return { source: text, bytes, bits: isFour ? bits + 96 : bits };
});

/**
 * Addresses that a request over HTTP may not aim a probe at. Loopback: services there trust who reaches them, and a probe may POST. Link-local addresses, among them the metadata services of clouds (AWS, GCP, Azure, DigitalOcean,
 * Hetzner: 169.254.169.254), and those that are not link-local (AWS and GCP over IPv6, Alibaba, Azure's host, Oracle).
 */
const builtIn = [
  "127.0.0.0/8",
  "::1",
  "169.254.0.0/16",
  "fe80::/10",
  "fd00:ec2::254",
  "fd20:ce::254",
  "100.100.100.200",
  "168.63.129.16",
  "192.0.0.192",
].map((text) => Cidr.parse(text));

const loopback = ["127.0.0.1", "::1"].flatMap((address) => addressBytes(address) ?? []);

/**
 * For probes that are asked for over HTTP. Forbids loopback, link-local and metadata addresses and `forbid`, but for what is in `allow`,
 * and Unix sockets, which are this host's own, but for the paths in `allowSockets`.
 */
export function requestGuard(
  forbid: readonly Cidr[],
  allow: readonly Cidr[],
  allowSockets: readonly string[] = [],
): AddressGuard {
  return {
    ...guardOf([...builtIn, ...forbid], allow),
    checkSocket(path) {
      if (!allowSockets.includes(path))
        throw new ForbiddenAddressError(
          `socket ${path}`,
          "this host's own",
          "probes.allow_sockets",
        );
    },
  };
}

/** For probes that the configuration names: nothing is forbidden but what it lists. */
export function checkGuard(forbid: readonly Cidr[]): AddressGuard {
  return { ...guardOf(forbid, []), checkSocket: () => {} };
}

function guardOf(forbid: readonly Cidr[], allow: readonly Cidr[]): Pick<AddressGuard, "check"> {
  return {
    check(address) {
      const bytes = addressBytes(address);
      if (bytes === undefined) throw forbidden(address, "no address");
      for (const each of meanings(bytes)) {
        const range = forbid.find((cidr) => isIn(each, cidr));
        if (range !== undefined && !allow.some((cidr) => isIn(each, cidr)))
          throw forbidden(address, range.source);
      }
    },
  };
}

function forbidden(address: string, range: string): ForbiddenAddressError {
  return new ForbiddenAddressError(`address ${address}`, range, "probes.allow");
}

/** What a connection to an address reaches: itself, the IPv4 address in it, and this host where it is the unspecified one. */
function meanings(bytes: Uint8Array): Uint8Array[] {
  const embedded = embeddedIpv4(bytes);
  const found = embedded === undefined ? [bytes] : [bytes, embedded];
  const own = isMapped(bytes) ? bytes.subarray(12) : bytes;
  const isUnspecified = own.every((byte) => byte === 0);
  return isUnspecified ? [...found, ...loopback] : found;
}

function isIn(bytes: Uint8Array, { bytes: network, bits }: Cidr): boolean {
  const whole = bits >> 3;
  for (let i = 0; i < whole; i++) if (bytes[i] !== network[i]) return false;
  const rest = bits & 7;
  if (rest === 0) return true;
  const mask = (0xff << (8 - rest)) & 0xff;
  return ((bytes[whole] ?? 0) & mask) === ((network[whole] ?? 0) & mask);
}
