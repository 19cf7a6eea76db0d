import { basename } from "node:path";
import { type Matcher, fillTemplate } from "./config.ts";

/** What rules may ask of a process; what costs a file is asked for when it is needed. */
export type Candidate = {
  readonly pid: number;
  readonly comm: string;
  arguments(): readonly string[];
  userName(): string;
};

/** Name of the group that the first matching rule gives; undefined where none matches. As process-exporter's README says. */
export function groupNameOf(process: Candidate, matchers: readonly Matcher[]): string | undefined {
  for (const matcher of matchers) {
    const matches = matchesOf(process, matcher);
    if (matches === undefined) continue;
    const [first = process.comm] = process.arguments();
    return fillTemplate(matcher.name, (name, match) => {
      switch (name) {
        case "Comm":
          return process.comm;
        case "ExeFull":
          return first;
        case "ExeBase":
          return basename(first);
        case "Username":
          return process.userName();
        case "PID":
          return String(process.pid);
        default:
          return matches.get(match ?? "") ?? "";
      }
    });
  }
  return undefined;
}

/** Named groups of its command line, where all selectors match. */
function matchesOf(process: Candidate, matcher: Matcher): Map<string, string> | undefined {
  const matches = new Map<string, string>();
  if (matcher.comm.length > 0 && !matcher.comm.includes(process.comm)) return undefined;
  if (matcher.exe.length > 0) {
    const [first] = process.arguments();
    if (first === undefined) return undefined;
    const base = basename(first);
    if (!matcher.exe.some((exe) => exe === (exe.includes("/") ? first : base))) return undefined;
  }
  if (matcher.cmdline.length === 0) return matches;
  const line = process.arguments().join(" ");
  for (const regex of matcher.cmdline) {
    const groups = regex.exec(line);
    if (groups === undefined) return undefined;
    for (const [name, place] of regex.groups) matches.set(name, groups[place] ?? "");
  }
  return matches;
}
