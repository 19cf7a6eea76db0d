import { expect, test } from "bun:test";
import { Reach } from "./reach.ts";

function stage() {
  let ms = 1_000_000;
  const link = { connected: false, detail: "CONNECTION_REFUSED" };
  const clock = { now: () => ms, monotonic: () => ms - 900_000 };
  return { link, reach: new Reach(clock, () => link), pass: (by: number) => void (ms += by) };
}

test("Reach counts from the start until a heartbeat is answered", () => {
  const { link, reach, pass } = stage();
  pass(7_000);
  expect(reach.offlineMs()).toBe(7_000);
  expect(reach.status()).toMatchObject({ reached: false, sinceMs: 1_000_000 });
  Object.assign(link, { connected: true, detail: "connected to x" });
  expect(reach.status().detail).toBe("connected to x, but no aggregator answers there");
  reach.answered(12);
  expect(reach.offlineMs()).toBe(0);
  expect(reach.status()).toEqual({
    reached: true,
    sinceMs: 1_007_000,
    detail: "connected to x",
    clockOffsetMs: 12,
  });
});

test("Reach tells since when, after some heartbeats without an answer, or at once without NATS", () => {
  const { link, reach, pass } = stage();
  link.connected = true;
  reach.answered(undefined);
  pass(20_000);
  expect(reach.offlineMs()).toBe(0);
  pass(1);
  expect(reach.offlineMs()).toBe(20_001);
  expect(reach.status()).toMatchObject({ reached: false, sinceMs: 1_000_000 });
  reach.answered(undefined);
  expect(reach.status()).toMatchObject({ reached: true, sinceMs: 1_020_001 });
  pass(5_000);
  link.connected = false;
  expect(reach.offlineMs()).toBe(5_000);
});

test("an aggregator in the same process is always in reach", () => {
  const reach = new Reach({ now: () => 5, monotonic: () => 5 }, undefined);
  expect(reach.offlineMs()).toBe(0);
  expect(reach.status().reached).toBe(true);
});
