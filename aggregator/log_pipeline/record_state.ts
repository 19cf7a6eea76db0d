import type { Labels } from "#shared/model/labels.ts";
import type { MinedLines } from "#shared/model/line_template.ts";
import type { LogSlice } from "../read/source.ts";
import { levelOf } from "../read/level.ts";
import { ParsedLabels } from "./parsed_labels.ts";

export const errorLabel = "__error__";
export const errorDetailsLabel = "__error_details__";
export const levelLabel = "detected_level";
export const clashSuffix = "_extracted";

/**
 * One record on its way through a pipeline. One such object serves all records of a query: nothing is allocated for a record that no
 * stage asks for. Labels stand in three layers, of which the first that knows a name wins: what stages have made (`parsed`), structured
 * metadata, the stream. The lower two are shared and never changed; `removed` hides their names.
 */
export type RecordState = {
  bodies: Uint8Array;
  bodyStart: number;
  bodyEnd: number;
  /** The line as text once somebody has asked for it, or a stage has written another. */
  text: string | undefined;
  /** The batch's lines as they were taken apart, and which of its records this is. */
  mined: MinedLines | undefined;
  row: number;
  timeMs: number;
  nanos: number;
  stream: Labels;
  severity: number;
  attributes: Labels | undefined;
  readonly parsed: ParsedLabels;
  readonly removed: Set<string>;
  /** Names that were parsed and then dropped: a later parser does not bring them back. */
  readonly dropped: Set<string>;
  error: string;
  details: string;
  /** CPU time of the thread when stages began with a large line; -1 before that. */
  beganCpuMs: number;
};

export function newRecordState(): RecordState {
  return {
    bodies: new Uint8Array(0),
    bodyStart: 0,
    bodyEnd: 0,
    text: undefined,
    mined: undefined,
    row: 0,
    timeMs: 0,
    nanos: 0,
    stream: {},
    severity: 0,
    attributes: undefined,
    parsed: new ParsedLabels(),
    removed: new Set(),
    dropped: new Set(),
    error: "",
    details: "",
    beganCpuMs: -1,
  };
}

/** Forgets what stages have made of a record. */
export function resetState(state: RecordState): void {
  state.text = undefined;
  if (state.parsed.size > 0) state.parsed.clear();
  if (state.removed.size > 0) state.removed.clear();
  if (state.dropped.size > 0) state.dropped.clear();
  state.error = "";
  state.details = "";
  state.beganCpuMs = -1;
}

/** The line; bytes that are not UTF-8 become U+FFFD. */
export function lineOf(state: RecordState): string {
  return (state.text ??= Buffer.from(
    state.bodies.buffer,
    state.bodies.byteOffset + state.bodyStart,
    state.bodyEnd - state.bodyStart,
  ).toString("utf8"));
}

/** Bytes of the line as it is now. */
export function lineBytes(state: RecordState): number {
  return state.text === undefined ? state.bodyEnd - state.bodyStart : Buffer.byteLength(state.text);
}

/** A label of any layer, or undefined. */
export function labelOf(state: RecordState, name: string): string | undefined {
  const parsed = state.parsed.get(name);
  if (parsed !== undefined) return parsed;
  if (state.removed.size > 0 && state.removed.has(name)) return undefined;
  return metadataValue(state, name) ?? ownLabel(state.stream, name);
}

function ownLabel(labels: Labels, name: string): string | undefined {
  const value = labels[name];
  // Names such as "constructor" are found on every object.
  return typeof value === "string" && value !== "" ? value : undefined;
}

function rawMetadata({ attributes, severity }: RecordState, name: string): string | undefined {
  const value = attributes === undefined ? undefined : ownLabel(attributes, name);
  return value === undefined && name === levelLabel ? levelOf(severity) : value;
}

