import type { Transformation } from "#shared/dashboards/dashboard.ts";
import type { Frame } from "../../frames/frame.ts";
import { transformers } from "./transformations/registry.ts";

/** Ids of the transformations that transform() does. */
export const knownTransformations: ReadonlySet<string> = new Set(Object.keys(transformers));

/** Frames as the transformations make them, one after the other. One that is not known lets them through and is named. */
export function transform(
  frames: readonly Frame[],
  transformations: readonly Transformation[],
  onUnknown: (id: string) => void,
): readonly Frame[] {
  let current = frames;
  for (const { id, options, disabled } of transformations) {
    if (disabled === true) continue;
    const transformer = Object.hasOwn(transformers, id) ? transformers[id] : undefined;
    if (transformer === undefined) onUnknown(id);
    else current = transformer(current, options);
  }
  return current;
}
