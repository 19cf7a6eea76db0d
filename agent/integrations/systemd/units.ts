/** A line of `systemctl list-units --all --plain --no-legend`. */
export type Unit = {
  readonly name: string;
  readonly load: string;
  readonly active: string;
};

/** Lines "ssh.service loaded active running OpenBSD Secure Shell server", which older versions mark in front. What is not of the form is counted. */
export function parseUnits(text: string): { units: Unit[]; malformed: number } {
  const units: Unit[] = [];
  let malformed = 0;
  for (const line of text.split("\n")) {
    const words = line.replace(/^[\u25cf\u25cb\u00d7*\s]+/, "").split(/\s+/, 4);
    const [name = "", load, active, sub] = words;
    if (name === "") continue;
    if (sub === undefined || load === undefined || active === undefined) malformed += 1;
    else units.push({ name, load, active });
  }
  return { units, malformed };
}

/** What of a unit `systemctl show` tells. Numbers are undefined where systemd knows none. */
export type UnitDetails = {
  readonly type: string;
  readonly activeSinceSeconds: number | undefined;
  readonly restarts: number | undefined;
  readonly lastTriggerSeconds: number | undefined;
  /** When a timer runs next; in the past while what it started runs. */
  readonly nextTriggerSeconds: number | undefined;
  /** How much later than that systemd may run it (AccuracySec). */
  readonly accuracySeconds: number;
  readonly accepted: number | undefined;
  readonly connections: number | undefined;
  readonly refused: number | undefined;
  readonly tasks: number | undefined;
  readonly tasksMax: number | undefined;
  /** Path below the root of control groups; "" where it has none. */
  readonly controlGroup: string;
};

export const askedProperties = [
  "Id",
  "Type",
  "ActiveEnterTimestamp",
  "NRestarts",
  "LastTriggerUSec",
  "NextElapseUSecRealtime",
  "NextElapseUSecMonotonic",
  "AccuracyUSec",
  "NAccepted",
  "NConnections",
  "NRefused",
  "TasksCurrent",
  "TasksMax",
  "ControlGroup",
] as const;

/** Blocks of "Key=value" lines, an empty line between two units; by the unit's name. `originSeconds`: Unix time from which monotonic times count. */
export function parseDetails(
  text: string,
  originSeconds: number | undefined,
): Map<string, UnitDetails> {
  const found = new Map<string, UnitDetails>();
  for (const block of text.split(/\n\s*\n/)) {
    const values = parseProperties(block);
    const id = values.get("Id");
    if (id === undefined) continue;
    const count = (key: string) => countOf(values.get(key));
    found.set(id, {
      type: values.get("Type") ?? "",
      activeSinceSeconds: secondsOf(values.get("ActiveEnterTimestamp")),
      restarts: count("NRestarts"),
      lastTriggerSeconds: values.has("LastTriggerUSec")
        ? (secondsOf(values.get("LastTriggerUSec")) ?? 0)
        : undefined,
      nextTriggerSeconds: nextTriggerOf(values, originSeconds),
      accuracySeconds: spanOf(values.get("AccuracyUSec")) ?? 0,
      accepted: count("NAccepted"),
      connections: count("NConnections"),
      refused: count("NRefused"),
      tasks: count("TasksCurrent"),
      tasksMax: count("TasksMax"),
      controlGroup: values.get("ControlGroup") ?? "",
    });
  }
  return found;
}

export function parseProperties(text: string): Map<string, string> {
  const values = new Map<string, string>();
  for (const line of text.split("\n")) {
    const end = line.indexOf("=");
    if (end > 0) values.set(line.slice(0, end), line.slice(end + 1));
  }
  return values;
}

/** The sooner one of a time by the calendar and one by the monotonic clock. */
function nextTriggerOf(
  values: ReadonlyMap<string, string>,
  originSeconds: number | undefined,
): number | undefined {
  const elapsed = spanOf(values.get("NextElapseUSecMonotonic"));
  const next = Math.min(
    secondsOf(values.get("NextElapseUSecRealtime")) ?? Infinity,
    elapsed === undefined || originSeconds === undefined ? Infinity : originSeconds + elapsed,
  );
  return next === Infinity ? undefined : next;
}

/** Units of systemd.time(7), as systemctl writes them. */
const spanUnits: Readonly<Record<string, number>> = {
  y: 31_557_600,
  month: 2_629_800,
  w: 604_800,
  d: 86_400,
  h: 3_600,
  min: 60,
  s: 1,
  ms: 1e-3,
  us: 1e-6,
};

/** "1month 2d 3h 4min 5.678901s" as seconds; undefined for "infinity", "0" and what is no span. */
function spanOf(text: string | undefined): number | undefined {
  let seconds = 0;
  for (const part of text?.split(" ") ?? []) {
    const [, number, unit = ""] = /^(\d+(?:\.\d+)?)([a-z]+)$/.exec(part) ?? [];
    const size = spanUnits[unit];
    if (number === undefined || size === undefined) return undefined;
    seconds += Number(number) * size;
  }
  return seconds > 0 ? seconds : undefined;
}

/** "[not set]", "infinity" and the largest number of 64 bits mean that there is none. */
function countOf(text: string | undefined): number | undefined {
  if (text === undefined || !/^\d+$/.test(text) || text === "18446744073709551615")
    return undefined;
  return Number(text);
}

/** "Sat 2026-11-21 21:35:14 UTC" as Unix seconds: systemctl writes in the zone of its environment. */
function secondsOf(text: string | undefined): number | undefined {
  const [, date, time] = /(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)(?:\.\d+)? UTC$/.exec(text ?? "") ?? [];
  return date === undefined ? undefined : Date.parse(`${date}T${time}Z`) / 1_000;
}
