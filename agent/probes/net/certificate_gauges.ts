import type { X509Certificate } from "node:crypto";
import {
  earliestCertExpiry,
  lastChainExpiry,
  lastChainInfo,
  tlsCipherInfo,
  tlsVersionInfo,
} from "../families.ts";
import type { Gauges } from "../gauges.ts";
import { issuerName, subjectName } from "./distinguished_name.ts";
import type { TlsConnection } from "./tls.ts";

/** Go's zero time as Unix seconds: what the blackbox exporter tells where no chain was verified. */
const neverSeconds = -62_135_596_800;

/** What a connection's certificates and handshake tell (prober/tls.go). Not all probers tell of the chain's end and of the cipher. */
export function tellTls(
  { chain, protocol, cipher, isVerified }: TlsConnection,
  gauges: Gauges,
  tells: { readonly chain: boolean; readonly cipher: boolean },
): void {
  const [leaf] = chain;
  gauges.set(earliestCertExpiry, Math.min(...sent(chain).map(expirySeconds)));
  if (tells.chain)
    gauges.set(lastChainExpiry, isVerified ? Math.min(...chain.map(expirySeconds)) : neverSeconds);
  gauges.set(tlsVersionInfo, 1, versionOf(protocol));
  if (tells.cipher) gauges.set(tlsCipherInfo, 1, cipher);
  if (leaf === undefined) return;
  const serial = leaf.serialNumber.toLowerCase().replace(/^0+/, "");
  gauges.set(
    lastChainInfo,
    1,
    leaf.fingerprint256.replaceAll(":", "").toLowerCase(),
    subjectName(leaf.raw),
    issuerName(leaf.raw),
    dnsNames(leaf),
    serial.length % 2 === 0 ? serial : `0${serial}`,
  );
}

/** Without the root that the authorities added: servers send theirs without it. */
function sent(chain: readonly X509Certificate[]): readonly X509Certificate[] {
  const last = chain.at(-1);
  return chain.length > 1 && last?.subject === last?.issuer ? chain.slice(0, -1) : chain;
}

function expirySeconds(certificate: X509Certificate): number {
  return Date.parse(certificate.validTo) / 1_000;
}

function versionOf(protocol: string): string {
  switch (protocol) {
    case "TLSv1":
      return "TLS 1.0";
    case "TLSv1.1":
      return "TLS 1.1";
    case "TLSv1.2":
      return "TLS 1.2";
    case "TLSv1.3":
      return "TLS 1.3";
    default:
      return "unknown";
  }
}

function dnsNames({ subjectAltName = "" }: X509Certificate): string {
  const names = subjectAltName.split(", ").filter((name) => name.startsWith("DNS:"));
  return names.map((name) => name.slice(4)).join(",");
}
