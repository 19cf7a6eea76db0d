import { formatCount } from "../../units/format.ts";

/** What kinds of things can be wrong; the most urgent first. */
export const problemKinds = [
  "aggregator",
  "alert",
  "host_silent",
  "target_down",
  "service",
  "agent",
  "late",
  "loss",
  "disk",
  "series_limit",
  "log_pattern",
] as const;
export type ProblemKind = (typeof problemKinds)[number];

/** One thing that is wrong now, as a line: what, why, since when, and where to look. */
export type Problem = {
  /** The same from refresh to refresh. */
  readonly id: string;
  readonly kind: ProblemKind;
  readonly level: "bad" | "warn";
  /** Whether it is a host, a target, a pattern. */
  readonly what: string;
  /** What is wrong with it. */
  readonly text: string;
  /** Unix milliseconds; undefined where nobody knows. */
  readonly sinceMs: number | undefined;
  /** Whether it began before `sinceMs`, which is how far back was looked. */
  readonly isOlder: boolean;
  readonly href: string;
  readonly where: string;
};

/** Problems of one kind, the worst and newest first, some of them left to a link. */
export type ProblemGroup = {
  readonly kind: ProblemKind;
  readonly shown: readonly Problem[];
  readonly left: number;
};

/** Lines of one kind before the rest is a count. */
const shownMax = 5;

/** In the order in which a person with a pager needs them. */
export function groupProblems(problems: readonly Problem[]): ProblemGroup[] {
  const groups = problemKinds.flatMap((kind): ProblemGroup[] => {
    const all = problems.filter((each) => each.kind === kind).toSorted(byUrgency);
    if (all.length === 0) return [];
    return [{ kind, shown: all.slice(0, shownMax), left: Math.max(0, all.length - shownMax) }];
  });
  const isBad = ({ shown }: ProblemGroup): number => (shown[0]?.level === "bad" ? 0 : 1);
  return groups.toSorted((a, b) => isBad(a) - isBad(b));
}

function byUrgency(a: Problem, b: Problem): number {
  const level = Number(a.level === "warn") - Number(b.level === "warn");
  return level || (b.sinceMs ?? 0) - (a.sinceMs ?? 0) || a.what.localeCompare(b.what);
}

/** "3 problems, 1 warning": what the page says first. */
export function countProblems(problems: readonly Problem[]): string {
  const bad = problems.filter(({ level }) => level === "bad").length;
  const warn = problems.length - bad;
  const parts = [];
  if (bad > 0) parts.push(`${formatCount(bad)} ${bad === 1 ? "problem" : "problems"}`);
  if (warn > 0) parts.push(`${formatCount(warn)} ${warn === 1 ? "warning" : "warnings"}`);
  return parts.join(", ");
}

/** Where all of a kind are listed. */
export const kindLinks: Readonly<
  Record<ProblemKind, { readonly name: string; readonly href: string }>
> = {
  aggregator: { name: "Aggregator", href: "/data" },
  alert: { name: "Firing", href: "/alerts" },
  host_silent: { name: "Silent hosts", href: "/hosts?state=silent" },
  target_down: { name: "Targets down", href: "/hosts?state=down" },
  service: { name: "Services", href: "/hosts" },
  agent: { name: "Agents", href: "/hosts" },
  late: { name: "Late", href: "/data" },
  loss: { name: "Loss", href: "/data" },
  disk: { name: "Disks", href: "/hosts?sort=disk&dir=down" },
  series_limit: { name: "Series limits", href: "/data" },
  log_pattern: { name: "New errors in logs", href: "/logs" },
};
