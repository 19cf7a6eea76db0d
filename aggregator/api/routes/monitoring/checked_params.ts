import type { Context } from "hono";
import { z } from "zod";
import { OperatingError } from "#shared/errors.ts";

/** The parameters of a request's query string. Throws OperatingError("bad_request") that names each fault. */
export function checkedParams<Schema extends z.ZodType>(
  c: Context,
  schema: Schema,
): z.output<Schema> {
  return checked(c.req.query(), schema);
}

const bodyCharactersMax = 1_000_000;

/** A body of JSON by its schema. Throws OperatingError("bad_request") with all mistakes. */
export async function jsonBody<Schema extends z.ZodType>(
  c: Context,
  schema: Schema,
): Promise<z.output<Schema>> {
  const text = await c.req.text();
  if (text.length > bodyCharactersMax)
    throw new OperatingError(
      "bad_request",
      `expected a body of at most ${bodyCharactersMax} characters`,
    );
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new OperatingError("bad_request", "expected a body of JSON", { cause });
  }
  return checked(json, schema);
}

function checked<Schema extends z.ZodType>(input: unknown, schema: Schema): z.output<Schema> {
  const read = schema.safeParse(input, { reportInput: true });
  if (read.success) return read.data;
  throw new OperatingError("bad_request", read.error.issues.map(faultText).join("\n"));
}

const shownCharactersMax = 100;

/** Key, value and what was expected, such as `timeZone "Berlin": expected an IANA name`. */
function faultText({ path, input, message }: z.core.$ZodIssue): string {
  const isShown = ["string", "number", "boolean"].includes(typeof input) || input === null;
  const value = isShown ? JSON.stringify(input).slice(0, shownCharactersMax) : "";
  const place = [z.core.toDotPath(path), value].filter(Boolean).join(" ");
  return place === "" ? message : `${place}: ${message}`;
}
