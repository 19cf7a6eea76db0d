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
