import { z } from "zod";
import { scalarText } from "#shared/relabel/scalar_text.ts";
import type { GlobalConfig } from "./global_config.ts";
import { HttpConfig } from "./http/http_config.ts";

/** A text with templates. An unquoted number in YAML means its text. */
export const templated = (initial = "") => scalarText.default(initial);

/** Keys that every channel has. */
export const commonShape = (sendsResolved: boolean) => ({
  /** Whether to notify about resolved alerts. */
  send_resolved: z.boolean().default(sendsResolved),
});

/** Keys that every channel over HTTP has. */
export const httpShape = (sendsResolved: boolean) => ({
  ...commonShape(sendsResolved),
  http_config: HttpConfig.optional(),
});

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

/** Adds `http_config` of `global` where a receiver has none. */
export function withHttp<Config extends { readonly http_config?: HttpConfig | undefined }>(
  config: Config,
  global: GlobalConfig,
): Config {
  const http_config = config.http_config ?? global.http_config;
  return http_config === undefined ? config : { ...config, http_config };
}
