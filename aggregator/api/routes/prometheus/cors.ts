import type { MiddlewareHandler } from "hono";

/** What Prometheus sends to pages of other origins; it lets all of them read unless told otherwise. */
const headers = {
  "access-control-allow-headers": "Accept, Authorization, Content-Type, Origin",
  "access-control-allow-methods": "GET, POST, OPTIONS",
  "access-control-allow-origin": "*",
  "access-control-expose-headers": "Date",
  vary: "Origin",
} as const;

/** OPTIONS gets 204 everywhere; what a page of another origin asks for may be read by it. */
export const cors: MiddlewareHandler = async (c, next) => {
  const isAsked = c.req.header("origin") !== undefined;
  if (c.req.method === "OPTIONS") {
    c.res = new Response(null, { status: 204 });
  } else await next();
  if (!isAsked) return;
  for (const [name, value] of Object.entries(headers))
    c.res.headers.set(name, name === "vary" ? varyOf(c.res.headers, value) : value);
};

function varyOf(sent: Headers, value: string): string {
  const already = sent.get("vary");
  return already === null ? value : `${already}, ${value}`;
}
