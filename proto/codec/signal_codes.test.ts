import { expect, test } from "bun:test";
import { builtInSignals, signalsWith } from "#shared/signals.ts";
import { SignalName } from "#shared/signal_name.ts";
import { SignalSchema } from "../gen/v1/frame_pb.js";
import { fromWireSignal, toWireSignal } from "./envelope.ts";

test("the codes of the built-in signals are those of frame.proto", () => {
  const codes = builtInSignals.all.map(({ name, code }) => [`SIGNAL_${name.toUpperCase()}`, code]);
  const known = SignalSchema.values.filter(({ number }) => number > 0);
  expect(codes).toEqual(known.map(({ name, number }) => [name, number]));
});
test("a code is a signal only where the signal is among those of the process", () => {
  const name = SignalName.parse("spans");
  const signals = signalsWith([{ name, code: 99, unit: "spans", needsEpoch: false }]);
  const wire = toWireSignal(name, signals);
  expect(String(wire)).toBe("99");
  expect(fromWireSignal(wire, signals)).toBe(name);
  expect(fromWireSignal(wire)).toBeUndefined();
  expect(fromWireSignal(toWireSignal("logs"), signals)).toBe("logs");
});
