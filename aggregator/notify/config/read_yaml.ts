import { shownOriginal } from "./shown_original.ts";
import { type Path, type Place, YamlPlaces } from "./yaml_places.ts";

/** A part of a file: a value, or the key of a map that must not be there. */
export type Part = { readonly path: Path; readonly key?: string };

export type YamlFile = {
  readonly value: unknown;
  /** The file as YAML, with `<secret>` where secrets were. */
  readonly original: string;
  /** Mistakes of the syntax. */
  readonly faults: readonly (Place & { readonly text: string })[];
  /** Where the wanted parts stand. */
  readonly places: readonly Place[];
};

/** Reads a file of YAML, and finds parts of it. */
export function readYaml(text: string, wanted: readonly Part[] = []): YamlFile {
  const yaml = new YamlPlaces(text);
  const { value, faults } = yaml;
  const places = wanted.map(({ path, key }) =>
    key === undefined ? yaml.placeOf(path) : yaml.placeOfKey(path, key),
  );
  // Those that ask for places have the rest.
  const original = wanted.length > 0 || faults.length > 0 ? "" : shownOriginal(value);
  return { value, original, faults, places };
}
