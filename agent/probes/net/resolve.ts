import { lookup } from "node:dns/promises";
import { isIP, isIPv6 } from "node:net";
import { OperatingError, messageOf } from "#shared/errors.ts";
import { dnsLookupTime, ipAddrHash, ipProtocol } from "../families.ts";
import type { Gauges } from "../gauges.ts";
import type { ProbeNotes } from "../probe_notes.ts";
import type { AddressGuard } from "./address_guard.ts";
import type { Deadline } from "./deadline.ts";
import { addressHash } from "./ip_address.ts";
import type { IpChoice } from "./options.ts";

/** What a look-up takes of a probe's context. */
type LookupContext = {
  readonly gauges: Gauges;
  readonly notes: ProbeNotes;
  readonly guard: AddressGuard;
  readonly deadline: Deadline;
};

type Found = { readonly address: string; readonly family: number };

/**
 * The one address that is probed, by the rules of the blackbox exporter (prober/utils.go): the first of the preferred protocol, else, where
 * that is allowed, of the other. It is checked here, and it is what is connected to: a name is never looked up a second time.
 * Registers the gauges of the look-up. Throws OperatingError.
 */
export async function chooseAddress(
  host: string,
  choice: IpChoice,
  context: LookupContext,
): Promise<{ address: string; seconds: number }> {
  const { gauges, notes } = context;
  for (const family of [ipProtocol, dnsLookupTime, ipAddrHash]) gauges.register(family);
  const preferred = choice.preferred_ip_protocol === "ip4" ? 4 : 6;
  notes.debug("Resolving target address", { target: host, ip_protocol: `ip${preferred}` });
  const startMs = performance.now();
  let found: readonly Found[];
  try {
    found = await lookUp(host, choice.ip_protocol_fallback ? 0 : preferred, context);
  } finally {
    gauges.plus(dnsLookupTime, (performance.now() - startMs) / 1_000);
  }
  const chosen =
    found.find(({ family }) => family === preferred) ??
    (choice.ip_protocol_fallback ? found.at(-1) : undefined);
  if (chosen === undefined)
    throw new OperatingError("unavailable", `${host} has no address of ip${preferred}`);
  const seconds = (performance.now() - startMs) / 1_000;
  notes.debug("Resolved target address", { target: host, ip: chosen.address });
  gauges.set(ipProtocol, chosen.family);
  gauges.set(ipAddrHash, addressHash(chosen.address));
  context.guard.check(chosen.address);
  return { address: chosen.address, seconds };
}

/** For what comes after the first address: redirects and proxies. No gauges. */
export async function resolveAgain(
  host: string,
  choice: IpChoice,
  context: Pick<LookupContext, "deadline">,
): Promise<string> {
  const preferred = choice.preferred_ip_protocol === "ip4" ? 4 : 6;
  const found = await lookUp(host, 0, context);
  const chosen = found.find(({ family }) => family === preferred) ?? found[0];
  if (chosen === undefined) throw new OperatingError("unavailable", `${host} has no address`);
  return chosen.address;
}

async function lookUp(
  host: string,
  family: 0 | 4 | 6,
  { deadline }: Pick<LookupContext, "deadline">,
): Promise<readonly Found[]> {
  const bare = host.replace(/^\[|\]$/g, "");
  const literal = isIP(bare.split("%")[0] ?? "");
  if (literal !== 0)
    return family === 0 || family === literal ? [{ address: bare, family: literal }] : [];
  if (bare === "") throw new OperatingError("bad_request", "the target has no host");
  try {
    return await deadline.race(lookup(bare, { all: true, family }));
  } catch (thrown) {
    if (thrown instanceof OperatingError) throw thrown;
    throw new OperatingError("unavailable", `cannot resolve ${bare}: ${messageOf(thrown)}`, {
      cause: thrown,
    });
  }
}

/** "host:port" with brackets where the host has colons. */
export function hostPort(host: string, port: number | string): string {
  return isIPv6(host.split("%")[0] ?? "") ? `[${host}]:${port}` : `${host}:${port}`;
}

/** "host:port" or "[::1]:port"; undefined where there is no port. */
export function splitHostPort(target: string): { host: string; port: number } | undefined {
  const parts = /^(?:\[([^\]]*)\]|([^:[\]]*)):(\d{1,5})$/.exec(target);
  const port = Number(parts?.[3] ?? 0);
  if (parts === null || port > 65_535) return undefined;
  return { host: parts[1] ?? parts[2] ?? "", port };
}
