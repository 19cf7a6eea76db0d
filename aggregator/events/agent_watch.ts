import type { Heartbeat } from "#proto/gen/v1/control_pb.js";
import { formatDuration } from "#shared/text/duration.ts";
import type { AgentRecord } from "../fleet/agents.ts";
import type { EventKind, Happening } from "./event.ts";

/** What was last seen of an agent. */
type Known = {
  readonly heartbeat: Heartbeat;
  /** undefined while it isn't known: it was there before this process, which has not heard of it. */
  readonly isLive: boolean | undefined;
  readonly lastSeenMs: number;
  readonly clockOffsetMs: number;
};

/** Two clocks that are read a little apart. */
const startedApartMs = 2_000;
const clockJumpMs = 5_000;

/**
 * Compares what is known of agents with what was known, and tells what changed. Who was silent before this process began is not told
 * of again.
 */
export class AgentWatch {
  readonly #known = new Map<string, Known>();
  readonly #silentAfterMs: number;
  readonly #beganMs: number;

  constructor(
    before: Iterable<AgentRecord>,
    { silentAfterMs, nowMs }: { readonly silentAfterMs: number; readonly nowMs: number },
  ) {
    this.#silentAfterMs = silentAfterMs;
    this.#beganMs = nowMs;
    for (const record of before) {
      const wasSilent = nowMs - record.lastSeenMs > 10 * silentAfterMs;
      this.#known.set(keyOf(record), { ...record, isLive: wasSilent ? false : undefined });
    }
  }

  /** `nowMs` of our clock. */
  look(records: Iterable<AgentRecord>, nowMs: number): Happening[] {
    const events: Happening[] = [];
    const seen = new Set<string>();
    for (const record of records) {
      const key = keyOf(record);
      seen.add(key);
      const before = this.#known.get(key);
      const isLive = this.#isLive(record, before, nowMs);
      events.push(...changesOf(before, { ...record, isLive }, nowMs));
      this.#known.set(key, { ...record, isLive });
    }
    for (const [key, { heartbeat }] of this.#known) {
      if (seen.has(key)) continue;
      this.#known.delete(key);
      const text = `${heartbeat.name} was not heard of for long, and is forgotten`;
      events.push(event(heartbeat, "agent_forgotten", "warning", text, nowMs));
    }
    return events;
  }

  #isLive(record: AgentRecord, before: Known | undefined, nowMs: number): boolean | undefined {
    const quietMs = nowMs - Math.max(record.lastSeenMs, this.#beganMs);
    if (record.lastSeenMs >= this.#beganMs) return quietMs < this.#silentAfterMs;
    // Heard of before this process began only: it has its time to be heard of again.
    return before?.isLive === undefined && quietMs < this.#silentAfterMs ? undefined : false;
  }
}

function changesOf(before: Known | undefined, now: Known, nowMs: number): Happening[] {
  const { heartbeat } = now;
  const { name } = heartbeat;
  const tell = (
    kind: EventKind,
    level: Happening["level"],
    text: string,
    details: Happening["details"] = {},
  ) => event(heartbeat, kind, level, text, nowMs, details);
  if (before === undefined)
    return [
      tell("agent_joined", "info", `${name} is new, with version ${heartbeat.version}`, {
        version: heartbeat.version,
      }),
    ];
  const events: Happening[] = [];
  if (heartbeat.stopping && !before.heartbeat.stopping)
    events.push(tell("agent_stopped", "info", `${name} was stopped`));
  // After a goodbye, silence is expected.
  if (now.isLive === false && before.isLive !== false && !heartbeat.stopping)
    events.push(tell("agent_silent", "error", `${name} is not heard of any more`));
  if (now.isLive === true && before.isLive === false) {
    const away = formatDuration(
      Math.max(1_000, Math.round((nowMs - before.lastSeenMs) / 1_000) * 1_000),
    );
    events.push(tell("agent_back", "info", `${name} is back after ${away}`, { away }));
  }
  events.push(...stateChanges(before, now, tell));
  return events;
}

function stateChanges(
  before: Known,
  now: Known,
  tell: (
    kind: EventKind,
    level: Happening["level"],
    text: string,
    details?: Happening["details"],
  ) => Happening,
): Happening[] {
  const [was, is] = [before.heartbeat, now.heartbeat];
  const events: Happening[] = [];
  const details = { from: was.version, to: is.version };
  if (was.version !== is.version)
    events.push(
      tell(
        "agent_version",
        "info",
        `${is.name} runs ${is.version}, before ${was.version}`,
        details,
      ),
    );
  else if (Math.abs(is.startedMs - was.startedMs) > startedApartMs)
    events.push(tell("agent_restarted", "info", `${is.name} was started anew`));
  const jumpMs = now.clockOffsetMs - before.clockOffsetMs;
  if (now.lastSeenMs !== before.lastSeenMs && Math.abs(jumpMs) > clockJumpMs)
    events.push(
      tell("clock_jump", "warning", `The clock of ${is.name} jumped by ${Math.round(jumpMs)} ms`, {
        by_ms: String(Math.round(jumpMs)),
      }),
    );
  return [...events, ...configurationChanges(was, is, tell)];
}

function configurationChanges(
  { configuration: was }: Heartbeat,
  { configuration: is, name }: Heartbeat,
  tell: (
    kind: EventKind,
    level: Happening["level"],
    text: string,
    details?: Happening["details"],
  ) => Happening,
): Happening[] {
  const events: Happening[] = [];
  const layers = (is?.running ?? []).map((layer) => `${layer.name} ${layer.revision}`).join(", ");
  if (is !== undefined && was?.runningId !== is.runningId && was !== undefined)
    events.push(
      tell(
        "agent_configuration",
        "info",
        `${name} runs ${layers === "" ? "its own file alone" : `configuration ${layers}`}`,
      ),
    );
  if (is !== undefined && is.failedId !== "" && was?.failedId !== is.failedId)
    events.push(
      tell(
        "agent_configuration",
        "error",
        `${name} does not take what it was given: ${is.failedReason.split("\n")[0] ?? ""}`,
      ),
    );
  return events;
}

function event(
  { tenant, agent, name }: Heartbeat,
  kind: EventKind,
  level: Happening["level"],
  text: string,
  atMs: number,
  details: Happening["details"] = {},
): Happening {
  return { tenant, atMs, kind, level, agent, agentName: name, text, details };
}

function keyOf({ heartbeat }: AgentRecord): string {
  return `${heartbeat.tenant}/${heartbeat.agent}`;
}
