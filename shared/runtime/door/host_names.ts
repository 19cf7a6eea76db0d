import { isIP } from "node:net";

export type HostHeader =
  /** `name` is in lower case, without brackets, port and a final dot. */
  | { readonly kind: "name"; readonly name: string }
  /** HTTP/1.0 allows this. Browsers always send one. */
  | { readonly kind: "absent" }
  /** None or several hosts, or no host at all. */
  | { readonly kind: "invalid" };

/** What a server knows of its own names. */
export type OwnNames = {
  /** The address it listens on. */
  readonly listen: string;
  /** As the configuration lists them, in lower case; "*" is any. */
  readonly configured: readonly string[];
  /** The machine's own host name, in all its forms. */
  readonly machine: readonly string[];
};

const hostAndPort = /^(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::\d{1,5})?$/i;

/** Takes a Host header apart. Several headers of this name arrive as one, joined by commas. */
export function parseHost(header: string | null): HostHeader {
  if (header === null) return { kind: "absent" };
  const [, host] = hostAndPort.exec(header) ?? [];
  if (host === undefined) return { kind: "invalid" };
  const name = host.startsWith("[") ? shortAddress(host) : host.replace(/\.$/, "").toLowerCase();
  return name === "" ? { kind: "invalid" } : { kind: "name", name };
}

/**
 * Whether a name is one of the server's own. Where it listens on all addresses, any IP address is: an address cannot be rebound by DNS, and behind a
 * published port or a load balancer the server does not know the addresses that lead to it.
 */
export function isOwnName(name: string, { listen, configured, machine }: OwnNames): boolean {
  if (name === "localhost" || isLoopback(name) || name === listen.toLowerCase()) return true;
  if (configured.includes("*") || configured.includes(name)) return true;
  if (isLoopback(listen) || listen === "localhost") return false;
  if (machine.includes(name)) return true;
  return isWildcard(listen) && isIP(name) !== 0;
}

/** The host name as it is, its first label, and that with each of the domains that this machine searches. */
export function machineNames(hostname: string, resolvConf: string): string[] {
  const full = hostname.toLowerCase().replace(/\.$/, "");
  const [short = ""] = full.split(".");
  if (short === "") return [];
  const domains = Array.from(resolvConf.matchAll(/^(?:search|domain)[ \t]+(.+)$/gm)).flatMap(
    ([, list = ""]) => list.trim().toLowerCase().split(/\s+/),
  );
  const named = domains
    .map((domain) => domain.replace(/\.$/, ""))
    .filter((domain) => domain !== "")
    .map((domain) => `${short}.${domain}`);
  return [...new Set([full, short, ...named])];
}

/** "[0:0::1]" as "::1"; empty where it is no address. */
function shortAddress(host: string): string {
  return URL.parse(`http://${host}`)?.hostname.replace(/^\[|\]$/g, "") ?? "";
}

function isLoopback(address: string): boolean {
  return isIP(address) !== 0 && (address === "::1" || /^(?:::ffff:)?127\./.test(address));
}

function isWildcard(listen: string): boolean {
  return listen === "0.0.0.0" || listen === "::";
}
