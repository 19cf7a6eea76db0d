import type { Transformation } from "#shared/dashboards/dashboard.ts";
import type { Frame } from "../../frames/frame.ts";
import { type TransformationId, transformers } from "./transformations/registry.ts";

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
    if (isKnown(id)) current = transformers[id](current, options);
    else onUnknown(id);
  }
  return current;
}

function isKnown(id: string): id is TransformationId {
  return Object.hasOwn(transformers, id);
}
