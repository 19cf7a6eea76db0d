import { z } from "zod";
import { isTimeZone } from "../units/time_zones.ts";
import { defaultRange, defaultRefresh, refreshNames, windowOf } from "./time_range.ts";

/** What every page keeps in its URL. Text that makes no sense falls back to the default: a link never breaks a page. */
export const PageRangeSearch = z
  .object({
    from: z.string().catch(defaultRange.from).optional(),
    to: z.string().catch(defaultRange.to).optional(),
    tz: z.string().refine(isTimeZone).optional().catch(undefined),
    /** As Grafana's links name the zone. */
    timezone: z.string().refine(isTimeZone).optional().catch(undefined),
    refresh: z.enum(refreshNames).optional().catch(undefined),
  })
  .transform((search): PageRangeSearch => {
    const range = { from: search.from ?? defaultRange.from, to: search.to ?? defaultRange.to };
    const tz = search.tz ?? search.timezone;
    const { from, to } = windowOf(range, Date.now(), tz) === undefined ? defaultRange : range;
    const refresh = search.refresh;
    // Defaults stay out of the URL, so that a plain link reads plain.
    return {
      ...(from === defaultRange.from && to === defaultRange.to ? {} : { from, to }),
      ...(tz === undefined ? {} : { tz }),
      ...(refresh === undefined || refresh === defaultRefresh ? {} : { refresh }),
    };
  });
export type PageRangeSearch = {
  readonly from?: string;
  readonly to?: string;
  readonly tz?: string;
  readonly refresh?: string;
};

/**
 * A query string as plain text values, `?from=now-1h&q=web`; the first of repeated names counts. Only variables of dashboards
 * (`var-host=a&var-host=b`) have several values, in their order.
 */
export function parseSearch(text: string): Record<string, string | string[]> {
  const search: Record<string, string | string[]> = {};
  for (const [name, value] of new URLSearchParams(text)) {
    const before = search[name];
    if (before === undefined) search[name] = value;
    else if (name.startsWith("var-")) search[name] = [before, value].flat();
  }
  return search;
}

export function stringifySearch(search: Readonly<Record<string, unknown>>): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(search)) {
    if (typeof value === "string" && (value !== "" || name.startsWith("var-"))) {
      params.set(name, value);
    } else if (Array.isArray(value)) {
      for (const each of value) if (typeof each === "string") params.append(name, each);
    }
  }
  const text = params.toString();
  return text === "" ? "" : `?${text}`;
}
