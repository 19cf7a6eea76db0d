import type { z } from "zod";

type Context = z.core.$RefinementCtx;

/** A check that one of these keys is given, such as a secret or its file. */
export function exactlyOne(...keys: readonly string[]) {
  return (value: Readonly<Record<string, unknown>>, context: Context): void =>
    check(value, context, keys, true);
}

export function atMostOne(...keys: readonly string[]) {
  return (value: Readonly<Record<string, unknown>>, context: Context): void =>
    check(value, context, keys, false);
}

function check(
  value: Readonly<Record<string, unknown>>,
  context: Context,
  keys: readonly string[],
  isNeeded: boolean,
): void {
  const given = keys.filter((key) => isGiven(value[key]));
  const names = keys.join(" and ");
  if (given.length > 1)
    context.addIssue({
      code: "custom",
      path: [given[1] ?? ""],
      message: `expected at most one of ${names}`,
      input: value,
    });
  if (isNeeded && given.length === 0)
    context.addIssue({ code: "custom", message: `expected one of ${names}`, input: value });
}

export function isGiven(value: unknown): boolean {
  return value !== undefined && value !== "";
}
