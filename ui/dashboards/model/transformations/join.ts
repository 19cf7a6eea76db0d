import type { Field, Frame } from "../../../frames/frame.ts";
import {
  column,
  fieldName,
  fieldNamed,
  frameOf,
  isMissing,
  keyOf,
  renamed,
  textOr,
  textsOf,
  timeFieldOf,
  withValues,
  type Transformer,
} from "./parts.ts";
import { compared } from "./organize.ts";

/** One table of all frames, a row for each value of a field that they share: by default the time. */
export const joinByField: Transformer = (frames, options) => {
  const mode = options["mode"] === "inner" ? "inner" : "outer";
  return joined(frames, textOr(options["byField"]), mode);
};

type Part = {
  readonly frame: Frame;
  readonly key: Field;
  readonly rows: ReadonlyMap<string, readonly number[]>;
};

/** The frames joined; those without the field are left out. */
export function joined(
  frames: readonly Frame[],
  byField: string | undefined,
  mode: "inner" | "outer",
): readonly Frame[] {
  const parts = frames.flatMap((frame): Part[] => {
    const key = byField === undefined ? timeFieldOf(frame) : fieldNamed(frame, byField);
    return key === undefined ? [] : [{ frame, key, rows: rowsByKey(key) }];
  });
  const [first] = parts;
  if (first === undefined) return [];
  if (parts.length === 1 && frames.length === 1) return frames;
  const values = keysOf(parts, mode);
  const lines = values.flatMap((key) => linesOf(parts, key));
  const taken = new Set<string>();
  const keyValues = lines.map(({ value }) => value);
  const fields = parts.flatMap(({ frame, key }, i) =>
    frame.fields
      .filter((field) => field !== key)
      .map((field) =>
        uniquelyNamed(
          withValues(
            field,
            lines.map(({ rows }) => (rows[i] === undefined ? undefined : field.values[rows[i]])),
          ),
          taken,
        ),
      ),
  );
  return [frameOf([withValues(first.key, keyValues), ...fields], frames, "joined")];
}

function rowsByKey(field: Field): ReadonlyMap<string, readonly number[]> {
  const rows = new Map<string, number[]>();
  for (let i = 0; i < field.values.length; i += 1) {
    const key = keyOf([field.values[i]]);
    const list = rows.get(key);
    if (list === undefined) rows.set(key, [i]);
    else list.push(i);
  }
  return rows;
}

type Line = { readonly value: unknown; readonly rows: readonly (number | undefined)[] };

function keysOf(
  parts: readonly Part[],
  mode: "inner" | "outer",
): readonly (readonly [string, unknown])[] {
  const keys = new Map<string, unknown>();
  for (const { key, rows } of parts)
    for (const [text, [row = 0]] of rows) if (!keys.has(text)) keys.set(text, key.values[row]);
  const all = [...keys].filter(
    ([text]) => mode === "outer" || parts.every(({ rows }) => rows.has(text)),
  );
  return all.toSorted((a, b) => compared(a[1], b[1]));
}

/** Where a value stands in several rows of a frame, as many lines; a frame with one row repeats it. */
function linesOf(
  parts: readonly Part[],
  [text, value]: readonly [string, unknown],
): readonly Line[] {
  const rows = parts.map((part) => part.rows.get(text) ?? []);
  const count = Math.max(...rows.map(({ length }) => length));
  return Array.from({ length: count }, (_, i) => ({
    value,
    rows: rows.map((each) => (each.length === 1 ? each[0] : each[i])),
  }));
}

function uniquelyNamed(field: Field, taken: Set<string>): Field {
  let name = fieldName(field);
  for (let i = 1; taken.has(name); i += 1) name = `${fieldName(field)} ${i}`;
  taken.add(name);
  return name === fieldName(field) ? field : renamed(field, name);
}

/** Tables put one below the other; rows that agree in all columns that the tables share become one. */
export const merge: Transformer = (frames) => {
  const given = frames.filter(({ fields }) => fields.length > 0);
  if (given.length < 2) return frames;
  const names = [...new Set(given.flatMap(({ fields }) => fields.map(fieldName)))];
  const shared = names.filter((name) =>
    given.every((frame) => fieldNamed(frame, name) !== undefined),
  );
  const rows: Map<string, unknown>[] = [];
  const byKey = new Map<string, Map<string, unknown>[]>();
  for (const frame of given) {
    for (let i = 0; i < frame.length; i += 1) {
      const row = new Map(frame.fields.map((field) => [fieldName(field), field.values[i]]));
      const key = keyOf(shared.map((name) => row.get(name)));
      const same = byKey.get(key) ?? [];
      const into = shared.length === 0 ? undefined : same.find((other) => fits(other, row, shared));
      if (into === undefined) {
        rows.push(row);
        byKey.set(key, [...same, row]);
      } else for (const [name, value] of row) if (!isMissing(value)) into.set(name, value);
    }
  }
  const fields = names.map((name) => {
    const field = given.map((frame) => fieldNamed(frame, name)).find((each) => each !== undefined);
    const values = rows.map((row) => row.get(name));
    return field === undefined
      ? column(name, "other", values)
      : withValues({ ...field, labels: {} }, values);
  });
  return [frameOf(fields, given)];
};

function fits(
  row: ReadonlyMap<string, unknown>,
  other: ReadonlyMap<string, unknown>,
  shared: readonly string[],
): boolean {
  for (const [name, value] of other) {
    if (shared.includes(name) || isMissing(value)) continue;
    const there = row.get(name);
    if (!isMissing(there) && there !== value) return false;
  }
  return true;
}

/** Series as one table: a row for each set of labels, a column for each value of the label `value`. */
export const joinByLabels: Transformer = (frames, options) => {
  const label = textOr(options["value"]);
  const wanted = textsOf(options["join"]);
  if (label === undefined) return frames;
  const fields = frames
    .flatMap((frame) => frame.fields)
    .filter((field) => field.labels[label] !== undefined);
  const names =
    wanted.length > 0
      ? wanted
      : [...new Set(fields.flatMap(({ labels }) => Object.keys(labels)))].filter(
          (name) => name !== label && name !== "__name__",
        );
  const columns = [...new Set(fields.map(({ labels }) => labels[label] ?? ""))];
  const rows = new Map<string, { labels: readonly string[]; values: Map<string, unknown> }>();
  for (const field of fields) {
    const labels = names.map((name) => field.labels[name] ?? "");
    for (let i = 0; i < field.values.length; i += 1) {
      const key = keyOf([...labels, i]);
      const row = rows.get(key) ?? { labels, values: new Map<string, unknown>() };
      row.values.set(field.labels[label] ?? "", field.values[i]);
      rows.set(key, row);
    }
  }
  const lines = [...rows.values()];
  return [
    frameOf(
      [
        ...names.map((name, i) =>
          column(
            name,
            "string",
            lines.map(({ labels }) => labels[i]),
          ),
        ),
        ...columns.map((name) =>
          column(
            name,
            "number",
            lines.map(({ values }) => values.get(name)),
          ),
        ),
      ],
      frames,
    ),
  ];
};
