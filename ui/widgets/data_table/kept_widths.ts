import { z } from "zod";
import { readItem, writeItem } from "../../state/stored.ts";

/** Pixels of the columns that somebody resized, by their keys. */
export type Widths = Readonly<Record<string, number>>;

const storageKey = "lapwing.widths";
/** The tables that were resized last. */
const tablesMax = 100;
const Kept = z.array(z.tuple([z.string(), z.record(z.string(), z.number().positive())]));

/** Widths stay with the screen that they were chosen for: this browser keeps them, and no link has them. */
export function readWidths(table: string): Widths {
  return readKept().find(([name]) => name === table)?.[1] ?? {};
}

/** No widths for a table as it is at first. */
export function writeWidths(table: string, widths: Widths): void {
  const others = readKept().filter(([name]) => name !== table);
  const own = Object.keys(widths).length === 0 ? [] : [[table, widths] as const];
  writeItem(storageKey, JSON.stringify([...own, ...others].slice(0, tablesMax)));
}

function readKept(): z.output<typeof Kept> {
  try {
    return Kept.catch([]).parse(JSON.parse(readItem(storageKey) ?? "[]"));
  } catch {
    return [];
  }
}
