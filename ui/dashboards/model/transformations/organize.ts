import type { Field, Frame } from "../../../frames/frame.ts";
import { matching } from "../user_regex.ts";
import { userRegex } from "../user_regex.ts";
import {
  fieldName,
  recordOf,
  recordsOf,
  renamed,
  textOr,
  textsOf,
  type Options,
  type Transformer,
} from "./parts.ts";

/** Leaves out, orders and renames fields. */
export const organize: Transformer = (frames, options) => {
  const excluded = recordOf(options["excludeByName"]);
  const included = recordOf(options["includeByName"]);
  const index = recordOf(options["indexByName"]);
  const names = recordOf(options["renameByName"]);
  const onlyIncluded = Object.values(included).includes(true);
  const place = (field: Field, i: number) => {
    const at = own(index, fieldName(field));
    return typeof at === "number" ? at : 10_000 + i;
  };
  return frames.map((frame) => ({
    ...frame,
    fields: frame.fields
      .filter((field) => own(excluded, fieldName(field)) !== true)
      .filter((field) => !onlyIncluded || own(included, fieldName(field)) === true)
      .map((field, i) => ({ field, at: place(field, i) }))
      .toSorted((a, b) => a.at - b.at)
      .map(({ field }) => {
        const name = textOr(own(names, fieldName(field)));
        return name === undefined ? field : renamed(field, name);
      }),
  }));
};

function own(record: Options, key: string): unknown {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}

/** Fields by their names or a pattern: include first, then exclude. */
export const filterFieldsByName: Transformer = (frames, options) => {
  const include = nameTest(recordOf(options["include"]));
  const exclude = nameTest(recordOf(options["exclude"]));
  if (include === undefined && exclude === undefined) return frames;
  return frames
    .map((frame) => ({
      ...frame,
      fields: frame.fields.filter((field) => {
        const name = fieldName(field);
        return (include?.(name) ?? true) && !(exclude?.(name) ?? false);
      }),
    }))
    .filter(({ fields }) => fields.length > 0);
};

function nameTest(options: Options): ((name: string) => boolean) | undefined {
  const names = new Set([
    ...textsOf(options["names"]),
    ...(textOr(options["variable"])?.split(",") ?? []),
  ]);
  const pattern = textOr(options["pattern"]);
  if (names.size === 0 && pattern === undefined) return undefined;
  const matches = pattern === undefined ? undefined : matching(pattern);
  return (name) => names.has(name) || (matches?.(name) ?? false);
}

/** Frames by the query they come from: "A", or "A|B". */
export const filterByRefId: Transformer = (frames, options) => {
  const [include, exclude] = [textOr(options["include"]), textOr(options["exclude"])];
  const keeps = include === undefined ? undefined : matching(include);
  const drops = exclude === undefined ? undefined : matching(exclude);
  return frames.filter(({ ref }) => (keeps?.(ref) ?? true) && !(drops?.(ref) ?? false));
};

/** Names by a pattern: $1 is what its first group took. */
export const renameByRegex: Transformer = (frames, options) => {
  const [pattern, by] = [textOr(options["regex"]), options["renamePattern"]];
  if (pattern === undefined || typeof by !== "string") return frames;
  const rename = renamer(pattern, by);
  if (rename === undefined) return frames;
  return frames.map((frame) => {
    const fields = frame.fields.map((field) => {
      const name = field.type === "time" ? fieldName(field) : rename(fieldName(field));
      return name === fieldName(field) ? field : renamed(field, name);
    });
    return { ...frame, name: rename(frame.name), fields };
  });
};

function renamer(pattern: string, by: string): ((name: string) => string) | undefined {
  try {
    const regex = userRegex(pattern);
    const isGlobal = /\/[a-z]*g[a-z]*$/.test(pattern);
    return (name) => {
      let done = false;
      return regex.replace(name, (groups) => {
        if (done && !isGlobal) return groups[0] ?? "";
        done = true;
        return by.replaceAll(
          /\$(\d|&)/g,
          (_, group: string) => groups[group === "&" ? 0 : Number(group)] ?? "",
        );
      });
    };
  } catch {
    return undefined;
  }
}

/** Order of rows. */
export const sortBy: Transformer = (frames, options) => {
  const sorts = recordsOf(options["sort"]);
  return frames.map((frame) => sortedBy(frame, sorts));
};

function sortedBy(frame: Frame, sorts: readonly Options[]): Frame {
  const keys = sorts.flatMap((sort) => {
    const name = textOr(sort["field"]);
    const field = frame.fields.find((each) => fieldName(each) === name || each.name === name);
    return field === undefined ? [] : [{ field, sign: sort["desc"] === true ? -1 : 1 }];
  });
  if (keys.length === 0) return frame;
  const rows = Array.from({ length: frame.length }, (_, i) => i).toSorted((a, b) => {
    for (const { field, sign } of keys) {
      const order = compared(field.values[a], field.values[b]);
      if (order !== 0) return sign * order;
    }
    return a - b;
  });
  return {
    ...frame,
    fields: frame.fields.map((field) => ({
      ...field,
      values:
        field.values instanceof Float64Array
          ? Float64Array.from(rows, (row) => Number(field.values[row]))
          : rows.map((row) => field.values[row]),
    })),
  };
}

/** What is missing stands first, as in Grafana. */
export function compared(a: unknown, b: unknown): number {
  const [noA, noB] = [
    a === undefined || a === null || Number.isNaN(a),
    b === undefined || b === null || Number.isNaN(b),
  ];
  if (noA || noB) return Number(noB) - Number(noA);
  if (typeof a === "number" && typeof b === "number") return a - b;
  const [x, y] = [String(a), String(b)];
  return x < y ? -1 : x > y ? 1 : 0;
}
