import { expect, test } from "bun:test";
import type { Ask } from "../../frames/ask.ts";
import type { Frame } from "../../frames/frame.ts";
import { AnswerStore } from "./answer_store.ts";
import type { Question } from "./question.ts";

const question = (expr: string): Question => ({
  ref: "A",
  key: expr,
  source: "metrics",
  expr,
  instant: false,
  format: "time_series",
  legend: undefined,
  stepMs: 15_000,
  limit: undefined,
  range: { from: "now-1h", to: "now" },
  shiftMs: 0,
  timeZone: "utc",
});

/** A frame on the whole grid of what is asked. */
function answerTo({ window, stepMs, ref }: Ask): Frame[] {
  const first = Math.floor(window.startMs / stepMs);
  const length = Math.floor(window.endMs / stepMs) - first + 1;
  const times = Float64Array.from({ length }, (_, i) => (first + i) * stepMs);
  const common = { options: {}, labels: { host: "a" } };
  const fields = [
    { ...common, name: "Time", type: "time", values: times },
    { ...common, name: "a", type: "number", values: times.map((ms) => ms / 1_000) },
  ] as const;
  return [{ ref, name: "a", length, fields, notices: [] }];
}

function world() {
  const asked: Ask[] = [];
  const signals: AbortSignal[] = [];
  let failing = false;
  let nowMs = 3_600_000 * 10;
  const gate = { wait: undefined as Promise<void> | undefined };
  const store = new AnswerStore({
    now: () => nowMs,
    async ask(ask, signal) {
      asked.push(ask);
      signals.push(signal);
      await gate.wait;
      if (signal.aborted) throw new Error("aborted");
      if (failing) throw new Error("it is broken");
      return answerTo(ask);
    },
  });
  return {
    store,
    asked,
    signals,
    gate,
    pass: (ms: number) => (nowMs += ms),
    fail: (now: boolean) => (failing = now),
  };
}

test("panels with the same question share one request", async () => {
  const { store, asked } = world();
  const ends = ["x", "x", "y"].map((expr) => store.watch(question(expr), () => {}));
  await Bun.sleep(1);
  expect(asked.map(({ expr }) => expr)).toEqual(["x", "y"]);
  for (const end of ends) end();
});

test("values of one moment are asked at the same one, whenever their turn comes: their tables are joined by time", async () => {
  const { store, asked, gate, pass } = world();
  const { promise, resolve } = Promise.withResolvers<void>();
  gate.wait = promise;
  const ends = ["a", "b", "c", "d", "e", "f", "g"].map((expr) =>
    store.watch({ ...question(expr), instant: true }, () => {}),
  );
  pass(700);
  resolve();
  await Bun.sleep(1);
  expect(asked).toHaveLength(7);
  expect(new Set(asked.map(({ window }) => window.endMs)).size).toBe(1);
  // The last answers came later than the first ones, and all are asked again together.
  pass(4_400);
  store.refresh();
  await Bun.sleep(1);
  expect(asked).toHaveLength(14);
  expect(new Set(asked.map(({ window }) => window.endMs)).size).toBe(2);
  for (const end of ends) end();
});

test("a refresh asks only the new part, and the picture has the whole range", async () => {
  const { store, asked, pass } = world();
  const end = store.watch(question("x"), () => {});
  await Bun.sleep(1);
  pass(30_000);
  store.refresh();
  await Bun.sleep(1);
  const [whole, tail] = asked.map(({ window }) => window.endMs - window.startMs);
  expect(whole).toBe(3_600_000);
  expect(tail).toBe(90_000);
  const { answered } = store.state("x");
  const [time, value] = answered?.frames[0]?.fields ?? [];
  expect(answered?.frames[0]?.length).toBe(241);
  expect(time?.values[0]).toBe(3_600_000 * 9 + 30_000);
  expect(value?.values.at(-1)).toBe((3_600_000 * 10 + 30_000) / 1_000);
  end();
});

test("a refresh that fails keeps the last good picture, and says why", async () => {
  const { store, fail, pass } = world();
  let changes = 0;
  const end = store.watch(question("x"), () => changes++);
  await Bun.sleep(1);
  fail(true);
  pass(60_000);
  store.refresh();
  await Bun.sleep(1);
  expect(store.state("x").answered?.frames.length).toBe(1);
  expect(String(store.state("x").error)).toContain("it is broken");
  fail(false);
  store.refresh();
  await Bun.sleep(1);
  expect(store.state("x").error).toBeUndefined();
  expect(changes).toBe(6);
  end();
});

test("between two steps there is nothing new, and nothing is asked", async () => {
  const { store, asked, pass } = world();
  pass(6_000);
  const end = store.watch(question("x"), () => {});
  await Bun.sleep(1);
  pass(8_000);
  store.refresh();
  await Bun.sleep(1);
  expect(asked.length).toBe(1);
  store.refresh(true);
  await Bun.sleep(1);
  expect(asked.length).toBe(2);
  expect(asked[1]?.window.startMs).toBe(3_600_000 * 9 + 14_000);
  end();
});

test("what nobody watches any more is given up, but not when it is watched again at once", async () => {
  const { store, gate, signals } = world();
  gate.wait = Bun.sleep(20);
  const first = store.watch(question("x"), () => {});
  first();
  const second = store.watch(question("x"), () => {});
  await Bun.sleep(2);
  expect(signals[0]?.aborted).toBe(false);
  second();
  await Bun.sleep(2);
  expect(signals[0]?.aborted).toBe(true);
});

test("who leaves, comes back and leaves within a moment, and comes back again, gets an answer", async () => {
  const { store } = world();
  const see = () => store.watch(question("x"), () => {});
  see()();
  see()();
  await Bun.sleep(1);
  see()();
  const first = see();
  await new Promise<void>((resolve) => setTimeout(resolve, 0));
  first();
  see();
  await Bun.sleep(5);
  expect(store.state("x").answered).toBeDefined();
});

test("a question that was forgotten and is asked anew has another version", async () => {
  const { store, fail } = world();
  fail(true);
  const end = store.watch(question("x"), () => {});
  await Bun.sleep(1);
  const before = store.version(["x"]);
  end();
  await Bun.sleep(5);
  fail(false);
  const again = store.watch(question("x"), () => {});
  await Bun.sleep(1);
  expect(store.version(["x"])).toBeGreaterThan(before);
  again();
});

test("changes are told together when the page is drawn next, a few questions at a time", async () => {
  const frames: (() => void)[] = [];
  const store = new AnswerStore({
    ask: async (ask) => answerTo(ask),
    soon: (tell) => frames.push(tell),
  });
  const told: string[] = [];
  const names = ["a", "b", "c", "d", "e", "f", "g", "h"];
  for (const name of names) store.watch(question(name), () => told.push(name));
  await Bun.sleep(1);
  expect(names.every((name) => store.state(name).answered !== undefined)).toBe(true);
  expect(told).toEqual([]);
  frames.shift()?.();
  expect(told).toEqual(["a", "b", "c"]);
  frames.shift()?.();
  expect(told).toEqual(["a", "b", "c", "d", "e", "f"]);
  frames.shift()?.();
  expect(told).toEqual(names);
  expect(frames).toEqual([]);
});
