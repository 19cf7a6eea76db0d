import { z } from "zod";
import { defaultRange, defaultRefresh, refreshNames, windowOf } from "./time_range.ts";

/** What every page keeps in its URL. Text that makes no sense falls back to the default: a link never breaks a page. */
export const FrameSearch = z
  .object({
    from: z.string().catch(defaultRange.from).optional(),
    to: z.string().catch(defaultRange.to).optional(),
    refresh: z.enum(refreshNames).optional().catch(undefined),
  })
  .transform((search): FrameSearch => {
    const range = { from: search.from ?? defaultRange.from, to: search.to ?? defaultRange.to };
    const { from, to } = windowOf(range, Date.now()) === undefined ? defaultRange : range;
    const refresh = search.refresh;
    // Defaults stay out of the URL, so that a plain link reads plain.
    return {
      ...(from === defaultRange.from && to === defaultRange.to ? {} : { from, to }),
      ...(refresh === undefined || refresh === defaultRefresh ? {} : { refresh }),
    };
  });
export type FrameSearch = {
  readonly from?: string;
  readonly to?: string;
  readonly refresh?: string;
};

/** A query string as plain text values, `?from=now-1h&q=web`; the first of repeated names counts. */
export function parseSearch(text: string): Record<string, string> {
  const search: Record<string, string> = {};
  for (const [name, value] of new URLSearchParams(text)) search[name] ??= value;
  return search;
}

export function stringifySearch(search: Readonly<Record<string, unknown>>): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(search)) {
    if (typeof value === "string" && value !== "") params.set(name, value);
  }
  const text = params.toString();
  return text === "" ? "" : `?${text}`;
}
