import { z } from "zod";
import { fetchText, readJson } from "./transport.ts";

/** GET /api/v1/format_query: the expression as Prometheus would lay it out. */
export async function formatPromql(query: string, signal?: AbortSignal): Promise<string> {
  const path = "/api/v1/format_query";
  const body = await fetchText({ path, params: { query }, signal });
  return readJson(path, body, z.object({ data: z.string() })).data;
}
