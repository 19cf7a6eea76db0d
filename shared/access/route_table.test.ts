import { expect, test } from "bun:test";
import { Hono } from "hono";
import { type RouteTable, UndeclaredRoutesError, checkRoutes } from "./route_table.ts";

const table: RouteTable = { "GET /a": "metrics:read", "ANY /b/:id": "logs:write" };

const app = () =>
  new Hono()
    .use("*", async (_, next) => next())
    .get("/a", (c) => c.text(""))
    .all("/a", (c) => c.text("", 405))
    .all("/b/:id", (c) => c.text(""));

test("checkRoutes() takes an app whose routes all have a permission", () => {
  expect(() => checkRoutes(app(), table, ["/*"])).not.toThrow();
});
test("checkRoutes() names each route without a permission once", () => {
  const more = app()
    .post("/a", (c) => c.text(""))
    .get("/c", (c) => c.text(""))
    .get("/c", (c) => c.text(""))
    .all("/d/*", (c) => c.text(""));
  let thrown: unknown;
  try {
    checkRoutes(more, table, ["/*"]);
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toBeInstanceOf(UndeclaredRoutesError);
  expect(thrown).toMatchObject({ routes: ["ALL /d/*", "GET /c", "POST /a"] });
});
test("checkRoutes() does not take middleware for granted", () => {
  expect(() => checkRoutes(app(), table, [])).toThrow("ALL /*");
});
