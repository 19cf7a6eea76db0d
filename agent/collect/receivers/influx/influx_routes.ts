import type { Hono } from "hono";

/** The version whose write API this is; clients look for the header, and some read a version from it. */
const version = "1.8.10";
export const influxHeaders: Readonly<Record<string, string>> = {
  "X-Influxdb-Version": version,
  "X-Influxdb-Build": "OSS",
};

/**
 * What clients ask InfluxDB before they write: /ping, and telegraf's CREATE DATABASE, which is answered as done because a database means
 * nothing here. Nothing can be queried.
 */
export function addInfluxRoutes(routes: Hono): void {
  routes.on(["GET", "HEAD"], "/ping", (c) => {
    const isVerbose = (c.req.query("verbose") ?? "false") !== "false";
    return isVerbose
      ? c.json({ version }, 200, influxHeaders)
      : c.body(null, 204, { ...influxHeaders });
  });
  routes.post("/query", async (c) => {
    const form = new URLSearchParams(await queryOf(c.req.raw));
    const query = c.req.query("q") ?? form.get("q") ?? "";
    if (/^\s*create\s+database\b/i.test(query))
      return c.json({ results: [{ statement_id: 0 }] }, 200, influxHeaders);
    const error =
      query === ""
        ? 'missing required parameter "q"'
        : "only CREATE DATABASE is answered here: metrics are queried with PromQL at /api/v1/query";
    return c.json({ error }, 400, influxHeaders);
  });
}

const queryBytesMax = 64 * 1024;

/** The body of a form, where it is small enough for a statement. */
async function queryOf(request: Request): Promise<string> {
  const type = request.headers.get("content-type") ?? "";
  const length = Number(request.headers.get("content-length") ?? Number.NaN);
  const isForm = type.startsWith("application/x-www-form-urlencoded");
  return isForm && length <= queryBytesMax ? request.text() : "";
}
