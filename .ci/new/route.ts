import { type Files, insertSorted, type Names, type ReadFile, withPermission } from "./names.ts";

const server = "aggregator/api/server.ts";
const registry = "aggregator/api/routes/registry.ts";

/** A route of the aggregator, GET /api/v1/NAME, with its line in the list of routes and the permission that it needs. */
export function newRoute(names: Names, read: ReadFile): Files {
  const own = `aggregator/api/routes/${names.snake}_routes`;
  return {
    [`${own}.ts`]: route(names),
    [`${own}.test.ts`]: test(names),
    [server]: registered(names, read(server)),
    [registry]: withPermission(read(registry), `GET /api/v1/${names.snake}`, "metrics:read"),
  };
}

function registered({ snake, camel }: Names, text: string): string {
  const line = `import { ${camel}Routes } from "./routes/${snake}_routes.ts";\n`;
  const imports = /^import \{[^}]*\} from "\.\/routes\/([\w/]+)\.ts";\n/gm;
  const imported = insertSorted(text, imports, `${snake}_routes`, line);
  const flush = /^ {2}app\.route\("\/", flushRoutes\(.*\n/m;
  if (!flush.test(imported))
    throw new Error(`${server} has no line for flushRoutes() to stand beside`);
  return imported.replace(flush, `$&  app.route("/", ${camel}Routes());\n`);
}

const route = ({ snake, camel }: Names) => `import { Hono } from "hono";

/** GET /api/v1/${snake}. */
export function ${camel}Routes(): Hono {
  return new Hono().get("/api/v1/${snake}", (c) => c.json({ status: "success", data: [] }));
}
`;

const test = ({ snake, camel }: Names) => `import { expect, test } from "bun:test";
import { ${camel}Routes } from "./${snake}_routes.ts";

test("GET /api/v1/${snake} answers with its data", async () => {
  const response = await ${camel}Routes().request("/api/v1/${snake}");
  expect([response.status, await response.json()]).toEqual([200, { status: "success", data: [] }]);
});
`;
