import type { BootTime } from "#shared/runtime/process/boot_time.ts";

/** A moment at which the wall clock was trusted. */
export type ClockReference = {
  readonly wallMs: number;
  /** Of the machine's boot, and milliseconds since then, which can't be set; absent where the system does not report it. */
  readonly boot?: BootTime;
  /** Of this process; absent when it is another one's moment. */
  readonly monotonicMs?: number;
};

export type ClockMoment = ClockReference & { readonly monotonicMs: number };

export type ClockLimits = {
  /** How far the wall clock may be from the time that has passed, where that is known. */
  readonly jump_max: number;
  /** How long a stop may be of which nothing but the wall clock says how long it was. */
  readonly stop_max: number;
};

/** An agent's offset counts as agreement up to here: the way of its heartbeat is in it. */
const agreesMs = 5 * 60_000;

/**
 * Why the wall clock is not to be trusted; empty where it is. What has passed since the reference is known while the machine runs (also
 * over a restart of the process), and not over a reboot: then agents on other machines decide, and else the length of the gap.
 */
export function judgeClock(
  reference: ClockReference | undefined,
  now: ClockMoment,
  /** Clocks of agents on other machines minus this one, heard just now. */
  agentOffsetsMs: readonly number[],
  limits: ClockLimits,
): string {
  if (reference === undefined) return "";
  const offsetMs = medianOf(agentOffsetsMs);
  // A real stop, or a clock that was set right: others have the same time.
  if (offsetMs !== undefined && Math.abs(offsetMs) <= agreesMs) return "";
  const wallMs = now.wallMs - reference.wallMs;
  const passedMs = timeBetween(reference, now);
  if (passedMs !== undefined) {
    const jumpMs = wallMs - passedMs;
    if (Math.abs(jumpMs) <= limits.jump_max) return "";
    return `the clock jumped ${jumpMs < 0 ? "back" : "ahead"} by ${text(jumpMs)}`;
  }
  if (wallMs < -limits.jump_max)
    return `the clock is ${text(wallMs)} before the newest round of maintenance`;
  if (wallMs > limits.stop_max)
    return `the newest round of maintenance was ${text(wallMs)} ago by the clock: a long stop, or a clock that jumped ahead`;
  if (offsetMs !== undefined && Math.abs(offsetMs) > limits.jump_max)
    return `the clock differs from that of ${agentOffsetsMs.length} agents by ${text(offsetMs)}`;
  return "";
}

/** The time that passed, by clocks that can't be set; undefined where all of them restarted meanwhile. */
function timeBetween(reference: ClockReference, now: ClockMoment): number | undefined {
  const { boot, monotonicMs } = reference;
  if (boot !== undefined && boot.id === now.boot?.id) return now.boot.ms - boot.ms;
  return monotonicMs === undefined ? undefined : now.monotonicMs - monotonicMs;
}

function medianOf(values: readonly number[]): number | undefined {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
}

function text(ms: number): string {
  const hours = Math.abs(ms) / 3_600_000;
  return hours < 48 ? `${hours.toFixed(1)} hours` : `${Math.round(hours / 24)} days`;
}
