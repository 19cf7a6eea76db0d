import type { Frame } from "../../frames/frame.ts";
import { fieldNamed } from "../parts/fields.ts";
import { partsOf, type Part, type PartsContext } from "../parts/parts_of.ts";
import { textOf } from "../parts/text_of.ts";
import type { TreemapOptions } from "./options.ts";

/** Areas of one picture: the smallest beyond them are left out. */
export const areasMax = 1_000;

export type AreaGroup = {
  /** Empty where nothing groups. */
  readonly name: string;
  readonly value: number;
  readonly areas: readonly Part[];
};

export type Areas = {
  readonly groups: readonly AreaGroup[];
  readonly left: number;
  /** Values that have no area: zero or less. */
  readonly none: number;
};

/** The parts as areas in their groups, the largest first. */
export function areasOf(
  frames: readonly Frame[],
  options: TreemapOptions,
  context: PartsContext,
): Areas {
  const all = frames.flatMap((frame) =>
    partsOf([frame], options.reduce, context).map((part) => ({
      part,
      group: groupOf(frame, part, options),
    })),
  );
  // Colours tell series apart over all frames, and so are given once for all.
  const colors = new Map(
    partsOf(frames, options.reduce, context).map((part) => [part.field, part.color]),
  );
  const positive = all
    .filter(({ part }) => part.value > 0)
    .toSorted((a, b) => b.part.value - a.part.value);
  const groups = new Map<string, Part[]>();
  for (const { part, group } of positive.slice(0, areasMax)) {
    const color = options.reduce.each_row ? part.color : (colors.get(part.field) ?? part.color);
    const list = groups.get(group) ?? [];
    list.push({ ...part, color });
    groups.set(group, list);
  }
  return {
    groups: [...groups]
      .map(([name, areas]) => ({
        name,
        areas,
        value: areas.reduce((sum, { value }) => sum + value, 0),
      }))
      .toSorted((a, b) => b.value - a.value),
    left: Math.max(0, positive.length - areasMax),
    none: all.length - positive.length,
  };
}

function groupOf(frame: Frame, part: Part, { group_by: name, reduce }: TreemapOptions): string {
  if (name === "") return "";
  if (reduce.each_row) return textOf(fieldNamed(frame, name)?.values[part.index]);
  return part.field.labels[name] ?? "";
}
