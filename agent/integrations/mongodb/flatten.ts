import {
  type Family,
  type SampleSink,
  counter,
  familiesByKey,
  untyped,
} from "../../collect/samples/family.ts";
import type { BsonDocument, BsonValue } from "./bson.ts";
import { nameOfPath } from "./names.ts";
import { type Rename, furtherNames, nameInstead } from "./renames.ts";

/** One metric that a value becomes: its family, and which labels it takes of those that all have. */
type Output = {
  readonly family: Family;
  readonly hasLabels: boolean;
  readonly added: readonly string[];
};

/** A server has some two thousand; more would be keys that are data, and not names. */
const pathsMax = 20_000;

/** Makes metrics of all numbers in the documents that a server answers with. What a path becomes is worked out once. */
export class Flattener {
  readonly #excluded: readonly string[];
  readonly #outputs = new Map<string, readonly Output[]>();
  readonly #families = familiesByKey((key) => {
    const [type, name = "", ...labels] = key.split(" ");
    const help = "As the server's own answer has it.";
    return type === "counter" ? counter(name, help, labels) : untyped(name, help, labels);
  });

  constructor(excluded: readonly string[]) {
    this.#excluded = excluded;
  }

  /** Gives the number of values that found no room. `labels` are names and values that all of them have. */
  flatten(
    sink: SampleSink,
    path: string,
    document: BsonDocument,
    labels: { readonly names: readonly string[]; readonly values: readonly string[] },
  ): number {
    let refused = 0;
    for (const [key, value] of Object.entries(document)) {
      const below = `${path}.${key}`;
      if (this.#excluded.includes(below) || key === "histograms") continue;
      if (typeof value === "number" || typeof value === "boolean") {
        const outputs = this.#outputsOf(path, key, below, labels.names);
        if (outputs === undefined) refused += 1;
        for (const { family, hasLabels, added } of outputs ?? [])
          sink.add(family, Number(value), ...(hasLabels ? labels.values : []), ...added);
      } else if (isList(value)) refused += this.#members(sink, below, value, labels);
      else if (isDocument(value)) refused += this.flatten(sink, below, value, labels);
    }
    return refused;
  }

  /** Of lists only those of documents with a name become metrics: members of a replica set. */
  #members(
    sink: SampleSink,
    path: string,
    items: readonly BsonValue[],
    labels: { readonly names: readonly string[]; readonly values: readonly string[] },
  ): number {
    let refused = 0;
    for (const item of items) {
      if (!isDocument(item)) continue;
      const name = item["host"] ?? item["name"];
      if (typeof name !== "string") continue;
      const state = typeof item["stateStr"] === "string" ? item["stateStr"] : "";
      refused += this.flatten(sink, path, item, {
        names: [...labels.names, "member_idx", "member_state"],
        values: [...labels.values, name, state],
      });
    }
    return refused;
  }

  #outputsOf(
    path: string,
    key: string,
    below: string,
    labelNames: readonly string[],
  ): readonly Output[] | undefined {
    const known = this.#outputs.get(below);
    if (known !== undefined) return known;
    if (this.#outputs.size >= pathsMax) return undefined;
    const { name, label, isCounter } = nameOfPath(path, key);
    const type = isCounter ? "counter" : "untyped";
    const output = ({ name: own, label: renamed, values, added }: Rename): Output => {
      if (added !== undefined)
        return {
          family: this.#families(`${type} ${own} ${added[0]}`),
          hasLabels: false,
          added: [added[1]],
        };
      const extra = label === undefined ? [] : [renamed?.[1] ?? label[0]];
      const value = label?.[1] ?? "";
      return {
        family: this.#families([type, own, ...labelNames, ...extra].join(" ")),
        hasLabels: true,
        added: label === undefined ? [] : [values?.[value] ?? value],
      };
    };
    const instead = nameInstead(name);
    const outputs = [output(instead ?? { name })];
    for (const rename of furtherNames(instead?.name ?? name))
      outputs.push(output(withAdded(rename, instead)));
    this.#outputs.set(below, outputs);
    return outputs;
  }
}

/** A further name of a metric whose end had become a label keeps that label, called as the further name has it. */
function withAdded(rename: Rename, instead: Rename | undefined): Rename {
  if (instead?.added === undefined) return rename;
  const [label, value] = instead.added;
  const { label: renamed, values } = rename;
  return { name: rename.name, added: [renamed?.[1] ?? label, values?.[value] ?? value] };
}

function isList(value: BsonValue): value is readonly BsonValue[] {
  return Array.isArray(value);
}

function isDocument(value: BsonValue): value is BsonDocument {
  return (
    typeof value === "object" &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof Uint8Array)
  );
}
