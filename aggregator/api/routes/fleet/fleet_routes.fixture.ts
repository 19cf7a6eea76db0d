import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Hono } from "hono";
import { systemClock } from "#shared/runtime/clock.ts";
import { Catalog } from "../../../catalog/catalog.ts";

/** A catalog in a folder of its own, and a clock that stands. */
export async function openedCatalog() {
  const folder = await mkdtemp(join(tmpdir(), "lapwing-fleet-routes-"));
  const catalog = await Catalog.open(`sqlite://${join(folder, "catalog.db")}`);
  const clock = { ...systemClock, now: () => 5_000 };
  const close = async (): Promise<void> => {
    await catalog.close();
    await rm(folder, { recursive: true });
  };
  return { catalog, clock, close };
}

/** Asks routes under /api/v1/fleet as a client would: JSON where it is JSON, else text. */
export function asking(app: Hono) {
  return async (
    method: string,
    path: string,
    body?: unknown,
    headers: Readonly<Record<string, string>> = {},
  ) => {
    const answer = await app.request(`/api/v1/fleet${path}`, {
      method,
      headers: { ...(body !== undefined && { "content-type": "application/json" }), ...headers },
      ...(body !== undefined && { body: typeof body === "string" ? body : JSON.stringify(body) }),
    });
    const text = await answer.text();
    const isJson = answer.headers.get("content-type")?.includes("json") === true;
    const json: unknown = isJson ? JSON.parse(text) : undefined;
    return { status: answer.status, headers: answer.headers, text, json };
  };
}
