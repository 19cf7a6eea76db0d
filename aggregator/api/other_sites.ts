import type { Context } from "hono";

/** A browser sends a form of any page to any server without asking it: no login protects what is deleted. */
export function isFromElsewhere(c: Context): boolean {
  const site = c.req.header("sec-fetch-site");
  if (site !== undefined) return site !== "same-origin" && site !== "none";
  const origin = c.req.header("origin");
  return origin !== undefined && URL.parse(origin)?.host !== new URL(c.req.url).host;
}
