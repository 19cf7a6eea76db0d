import { type Context, Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { isTurnOver, nextTurn } from "#shared/async/turns.ts";
import { OperatingError, messageOf } from "#shared/errors.ts";
import { version } from "#shared/version.ts";
import type { Alertmanager } from "../../../notify/alertmanager.ts";
import type { PostedAlert, ReceivedAlert } from "../../../notify/pipeline/alert.ts";
import { routesOf } from "../../../notify/routing/route.ts";
import { stateOf } from "../../../notify/silences/silence.ts";
import { joinInTurns, jsonPieces, lengthOf, streamed, wholeMax } from "../../large_answer.ts";
import { alertJson, postedAlert, statusOf, timeText } from "./alert_json.ts";
import { type AlertFilter, alertFilter, groupsAnswer } from "./groups.ts";
import type { AlertmanagerRouteParts } from "./parts.ts";
import { flag, matchersOf, receiverFilter } from "./parameters.ts";
import { hasMatchers, postedSilence, silenceJson, sortedSilences } from "./silence_json.ts";

/** 10,000 alerts with long annotations. */
const alertsBytesMax = 32 * 1_024 * 1_024;
const silenceBytesMax = 1_024 * 1_024;

/** Alertmanager's API v2, also under /alertmanager for data sources that need a prefix. Errors are JSON texts. */
export function alertmanagerRoutes(parts: AlertmanagerRouteParts): Hono {
  const app = new Hono();
  for (const prefix of ["/api/v2", "/alertmanager/api/v2"]) app.route(prefix, api(parts));
  return app;
}

function api(parts: AlertmanagerRouteParts): Hono {
  const { alertmanager } = parts;
  const { pipeline } = alertmanager;
  const app = new Hono();
  app.get("/status", (c) => c.json(statusJson(alertmanager)));
  app.get(
    "/receivers",
    answering((c) => {
      const { receivers } = pipeline.config;
      const isWanted = receiverFilter(c, labelsOfReceiver(alertmanager));
      return c.json(
        receivers
          .filter(({ name }) => isWanted(name))
          .map(({ name, labels }) => ({ labels, name })),
      );
    }),
  );
  app.get(
    "/alerts",
    answering(async (c) => jsonAnswer(await alertsAnswer(c, parts))),
  );
  app.post(
    "/alerts",
    limited(alertsBytesMax),
    answering(async (c) => {
      const faults = await putAlerts(await c.req.json(), alertmanager);
      return faults.length === 0 ? c.body(null, 200) : c.json(faults.join("\n"), 400);
    }),
  );
  app.get(
    "/alerts/groups",
    answering(async (c) => {
      const isWanted = receiverFilter(c, labelsOfReceiver(alertmanager));
      return jsonAnswer(await groupsAnswer(c, parts, isWanted));
    }),
  );
  return app.route("/", silencesApi(parts));
}

function silencesApi({ alertmanager: { silences }, now }: AlertmanagerRouteParts): Hono {
  const app = new Hono();
  app.get(
    "/silences",
    answering((c) => {
      const nowMs = now();
      const matchers = matchersOf(c, "filter");
      const isWanted = {
        active: flag(c, "active"),
        pending: flag(c, "pending"),
        expired: flag(c, "expired"),
      };
      const found = silences
        .all()
        .filter((one) => isWanted[stateOf(one, nowMs)] && hasMatchers(one, matchers));
      return jsonAnswer(sortedSilences(found, nowMs).map((one) => silenceJson(one, nowMs)));
    }),
  );
  app.post(
    "/silences",
    limited(silenceBytesMax),
    answering(async (c) => {
      const silenceID = await silences.set(postedSilence(await c.req.json(), now()));
      return c.json({ silenceID });
    }),
  );
  app.get("/silence/:id", (c) => {
    const found = silences.find(c.req.param("id"));
    return found === undefined ? c.body(null, 404) : c.json(silenceJson(found, now()));
  });
  app.delete(
    "/silence/:id",
    answering(async (c) => {
      await silences.expire(c.req.param("id") ?? "");
      return c.body(null, 200);
    }),
  );
  return app;
}

function statusJson({ pipeline, startedMs }: Alertmanager) {
  return {
    cluster: { peers: [], status: "disabled" },
    config: { original: pipeline.config.original },
    uptime: timeText(startedMs),
    versionInfo: {
      branch: "",
      buildDate: "",
      buildUser: "",
      goVersion: "",
      revision: "",
      version,
    },
  };
}

function labelsOfReceiver({ pipeline }: Alertmanager) {
  return (receiver: string) =>
    pipeline.config.receivers.find(({ name }) => name === receiver)?.labels;
}

/** Alerts that are not resolved, by fingerprint. */
async function alertsAnswer(c: Context, { alertmanager, now }: AlertmanagerRouteParts) {
  const { pipeline } = alertmanager;
  const isWantedReceiver = receiverFilter(c, labelsOfReceiver(alertmanager));
  const isFiltered =
    c.req.query("receiver") !== undefined || c.req.queries("receiver_matchers") !== undefined;
  const isWanted: AlertFilter = alertFilter(c);
  const found: { readonly alert: ReceivedAlert; readonly json: unknown }[] = [];
  for (const alert of pipeline.active()) {
    if (isTurnOver()) await nextTurn();
    const receivers = routesOf(pipeline.config.route, alert.labels).map(({ receiver }) => receiver);
    if (isFiltered && !receivers.some(isWantedReceiver)) continue;
    const status = statusOf(alertmanager, alert.labels, now());
    if (isWanted(alert, status))
      found.push({ alert, json: alertJson(alert, status, receivers, []) });
  }
  return found
    .toSorted((a, b) => (a.alert.fingerprint < b.alert.fingerprint ? -1 : 1))
    .map(({ json }) => json);
}

/** Takes the valid ones. Gives what is wrong with the others. */
async function putAlerts(body: unknown, alertmanager: Alertmanager): Promise<string[]> {
  if (!Array.isArray(body))
    throw new OperatingError("bad_request", "the body is no list of alerts");
  const faults: string[] = [];
  const alerts: PostedAlert[] = [];
  for (const value of body) {
    if (isTurnOver()) await nextTurn();
    const alert = postedAlert(value);
    if (typeof alert === "string") faults.push(alert);
    else alerts.push(alert);
  }
  return [...faults, ...(await alertmanager.put(alerts))];
}

/** In slices: thousands of alerts are megabytes. */
async function jsonAnswer(value: unknown): Promise<Response> {
  const texts = await joinInTurns(jsonPieces(value));
  if (lengthOf(texts) > wholeMax) return streamed(texts);
  return new Response(texts.join(""), { headers: { "content-type": "application/json" } });
}

function limited(maxSize: number) {
  return bodyLimit({
    maxSize,
    onError: (c) => c.json(`the body is too long: expected at most ${maxSize} bytes`, 413),
  });
}

function answering(answer: (c: Context) => Response | Promise<Response>) {
  return async (c: Context): Promise<Response> => {
    try {
      return await answer(c);
    } catch (thrown) {
      if (thrown instanceof SyntaxError)
        return c.json(`the body is no JSON: ${thrown.message}`, 400);
      if (!(thrown instanceof OperatingError)) throw thrown;
      return c.json(messageOf(thrown), statusCodeOf(thrown));
    }
  };
}

function statusCodeOf({ code }: OperatingError): 400 | 404 | 503 {
  if (code === "not_found") return 404;
  // Alertmanager refuses what is beyond its limits as it refuses what is wrong.
  return code === "bad_request" || code === "overloaded" ? 400 : 503;
}
