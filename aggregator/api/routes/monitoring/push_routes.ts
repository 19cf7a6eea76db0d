import { Hono } from "hono";
import { OperatingError } from "#shared/errors.ts";
import type { Alertmanager } from "../../../notify/alertmanager.ts";
import type { PushBook } from "../../../notify/push/push_book.ts";
import { jsonAnswers } from "./alert_routes.ts";
import { jsonBody } from "./checked_params.ts";
import { type PushAnswer, PushBody } from "./push_schemas.ts";
import { refusal } from "./routes.ts";

const path = "/api/v1/monitoring/push";

export type PushParts = { readonly alertmanager: Pick<Alertmanager, "web" | "pipeline"> };

/** Browsers that are subscribed to receivers. Neither the private key nor an endpoint, which is a capability, is shown. */
export function pushRoutes({ alertmanager }: PushParts): Hono {
  const app = new Hono();
  const answers = jsonAnswers(app, refusal);
  const book = (): PushBook => {
    if (alertmanager.web === undefined)
      throw new OperatingError("not_found", "this server sends no browser push");
    return alertmanager.web.push;
  };
  answers("GET", path, async (): Promise<PushAnswer> => {
    const { publicKey } = await book().keys();
    const devices = book()
      .all()
      .map(({ id, receiver, name, endpoint, createdMs }) => {
        const createdAt = new Date(createdMs).toISOString();
        return { id, receiver, name, service: new URL(endpoint).host, createdAt };
      });
    return { publicKey, devices };
  });
  answers("POST", path, async (c) => {
    const { receiver, name, subscription } = await jsonBody(c, PushBody);
    const { receivers } = alertmanager.pipeline.config;
    const found = receivers.find((one) => one.name === receiver);
    if (found?.integrations.some(({ channel }) => channel === "webpush") !== true)
      throw new OperatingError(
        "not_found",
        `no receiver ${JSON.stringify(receiver)} with webpush_configs`,
      );
    const { endpoint, keys } = subscription;
    return { id: await book().add({ receiver, name, endpoint, ...keys }) };
  });
  answers("DELETE", `${path}/:id`, async (c) => {
    const id = c.req.param("id") ?? "";
    await book().remove(id);
    return { deleted: id };
  });
  return app;
}
