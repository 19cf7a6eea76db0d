import { networkInterfaces } from "node:os";
import { hostName } from "#shared/runtime/config/base_config.ts";

/**
 * What tells two instances on this host apart, however their addresses are written: "localhost:80" is "127.0.0.1:80", and so is any of `own`, this host's own
 * names and addresses.
 */
export function instanceKey(
  integration: string,
  instance: string,
  own: ReadonlySet<string>,
): string {
  const place = instance.replaceAll(
    /(^|\/\/|@)(\[[0-9a-f:.]+\]|[^/:@[\]]+)(?=[:/]|$)/gi,
    (whole, before: string, host: string) =>
      own.has(host.toLowerCase().replaceAll(/[[\]]/g, "")) ? `${before}127.0.0.1` : whole,
  );
  return `${integration} ${place}`;
}

/** Names and addresses of this host. */
export function ownNames(): Set<string> {
  const names = new Set(["localhost", "127.0.0.1", "::1", hostName().toLowerCase()]);
  for (const addresses of Object.values(networkInterfaces()))
    for (const { address } of addresses ?? []) names.add(address.toLowerCase());
  return names;
}
