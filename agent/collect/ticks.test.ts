import { expect, test } from "bun:test";
import type { Clock } from "#shared/runtime/clock.ts";
import { ticks } from "./ticks.ts";

const startMs = 1_800_000_000_000;
const intervalMs = 15_000;

/** A clock that sleeps for exactly as long as it is asked to, and for `lateMs` more the next time. */
class SteppedClock implements Clock {
  nowMs: number;
  lateMs = 0;
  constructor(nowMs: number) {
    this.nowMs = nowMs;
  }
  now = () => this.nowMs;
  monotonic = () => this.nowMs;
  sleep = (ms: number) => {
    this.nowMs += Math.max(0, ms) + this.lateMs;
    this.lateMs = 0;
    return Promise.resolve();
  };
}

async function started() {
  const clock = new SteppedClock(startMs + 1);
  const every = ticks(intervalMs, clock, new AbortController().signal);
  const next = async () => Number((await every.next()).value) - startMs;
  // The two early ticks.
  expect([await next(), await next()]).toEqual([1, 3_001]);
  return { clock, next };
}

test("ticks() yields the planned time of a tick that is on time", async () => {
  const { clock, next } = await started();
  expect(await next()).toBe(15_000);
  clock.lateMs = 2;
  expect(await next()).toBe(30_000);
  expect(await next()).toBe(45_000);
});

test("ticks() yields the time of the reading after a stop, and skips what it missed", async () => {
  const { clock, next } = await started();
  clock.lateMs = 240_000;
  expect(await next()).toBe(255_000);
  expect(await next()).toBe(270_000);
  clock.lateMs = 247_123;
  expect(await next()).toBe(532_123);
  expect(await next()).toBe(540_000);
});

test("ticks() keeps no planned time that is over 2 ms or 1 % of the interval away", async () => {
  const { clock, next } = await started();
  clock.lateMs = 3;
  expect(await next()).toBe(15_003);
  const fine = new SteppedClock(startMs);
  const every = ticks(100, fine, new AbortController().signal);
  await every.next();
  fine.lateMs = 2;
  expect((await every.next()).value).toBe(startMs + 102);
});
