import type { UnitDetails } from "./units.ts";

/** Times of the last run are told in whole seconds. */
const roundingSeconds = 2;

/**
 * When each timer is to run next. While what a timer started runs, systemd knows no next time and still tells the last one, so the way from one to the next is
 * remembered from before: a job that hangs is overdue when it should have run again.
 */
export class TimerSchedule {
  /** Seconds from one run to the next, by name. */
  #periods = new Map<string, number>();

  /** Takes what systemd told, and forgets timers that it does not tell of any more. */
  learn(details: ReadonlyMap<string, UnitDetails>): void {
    const periods = new Map<string, number>();
    for (const [name, each] of details) {
      const { lastTriggerSeconds: last = 0, nextTriggerSeconds: next = 0 } = each;
      const period = last > 0 && isWaiting(each) ? next - last : this.#periods.get(name);
      if (period !== undefined) periods.set(name, period);
    }
    this.#periods = periods;
  }

  /** Unix seconds, at the latest: AccuracySec is counted in. Undefined where it will not run again, or is not known. */
  nextOf(name: string, details: UnitDetails): number | undefined {
    const { lastTriggerSeconds: last = 0, nextTriggerSeconds: next, accuracySeconds } = details;
    if (next === undefined) return undefined;
    if (isWaiting(details)) return next + accuracySeconds;
    const period = this.#periods.get(name);
    return period === undefined ? undefined : last + period + accuracySeconds;
  }
}

function isWaiting({
  lastTriggerSeconds: last = 0,
  nextTriggerSeconds: next,
}: UnitDetails): boolean {
  return next !== undefined && next > last + roundingSeconds;
}
