import { z } from "zod";

/**
 * What another schema makes of a value, inside a transform. Its mistakes become the transform's own, as they are, at their place below
 * `under`; the result is then z.NEVER.
 */
export function checkedBy<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
  context: z.core.$RefinementCtx,
  under: readonly PropertyKey[] = [],
): z.output<Schema> {
  const { data, error } = schema.safeParse(value, parsedOnce);
  for (const issue of error?.issues ?? [])
    context.addIssue({ ...issue, path: [...under, ...issue.path] });
  return error === undefined ? data : z.NEVER;
}

/** For what is parsed once: Zod compiles no function for each object, which takes more of time and memory than one parse by it saves. */
export const parsedOnce = { jitless: true } as const;
