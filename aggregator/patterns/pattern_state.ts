import { z } from "zod";
import { levelsMax } from "./levels.ts";
import type { PatternBook } from "./pattern_book.ts";
import { PatternGroup, type Slot, windowsOpen } from "./pattern_group.ts";
import type { PatternRate } from "./pattern_rate.ts";
import type { PatternSeries } from "./pattern_series.ts";

/** Mean, variance, windows, band, calm windows. */
const Rate = z
  .tuple([z.number(), z.number(), z.number(), z.literal([-1, 0, 1]), z.number()])
  .transform(([mean, variance, windows, band, calm]): PatternRate => {
    return { mean, variance, windows, band, calm };
  });
/** By level: lines, how many of them samples have told of, and 1 where the series is shown; null where there is none. */
const Cells = z.array(z.tuple([z.number(), z.number(), z.number()]).nullable()).length(levelsMax);
const Slots = z.tuple([
  z.string(),
  Cells,
  z.number(),
  Rate,
  z.array(z.number()).length(windowsOpen),
]);

/** What is kept of a tenant's patterns beside themselves, as JSON in the catalog. */
export const PatternState = z.object({
  format: z.literal(1),
  /** Time of the last samples, Unix milliseconds. */
  toldMs: z.number(),
  /** Width of windows, and the number of the oldest one that is open. */
  windowMs: z.number(),
  window: z.number(),
  events: z.object({ hour: z.number(), told: z.number() }),
  groups: z.array(
    z.object({
      labels: z.record(z.string(), z.string()),
      firstMs: z.number(),
      seenMs: z.number(),
      total: Rate,
      slots: z.array(Slots),
    }),
  ),
});
export type PatternState = z.output<typeof PatternState>;
type GroupState = PatternState["groups"][number];

export function groupState({ labels, firstMs, seenMs, total, slots, other }: PatternGroup) {
  return {
    labels,
    firstMs,
    seenMs,
    total: rateState(total),
    slots: [...slots.values(), other].map((slot) => slotState(slot)),
  };
}

function slotState({ known, cells, recent, rate, open }: Slot) {
  const told = cells.map((cell) =>
    cell === undefined ? null : [cell.value, cell.told, Number(cell.isShown)],
  );
  return [known?.pattern.id ?? "", told, Math.round(recent), rateState(rate), open];
}

function rateState({ mean, variance, windows, band, calm }: PatternRate) {
  return [mean, variance, windows, band, calm];
}

/** A group as it was; slots of patterns that are not known any more are left out. */
export function groupOf(
  { labels, firstMs, seenMs, total, slots }: GroupState,
  series: PatternSeries,
  slotsMax: number,
  book: PatternBook,
  nowMs: number,
): PatternGroup {
  const group = new PatternGroup(labels, firstMs, series, slotsMax, total);
  group.seenMs = seenMs;
  for (const [id, cells, recent, rate, open] of slots) {
    const known = book.byId(id);
    if (id !== "" && known === undefined) continue;
    const slot = known === undefined ? group.other : group.open(known);
    slot.recent = recent;
    Object.assign(slot.rate, rate);
    for (const [i, lines] of open.entries()) slot.open[i] = lines;
    for (const [level, cell] of cells.entries())
      if (cell !== null)
        slot.cells[level] = group.cell(slot, level, {
          value: cell[0],
          told: cell[1],
          isShown: cell[2] === 1,
          changedMs: nowMs,
        });
  }
  return group;
}