function metadataValue(state: RecordState, name: string): string | undefined {
  if (ownLabel(state.stream, name) === undefined) {
    const value = rawMetadata(state, name);
    if (value !== undefined || !name.endsWith(clashSuffix)) return value;
  }
  if (!name.endsWith(clashSuffix) || state.attributes === undefined) return undefined;
  const base = name.slice(0, -clashSuffix.length);
  return ownLabel(state.stream, base) === undefined ? undefined : ownLabel(state.attributes, base);
}

/** The name that a parsed label gets: another where stream or metadata have one such; undefined where it was parsed before. */
export function nameForParsed(state: RecordState, name: string): string | undefined {
  const clashes =
    ownLabel(state.stream, name) !== undefined ||
    (metadataValue(state, name) !== undefined &&
      !state.parsed.has(name) &&
      !(state.removed.size > 0 && state.removed.has(name)));
  const free = clashes ? name + clashSuffix : name;
  if (state.parsed.has(free)) return undefined;
  return state.dropped.size > 0 && state.dropped.has(free) ? undefined : free;
}

export function removeLabel(state: RecordState, name: string): void {
  if (state.parsed.delete(name)) state.dropped.add(name);
  state.removed.add(name);
}

export function setError(state: RecordState, error: string, details: string): void {
  state.error = error;
  if (details !== "") state.details = details;
}

/** Stream labels that no stage has taken away or written anew. */
export function streamLabels(state: RecordState): Labels {
  const { stream, parsed, removed } = state;
  if (parsed.size === 0 && removed.size === 0) return stream;
  const isHidden = (name: string) => parsed.has(name) || removed.has(name);
  let hides = false;
  for (const name in stream) hides ||= isHidden(name);
  if (!hides) return stream;
  return Object.fromEntries(Object.entries(stream).filter(([name]) => !isHidden(name)));
}

const levels = new Map<number, Labels>();

/** Structured metadata, the level among it, without what stages have taken away or written anew. */
export function metadataLabels(state: RecordState): Labels {
  const { stream, attributes, severity, parsed, removed } = state;
  const isPlain = parsed.size === 0 && removed.size === 0;
  const hasLevel = ownLabel(stream, levelLabel) !== undefined;
  if (attributes === undefined && isPlain && !hasLevel) {
    let level = levels.get(severity);
    if (level === undefined) levels.set(severity, (level = { [levelLabel]: levelOf(severity) }));
    return level;
  }
  const labels: Record<string, string> = {};
  const put = (name: string, value: string) => {
    const free = ownLabel(stream, name) === undefined ? name : name + clashSuffix;
    if (!parsed.has(free) && !removed.has(free)) labels[free] = value;
  };
  if (!hasLevel && attributes?.[levelLabel] === undefined) put(levelLabel, levelOf(severity));
  for (const name in attributes) {
    const value = attributes[name];
    if (value !== undefined && value !== "") put(name, value);
  }
  return labels;
}

/** What parsers and formats have made, and the error if there is one. */
export function parsedLabels(state: RecordState): Labels {
  const labels: Record<string, string> = Object.fromEntries(state.parsed);
  if (state.error !== "") labels[errorLabel] = state.error;
  if (state.details !== "") labels[errorDetailsLabel] = state.details;
  return labels;
}

/** All labels, whatever their layer. */
export function allLabels(state: RecordState): Labels {
  return { ...streamLabels(state), ...metadataLabels(state), ...parsedLabels(state) };
}

/** Points the state at a record of a slice. */
export function setRecord(state: RecordState, slice: LogSlice | undefined, row: number): void {
  if (slice === undefined) return;
  const { batch } = slice;
  state.bodies = batch.bodies;
  state.bodyStart = row === 0 ? 0 : (batch.bodyEnds[row - 1] ?? 0);
  state.bodyEnd = batch.bodyEnds[row] ?? 0;
  state.mined = batch.mined;
  state.row = row;
  state.timeMs = batch.timestampsMs[row] ?? 0;
  state.nanos = batch.nanos[row] ?? 0;
  state.stream = batch.streams[batch.streamOf[row] ?? 0] ?? {};
  state.severity = batch.severities[row] ?? 0;
  state.attributes = batch.attributes?.[row];
  resetState(state);
}
