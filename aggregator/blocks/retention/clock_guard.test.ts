import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createSelfMetrics } from "#shared/runtime/self_metrics.ts";
import type { Clock } from "#shared/runtime/clock.ts";
import { createLogger } from "#shared/runtime/log.ts";
import type { BlockStore } from "../block_store.ts";
import { StoreConfig } from "../config.ts";
import { openStore } from "../open_store.ts";
import { withStorage } from "../../tools/storage_tools.ts";
import { cutOf, gauge, lines } from "../../read/store.fixture.ts";
import { dropState } from "../../catalog/maintenance_state.ts";
import { confirmClock } from "./clock_guard.ts";
import { type ClockMoment, type ClockReference, judgeClock } from "./judge_clock.ts";

const [minuteMs, hourMs, dayMs] = [60_000, 3_600_000, 86_400_000];
const limits = { jump_max: hourMs, stop_max: 3 * dayMs };
const startMs = 1_000 * dayMs;

const boot = (id: string, ms: number) => ({ id, ms });
const reference: ClockReference = { wallMs: startMs, boot: boot("a", dayMs) };
const after = (wallMs: number, passedMs: number, id = "a"): ClockMoment => ({
  wallMs: startMs + wallMs,
  monotonicMs: 5 + passedMs,
  boot: boot(id, dayMs + passedMs),
});

test.each<[string, ClockMoment, number[], string]>([
  ["a minute", after(minuteMs, minuteMs), [], ""],
  ["a stop of 60 days of the process", after(60 * dayMs, 60 * dayMs), [], ""],
  ["a small correction", after(30 * minuteMs, minuteMs), [], ""],
  ["a jump ahead", after(60 * dayMs, minuteMs), [], "jumped ahead by 60 days"],
  ["a jump ahead by hours", after(5 * hourMs, minuteMs), [], "jumped ahead by 5.0 hours"],
  ["a jump back", after(-730 * dayMs, minuteMs), [], "jumped back by 730 days"],
  ["a clock set right, as other machines say", after(60 * dayMs, minuteMs), [200, -90], ""],
  ["other machines disagree", after(60 * dayMs, minuteMs), [-60 * dayMs], "jumped ahead"],
  ["one agent is wrong, this clock ran through", after(minuteMs, minuteMs), [9 * dayMs], ""],
  ["a reboot", after(dayMs, 0, "b"), [], ""],
  ["a reboot after 60 days", after(60 * dayMs, 0, "b"), [], "60 days ago by the clock"],
  ["a reboot after 60 days, as agents say", after(60 * dayMs, 0, "b"), [1_000], ""],
  ["a reboot into the past", after(-2 * dayMs, 0, "b"), [], "2 days before the newest round"],
  ["a reboot with a clock that agents don't have", after(dayMs, 0, "b"), [-dayMs], "24.0 hours"],
])("judgeClock(): %s", (_name, now, offsets, doubt) => {
  const found = judgeClock(reference, now, offsets, limits);
  if (doubt === "") expect(found).toBe("");
  else expect(found).toContain(doubt);
});

test("judgeClock() goes by this process's own clock where the system reports no boot", () => {
  const known = { wallMs: startMs, monotonicMs: 0 };
  const now = (wallMs: number) => ({ wallMs: startMs + wallMs, monotonicMs: minuteMs });
  expect(judgeClock(known, now(minuteMs), [], limits)).toBe("");
  expect(judgeClock(known, now(2 * dayMs), [], limits)).toContain("jumped ahead");
  expect(judgeClock(undefined, now(2 * dayMs), [], limits)).toBe("");
});

