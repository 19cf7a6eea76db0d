import { Hono } from "hono";
import { messageOf } from "#shared/errors.ts";

/**
 * POST of /flush (as Loki has it) and /-/flush: everything taken so far is in committed blocks when it is answered with 204. 503 where the
 * store refuses; then it is tried again as any other flush.
 */
export function flushRoutes(flush: () => Promise<void>): Hono {
  const app = new Hono();
  const paths = ["/flush", "/-/flush"];
  app.on(["POST", "PUT"], paths, async (c) => {
    try {
      await flush();
      return c.body(null, 204);
    } catch (thrown) {
      return c.text(`not flushed: ${messageOf(thrown)}\n`, 503);
    }
  });
  for (const path of paths)
    app.all(path, (c) =>
      c.text("Only POST or PUT requests allowed\n", 405, { allow: "OPTIONS, POST, PUT" }),
    );
  return app;
}
