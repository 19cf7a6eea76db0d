import { expect, test } from "bun:test";
import { SignalName } from "./signal_name.ts";
import {
  builtInSignals,
  isSignal,
  PerSignal,
  type Signal,
  type SignalDescriptor,
  signalOf,
  signalsWith,
} from "./signals.ts";

function named(name: string, code: number): SignalDescriptor {
  return { name: SignalName.parse(name), code, unit: "things", needsEpoch: false };
}

test("isSignal() takes what fits a key, a folder and a subject, known here or not", () => {
  for (const name of ["metrics", "logs", "traces"]) expect(isSignal(name)).toBe(true);
  for (const name of ["", "Logs", "a_b", "a/b", "a.b", "..", "*", 1, undefined, "a".repeat(33)])
    expect(isSignal(name)).toBe(false);
  expect(SignalName.safeParse("a/b").success).toBe(false);
});
test("signalOf() knows the built-in ones alone", () => {
  expect(["metrics", "logs", "traces", "toString"].map(signalOf)).toEqual([
    "metrics",
    "logs",
    undefined,
    undefined,
  ]);
});
test("signalsWith() adds to the built-in signals, each name and code once", () => {
  const traces = named("traces", 3);
  const all = signalsWith([traces]);
  expect(all.names.map(String)).toEqual(["metrics", "logs", "traces"]);
  expect(all.of(traces.name)).toBe(traces);
  expect(builtInSignals.find(traces.name)).toBeUndefined();
  expect(() => builtInSignals.of(traces.name)).toThrow("traces is not registered");
  expect(() => signalsWith([named("traces", 2)])).toThrow("a code of its own");
  expect(() => signalsWith([traces, named("traces", 4)])).toThrow("traces is there once");
});
test("PerSignal makes a value of each, all at once or in turn", async () => {
  const lengths = builtInSignals.map((signal) => signal.length);
  expect(lengths.entries).toEqual([
    ["metrics", 7],
    ["logs", 4],
  ]);
  const order: Signal[] = [];
  const later = await lengths.mapInTurn(async (signal, length) => {
    await Bun.sleep(length);
    order.push(signal);
    return length + 1;
  });
  expect([order, later.all]).toEqual([
    ["metrics", "logs"],
    [8, 5],
  ]);
  expect(PerSignal.of({ metrics: "a", logs: "b" }).of("logs")).toBe("b");
});