const root = mkdtempSync(join(tmpdir(), "lapwing-clock-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** A machine whose clock can be set; real time passes by `pass`. */
class Machine {
  wallMs = startMs;
  upMs = dayMs;
  id = "a";
  offsets: number[] = [];
  readonly clock: Clock = {
    now: () => this.wallMs,
    monotonic: () => this.upMs,
    boot: () => ({ id: this.id, ms: this.upMs }),
    sleep: (_ms, signal) =>
      new Promise((resolve) => {
        if (signal?.aborted === true) resolve();
        signal?.addEventListener("abort", () => resolve(), { once: true });
      }),
  };

  pass(ms: number): void {
    this.wallMs += ms;
    this.upMs += ms;
  }

  open(name: string, config: Record<string, unknown> = {}): Promise<BlockStore> {
    const quiet = {
      compaction: { interval: "1d" },
      delete_after: "0s",
      retention: { logs: "10d", metrics: "10d" },
    };
    return openStore(StoreConfig.parse({ ...quiet, ...config }), {
      dataDir: join(root, name),
      clock: this.clock,
      log: createLogger("error"),
      metrics: createSelfMetrics(),
      agentOffsets: () => this.offsets,
    });
  }
}

async function filled(machine: Machine, name: string): Promise<BlockStore> {
  const store = await machine.open(name);
  const { wallMs } = machine;
  const metrics = [gauge("n", [wallMs], [1])];
  await store.commit(cutOf({ metrics, logs: lines("app", ["one"], wallMs) }, 1), () => {});
  machine.pass(minuteMs);
  await store.maintain();
  return store;
}

const isTrusted = (store: BlockStore) => store.maintenanceState.isClockTrusted;
const stoppedOf = (store: BlockStore) => store.maintenanceState.deletionStopped;

test("a clock that jumps ahead by 60 days expires nothing, says so, and goes on when it comes back", async () => {
  const machine = new Machine();
  const store = await filled(machine, "ahead");
  expect(isTrusted(store)).toBe(true);
  machine.wallMs += 60 * dayMs;
  // Before a round has seen it.
  expect(isTrusted(store)).toBe(false);
  machine.pass(minuteMs);
  await store.maintain();
  expect(store.view().blocks).toHaveLength(2);
  expect(stoppedOf(store)).toContain("jumped ahead by 60 days");
  expect(stoppedOf(store)).toContain("lapwing storage confirm-clock");
  await store.close();
  // Nor after a start.
  const again = await machine.open("ahead");
  expect(isTrusted(again)).toBe(false);
  machine.pass(minuteMs);
  await again.maintain();
  expect(again.view().blocks).toHaveLength(2);
  expect(stoppedOf(again)).toContain("jumped ahead");
  machine.wallMs -= 60 * dayMs;
  await again.maintain();
  expect(stoppedOf(again)).toBe("");
  expect(isTrusted(again)).toBe(true);
  machine.pass(11 * dayMs);
  await again.maintain();
  expect(again.view().blocks).toEqual([]);
  await again.close();
}, 30_000);

test("a clock that jumps back stops deletion, too", async () => {
  const machine = new Machine();
  const store = await filled(machine, "back");
  machine.wallMs -= 730 * dayMs;
  machine.pass(minuteMs);
  await store.maintain();
  expect(stoppedOf(store)).toContain("jumped back by 730 days");
  expect(store.view().blocks).toHaveLength(2);
  await store.close();
}, 30_000);

test("a machine that was off for 60 days waits for an operator's word, or for agents", async () => {
  for (const word of ["operator", "agents"]) {
    const machine = new Machine();
    await (await filled(machine, word)).close();
    machine.wallMs += 60 * dayMs;
    machine.upMs = 1_000;
    machine.id = "b";
    const store = await machine.open(word);
    await store.maintain();
    expect(stoppedOf(store)).toContain("a long stop, or a clock that jumped ahead");
    expect(store.view().blocks).toHaveLength(2);
    if (word === "agents") machine.offsets = [800];
    else {
      await withStorage(StoreConfig.parse({}), join(root, word), "read", ({ catalog }) =>
        confirmClock(catalog, machine.clock),
      );
    }
    machine.pass(minuteMs);
    await store.maintain();
    expect(stoppedOf(store)).toBe("");
    expect(store.view().blocks).toEqual([]);
    // The word was for that moment.
    machine.wallMs += 60 * dayMs;
    machine.offsets = [];
    await store.maintain();
    expect(stoppedOf(store)).toContain("jumped ahead");
    await store.close();
  }
}, 30_000);

test("an install from before rounds were remembered goes by its newest block", async () => {
  const machine = new Machine();
  const store = await machine.open("old");
  await store.commit(cutOf({ metrics: [gauge("n", [machine.wallMs], [1])] }, 1), () => {});
  await store.close();
  machine.wallMs += 60 * dayMs;
  const again = await machine.open("old");
  await again.maintain();
  expect(again.view().blocks).toHaveLength(1);
  expect(stoppedOf(again)).toContain("60 days ago by the clock");
  await again.close();
}, 30_000);

/** As after `storage rebuild`, whose catalog does not know of a round. */
const forgetRounds = (name: string) =>
  withStorage(StoreConfig.parse({}), join(root, name), "read", ({ catalog }) =>
    dropState(catalog, "clock"),
  );

/** A store with blocks that were written in time, and then with a clock 60 days ahead, whose catalog is rebuilt. */
async function writtenAhead(name: string): Promise<Machine> {
  const machine = new Machine();
  await (await filled(machine, name)).close();
  machine.wallMs += 60 * dayMs;
  const ahead = await machine.open(name);
  await ahead.commit(cutOf({ metrics: [gauge("n", [machine.wallMs], [2])] }, 2), () => {});
  await ahead.close();
  await forgetRounds(name);
  return machine;
}

test("blocks written while the clock was ahead do not make it right", async () => {
  const machine = await writtenAhead("rebuilt");
  const store = await machine.open("rebuilt");
  await store.maintain();
  expect(stoppedOf(store)).toContain("60 days ago by the clock");
  expect(store.view().blocks).toHaveLength(3);
  await store.close();
  machine.wallMs -= 60 * dayMs;
  const right = await machine.open("rebuilt");
  await right.maintain();
  expect(stoppedOf(right)).toBe("");
  expect(right.view().blocks).toHaveLength(3);
  await right.close();
}, 30_000);

test("a confirmed clock is the reference of the next process, before any round", async () => {
  const machine = await writtenAhead("confirmed");
  machine.wallMs -= 60 * dayMs;
  await withStorage(StoreConfig.parse({}), join(root, "confirmed"), "read", ({ catalog }) =>
    confirmClock(catalog, machine.clock),
  );
  machine.wallMs += 60 * dayMs;
  machine.pass(minuteMs);
  const store = await machine.open("confirmed");
  await store.maintain();
  expect(stoppedOf(store)).toContain("jumped ahead by 60 days");
  expect(store.view().blocks).toHaveLength(3);
  await store.close();
}, 30_000);
