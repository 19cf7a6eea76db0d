import type { Labels } from "#shared/model/labels.ts";
import { type AlertMatcher, compareMatchers, matchersText, matchesAll } from "./matcher.ts";

/** A route as a file has it: what it leaves out is its parent's. */
export type RouteNode = {
  readonly receiver: string | undefined;
  /** "..." stands for all labels. */
  readonly groupBy: readonly string[] | undefined;
  readonly groupWaitMs: number | undefined;
  readonly groupIntervalMs: number | undefined;
  readonly repeatIntervalMs: number | undefined;
  readonly matchers: readonly AlertMatcher[];
  readonly continues: boolean;
  readonly muteTimeIntervals: readonly string[];
  readonly activeTimeIntervals: readonly string[];
  /** Templates. */
  readonly labels: Labels;
  readonly routes: readonly RouteNode[];
};

type RouteOptions = {
  readonly receiver: string;
  readonly groupBy: ReadonlySet<string>;
  readonly groupsByAll: boolean;
  readonly groupWaitMs: number;
  readonly groupIntervalMs: number;
  readonly repeatIntervalMs: number;
  readonly labels: Labels;
};

/** A node of the route tree with everything that it inherits. */
export type Route = RouteOptions & {
  readonly matchers: readonly AlertMatcher[];
  readonly continues: boolean;
  readonly muteTimeIntervals: readonly string[];
  readonly activeTimeIntervals: readonly string[];
  /** Its matchers behind those of its parents, such as `{}/{team="a"}`: the first half of a group key. */
  readonly key: string;
  /** The key with places: no other route has it. */
  readonly id: string;
  readonly routes: readonly Route[];
};

/** What a route has that neither it nor a parent sets (Alertmanager, dispatch/route.go). */
const defaults: RouteOptions = {
  receiver: "",
  groupBy: new Set(),
  groupsByAll: false,
  groupWaitMs: 30_000,
  groupIntervalMs: 5 * 60_000,
  repeatIntervalMs: 4 * 3_600_000,
  labels: {},
};

export function createRoute(
  node: RouteNode,
  parent?: { readonly route: Pick<Route, "key" | "id"> & RouteOptions; readonly place: number },
): Route {
  const inherited = parent?.route ?? defaults;
  const groupsByAll = node.groupBy?.includes("...") ?? inherited.groupsByAll;
  const matchers = node.matchers.toSorted(compareMatchers);
  const text = matchersText(matchers);
  const own = {
    receiver: node.receiver ?? inherited.receiver,
    groupBy: node.groupBy === undefined ? inherited.groupBy : new Set(node.groupBy),
    groupsByAll,
    groupWaitMs: node.groupWaitMs ?? inherited.groupWaitMs,
    groupIntervalMs: node.groupIntervalMs ?? inherited.groupIntervalMs,
    repeatIntervalMs: node.repeatIntervalMs ?? inherited.repeatIntervalMs,
    labels: { ...inherited.labels, ...node.labels },
    matchers,
    continues: node.continues,
    muteTimeIntervals: node.muteTimeIntervals,
    activeTimeIntervals: node.activeTimeIntervals,
    key: parent === undefined ? text : `${parent.route.key}/${text}`,
    id: parent === undefined ? text : `${parent.route.id}/${text}/${parent.place}`,
  };
  const routes = node.routes.map((child, place) => createRoute(child, { route: own, place }));
  return { ...own, routes };
}

/**
 * The routes that take an alert: depth first, children in order; the first one that matches ends the search among its neighbours unless
 * it continues; a route whose children do not match takes the alert itself.
 */
export function routesOf(route: Route, labels: Labels): Route[] {
  if (!matchesAll(route.matchers, labels)) return [];
  const found: Route[] = [];
  for (const child of route.routes) {
    const taken = routesOf(child, labels);
    found.push(...taken);
    if (taken.length > 0 && !child.continues) break;
  }
  return found.length === 0 ? [route] : found;
}

/** The labels that an alert's group is named by. */
export function groupLabelsOf({ groupBy, groupsByAll }: Route, labels: Labels): Labels {
  if (groupsByAll) return labels;
  return Object.fromEntries(Object.entries(labels).filter(([name]) => groupBy.has(name)));
}

/** A route and all below it. */
export function allRoutes(route: Route): Route[] {
  return [route, ...route.routes.flatMap(allRoutes)];
}
