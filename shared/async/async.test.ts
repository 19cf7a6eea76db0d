import { expect, test } from "bun:test";
import { messageOf } from "../errors.ts";
import { together } from "./together.ts";
import { unlessAborted } from "./unless_aborted.ts";
import { Wakeup } from "./wakeup.ts";

const fails = (): Promise<void> => Promise.reject(new Error("broken"));

test("wait() returns at once when wake() came before it, and once only", async () => {
  const wakeup = new Wakeup();
  wakeup.wake();
  wakeup.wake();
  await wakeup.wait();
  let isAwake = false;
  const waiting = wakeup.wait().then(() => (isAwake = true));
  await Promise.resolve();
  expect(isAwake).toBe(false);
  wakeup.wake();
  await waiting;
});

test("together() aborts the others when one throws, waits for them, and throws its error", async () => {
  let isEnded = false;
  const waits = async (signal: AbortSignal): Promise<void> => {
    await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
    isEnded = true;
  };
  const error = await together(new AbortController().signal, [waits, fails]).catch(messageOf);
  expect(error).toBe("broken");
  expect(isEnded).toBe(true);
});

test("unlessAborted() tells done from aborted, and throws what the work throws", async () => {
  const never = new Promise<void>(() => {});
  const controller = new AbortController();
  expect(await unlessAborted(Promise.resolve(), controller.signal)).toBe(true);
  const failed = unlessAborted(Promise.reject(new Error("broken")), controller.signal);
  expect(await failed.catch(messageOf)).toBe("broken");
  const waiting = unlessAborted(never, controller.signal);
  controller.abort();
  expect(await waiting).toBe(false);
  expect(await unlessAborted(Promise.reject(new Error("late")), controller.signal)).toBe(false);
});
