/** How one agent of a fleet differs from the others. */
export type AgentTraits = {
  readonly version: string;
  readonly labels: Readonly<Record<string, string>>;
  /** So many of its targets are down. */
  readonly targetsDown: number;
  /** A service on its host lacks something. */
  readonly isNeeding: boolean;
  readonly clockAheadMs: number;
  /** It is heard of once and never again. */
  readonly isSilent: boolean;
  /** Where its configuration comes from. */
  readonly source: "local" | "merged";
};

/** All alike, for measurements of what one costs. */
export function plainTraits(version: string): AgentTraits {
  return {
    version,
    labels: { env: "bench" },
    targetsDown: 0,
    isNeeding: false,
    clockAheadMs: 0,
    isSilent: false,
    source: "local",
  };
}

const sites = ["north", "south", "east"];
const roles = ["web", "db", "cache", "queue", "edge"];
const share = (number: number, of: number): boolean => number % of === of - 1;

/** As fleets are: most agents are well, some are old, silent, or complain of something. The same number has the same always. */
export function mixedTraits(number: number, version: string): AgentTraits {
  return {
    version: share(number, 8) ? "0.0.9" : share(number, 30) ? "0.0.10-rc.1" : version,
    labels: {
      site: sites[number % sites.length] ?? "",
      role: roles[number % roles.length] ?? "",
      ...(share(number, 100) && { note: "x".repeat(300) }),
    },
    targetsDown: share(number, 25) ? 1 + (number % 3) : 0,
    isNeeding: share(number, 12),
    clockAheadMs: share(number, 70) ? 6_500 : 0,
    isSilent: share(number, 40),
    source: share(number, 10) ? "local" : "merged",
  };
}
