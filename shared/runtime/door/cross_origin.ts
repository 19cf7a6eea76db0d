/** Which origins may ask, and by which methods. */
export type CrossOriginRule = { readonly origins: readonly string[]; readonly methods: string };

/** Prometheus's and Loki's queries. Nothing of it changes anything; deletions, pushes and Lapwing's own routes are not among them. */
const queries = [
  /^\/api\/v1\/(?:query|query_range|query_exemplars|format_query|parse_query|series|labels)$/,
  /^\/api\/v1\/label\/[^/]+\/values$/,
  /^\/api\/v1\/(?:metadata|targets|targets\/metadata|targets\/relabel_steps|scrape_pools)$/,
  /^\/api\/v1\/(?:rules|alerts|alertmanagers|read|features|openapi\.yaml)$/,
  /^\/api\/v1\/(?:search|status|notifications)(?:\/|$)/,
  /^\/(?:federate|version)$/,
  /^\/loki\/api\/v1\/(?:query|query_range|labels?|series|tail|patterns|format_query)$/,
  /^\/loki\/api\/v1\/(?:label|index|status)\/.+$/,
  /^\/loki\/api\/v1\/(?:detected_labels|detected_fields|detected_field\/.+|drilldown-limits)$/,
];
const exposed = "Date";
const preflightSeconds = "600";

/** Whether pages of listed origins may ask for a path. */
export function isQueryPath(path: string): boolean {
  return queries.some((shape) => shape.test(path));
}

/** The origin of a page, where the rule lists it. */
export function listedOrigin(
  { headers }: Request,
  { origins }: CrossOriginRule,
): string | undefined {
  const origin = headers.get("origin");
  if (origin === null || origins.length === 0) return undefined;
  return origins.includes("*") || origins.includes(origin) ? origin : undefined;
}

/** What a browser asks before it sends what is more than a form. */
export function isPreflight({ method, headers }: Request): boolean {
  return method === "OPTIONS" && headers.has("access-control-request-method");
}

/** Lets the browser send it. Says nothing about private networks: a page of the internet does not get into this one by it. */
export function preflightAnswer({ headers }: Request, { methods }: CrossOriginRule): Response {
  const wanted = headers.get("access-control-request-headers");
  const allowed = {
    "access-control-allow-methods": methods,
    "access-control-max-age": preflightSeconds,
    ...(wanted === null ? {} : { "access-control-allow-headers": wanted }),
  };
  return new Response(null, { status: 204, headers: allowed });
}

/** Lets the page read the answer. Cookies and the like are never part of it. */
export function letRead(headers: Headers, origin: string): void {
  headers.set("access-control-allow-origin", origin);
  headers.set("access-control-expose-headers", exposed);
  headers.append("vary", "Origin");
}
