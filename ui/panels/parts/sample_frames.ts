import type { FieldOptions } from "#shared/dashboards/dashboard.ts";
import type { Labels } from "#shared/model/labels.ts";
import type { Field, Frame } from "../../frames/frame.ts";

/** Samples stand at one moment, so that a picture of them is the same every time. */
export const sampleEndMs = Date.UTC(2026, 0, 15, 12);
const sampleStepMs = 60_000;
export const sampleLength = 60;

export function timeField(length = sampleLength, stepMs = sampleStepMs): Field {
  const values = Float64Array.from({ length }, (_, i) => sampleEndMs - (length - 1 - i) * stepMs);
  return { name: "Time", type: "time", labels: {}, values, options: {} };
}

export function numbers(
  name: string,
  values: ArrayLike<number>,
  options: FieldOptions = {},
  labels: Labels = {},
): Field {
  return { name, type: "number", labels, values: Float64Array.from(values), options };
}

export function texts(name: string, values: readonly string[], options: FieldOptions = {}): Field {
  return { name, type: "string", labels: {}, values, options };
}

export function frameOf(name: string, fields: readonly Field[], ref = "A"): Frame {
  return { ref, name, length: fields[0]?.values.length ?? 0, fields, notices: [] };
}

/** A curve that looks alive and is the same every time. */
export function wave(length: number, seed: number, middle: number, swing: number): number[] {
  return Array.from(
    { length },
    (_, i) =>
      middle + swing * (Math.sin(i / (5 + seed)) * 0.6 + Math.sin((i * (seed + 3)) / 11) * 0.4),
  );
}
