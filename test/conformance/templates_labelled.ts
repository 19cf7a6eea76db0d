/** A log line and the group that a person put it into. */
export type LabelledLine = { readonly content: string; readonly event: string };

/** Reads a CSV file (RFC 4180) with the columns Content and EventId. */
export function readLabelled(text: string): LabelledLine[] {
  const [header = [], ...rows] = readCsv(text);
  const content = header.indexOf("Content");
  const event = header.indexOf("EventId");
  if (content < 0 || event < 0)
    throw new Error(`expected columns Content and EventId, got ${header.join(", ")}`);
  return rows.map((row) => ({ content: row[content] ?? "", event: row[event] ?? "" }));
}

/**
 * The share of items whose group holds exactly the items that the labels put together. (J. Zhu et al., Tools and Benchmarks for Automated Log
 * Parsing, ICSE-SEIP 2019.)
 */
export function groupingAccuracy(groups: readonly string[], labels: readonly string[]): number {
  if (groups.length === 0) return 1;
  const sizes = new Map<string, number>();
  for (const label of labels) sizes.set(label, (sizes.get(label) ?? 0) + 1);
  let right = 0;
  const members = Map.groupBy(groups.keys(), (i) => groups[i] ?? "");
  for (const items of members.values()) {
    const label = labels[items[0] ?? 0] ?? "";
    if (items.length === sizes.get(label) && items.every((i) => labels[i] === label))
      right += items.length;
  }
  return right / groups.length;
}

function readCsv(text: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  const cell = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/gy;
  for (let at = 0; at < text.length;) {
    cell.lastIndex = at;
    const [all = "", quoted, plain = "", end = ""] = cell.exec(text) ?? [];
    if (all === "") break;
    row.push(quoted === undefined ? plain : quoted.replaceAll('""', '"'));
    at += all.length;
    if (end === ",") continue;
    rows.push(row);
    row = [];
  }
  return rows;
}
