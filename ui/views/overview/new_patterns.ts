import { toNs } from "../../client/logs.ts";
import { queryLogs, type LogLine } from "../../client/loki.ts";
import type { Problem } from "./problem.ts";

const hourMs = 3_600_000;
const linesMax = 100;
const textMax = 200;
const errorLevels = 'level=~"(?i)error|critical|fatal|alert|emerg.*"';

/** Events of the last hour that told of a pattern of errors that was not known before. */
export function askNewErrors(nowMs: number, signal?: AbortSignal): Promise<LogLine[]> {
  return queryLogs({
    query: `{source="lapwing_events", kind="new_pattern"} | ${errorLevels}`,
    startNs: toNs(nowMs - hourMs),
    endNs: toNs(nowMs),
    limit: linesMax,
    signal,
  });
}

/** A line a pattern; where it comes from is what its event says of the group. */
export function patternProblems(events: readonly LogLine[]): Problem[] {
  const found = new Map<string, Problem>();
  for (const { labels, timeMs, text } of events) {
    const pattern = labels["pattern"] ?? text;
    const id = labels["pattern_id"] ?? pattern;
    if (found.has(id)) continue;
    const from =
      labels["service_name"] ??
      labels["service"] ??
      labels["app"] ??
      labels["job"] ??
      labels["unit"];
    const params = new URLSearchParams({
      f: `<>=${JSON.stringify(pattern)}`,
      tab: "lines",
    });
    found.set(id, {
      id: `pattern ${id}`,
      kind: "log_pattern",
      level: "warn",
      what: from ?? "Logs",
      text: pattern.slice(0, textMax),
      sinceMs: timeMs,
      isOlder: false,
      href: `/logs?${params.toString()}`,
      where: "logs",
    });
  }
  return [...found.values()];
}
