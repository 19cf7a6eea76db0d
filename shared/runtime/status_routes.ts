import { Hono, type Context } from "hono";
import { messageOf } from "../errors.ts";
import type { Lifecycle } from "./lifecycle.ts";
import type { SelfMetrics } from "./self_metrics.ts";

export type StatusParts = {
  readonly metrics: SelfMetrics;
  readonly lifecycle: Lifecycle;
  /** What may be done to the process over HTTP. */
  readonly allowed: { readonly reload: boolean; readonly quit: boolean };
  /** Why the process can't do its work at the moment; empty when it can. */
  readonly notReady: () => readonly string[];
  /** Reads the configuration again; gives the keys that need a restart. Throws when it is invalid; the old one then stays. */
  readonly reload: () => Promise<readonly string[]>;
};

/**
 * What every role answers: /-/healthy, /-/ready, /metrics, POST|PUT /-/reload and /-/quit. Before them stands the refusal of
 * queries while the process stops, so these routes are to be mounted first.
 */
export function statusRoutes(parts: StatusParts): Hono {
  const { metrics, lifecycle, notReady } = parts;
  const app = new Hono();
  app.use("*", async (c, next) => lifecycle.refusal(c.req.path) ?? next());
  app.get("/-/healthy", (c) => c.text("Lapwing is Healthy.\n"));
  app.get("/-/ready", (c) => {
    const reasons = lifecycle.isStopping ? ["Service Unavailable"] : notReady();
    if (reasons.length === 0) return c.text("Lapwing is Ready.\n");
    const headers = { "x-prometheus-stopping": String(lifecycle.isStopping) };
    return c.text(`${reasons.join("\n")}\n`, 503, headers);
  });
  app.get("/metrics", async (c) =>
    c.body(await metrics.text(), 200, {
      "content-type": "text/plain; version=0.0.4; charset=utf-8",
    }),
  );
  app.on(["POST", "PUT"], "/-/reload", async (c) => {
    if (!parts.allowed.reload) return notEnabled(c);
    try {
      const keys = await parts.reload();
      return c.text(
        keys.length === 0 ? "" : `these keys take effect after a restart: ${keys.join(", ")}\n`,
      );
    } catch (thrown) {
      return c.text(`configuration not reloaded:\n${messageOf(thrown)}\n`, 500);
    }
  });
  app.on(["POST", "PUT"], "/-/quit", (c) => {
    if (!parts.allowed.quit) return notEnabled(c);
    lifecycle.requestStop("asked over HTTP");
    return c.text("Requesting termination... Goodbye!");
  });
  for (const path of ["/-/reload", "/-/quit"])
    app.all(path, (c) =>
      c.text("Only POST or PUT requests allowed", 405, { allow: "OPTIONS, POST, PUT" }),
    );
  for (const path of ["/-/healthy", "/-/ready", "/metrics"])
    app.all(path, (c) => c.text("Method Not Allowed\n", 405, { allow: "GET, HEAD, OPTIONS" }));
  return app;
}

function notEnabled(c: Context): Response {
  return c.text("Lifecycle API is not enabled.", 403);
}
