import type { Field, Frame } from "../../frames/frame.ts";
import type { TimeRange } from "../../state/time_range.ts";
import { interpolate, replaceVariables, type VariableValues } from "./interpolate.ts";
import { numberOf, textOf } from "./values.ts";
import { formatValues } from "./variable_format.ts";

/** The cell or point that a data link belongs to. */
export type DataScope = {
  readonly frame: Frame;
  readonly field: Field;
  readonly row: number;
  /** Name of the field as it is shown. */
  readonly displayName: string;
  /** A value as it is shown: with its unit and mappings. */
  readonly display: (field: Field, row: number) => string;
  readonly range: TimeRange;
};

/** A link's text with variables and what Grafana calls data variables filled in: ${__value.raw}, ${__field.labels.x}. */
export function interpolateLink(
  text: string,
  variables: VariableValues,
  scope: DataScope | undefined,
  range: TimeRange | undefined = scope?.range,
): string {
  const own = replaceVariables(text, ({ name, path, format }) => {
    const value = linkValue(name, path, variables, scope, range);
    if (value === undefined || format === undefined) return value;
    return formatValues(name, [value], false, format);
  });
  return interpolate(own, variables);
}

function linkValue(
  name: string,
  path: string | undefined,
  variables: VariableValues,
  scope: DataScope | undefined,
  range: TimeRange | undefined,
): string | undefined {
  if (name === "__all_variables") return allVariables(variables);
  if (name === "__url_time_range" && range !== undefined)
    return `from=${encodeURIComponent(range.from)}&to=${encodeURIComponent(range.to)}`;
  if (scope === undefined) return undefined;
  if (name === "__value") return valueOf(scope.field, scope.row, path, scope);
  if (name === "__series" && path === "name") return scope.frame.name || scope.displayName;
  if (name === "__field") return fieldValue(path ?? "name", scope);
  if (name === "__data") return dataValue(path ?? "", scope);
  return undefined;
}

/** Those of the dashboard, as they stand in its address. */
function allVariables(variables: VariableValues): string {
  const parts: string[] = [];
  for (const [name, value] of variables) {
    if (name.startsWith("__") || value.fields !== undefined) continue;
    parts.push(
      formatValues(name, value.all ? ["$__all"] : value.values, value.multi ?? true, "queryparam"),
    );
  }
  return parts.filter((each) => each !== "").join("&");
}

function valueOf(
  field: Field,
  row: number,
  path: string | undefined,
  scope: DataScope,
): string | undefined {
  const raw = field.values[row];
  if (path === "raw") return textOf(raw);
  if (path === "numeric") return textOf(numberOf(raw));
  if (path === "time") {
    const time = scope.frame.fields.find(({ type }) => type === "time")?.values[row];
    return time === undefined ? undefined : textOf(time);
  }
  if (path === undefined || path === "text") return scope.display(field, row);
  return undefined;
}

function fieldValue(path: string, { field, displayName }: DataScope): string | undefined {
  if (path === "name") return field.name;
  if (path === "displayName") return displayName;
  if (path === "labels")
    return Object.entries(field.labels)
      .map(([name, value]) => `${name}="${value}"`)
      .join(", ");
  const label = /^labels(?:\.(.+)|\[["']?(.+?)["']?\])$/.exec(path);
  const name = label?.[1] ?? label?.[2];
  if (name === undefined) return undefined;
  return Object.hasOwn(field.labels, name) ? field.labels[name] : "";
}

/** fields[0], fields.Name, fields["Name of it"], each with .text, .numeric or .time behind it. */
function dataValue(path: string, scope: DataScope): string | undefined {
  if (path === "name") return scope.frame.name;
  if (path === "refId") return scope.frame.ref;
  const parts =
    /^fields(?:\[(\d+)\]|\[["'](.+?)["']\]|\.(.+?))(?:\.(text|numeric|time|raw))?$/.exec(path);
  if (parts === null) return undefined;
  const [, index, quotedName, name, part] = parts;
  const wanted = quotedName ?? name;
  const field =
    index === undefined
      ? scope.frame.fields.find((each) => each.name === wanted)
      : scope.frame.fields[Number(index)];
  return field === undefined ? undefined : valueOf(field, scope.row, part, scope);
}

/**
 * The address where it is safe to open: http, https, mailto, or within this origin. Schemes that run script, and characters
 * that browsers drop before they look at the scheme, are refused.
 */
export function safeAddress(url: string): string | undefined {
  const trimmed = url.trim();
  // eslint-disable-next-line no-control-regex -- these are what is looked for
  if (trimmed === "" || /[\u0000-\u001f\u007f]/.test(trimmed)) return undefined;
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(trimmed)?.[1]?.toLowerCase();
  if (scheme === undefined) return trimmed.startsWith("\\") ? undefined : trimmed;
  return ["http", "https", "mailto"].includes(scheme) ? trimmed : undefined;
}
