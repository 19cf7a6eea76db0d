import { Hono } from "hono";
import { isTurnOver, nextTurn } from "#shared/async/turns.ts";
import type { Alertmanager } from "../../../notify/alertmanager.ts";
import { DependenciesConfig } from "../../../notify/dependencies/config.ts";
import type { ReceivedAlert } from "../../../notify/pipeline/alert.ts";
import { jsonAnswers } from "./alert_routes.ts";
import type { DependenciesAnswer } from "./dependency_schemas.ts";
import { refusal } from "./routes.ts";

const shownMax = 1_000;

/** What depends on what, and which alerts are inhibited by it now. */
export function dependencyRoutes({
  alertmanager: { pipeline },
}: {
  readonly alertmanager: Pick<Alertmanager, "pipeline">;
}): Hono {
  const app = new Hono();
  const answers = jsonAnswers(app, refusal);
  answers("GET", "/api/v1/monitoring/dependencies", async (): Promise<DependenciesAnswer> => {
    // Without a configuration nothing depends on anything.
    const config = pipeline.config.dependencies ?? DependenciesConfig.parse({ enabled: false });
    return {
      enabled: config.enabled,
      hostDown: config.host_down,
      targetDown: config.target_down,
      labels: config.labels,
      behind: config.behind,
      ...(await inhibitedNow(pipeline)),
    };
  });
  return app;
}

async function inhibitedNow(
  pipeline: Alertmanager["pipeline"],
): Promise<Pick<DependenciesAnswer, "causes" | "leftOut">> {
  const active = new Map([...pipeline.active()].map((alert) => [alert.fingerprint, alert]));
  const inhibited = new Map<string, ReceivedAlert[]>();
  let shown = 0;
  let leftOut = 0;
  for (const alert of active.values()) {
    if (isTurnOver()) await nextTurn();
    const cause = pipeline.causeOf(alert.labels);
    if (cause === undefined) continue;
    if (shown++ >= shownMax) leftOut++;
    else inhibited.set(cause, [...(inhibited.get(cause) ?? []), alert]);
  }
  const causes = [...inhibited].flatMap(([fingerprint, alerts]) => {
    const cause = active.get(fingerprint);
    return cause === undefined ? [] : [{ ...shownAlert(cause), inhibits: alerts.map(shownAlert) }];
  });
  return { causes, leftOut };
}

function shownAlert({ fingerprint, labels }: ReceivedAlert) {
  return { fingerprint, labels: { ...labels } };
}
