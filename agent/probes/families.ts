/** Gauges that several probers share; names and help as the blackbox exporter has them (prober/*.go). */
import { gauge } from "../collect/samples/family.ts";

export const probeSuccess = gauge(
  "probe_success",
  "Displays whether or not the probe was a success",
);
export const probeDuration = gauge(
  "probe_duration_seconds",
  "Returns how long the probe took to complete in seconds",
);
export const probeTimeout = gauge(
  "probe_timeout_seconds",
  "Returns how long the probe timeout is in seconds",
);
export const dnsLookupTime = gauge(
  "probe_dns_lookup_time_seconds",
  "Returns the time taken for probe dns lookup in seconds",
);
export const ipProtocol = gauge(
  "probe_ip_protocol",
  "Specifies whether probe ip protocol is IP4 or IP6",
);
export const ipAddrHash = gauge(
  "probe_ip_addr_hash",
  "Specifies the hash of IP address. It's useful to detect if the IP address changes.",
);
export const failedDueToRegex = gauge(
  "probe_failed_due_to_regex",
  "Indicates if probe failed due to regex",
);
export const earliestCertExpiry = gauge(
  "probe_ssl_earliest_cert_expiry",
  "Returns last SSL chain expiry in unixtime",
);
export const lastChainExpiry = gauge(
  "probe_ssl_last_chain_expiry_timestamp_seconds",
  "Returns last SSL chain expiry in timestamp",
);
export const lastChainInfo = gauge(
  "probe_ssl_last_chain_info",
  "Contains SSL leaf certificate information",
  ["fingerprint_sha256", "subject", "issuer", "subjectalternative", "serialnumber"],
);
export const tlsVersionInfo = gauge(
  "probe_tls_version_info",
  "Returns the TLS version used or NaN when unknown",
  ["version"],
);
export const tlsCipherInfo = gauge(
  "probe_tls_cipher_info",
  "Returns the TLS cipher negotiated during handshake",
  ["cipher"],
);
