import { Hono } from "hono";
import { PromqlError } from "#shared/query_language/promql/errors.ts";
import { answering, invalidParameter } from "./answer.ts";
import { readParams, selectorsParam } from "./params.ts";

/** /rules, /alerts, /alertmanagers: there are none, and their clients are told so in the shape that they read. */
export function alertingRoutes(): Hono {
  const app = new Hono();
  app.get(
    "/rules",
    answering(async (c) => {
      const type = (c.req.query("type") ?? "").toLowerCase();
      if (!["", "alert", "record"].includes(type))
        throw invalidParameter("type", `not supported value ${JSON.stringify(type)}`);
      const excludes = c.req.query("exclude_alerts") ?? "";
      if (!/^(?:|1|t|T|true|TRUE|True|0|f|F|false|FALSE|False)$/.test(excludes)) {
        const cause = `strconv.ParseBool: parsing ${JSON.stringify(excludes)}: invalid syntax`;
        throw invalidParameter("exclude_alerts", `error converting exclude_alerts: ${cause}`);
      }
      selectorsParam(await readParams(c), true);
      checkPaging(c.req.query("group_limit"), c.req.query("group_next_token"));
      return { dataJson: '{"groups":[]}' };
    }),
  );
  app.get(
    "/alerts",
    answering(() => ({ dataJson: '{"alerts":[]}' })),
  );
  app.get(
    "/alertmanagers",
    answering(() => ({ dataJson: '{"activeAlertmanagers":[],"droppedAlertmanagers":[]}' })),
  );
  return app;
}

/** No group has a token, so every token is unknown. */
function checkPaging(limit = "", token = ""): void {
  if (limit === "" && token !== "")
    throw invalidParameter(
      "group_limit",
      "group_limit needs to be present in order to paginate over the groups",
    );
  if (limit !== "" && !/^\+?0*[1-9]\d*$/.test(limit))
    throw invalidParameter(
      "group_limit",
      "group_limit needs to be a valid number and greater than 0",
    );
  if (token !== "")
    throw new PromqlError(
      "bad_data",
      `invalid group_next_token '${token}'. were rule groups changed?`,
    );
}
