import { expect } from "bun:test";
import type { Collected } from "./integration_world.ts";
import { ExpositionReader } from "./read_exposition.ts";

/** Of the program itself, not of what it asked. */
const ownNames = /^(go_|process_|promhttp_|scrape_|\w*exporter_|up$)/;

/**
 * Fails unless every series of a service's known exporter was collected under the same name, type and labels. `except`: those that were not
 * meant to be, each with the reason; what matches nothing fails, too. Values are not
 * compared: they were read at another moment. One that is no number stands for none.
 */
export function expectLikeExporter(
  body: string,
  { samples, families }: Pick<Collected, "samples" | "families">,
  except: readonly (readonly [series: RegExp, reason: string])[] = [],
): void {
  const own = new Set([...samples.keys()].map(sorted));
  const types = new Map(
    [...body.matchAll(/^# TYPE (\S+) (\S+)/gm)].map(([, name = "", type = ""]) => [name, type]),
  );
  const unused = new Set(except);
  const missing: string[] = [];
  const wrongTypes = new Set<string>();
  for (const [labels, value] of new ExpositionReader().read(body, "prometheus")) {
    const { __name__: name = "", ...rest } = labels;
    if (ownNames.test(name) || Number.isNaN(value)) continue;
    const key = sorted(
      `${name}{${Object.entries(rest)
        .map(([label, text]) => `${label}=${JSON.stringify(text)}`)
        .join(",")}}`,
    );
    const exception = except.find(([series]) => series.test(key));
    if (exception !== undefined) unused.delete(exception);
    else if (!own.has(key)) missing.push(key);
    else {
      const family = families.get(name);
      const type = types.get(family?.partOf ?? name);
      const ours = family?.type;
      if (type !== (ours === "unknown" ? "untyped" : ours))
        wrongTypes.add(`${name}: ${type}, here ${ours}`);
    }
  }
  expect({ missing, wrongTypes: [...wrongTypes], unused: [...unused] }).toEqual({
    missing: [],
    wrongTypes: [],
    unused: [],
  });
}

/** name{labels in order of their names}, without empty ones. */
function sorted(key: string): string {
  const [, name = "", inner = ""] = /^([^{]*)\{?(.*?)\}?$/s.exec(key) ?? [];
  const labels = [...inner.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)]
    .filter(([, , value]) => value !== "")
    .map(([whole]) => whole)
    .toSorted();
  return `${name}{${labels.join(",")}}`;
}
