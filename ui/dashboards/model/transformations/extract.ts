import type { Field, Frame } from "../../../frames/frame.ts";
import { userRegex } from "../user_regex.ts";
import { textOf } from "../values.ts";
import {
  column,
  fieldNamed,
  isRecord,
  recordsOf,
  textOr,
  timeFieldOf,
  type Options,
  type Transformer,
} from "./parts.ts";

/** Columns beyond this are left out: a value may have any number of members. */
const columnsMax = 200;

/** Fields out of the texts of one: JSON, key=value, a pattern with names, or parts between a delimiter. */
export const extractFields: Transformer = (frames, options) => {
  const read = readerOf(options);
  if (read === undefined) return frames;
  return frames.map((frame) => {
    const source = fieldNamed(frame, textOr(options["source"]));
    return source === undefined ? frame : extracted(frame, source, read, options);
  });
};

type Read = (value: unknown) => Options;

function extracted(frame: Frame, source: Field, read: Read, options: Options): Frame {
  const rows = Array.from(source.values, (value) => read(value));
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))].slice(0, columnsMax);
  const fields = names.map((name) =>
    typedColumn(
      name,
      rows.map((row) => (Object.hasOwn(row, name) ? row[name] : undefined)),
    ),
  );
  if (options["replace"] !== true) return { ...frame, fields: [...frame.fields, ...fields] };
  const time = options["keepTime"] === true ? timeFieldOf(frame) : undefined;
  return { ...frame, fields: [...(time === undefined ? [] : [time]), ...fields] };
}

function typedColumn(name: string, values: readonly unknown[]): Field {
  const present = values.filter((value) => value !== undefined && value !== null);
  const isNumber =
    present.length > 0 &&
    present.every(
      (value) =>
        typeof value === "number" ||
        (typeof value === "string" && /^-?\d+(?:\.\d+)?(?:e[+-]?\d+)?$/i.test(value)),
    );
  if (isNumber) return column(name, "number", values);
  if (present.every((value) => typeof value === "boolean")) return column(name, "boolean", values);
  const isText = present.every((value) => typeof value === "string");
  return column(name, isText ? "string" : "other", values);
}

function readerOf(options: Options): Read | undefined {
  switch (options["format"]) {
    case "kvp":
      return (value) => keyValues(textOf(value));
    case "regexp":
      return byPattern(textOr(options["regExp"]) ?? "");
    case "delimiter": {
      const delimiter = textOr(options["delimiter"]) ?? ",";
      return (value) =>
        Object.fromEntries(
          textOf(value)
            .split(delimiter)
            .map((part, i) => [String(i + 1), part.trim()]),
        );
    }
    case "json":
      return jsonReader(options);
    default:
      return (value) => {
        const json = jsonOf(value);
        return json === undefined ? keyValues(textOf(value)) : flat(json);
      };
  }
}

function jsonOf(value: unknown): Options | undefined {
  if (isRecord(value)) return value;
  if (typeof value !== "string" || !value.trim().startsWith("{")) return undefined;
  try {
    const parsed: unknown = JSON.parse(value);
    return isRecord(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
}

function flat(json: Options): Options {
  return Object.fromEntries(Object.entries(json).filter(([key]) => key !== "__proto__"));
}

/** Of JSON all members, or those that paths name: "a.b[0]". */
function jsonReader(options: Options): Read {
  const paths = recordsOf(options["jsonPaths"]).flatMap((each) => {
    const path = textOr(each["path"]);
    return path === undefined ? [] : [{ path, name: textOr(each["alias"]) ?? path }];
  });
  if (paths.length === 0) return (value) => flat(jsonOf(value) ?? {});
  return (value) => {
    const json = jsonOf(value);
    return Object.fromEntries(paths.map(({ path, name }) => [name, memberOf(json, path)]));
  };
}

function memberOf(json: unknown, path: string): unknown {
  let value: unknown = json;
  for (const key of path.split(/[.[\]]+/).filter((each) => each !== "")) {
    if (Array.isArray(value)) value = value[Number(key)];
    else value = isRecord(value) && Object.hasOwn(value, key) ? value[key] : undefined;
  }
  return value;
}

/** `a=1 b="x y"`, `a: 1, b: 2`. */
function keyValues(text: string): Options {
  const pairs = text.matchAll(
    /([\p{L}\p{N}_.-]{1,200})\s?[=:]\s?(?:"((?:[^"\\]|\\.){0,10000})"|([^\s,;&]{0,10000}))/gu,
  );
  return Object.fromEntries(
    [...pairs]
      .map(([, key = "", quoted, plain]) => [key, quoted ?? plain ?? ""])
      .filter(([key]) => key !== "__proto__"),
  );
}

function byPattern(pattern: string): Read | undefined {
  try {
    const regex = userRegex(pattern);
    return (value) => {
      const groups = regex.exec(textOf(value));
      if (groups === undefined) return {};
      return Object.fromEntries([...regex.groups].map(([name, i]) => [name, groups[i]]));
    };
  } catch {
    return undefined;
  }
}
