import { expandVariables } from "../expand_variables.ts";
import { readYaml } from "../read_yaml.ts";
import type { MapNode } from "../source_tree.ts";
import type { ReadSurroundings } from "../surroundings.ts";

/** A file of Promtail's; variables are expanded as with -config.expand-env=true where that is asked for. */
export function readPromtail(text: string, surroundings: ReadSurroundings): MapNode {
  const { file, mistakes, expandEnv } = surroundings;
  const expanded = expandEnv ? expandVariables(text, surroundings) : text;
  return readYaml(expanded, file, mistakes);
}
