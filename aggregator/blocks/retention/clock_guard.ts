import { z } from "zod";
import type { Clock } from "#shared/runtime/clock.ts";
import type { Catalog } from "../../catalog/catalog.ts";
import type { StoreConfig } from "../config.ts";
import type { Block } from "../../read/store.ts";
import { dropState, readState, writeState } from "../../catalog/maintenance_state.ts";
import { type ClockMoment, type ClockReference, judgeClock } from "./judge_clock.ts";

type GuardDeps = {
  readonly catalog: Pick<Catalog, "transaction">;
  readonly clock: Clock;
  readonly config: Pick<StoreConfig, "clock">;
  readonly blocks: () => readonly Block[];
  /** Clocks of agents on other machines minus this one, in milliseconds, heard just now. */
  readonly agentOffsets: () => readonly number[];
};

/** The time of a round, and why nothing may be deleted by it; empty where something may. */
export type RoundTime = { readonly nowMs: number; readonly doubt: string };

/**
 * Says whether what is past its time by the wall clock is so indeed. The newest round whose clock was trusted is the
 * reference; one that is not trusted never becomes it, so a clock that comes back is trusted again by itself.
 */
export class ClockGuard {
  readonly #deps: GuardDeps;
  #reference: ClockReference | undefined;

  constructor(deps: GuardDeps) {
    this.#deps = deps;
  }

  async look(): Promise<RoundTime> {
    const { agentOffsets, catalog, clock, config } = this.#deps;
    const now: ClockMoment = momentOf(clock);
    this.#reference ??= await this.#remembered();
    const doubt = judgeClock(this.#reference, now, agentOffsets(), config.clock);
    if (doubt !== "" && !(await this.#isConfirmed(now)))
      return { nowMs: now.wallMs, doubt: ask(doubt, now) };
    this.#reference = now;
    const { wallMs, boot } = now;
    await writeState(catalog, "clock", { wallMs, ...(boot === undefined ? {} : { boot }) });
    return { nowMs: now.wallMs, doubt: "" };
  }

  /** Whether what is past its time by the wall clock may be deleted right now. No before the first round of this process that trusted the clock. */
  isTrusted(): boolean {
    const { agentOffsets, clock, config } = this.#deps;
    if (this.#reference?.monotonicMs === undefined) return false;
    return judgeClock(this.#reference, momentOf(clock), agentOffsets(), config.clock) === "";
  }

  /**
   * Of the process before, or an operator's word. A rebuilt catalog, and one from before it was kept, has neither: then blocks say when they were
   * written.
   */
  async #remembered(): Promise<ClockReference | undefined> {
    const state = Reference.safeParse(await readState(this.#deps.catalog, "clock"));
    if (state.success) {
      const { wallMs, boot } = state.data;
      return { wallMs, ...(boot === undefined ? {} : { boot }) };
    }
    const created = this.#deps.blocks().map(({ createdMs }) => createdMs);
    const wallMs = lastBeforeGap(created, this.#deps.config.clock.stop_max);
    return wallMs === undefined ? undefined : { wallMs };
  }

  /** An operator's word is for the clock as it was then, and for once. */
  async #isConfirmed({ wallMs }: ClockMoment): Promise<boolean> {
    const { catalog, config } = this.#deps;
    const state = Confirmation.safeParse(await readState(catalog, "clock_confirmed"));
    if (!state.success) return false;
    if (Math.abs(wallMs - state.data.wallMs) > config.clock.jump_max) return false;
    await dropState(catalog, "clock_confirmed");
    return true;
  }
}

/**
 * The newest of these times, but none behind a gap of more than `gapMs`: what was written while the clock was ahead must not make that clock the right
 * one. Behind a real stop that was as long, the clock is in doubt until it is confirmed.
 */
function lastBeforeGap(times: readonly number[], gapMs: number): number | undefined {
  let last: number | undefined;
  for (const time of times.toSorted((a, b) => a - b)) {
    if (last !== undefined && time - last > gapMs) break;
    last = time;
  }
  return last;
}

/** For `lapwing storage confirm-clock`: the clock as it is now is right, also for the next process. */
export async function confirmClock(
  catalog: Pick<Catalog, "transaction">,
  clock: Pick<Clock, "now" | "boot">,
): Promise<void> {
  const [wallMs, boot] = [clock.now(), clock.boot?.()];
  await writeState(catalog, "clock", { wallMs, ...(boot === undefined ? {} : { boot }) });
  await writeState(catalog, "clock_confirmed", { wallMs });
}

function momentOf(clock: Clock): ClockMoment {
  const boot = clock.boot?.();
  const moment = { wallMs: clock.now(), monotonicMs: clock.monotonic() };
  return boot === undefined ? moment : { ...moment, boot };
}

function ask(doubt: string, { wallMs }: ClockMoment): string {
  return (
    `${doubt}; it says ${new Date(wallMs).toISOString()}. Set the clock right, or, if it is, ` +
    `run \`lapwing storage confirm-clock\` on this machine`
  );
}

const Reference = z.object({
  wallMs: z.number(),
  boot: z.object({ id: z.string(), ms: z.number() }).optional(),
});
const Confirmation = z.object({ wallMs: z.number() });
