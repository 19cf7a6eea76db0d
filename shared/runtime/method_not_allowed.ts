import { type Handler, Hono } from "hono";
import { type MiddlewarePaths, type RouteTable, checkRoutes } from "../access/route_table.ts";

export type Declared = { readonly permissions: RouteTable; readonly middleware: MiddlewarePaths };

/**
 * These routes, with 405 for what they know under other methods only, and behind them a page for everything else. Throws
 * UndeclaredRoutesError for a route without a permission.
 */
export function withRefusals(
  routes: Hono,
  page: Hono | undefined,
  { permissions, middleware }: Declared,
): Hono {
  const app = new Hono().route("/", routes);
  app.all("*", methodNotAllowed(app));
  const all = page === undefined ? app : app.route("/", page);
  checkRoutes(all, permissions, middleware);
  return all;
}

/**
 * Answers 405 with the methods that there are, where a path is known under other methods only: clients such as Prometheus's
 * own try POST and go on to GET by it. To be mounted after all routes of the app; unknown paths go on.
 */
export function methodNotAllowed(app: Hono): Handler {
  const known = app.routes
    .filter(({ method }) => method !== "ALL")
    .map(({ method, path }) => ({ method, shape: shapeOf(path) }));
  return async (c, next) => {
    const methods = known.filter(({ shape }) => shape.test(c.req.path)).map(({ method }) => method);
    if (methods.length === 0) return next();
    const allowed = [...new Set([...methods, "OPTIONS"])].toSorted().join(", ");
    return c.text("Method Not Allowed\n", 405, { allow: allowed });
  };
}

/** Paths of ours are plain but for parameters (":name"). */
function shapeOf(path: string): RegExp {
  const parts = path.split("/").map((part) => (part.startsWith(":") ? "[^/]+" : escaped(part)));
  return new RegExp(`^${parts.join("/")}$`);
}

function escaped(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
}
