import type { z } from "zod";
import { FieldsConfig, type ReadFields, fieldsProcess } from "./formats/fields.ts";
import { defineProcessor } from "./processor.ts";

/** Deeper values stand as JSON text; a record has no more fields than that either. */
const depthMax = 8;
const fieldsMax = 128;

/** Fields of a JSON object; those of objects in it by the names on the way, joined by "_". Lists stand as JSON text. */
export const json = defineProcessor({
  type: "json",
  config: FieldsConfig,
  create: (config: z.output<typeof FieldsConfig>) => {
    const { fields = [] } = config;
    const whole = new Set(Array.isArray(fields) ? fields : Object.values(fields));
    return fieldsProcess(config, (text) => readJson(text, whole));
  },
});

/** An object that is asked for by its own name is a field, too, as JSON text. */
function readJson(text: string, whole: ReadonlySet<string>): ReadFields | undefined {
  if (!/^\s*\{/.test(text)) return undefined;
  let value: unknown;
  try {
    // A number of more digits than a double holds keeps its own.
    value = /\d{16}/.test(text) ? JSON.parse(text, exactNumber) : JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== "object" || value === null) return undefined;
  const fields: Record<string, string> = {};
  flatten(value, "", fields, 0, { left: fieldsMax, whole });
  return { fields };
}

function exactNumber(this: unknown, _key: string, value: unknown, context?: { source?: string }) {
  if (typeof value !== "number" || context?.source === undefined) return value;
  return String(value) === context.source ? value : context.source;
}

function flatten(
  value: object,
  path: string,
  fields: Record<string, string>,
  depth: number,
  count: { left: number; readonly whole: ReadonlySet<string> },
): void {
  for (const [key, own] of Object.entries(value)) {
    const name = path === "" ? key : `${path}_${key}`;
    if (own === null || own === undefined) continue;
    if (typeof own === "object" && !Array.isArray(own) && depth < depthMax) {
      if (count.whole.has(name)) fields[name] = JSON.stringify(own);
      flatten(own, name, fields, depth + 1, count);
      continue;
    }
    if (count.left-- <= 0) return;
    fields[name] = typeof own === "object" ? JSON.stringify(own) : String(own);
  }
}
