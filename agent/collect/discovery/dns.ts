import { Resolver } from "node:dns/promises";
import { isIPv6 } from "node:net";
import { z } from "zod";
import { messageOf } from "#shared/errors.ts";
import type { Labels } from "#shared/model/labels.ts";
import { duration } from "#shared/text/duration.ts";
import { type TargetGroup, defineDiscovery } from "./discovery.ts";

export const DnsSdConfig = z.lazy(() =>
  z
    .strictObject({
      names: z.array(z.string().min(1)).min(1),
      type: z
        .string()
        .transform((text) => text.toUpperCase())
        .pipe(z.enum(["SRV", "A", "AAAA", "MX", "NS"]))
        .default("SRV"),
      /** Needed for all types but SRV, whose records carry it. */
      port: z.number().int().min(1).max(65_535).optional(),
      refresh_interval: duration.refine((ms) => ms > 0, "must be above 0").prefault("30s"),
    })
    .refine((config) => config.type === "SRV" || config.port !== undefined, {
      path: ["port"],
      error: "a port is needed for all types but SRV",
    }),
);
type DnsSdConfig = z.output<typeof DnsSdConfig>;

/** How long one name server is waited for, and how often it is asked. */
const lookupTimeoutMs = 2_000;
const lookupTries = 2;

/** Targets behind DNS names, looked up again at an interval. */
export const dnsDiscovery = defineDiscovery({
  type: "dns",
  config: DnsSdConfig,
  async run(config, { clock, log, signal, update, nameServers }) {
    const resolver = new Resolver({ timeout: lookupTimeoutMs, tries: lookupTries });
    if (nameServers !== undefined) resolver.setServers([...nameServers]);
    const known = new Map<string, TargetGroup>();
    while (!signal.aborted) {
      const lookups = config.names.map(async (name) => {
        try {
          known.set(name, { targets: await lookUp(resolver, name, config), labels: {} });
        } catch (thrown) {
          if (isAbsent(thrown)) known.set(name, { targets: [], labels: {} });
          else log.warn("DNS discovery failed", { name, error: messageOf(thrown) });
        }
      });
      await Promise.all(lookups);
      if (signal.aborted) return;
      update([...known.values()]);
      await clock.sleep(config.refresh_interval, signal);
    }
  },
});

/** "No such name" and "no such records" are answers, and the targets are gone; anything else leaves them. */
function isAbsent(thrown: unknown): boolean {
  if (!(thrown instanceof Error) || !("code" in thrown)) return false;
  return ["ENOTFOUND", "ENODATA", "DNS_ENOTFOUND", "DNS_ENODATA"].includes(String(thrown.code));
}

async function lookUp(resolver: Resolver, name: string, config: DnsSdConfig): Promise<Labels[]> {
  const port = config.port ?? 0;
  const found = (host: string, atPort: number, meta: Labels = {}): Labels => ({
    __address__: hostPort(host.replace(/\.+$/, ""), atPort),
    __meta_dns_name: name,
    ...meta,
  });
  switch (config.type) {
    case "SRV":
      return (await resolver.resolveSrv(name)).map((record) =>
        found(record.name, record.port, {
          __meta_dns_srv_record_target: rooted(record.name),
          __meta_dns_srv_record_port: String(record.port),
        }),
      );
    case "MX":
      return (await resolver.resolveMx(name)).map(({ exchange }) =>
        found(exchange, port, { __meta_dns_mx_record_target: rooted(exchange) }),
      );
    case "NS":
      return (await resolver.resolveNs(name)).map((host) =>
        found(host, port, { __meta_dns_ns_record_target: rooted(host) }),
      );
    case "A":
      return (await resolver.resolve4(name)).map((address) => found(address, port));
    case "AAAA":
      return (await resolver.resolve6(name)).map((address) => found(address, port));
  }
}

/** Meta labels carry the name as DNS has it, with the final dot that resolvers leave out. */
function rooted(host: string): string {
  return host.endsWith(".") ? host : `${host}.`;
}

function hostPort(host: string, port: number): string {
  return isIPv6(host) ? `[${host}]:${port}` : `${host}:${port}`;
}
