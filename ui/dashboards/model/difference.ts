import { structuredPatch } from "diff";
import type { Dashboard, Panel, Row } from "#shared/dashboards/dashboard.ts";
import { toCode } from "./dashboard_code.ts";
import { textOf } from "./values.ts";

/** One thing that is other in the newer version, in words. */
export type Change = {
  readonly kind: "added" | "removed" | "changed" | "moved";
  /** 'panel "CPU"', 'variable "job"', "time". */
  readonly what: string;
  /** Of what changed: "title: "a" → "b"". */
  readonly details: readonly string[];
};

/** A stretch of the text of both versions. */
export type DifferenceLine = {
  readonly kind: "same" | "added" | "removed" | "gap";
  readonly text: string;
  readonly before: number | undefined;
  readonly after: number | undefined;
};

const textMax = 120;

/** What changed between two versions, by panels, rows, variables and settings. */
export function changesOf(before: Dashboard, after: Dashboard): readonly Change[] {
  const {
    rows: oldRows,
    variables: oldVariables,
    annotations: oldAnnotations,
    ...oldSettings
  } = before;
  const {
    rows: newRows,
    variables: newVariables,
    annotations: newAnnotations,
    ...newSettings
  } = after;
  return [
    ...settingChanges(oldSettings, newSettings),
    ...listChanges("variable", byName(oldVariables), byName(newVariables)),
    ...listChanges("annotation", byName(oldAnnotations), byName(newAnnotations)),
    ...rowChanges(oldRows, newRows),
    ...panelChanges(oldRows, newRows),
  ];
}

type Item = { readonly name: string; readonly value: object };

function byName(items: readonly { readonly name: string }[]): ReadonlyMap<string, Item> {
  return new Map(items.map((item) => [item.name, { name: item.name, value: item }]));
}

function settingChanges(before: object, after: object): readonly Change[] {
  return differing(before, after).map(({ key, from, to }) => ({
    kind: "changed",
    what: key,
    details: [`${shown(from)} → ${shown(to)}`],
  }));
}

function listChanges(
  word: string,
  before: ReadonlyMap<string, Item>,
  after: ReadonlyMap<string, Item>,
): readonly Change[] {
  const changes: Change[] = [];
  for (const [key, { name }] of before)
    if (!after.has(key)) changes.push({ kind: "removed", what: `${word} "${name}"`, details: [] });
  for (const [key, { name, value }] of after) {
    const old = before.get(key);
    if (old === undefined) changes.push({ kind: "added", what: `${word} "${name}"`, details: [] });
    else {
      const details = detailsOf(old.value, value);
      if (details.length > 0) changes.push({ kind: "changed", what: `${word} "${name}"`, details });
    }
  }
  return changes;
}

function rowChanges(before: readonly Row[], after: readonly Row[]): readonly Change[] {
  return listChanges("row", rowItems(before), rowItems(after));
}

function rowItems(rows: readonly Row[]): ReadonlyMap<string, Item> {
  return new Map(
    rows.map(({ id, panels: _panels, ...row }) => [
      String(id),
      { name: row.title || `row ${id}`, value: row },
    ]),
  );
}

type Placed = { readonly panel: Panel; readonly row: Row };

function panelChanges(before: readonly Row[], after: readonly Row[]): readonly Change[] {
  const [old, now] = [panelsOf(before), panelsOf(after)];
  return [...listChanges("panel", panelItems(old), panelItems(now)), ...moves(old, now)];
}

function panelItems(panels: ReadonlyMap<number, Placed>): ReadonlyMap<string, Item> {
  return new Map(
    [...panels].map(([id, { panel }]) => {
      const { place: _place, ...value } = panel;
      return [String(id), { name: panel.title || `panel ${id}`, value }];
    }),
  );
}

function panelsOf(rows: readonly Row[]): ReadonlyMap<number, Placed> {
  return new Map(
    rows.flatMap((row) => row.panels.map((panel) => [panel.id, { panel, row }] as const)),
  );
}

