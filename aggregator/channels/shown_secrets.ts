import { z } from "zod";
import { shownSecret } from "#shared/text/secrets.ts";

type JsonSchema = { readonly [key: string]: unknown };

/** A configuration as it is written, with `<secret>` in place of the values of keys that its schema marks by secret(). */
export function withSecretsHidden(schema: z.ZodType, value: unknown): unknown {
  const whole = jsonSchemaOf(schema);
  return hide(whole, whole, value);
}

/** Keys at the top of a schema. */
export function keysOf(schema: z.ZodType): string[] {
  const { properties } = jsonSchemaOf(schema);
  return isObject(properties) ? Object.keys(properties) : [];
}

/** Those of them that secret() marks. */
export function secretKeysOf(schema: z.ZodType): string[] {
  const { properties } = jsonSchemaOf(schema);
  return keysOf(schema).filter((key) => isObject(properties) && isSecret(properties[key]));
}

const known = new WeakMap<z.ZodType, JsonSchema>();

function jsonSchemaOf(schema: z.ZodType): JsonSchema {
  const made = known.get(schema) ?? {
    ...z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }),
  };
  known.set(schema, made);
  return made;
}

function hide(whole: JsonSchema, written: unknown, value: unknown): unknown {
  const schema = resolved(whole, written);
  if (isSecret(schema)) return value === "" || value === undefined ? value : shownSecret;
  if (Array.isArray(value)) return value.map((item) => hide(whole, schema["items"], item));
  if (!isObject(value)) return value;
  const { properties, additionalProperties } = schema;
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [
      key,
      hide(
        whole,
        isObject(properties) ? (properties[key] ?? additionalProperties) : additionalProperties,
        member,
      ),
    ]),
  );
}

/** Follows references to other parts of the schema. */
function resolved(whole: JsonSchema, written: unknown): JsonSchema {
  if (!isObject(written)) return {};
  const path = written["$ref"];
  const [inner] = Array.isArray(written["allOf"]) ? written["allOf"] : [];
  if (typeof path !== "string") return isObject(inner) ? resolved(whole, inner) : written;
  let at: unknown = whole;
  for (const part of path.split("/").slice(1)) at = isObject(at) ? at[part] : undefined;
  return isObject(at) ? at : {};
}

function isObject(value: unknown): value is JsonSchema {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isSecret(schema: unknown): boolean {
  return isObject(schema) && schema["secret"] === true;
}
