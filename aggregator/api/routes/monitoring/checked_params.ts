import type { Context } from "hono";
import { z } from "zod";
import { OperatingError } from "#shared/errors.ts";

/** The parameters of a request's query string. Throws OperatingError("bad_request") that names each fault. */
export function checkedParams<Schema extends z.ZodType>(
  c: Context,
  schema: Schema,
): z.output<Schema> {
  const params = schema.safeParse(c.req.query());
  if (params.success) return params.data;
  throw new OperatingError("bad_request", z.prettifyError(params.error));
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
  const read = schema.safeParse(json);
  if (read.success) return read.data;
  throw new OperatingError("bad_request", z.prettifyError(read.error));
}