function moves(
  before: ReadonlyMap<number, Placed>,
  after: ReadonlyMap<number, Placed>,
): readonly Change[] {
  return [...after].flatMap(([id, { panel, row }]): Change[] => {
    const old = before.get(id);
    if (old === undefined) return [];
    const details: string[] = [];
    if (old.row.id !== row.id) details.push(`to the row "${row.title || row.id}"`);
    const [a, b] = [old.panel.place, panel.place];
    if (a.x !== b.x || a.y !== b.y) details.push(`from ${a.x}, ${a.y} to ${b.x}, ${b.y}`);
    if (a.w !== b.w || a.h !== b.h) details.push(`${a.w} × ${a.h} became ${b.w} × ${b.h}`);
    return details.length === 0
      ? []
      : [{ kind: "moved", what: `panel "${panel.title || id}"`, details }];
  });
}

/** Members that differ, those of members one level down by their path. */
function detailsOf(before: object, after: object): readonly string[] {
  return differing(before, after).flatMap(({ key, from, to }) => {
    if (isObject(from) && isObject(to) && !Array.isArray(from) && !Array.isArray(to))
      return differing(from, to).map(
        (inner) => `${key}.${inner.key}: ${shown(inner.from)} → ${shown(inner.to)}`,
      );
    if (Array.isArray(from) && Array.isArray(to)) return itemDetails(key, from, to);
    return [`${key}: ${shown(from)} → ${shown(to)}`];
  });
}

function itemDetails(
  key: string,
  from: readonly unknown[],
  to: readonly unknown[],
): readonly string[] {
  if (from.length !== to.length) return [`${key}: ${from.length} became ${to.length}`];
  return from.flatMap((item, i) => {
    const other = to[i];
    if (JSON.stringify(item) === JSON.stringify(other)) return [];
    if (!isObject(item) || !isObject(other))
      return [`${key}[${i}]: ${shown(item)} → ${shown(other)}`];
    return differing(item, other).map(
      (inner) => `${key}[${i}].${inner.key}: ${shown(inner.from)} → ${shown(inner.to)}`,
    );
  });
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

function differing(
  before: object,
  after: object,
): readonly { key: string; from: unknown; to: unknown }[] {
  const [old, now] = [
    new Map<string, unknown>(Object.entries(before)),
    new Map<string, unknown>(Object.entries(after)),
  ];
  return [...new Set([...old.keys(), ...now.keys()])]
    .map((key) => ({ key, from: old.get(key), to: now.get(key) }))
    .filter(({ from, to }) => JSON.stringify(from) !== JSON.stringify(to));
}

function shown(value: unknown): string {
  if (value === undefined) return "nothing";
  const text = typeof value === "string" ? JSON.stringify(value) : textOf(value);
  return text.length <= textMax ? text : `${text.slice(0, textMax)}…`;
}

/** Both versions as YAML, line by line, with three lines around each change. */
export function textDifference(before: Dashboard, after: Dashboard): readonly DifferenceLine[] {
  const { hunks } = structuredPatch("", "", toCode(before, "yaml"), toCode(after, "yaml"), "", "", {
    context: 3,
  });
  return hunks.flatMap((hunk, i): DifferenceLine[] => {
    let [old, now] = [hunk.oldStart, hunk.newStart];
    const lines = hunk.lines.flatMap((line): DifferenceLine[] => {
      const text = line.slice(1);
      if (line.startsWith("+")) return [{ kind: "added", text, before: undefined, after: now++ }];
      if (line.startsWith("-")) return [{ kind: "removed", text, before: old++, after: undefined }];
      return line.startsWith(" ") ? [{ kind: "same", text, before: old++, after: now++ }] : [];
    });
    const gap: DifferenceLine = { kind: "gap", text: "", before: undefined, after: undefined };
    return i === 0 ? lines : [gap, ...lines];
  });
}
