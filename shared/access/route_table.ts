import type { Hono } from "hono";
import type { Permission } from "./permission.ts";

type Methods =
  | "GET"
  | "POST"
  | "PUT"
  | "DELETE"
  | "GET|HEAD"
  | "GET|POST"
  | "GET|POST|PUT"
  | "POST|PUT"
  | "DELETE|PUT"
  | "DELETE|POST|PUT"
  | "ANY";

/** Routes as "METHODS PATH" in Hono's notation, ANY for a path that is answered whatever the method. */
export type RouteTable = Readonly<Record<`${Methods} /${string}`, Permission>>;

/** Paths of middleware, which answers nothing by itself but refusals. */
export type MiddlewarePaths = readonly string[];

/** The server has a route that no table names a permission for: a bug, found at the start. */
export class UndeclaredRoutesError extends Error {
  readonly routes: readonly string[];

  constructor(routes: readonly string[]) {
    super(`routes without a permission: ${routes.join(", ")}`);
    this.name = "UndeclaredRoutesError";
    this.routes = routes;
  }
}

/**
 * Refuses an app with a route that has no entry. Every method of a path needs one; an entry for a path covers what refuses other methods of
 * it (Hono's "ALL"). Throws UndeclaredRoutesError.
 */
export function checkRoutes(app: Hono, table: RouteTable, middleware: MiddlewarePaths): void {
  const entries = Object.keys(table).map((key) => key.split(" "));
  const declared = new Set(
    entries.flatMap(([methods = "", path]) => methods.split("|").map((one) => `${one} ${path}`)),
  );
  const paths = new Set(entries.map(([, path]) => path));
  const passed = new Set(middleware);
  const missing = app.routes
    .filter(({ method, path }) =>
      method === "ALL"
        ? !paths.has(path) && !passed.has(path)
        : !declared.has(`${method} ${path}`) && !declared.has(`ANY ${path}`),
    )
    .map(({ method, path }) => `${method} ${path}`);
  if (missing.length > 0) throw new UndeclaredRoutesError([...new Set(missing)].toSorted());
}
