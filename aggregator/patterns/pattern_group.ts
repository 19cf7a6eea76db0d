import type { Labels } from "#shared/model/labels.ts";
import { levelOf } from "../read/level.ts";
import { levelsMax, severityOfLevel } from "./levels.ts";
import type { KnownPattern } from "./pattern_book.ts";
import { newRate, type PatternRate, type RateChange, takeWindow } from "./pattern_rate.ts";
import type { PatternSeries, SeriesCell } from "./pattern_series.ts";

export const linesMetric = "lapwing_log_pattern_lines_total";
/** Stands for the id of all patterns of a group that have no series of their own. */
const otherId = "other";

/** Windows whose lines may still come: the one before, this one, and the next for hosts whose clock is ahead. */
export const windowsOpen = 3;
/** How much of what came before counts when the most frequent are chosen, a window later. */
const fading = 0.9;
/** A pattern without a series gets that of another when it is so much more frequent. */
const moreFrequent = 2;
const candidatesPerSlot = 4;

/** A pattern in a group that has series of its own, by level. */
export type Slot = {
  /** Undefined for what is left. */
  readonly known: KnownPattern | undefined;
  readonly cells: (SeriesCell | undefined)[];
  /** Lines, the older ones counting less. */
  recent: number;
  readonly rate: PatternRate;
  /** Lines of the windows that are open, by their number modulo windowsOpen. */
  readonly open: number[];
};

export type GroupChange = RateChange & { readonly known: KnownPattern };

/** Streams that agree in the labels that are counted by. */
export class PatternGroup {
  readonly labels: Labels;
  /** Unix milliseconds of when it was first and last heard of, by our clock. */
  readonly firstMs: number;
  seenMs: number;
  readonly slots = new Map<string, Slot>();
  readonly other: Slot;
  readonly total: PatternRate;
  readonly #series: PatternSeries;
  readonly #slotsMax: number;
  readonly #candidates = new Map<KnownPattern, number>();

  constructor(
    labels: Labels,
    firstMs: number,
    series: PatternSeries,
    slotsMax: number,
    total: PatternRate = newRate(),
  ) {
    this.labels = labels;
    this.firstMs = this.seenMs = firstMs;
    this.#series = series;
    this.#slotsMax = slotsMax;
    this.total = total;
    this.other = newSlot(undefined);
  }

  /** Where lines of a pattern are counted; undefined for a pattern that is not known. */
  slotOf(known: KnownPattern | undefined, lines: number): Slot {
    if (known === undefined) return this.other;
    const found = this.slots.get(known.pattern.id);
    if (found !== undefined) return found;
    if (this.slots.size < this.#slotsMax) return this.open(known);
    const before = this.#candidates.get(known);
    if (before !== undefined || this.#candidates.size < candidatesPerSlot * this.#slotsMax)
      this.#candidates.set(known, (before ?? 0) + lines);
    return this.other;
  }

  open(known: KnownPattern): Slot {
    const slot = newSlot(known);
    this.slots.set(known.pattern.id, slot);
    this.#candidates.delete(known);
    return slot;
  }

  /** `window` is undefined for lines of a time that is judged already. */
  add(slot: Slot, level: number, lines: number, window: number | undefined): void {
    const cell = (slot.cells[level] ??= this.cell(slot, level));
    cell.value += lines;
    slot.recent += lines;
    if (window === undefined) return;
    const at = window % windowsOpen;
    slot.open[at] = (slot.open[at] ?? 0) + lines;
  }

  cell(slot: Slot, level: number, state: Partial<SeriesCell> = {}): SeriesCell {
    const labels = {
      ...this.labels,
      __name__: linesMetric,
      pattern_id: slot.known?.pattern.id ?? otherId,
      level: levelOf(severityOfLevel(level)),
    };
    return this.#series.add(labels, state);
  }

  /** Takes the series of patterns away that were merged or forgotten: `isCurrent` says which were not. */
  settle(isCurrent: (known: KnownPattern) => boolean): void {
    for (const { known } of Array.from(this.slots.values()))
      if (known !== undefined && !isCurrent(known)) this.#close(known);
    for (const known of Array.from(this.#candidates.keys()))
      if (!isCurrent(known)) this.#candidates.delete(known);
  }

  /** A window is over. Gives the patterns that have left their band in it, unless it is not to be judged. */
  close(window: number, isJudged: boolean): GroupChange[] {
    const at = window % windowsOpen;
    const changes: GroupChange[] = [];
    const slots = [...this.slots.values(), this.other];
    const lines = slots.reduce((sum, { open }) => sum + (open[at] ?? 0), 0);
    // Where the whole group is silent none of its patterns says anything by being so.
    const isSilent = isJudged && takeWindow(this.total, lines)?.direction === "below";
    for (const slot of slots) {
      const { known, rate, open } = slot;
      const count = open[at] ?? 0;
      open[at] = 0;
      slot.recent *= fading;
      if (known === undefined || !isJudged) continue;
      const change = takeWindow(rate, count);
      if (change === undefined || (change.direction === "below" && this.#isQuiet(isSilent)))
        continue;
      changes.push({ ...change, known });
    }
    this.#promote();
    return changes;
  }

  /** All series end. */
  end(): void {
    for (const { known } of Array.from(this.slots.values()))
      if (known !== undefined) this.#close(known);
    for (const cell of this.other.cells) if (cell !== undefined) this.#series.remove(cell);
  }

  #isQuiet(isSilent: boolean): boolean {
    return isSilent || this.total.band === -1;
  }

  /** Patterns that have become frequent get the series of those that are rare by now. */
  #promote(): void {
    if (this.#candidates.size === 0) return;
    const rising = [...this.#candidates].toSorted(([, a], [, b]) => b - a);
    const falling = [...this.slots.values()].toSorted((a, b) => a.recent - b.recent);
    for (const [i, [known, lines]] of rising.entries()) {
      const slot = falling[i];
      if (slot?.known === undefined || lines <= moreFrequent * slot.recent + 1) break;
      this.#close(slot.known);
      this.open(known).recent = lines;
    }
    for (const [known, lines] of Array.from(this.#candidates))
      if (lines * fading < 1) this.#candidates.delete(known);
      else this.#candidates.set(known, lines * fading);
  }

  /** Lines that no sample has told of yet are told of by what is left, so that nothing is missing in the sum. */
  #close(known: KnownPattern): void {
    const slot = this.slots.get(known.pattern.id);
    this.slots.delete(known.pattern.id);
    for (const [level, cell] of (slot?.cells ?? []).entries()) {
      if (cell === undefined) continue;
      if (cell.value !== cell.told) this.add(this.other, level, cell.value - cell.told, undefined);
      this.#series.remove(cell);
    }
  }
}

function newSlot(known: KnownPattern | undefined): Slot {
  return {
    known,
    cells: Array.from({ length: levelsMax }, () => undefined),
    recent: 0,
    rate: newRate(),
    open: Array.from({ length: windowsOpen }, () => 0),
  };
}
