import type { FieldOptions } from "#shared/dashboards/dashboard.ts";
import type { Frame } from "../../frames/frame.ts";
import { frameOf, numbers, timeField } from "./sample_frames.ts";

const mappings: FieldOptions["mappings"] = [
  { kind: "value", value: "0", result: { text: "down", color: "red" } },
  { kind: "value", value: "1", result: { text: "slow", color: "yellow" } },
  { kind: "value", value: "2", result: { text: "up", color: "green" } },
];

/** Three hosts, one with an outage, one slow at times. */
export function sampleStates(length: number): readonly Frame[] {
  const stepMs = 3_600_000 / length;
  const states: Readonly<Record<string, (i: number) => number>> = {
    "web-1": () => 2,
    "web-2": (i) => (i > length * 0.4 && i < length * 0.6 ? 0 : 2),
    "db-1": (i) => (i % Math.ceil(length / 4) < 2 ? 1 : i > length * 0.8 ? Number.NaN : 2),
  };
  return Object.entries(states).map(([host, at]) =>
    frameOf(host, [
      timeField(length, stepMs),
      numbers(
        host,
        Array.from({ length }, (_, i) => at(i)),
        { mappings },
        { host },
      ),
    ]),
  );
}
