import { textTable } from "#shared/text/text_table.ts";
import { logLineText } from "./log_line.ts";
import { bytesText, countText, spanText, timeText } from "./plain_text.ts";
import type { AgentStatus, LaneStatus, RuleStatus, SpoolStatus } from "./status.ts";
import { troublesOf } from "./status.ts";

/** Lines of a list that are shown; the rest is counted. */
const listMax = 20;

/** What `lapwing agent status` prints of an agent that runs. */
export function statusText(status: AgentStatus): string {
  const { name, agent, version, startedMs, nowMs, receivers, sources } = status;
  const troubles = troublesOf(status);
  const facts: (readonly [string, string])[] = [
    ["agent", `${name} (${agent}), lapwing ${version}, up ${spanText(nowMs - startedMs)}`],
    ["state", troubles.length === 0 ? "all is well" : troubles.join(", ")],
    ["aggregator", aggregatorText(status)],
    ["clock", clockText(status.aggregator.clockOffsetMs)],
    ["spool", spoolText(status.spool)],
    ["sources", listed(sources.map(({ type }) => type))],
    ["targets", targetsText(status)],
    ["receivers", receivers.map(receiverText).join(", ") || "none"],
    ["local rules", rulesText(status)],
  ];
  return [
    textTable(facts),
    section("Signals", laneRows(status.spool, nowMs)),
    section("Not well", troubleRows(status)),
    section("Local rules", ruleRows(status.rules.rules, nowMs)),
    section("Notifications", notifierRows(status)),
    section("Log of the agent, warnings and errors", recentRows(status.recentLog)),
  ]
    .filter((part) => part !== "")
    .join("\n");
}

/** Each once. */
export function listed(names: readonly string[]): string {
  return [...new Set(names)].join(", ") || "none";
}

/** The same of an agent that does not run. */
export function stoppedText(spool: SpoolStatus | undefined, folder: string, nowMs: number): string {
  if (spool === undefined) return `No agent runs here, and there is no spool at ${folder}.\n`;
  const facts = [
    ["agent", "none runs; read from its spool"],
    ["folder", folder],
    ["spool", spoolText(spool)],
  ];
  return `${textTable(facts)}\n${section("Signals", laneRows(spool, nowMs))}`;
}

export function aggregatorText({ aggregator, nowMs }: AgentStatus): string {
  const { reached, sinceMs, detail } = aggregator;
  const since = `for ${spanText(nowMs - sinceMs)}, since ${timeText(sinceMs)}`;
  return reached ? `in reach ${since}: ${detail}` : `OUT OF REACH ${since}: ${detail}`;
}

export function clockText(offsetMs: number | null): string {
  if (offsetMs === null) return "not compared yet";
  const size =
    Math.abs(offsetMs) < 1_000
      ? `${Math.round(Math.abs(offsetMs))} ms`
      : spanText(Math.abs(offsetMs));
  return `${size} ${offsetMs < 0 ? "behind" : "ahead of"} the aggregator's`;
}

export function spoolText({
  bytes,
  bytesMax,
  bytesPerSecond,
  lastsSeconds,
  ageMaxMs,
}: SpoolStatus): string {
  const rate = bytesPerSecond === null ? "" : ` at ${bytesText(bytesPerSecond)}/s`;
  const lasts =
    lastsSeconds === null
      ? ""
      : `; without an aggregator the oldest data would go in ${spanText(1_000 * lastsSeconds)}`;
  return `${bytesText(bytes)} of ${bytesText(bytesMax)}${rate}, at most ${spanText(ageMaxMs)} old${lasts}`;
}

export function targetsText({ targets: { up, down, unknown, dropped } }: AgentStatus): string {
  const dropText = dropped === 0 ? "" : `, ${dropped} dropped`;
  return `${up} up, ${down} down, ${unknown} not asked yet${dropText}`;
}

function receiverText({ type, items }: AgentStatus["receivers"][number]): string {
  return items === 0 ? type : `${type} (${countText(items)} items)`;
}

export function rulesText({ rules: { rules, isOffline } }: AgentStatus): string {
  if (rules.length === 0) return "none";
  const of = (state: RuleStatus["state"]) => rules.filter((rule) => rule.state === state).length;
  const notify = isOffline ? "all notify" : "those with when: always notify";
  return `${of("firing")} firing, ${of("pending")} pending, ${of("inactive")} inactive; ${notify}`;
}

function laneRows({ lanes }: SpoolStatus, nowMs: number): string[][] {
  const rows = lanes.map((lane) => [
    lane.signal,
    countText(lane.collected),
    countText(lane.waiting),
    lane.oldestMs === 0 ? "-" : spanText(nowMs - lane.oldestMs),
    droppedText(lane),
    lane.lastError === "" ? lane.state : `${lane.state}: ${lane.lastError}`,
  ]);
  return [["signal", "collected", "waiting", "oldest", "dropped", "disk"], ...rows];
}

export function droppedText({ dropped }: LaneStatus): string {
  const parts = Object.entries(dropped).map(([reason, items]) => `${reason} ${countText(items)}`);
  return parts.join(", ") || "nothing";
}

export function troubleRows({ targets, sources, integrations }: AgentStatus): string[][] {
  return [
    ...sources
      .filter(({ state }) => state !== "running")
      .map(({ type, state, message }) => ["source", type, state, message]),
    ...integrations
      .filter(({ state }) => state !== "running" && state !== "excluded")
      .map(({ integration, instance, state, lastError }) => [
        "integration",
        `${integration} ${instance}`.trim(),
        state,
        lastError,
      ]),
    ...targets.shown
      .filter(({ health }) => health === "down" || health === "dropped")
      .map(({ pool, instance, health, lastError }) => [
        "target",
        `${pool} ${instance}`,
        health,
        lastError,
      ]),
  ];
}

function ruleRows(rules: readonly RuleStatus[], nowMs: number): string[][] {
  return rules.flatMap(({ name, alerts, lastError }) => [
    ...(lastError === "" ? [] : [[name, "failed", "", lastError]]),
    ...alerts.map(({ state, activeMs, labels, annotations, value }) => [
      name,
      state,
      spanText(nowMs - activeMs),
      annotations["summary"] ?? `${labelsText(labels)} = ${value}`,
    ]),
  ]);
}

/** `{job="node", instance="web-1"}` without the rule's own name. */
export function labelsText(labels: Readonly<Record<string, string>>): string {
  const parts = Object.entries(labels)
    .filter(([name]) => name !== "alertname")
    .map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  return `{${parts.join(", ")}}`;
}

function notifierRows({ rules: { notifiers } }: AgentStatus): string[][] {
  return notifiers
    .filter(({ waiting, lastError }) => waiting > 0 || lastError !== "")
    .map(({ name, waiting, lastError }) => [name, `${waiting} waiting`, lastError]);
}

function recentRows(lines: readonly string[]): string[][] {
  return lines.map((line) => [logLineText(line)]);
}

function section(title: string, rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return "";
  const more = rows.length - listMax;
  const rest = more > 0 ? `  and ${more} more (--json has them)\n` : "";
  const table = textTable(rows.slice(0, listMax).map((row) => row.map(oneLine)));
  return `${title}\n${table.replaceAll(/^/gm, "  ").trimEnd()}\n${rest}`;
}

/** What came from outside must not move the cursor or paint over lines of a terminal. */
function oneLine(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Bidi_Control}\u2028\u2029]+/gu, " ").trimEnd();
}
