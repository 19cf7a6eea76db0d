import type { Labels } from "#shared/model/labels.ts";
import { type Route, groupLabelsOf, routesOf } from "./route.ts";
import { matchesAll } from "./matcher.ts";

/**
 * What a route does with an alert: it takes it; its matchers fit and a route below takes it; they do not fit; or the search ended
 * before it.
 */
export type RouteOutcome = "takes" | "passes" | "differs" | "unreached";

/** A route with what it does with an alert; without labels to route, there is no outcome. */
export type ExplainedRoute = {
  readonly route: Route;
  readonly outcome: RouteOutcome | undefined;
  /** The labels that the alert is grouped by, where the route takes it. */
  readonly groupLabels: Labels | undefined;
  readonly routes: readonly ExplainedRoute[];
};

/** A route and all below it. With labels: where an alert with these goes, by the search of routesOf(). */
export function explainRoute(route: Route, labels: Labels | undefined): ExplainedRoute {
  return labels === undefined ? unasked(route, undefined) : explained(route, labels);
}

function explained(route: Route, labels: Labels): ExplainedRoute {
  if (!matchesAll(route.matchers, labels)) {
    const routes = route.routes.map((child) => unasked(child, "unreached"));
    return { route, outcome: "differs", groupLabels: undefined, routes };
  }
  const taken = new Set(routesOf(route, labels));
  const routes: ExplainedRoute[] = [];
  let isOver = false;
  for (const child of route.routes) {
    routes.push(isOver ? unasked(child, "unreached") : explained(child, labels));
    isOver ||= !child.continues && routesOf(child, labels).length > 0;
  }
  const takes = taken.has(route);
  return {
    route,
    outcome: takes ? "takes" : "passes",
    groupLabels: takes ? groupLabelsOf(route, labels) : undefined,
    routes,
  };
}

function unasked(route: Route, outcome: RouteOutcome | undefined): ExplainedRoute {
  const routes = route.routes.map((child) => unasked(child, outcome));
  return { route, outcome, groupLabels: undefined, routes };
}
