import { labelsKey } from "#shared/model/labels.ts";
import type { Field, Frame } from "../../frames/frame.ts";
import type { Window } from "../../state/time_range.ts";

/** An answer, and what it answers: what a refresh can build on. */
export type Answered = {
  readonly frames: readonly Frame[];
  readonly window: Window;
  readonly stepMs: number;
  /** When the whole range was last asked. */
  readonly wholeMs: number;
};

/** New samples come late now and then: so much of the end is asked again. */
const overlapSteps = 3;
const overlapMinMs = 60_000;
/** What an agent kept through an outage may fill an older gap: the whole range is asked this often. */
const wholeEveryMs = 5 * 60_000;

/**
 * From where a refresh needs to ask to know all of `window`, or undefined where all of it has to be asked: another step,
 * a window that does not follow the last one, answers that are no series over time, or too long since the last whole one.
 */
export function tailStartOf(
  before: Answered | undefined,
  window: Window,
  stepMs: number,
  nowMs: number,
): number | undefined {
  if (before === undefined || before.stepMs !== stepMs) return undefined;
  if (nowMs - before.wholeMs > wholeEveryMs) return undefined;
  const overlap = Math.ceil(Math.max(overlapMinMs, overlapSteps * stepMs) / stepMs) * stepMs;
  const startMs = before.window.endMs - overlap;
  const follows = window.startMs >= before.window.startMs && window.endMs >= before.window.endMs;
  // Without a good part left of the old answer nothing is saved.
  if (!follows || startMs <= window.startMs + (window.endMs - window.startMs) / 2) return undefined;
  return areSeries(before.frames) ? startMs : undefined;
}

/** What a refresh brought: the end of the range, from `startMs` of its own on. */
export type Tail = {
  readonly frames: readonly Frame[];
  readonly window: Window;
};

type Column = { readonly frame: Frame; readonly values: Float64Array };

/**
 * The old answer from the window's start, and the tail from its own start on, on one grid of times that all series share.
 * Series that have no sample left are gone. Where the tail is no series over time, undefined: all has to be asked.
 */
export function appendTail(
  before: readonly Frame[],
  tail: Tail,
  startMs: number,
  stepMs: number,
): readonly Frame[] | undefined {
  if (!tail.frames.every(isSeries)) return undefined;
  const oldTimes = timesOf(before);
  const tailMs = Math.floor(tail.window.startMs / stepMs) * stepMs;
  const from = lowerBound(oldTimes, Math.floor(startMs / stepMs) * stepMs);
  const to = lowerBound(oldTimes, tailMs);
  const newTimes = tail.frames.length > 0 ? timesOf(tail.frames) : gridOf(tail.window, stepMs);
  const times = new Float64Array(to - from + newTimes.length);
  times.set(oldTimes.subarray(from, to));
  times.set(newTimes, to - from);
  const columns = new Map<string, Column>();
  const put = (frame: Frame, part: Float64Array, at: number): void => {
    const key = keyOf(frame);
    const values = columns.get(key)?.values ?? new Float64Array(times.length).fill(Number.NaN);
    values.set(part, at);
    columns.set(key, { frame, values });
  };
  for (const frame of before) put(frame, numbers(frame.fields[1]).subarray(from, to), 0);
  for (const frame of tail.frames) put(frame, numbers(frame.fields[1]), to - from);
  return [...columns.values()].flatMap(({ frame, values }) => framed(frame, times, values));
}

function framed(frame: Frame, times: Float64Array, values: Float64Array): Frame[] {
  const [time, value] = frame.fields;
  if (time === undefined || value === undefined) return [];
  if (values.every((each) => Number.isNaN(each))) return [];
  const fields: Field[] = [
    { ...time, values: times },
    { ...value, values },
  ];
  return [{ ...frame, length: times.length, fields }];
}

/** Whether all frames are a time and a number over one set of times. */
function areSeries(frames: readonly Frame[]): boolean {
  const times = frames[0]?.fields[0]?.values;
  return (
    frames.length > 0 &&
    frames.every((frame) => isSeries(frame) && frame.fields[0]?.values === times)
  );
}

function isSeries(frame: Frame): boolean {
  const [time, value] = frame.fields;
  return frame.fields.length === 2 && time?.type === "time" && value?.type === "number";
}

function keyOf(frame: Frame): string {
  return `${frame.ref}\u0000${labelsKey(frame.fields[1]?.labels ?? {})}`;
}

function timesOf(frames: readonly Frame[]): Float64Array {
  return numbers(frames[0]?.fields[0]);
}

function gridOf({ startMs, endMs }: Window, stepMs: number): Float64Array {
  const first = Math.floor(startMs / stepMs);
  const length = Math.max(0, Math.floor(endMs / stepMs) - first + 1);
  return Float64Array.from({ length }, (_, i) => (first + i) * stepMs);
}

function numbers(field: Field | undefined): Float64Array {
  return field?.values instanceof Float64Array ? field.values : new Float64Array(0);
}

/** The first place whose time is not before `ms`. */
function lowerBound(times: Float64Array, ms: number): number {
  let [low, high] = [0, times.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((times[middle] ?? 0) < ms) low = middle + 1;
    else high = middle;
  }
  return low;
}
