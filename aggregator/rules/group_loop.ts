import type { Clock } from "#shared/runtime/clock.ts";
import type { GroupEvaluation } from "./group_evaluation.ts";
import { slotOffsetMs } from "./group_slots.ts";

/** Longer than this between two looks at the clock, and a group finds out late that the clock was set. */
const sleepMaxMs = 10_000;

export type GroupLoopParts = {
  readonly clock: Clock;
  /** Runs an evaluation when it is its turn: not all groups at once. */
  readonly inTurn: (work: () => Promise<void>) => Promise<void>;
  /** Reads what was active before the start, after the second evaluation; undefined where there is nothing to read. */
  readonly restore: (() => Promise<void>) | undefined;
  readonly onIteration: (missed: number) => void;
};

/**
 * Evaluates a group at its interval, at times that depend on its name alone, so that groups do not all run at once and a restart keeps
 * the times. An evaluation that takes too long makes the next ones be left out, and counted (Prometheus, rules/group.go).
 */
export async function runGroup(
  evaluation: GroupEvaluation,
  { clock, inTurn, restore, onIteration }: GroupLoopParts,
  signal: AbortSignal,
): Promise<void> {
  const { group } = evaluation;
  const { intervalMs } = group;
  const offsetMs = slotOffsetMs(group);
  const slotAt = (ms: number) => Math.floor((ms - offsetMs) / intervalMs) * intervalMs + offsetMs;
  let lastMs = slotAt(clock.now());
  let pending = restore;
  for (let rounds = 0; !signal.aborted; rounds++) {
    const dueMs = await nextSlot(lastMs);
    if (signal.aborted) return;
    onIteration(Math.max(0, Math.round((dueMs - lastMs) / intervalMs) - 1));
    lastMs = dueMs;
    await inTurn(async () => {
      if (!signal.aborted) await evaluation.evaluate(dueMs);
    });
    if (signal.aborted) return;
    // By the second one, targets were scraped and recording rules have their values.
    if (pending === undefined || rounds === 0) continue;
    await pending();
    pending = undefined;
  }

  /** The newest time that is due after `lastMs`. A clock that was set back does not stop the group. */
  async function nextSlot(after: number): Promise<number> {
    while (!signal.aborted) {
      const nowMs = clock.now();
      const slotMs = slotAt(nowMs);
      if (slotMs > after || slotMs < after - intervalMs) return slotMs;
      await clock.sleep(Math.min(after + intervalMs - nowMs, sleepMaxMs), signal);
    }
    return after;
  }
}
