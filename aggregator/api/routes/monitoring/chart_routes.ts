import { Hono } from "hono";
import type { Alertmanager } from "../../../notify/alertmanager.ts";
import { chartsPath } from "../../../notify/charts/published_charts.ts";

/** Charts of messages, for services that fetch them. Anyone who has the address may see the picture; it can't be guessed. */
export function chartRoutes({
  alertmanager,
}: {
  readonly alertmanager: Pick<Alertmanager, "web">;
}): Hono {
  return new Hono().get(`${chartsPath}/:file`, async (c) => {
    const id = c.req.param("file").replace(/\.png$/, "");
    const png = await alertmanager.web?.charts.find(id);
    if (png === undefined) return c.notFound();
    return new Response(Buffer.from(png), {
      headers: {
        "content-type": "image/png",
        "cache-control": "private, max-age=86400",
        "x-content-type-options": "nosniff",
        "x-robots-tag": "noindex",
      },
    });
  });
}
