import { messageOf } from "#shared/errors.ts";
import { parsePromql } from "#shared/query_language/promql/parse.ts";
import type { Entry, YamlReader } from "../yaml_reader.ts";
import { isScalar, type Node } from "yaml";

/** A file of Sloth's has `slos`. */
export function isSloFile(reader: YamlReader): boolean {
  const root = reader.root;
  return (
    root !== undefined &&
    "items" in root &&
    reader.entries(root, "the file").some(({ key }) => key === "slos")
  );
}

const fileKeys = ["version", "service", "labels", "slos"];
const sloKeys = ["name", "objective", "description", "labels", "sli", "alerting"];

/** Checks the objectives of a file (Sloth's prometheus/v1); gives their number. */
export function checkSlos(reader: YamlReader): number {
  const entries = keyed(reader, reader.entries(reader.root, "the file"), fileKeys, "the file");
  const { version, service, slos } = entries;
  if (version === undefined || reader.text(version) !== "prometheus/v1")
    reader.fault(version?.line ?? 1, "version: expected prometheus/v1");
  if (service === undefined || reader.text(service) === "")
    reader.fault(service?.line ?? 1, "service: must not be empty");
  const names = new Set<string>();
  const nodes = slos === undefined ? [] : reader.items(slos);
  if (nodes.length === 0) reader.fault(slos?.line ?? 1, "slos: expected at least one");
  for (const [i, node] of nodes.entries()) checkSlo(reader, node, `slo ${i + 1}`, names);
  return nodes.length;
}

function checkSlo(reader: YamlReader, node: Node, where: string, names: Set<string>): void {
  const line = reader.lineOf(node);
  const { name, objective, sli, alerting } = keyed(
    reader,
    reader.entries(node, where),
    sloKeys,
    where,
  );
  const given = name === undefined ? "" : reader.text(name);
  if (given === "") reader.fault(line, `${where}: name must not be empty`);
  const place = given === "" ? where : `slo "${given}"`;
  if (names.has(given) && given !== "") reader.fault(line, `${place} is repeated in the same file`);
  names.add(given);
  const value = objective?.value;
  const number = isScalar(value) && typeof value.value === "number" ? value.value : Number.NaN;
  if (!(number > 0 && number < 100))
    reader.fault(
      objective?.line ?? line,
      `${place}: objective: expected a number between 0 and 100`,
    );
  if (alerting === undefined) reader.fault(line, `${place}: alerting: expected a map`);
  const queries = sli === undefined ? [] : queriesOf(reader, sli, place);
  if (queries.length === 0)
    reader.fault(sli?.line ?? line, `${place}: sli: expected events, raw or plugin`);
  for (const query of queries) checkQuery(reader, query, place);
}

/** Queries of `events` or `raw`; those of a plugin are its own. */
function queriesOf(reader: YamlReader, sli: Entry, place: string): Entry[] {
  const kinds: Readonly<Record<string, readonly string[]>> = {
    events: ["error_query", "total_query"],
    plugin: ["id", "options"],
    raw: ["error_ratio_query"],
  };
  return reader.entries(sli.value, `${place}: sli`, sli.line).flatMap((kind) => {
    const wanted = kinds[kind.key];
    if (wanted === undefined) {
      reader.fault(kind.line, `${place}: sli: no such key: ${kind.key}`);
      return [];
    }
    const found = reader.entries(kind.value, `${place}: ${kind.key}`, kind.line);
    const own = keyed(reader, found, wanted, `${place}: ${kind.key}`);
    if (kind.key !== "plugin")
      for (const key of wanted)
        if (own[key] === undefined)
          reader.fault(kind.line, `${place}: ${kind.key}: ${key} must be set`);
    return kind.key === "plugin" ? [] : found;
  });
}

/** PromQL with the window of the objective in it. */
function checkQuery(reader: YamlReader, query: Entry, place: string): void {
  const text = reader.text(query);
  if (!/\{\{\s*\.window\s*\}\}/.test(text))
    reader.fault(query.line, `${place}: ${query.key}: expected the window, as {{.window}}`);
  try {
    parsePromql(text.replaceAll(/\{\{\s*\.window\s*\}\}/g, "5m"));
  } catch (thrown) {
    reader.fault(
      query.line,
      `${place}: ${query.key}: could not parse expression: ${messageOf(thrown)}`,
    );
  }
}

/** Entries by their keys; one that is none of those known is a fault. */
function keyed(
  reader: YamlReader,
  entries: readonly Entry[],
  known: readonly string[],
  place: string,
): Readonly<Record<string, Entry | undefined>> {
  for (const { key, line } of entries)
    if (!known.includes(key)) reader.fault(line, `${place}: no such key: ${key}`);
  return Object.fromEntries(entries.map((entry) => [entry.key, entry]));
}
