import { Hono } from "hono";
import { formatDuration } from "#shared/text/duration.ts";
import type { Clock } from "#shared/runtime/clock.ts";
import type { Alertmanager } from "../../../notify/alertmanager.ts";
import { mutedAt } from "../../../notify/pipeline/suppression.ts";
import { type ExplainedRoute, explainRoute } from "../../../notify/routing/explain_route.ts";
import { matchersText } from "../../../notify/routing/matcher.ts";
import { jsonAnswers } from "./alert_routes.ts";
import { jsonBody } from "./checked_params.ts";
import { refusal } from "./routes.ts";
import {
  type ReceiversAnswer,
  type RouteAnswer,
  RoutingBody,
  type RoutingAnswer,
  type TestSendAnswer,
  TestSendBody,
} from "./routing_schemas.ts";

const historyMs = 90 * 86_400_000;

export type RoutingParts = {
  readonly alertmanager: Pick<Alertmanager, "pipeline" | "state" | "testSends" | "fault">;
  readonly clock: Clock;
};

/** Contact points with what became of their notifications, tests of them, and where an alert goes. Nothing has a secret. */
export function routingRoutes({ alertmanager, clock }: RoutingParts): Hono {
  const app = new Hono();
  const answers = jsonAnswers(app, refusal);
  answers("GET", "/api/v1/monitoring/receivers", () => receiversAnswer(alertmanager, clock.now()));
  answers("POST", "/api/v1/monitoring/receivers/test", async (c): Promise<TestSendAnswer> => {
    const body = await jsonBody(c, TestSendBody);
    const startedMs = clock.monotonic();
    const outcome = await alertmanager.testSends.send(body);
    const tookMs = Math.round(clock.monotonic() - startedMs);
    return outcome.kind === "sent"
      ? { state: "sent", failure: "", answer: outcome.answer, tookMs }
      : { state: "failed", failure: outcome.reason, answer: outcome.error, tookMs };
  });
  answers("POST", "/api/v1/monitoring/routing", async (c): Promise<RoutingAnswer> => {
    const { labels } = await jsonBody(c, RoutingBody);
    const explained = explainRoute(alertmanager.pipeline.config.route, labels);
    const route = routeAnswer(explained, alertmanager, clock.now());
    return { route, receivers: taking(route) };
  });
  return app;
}

async function receiversAnswer(
  { pipeline, state, fault }: RoutingParts["alertmanager"],
  nowMs: number,
): Promise<ReceiversAnswer> {
  const history = await state.integrationHistory(nowMs - historyMs);
  const known = new Map(history.map((one) => [`${one.integration}/${one.receiver}`, one]));
  return {
    fault: fault ?? "",
    receivers: pipeline.config.receivers.map(({ name: receiver, integrations }) => ({
      name: receiver,
      integrations: integrations.map(({ channel, index, sendsResolved }) => {
        const name = `${channel}[${index}]`;
        const own = known.get(`${name}/${receiver}`);
        return {
          name,
          channel,
          sendsResolved,
          sent: own?.sent ?? 0,
          failed: own?.failed ?? 0,
          last: own === undefined ? null : lastOf(own.last),
        };
      }),
    })),
  };
}

type Last = Awaited<ReturnType<Alertmanager["state"]["integrationHistory"]>>[number]["last"];

function lastOf({ createdMs, state, reason, failure, answer }: Last) {
  return { at: new Date(createdMs).toISOString(), state, reason, failure, answer };
}

function routeAnswer(
  { route, outcome, groupLabels, routes }: ExplainedRoute,
  alertmanager: RoutingParts["alertmanager"],
  nowMs: number,
): RouteAnswer {
  const muted = mutedAt(route, alertmanager.pipeline.config.timeIntervals, nowMs);
  return {
    receiver: route.receiver,
    matchers: route.matchers.map((one) => matchersText([one]).slice(1, -1)),
    groupBy: route.groupsByAll ? ["..."] : [...route.groupBy],
    groupWait: formatDuration(route.groupWaitMs),
    groupInterval: formatDuration(route.groupIntervalMs),
    repeatInterval: formatDuration(route.repeatIntervalMs),
    continue: route.continues,
    muteTimeIntervals: [...route.muteTimeIntervals],
    activeTimeIntervals: [...route.activeTimeIntervals],
    mutedBy: [...(muted?.by ?? [])],
    outcome: outcome ?? null,
    groupLabels: groupLabels === undefined ? null : { ...groupLabels },
    routes: routes.map((child) => routeAnswer(child, alertmanager, nowMs)),
  };
}

function taking({ outcome, receiver, routes }: RouteAnswer): string[] {
  return [...(outcome === "takes" ? [receiver] : []), ...routes.flatMap(taking)];
}
