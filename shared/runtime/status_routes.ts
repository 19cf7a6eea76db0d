import { Hono } from "hono";
import { messageOf } from "../errors.ts";
import type { SelfMetrics } from "./self_metrics.ts";

export type StatusParts = {
  readonly metrics: SelfMetrics;
  /** Why the process can't do its work at the moment; empty when it can. */
  readonly notReady: () => readonly string[];
  /** Reads the configuration again. Throws when it is no good; the old one then stays. */
  readonly reload: () => Promise<void>;
};

/** What every role answers: /-/healthy, /-/ready, /metrics, POST|PUT /-/reload. */
export function statusRoutes({ metrics, notReady, reload }: StatusParts): Hono {
  const app = new Hono();
  app.get("/-/healthy", (c) => c.text("Lapwing is Healthy.\n"));
  app.get("/-/ready", (c) => {
    const reasons = notReady();
    return reasons.length === 0
      ? c.text("Lapwing is Ready.\n")
      : c.text(`${reasons.join("\n")}\n`, 503);
  });
  app.get("/metrics", async (c) =>
    c.body(await metrics.text(), 200, {
      "content-type": "text/plain; version=0.0.4; charset=utf-8",
    }),
  );
  app.on(["POST", "PUT"], "/-/reload", async (c) => {
    try {
      await reload();
      return c.text("");
    } catch (thrown) {
      return c.text(`configuration not reloaded:\n${messageOf(thrown)}\n`, 500);
    }
  });
  return app;
}
