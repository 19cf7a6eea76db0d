import { z } from "zod";
import type { Issue } from "./integration.ts";

/** What a route may name. */
export type RouteNames = {
  readonly receivers: ReadonlySet<string>;
  readonly intervals: ReadonlySet<string>;
};

/** Whatever of a route can be read: mistakes of form are reported elsewhere, and hide none of these. */
const texts = z.array(z.unknown()).catch([]);
const Loose = z
  .object({
    receiver: z.unknown(),
    group_by: texts,
    match: z.unknown(),
    match_re: z.unknown(),
    matchers: texts,
    continue: z.unknown(),
    mute_time_intervals: texts,
    active_time_intervals: texts,
    routes: texts,
  })
  .partial()
  .catch({});

/** The routes below a route, whatever they look like. */
export function childrenOf(route: unknown): readonly unknown[] {
  return Loose.parse(route).routes ?? [];
}

/** What is wrong with a route beyond its form, without those below it (Alertmanager, config/config.go). */
export function routeIssues(
  value: unknown,
  names: RouteNames,
  path: readonly PropertyKey[],
): Issue[] {
  const route = Loose.parse(value);
  const isRoot = path.length === 1;
  const issues: Issue[] = isRoot ? rootIssues(route, path) : [];
  const { receiver } = route;
  if (typeof receiver === "string" && receiver !== "" && !names.receivers.has(receiver))
    issues.push({
      path: [...path, "receiver"],
      message: `there is no receiver ${JSON.stringify(receiver)}`,
    });
  for (const key of ["mute_time_intervals", "active_time_intervals"] as const)
    for (const [i, name] of (route[key] ?? []).entries())
      if (typeof name === "string" && !names.intervals.has(name))
        issues.push({
          path: [...path, key, i],
          message: `there is no time interval ${JSON.stringify(name)}`,
        });
  issues.push(...groupByIssues(route.group_by ?? [], [...path, "group_by"]));
  return issues;
}

function rootIssues(route: z.output<typeof Loose>, path: readonly PropertyKey[]): Issue[] {
  const issues: Issue[] = [];
  if (route.receiver === undefined || route.receiver === null || route.receiver === "")
    issues.push({ path, message: "the root route needs a receiver" });
  for (const key of ["match", "match_re", "matchers"] as const)
    if (isSet(route[key]))
      issues.push({ path: [...path, key], message: "the root route must not have matchers" });
  for (const key of ["mute_time_intervals", "active_time_intervals"] as const)
    if (isSet(route[key]))
      issues.push({ path: [...path, key], message: "the root route must not have time intervals" });
  if (route.continue === true)
    issues.push({ path: [...path, "continue"], message: "the root route can't continue" });
  return issues;
}

function groupByIssues(labels: readonly unknown[], path: readonly PropertyKey[]): Issue[] {
  const issues: Issue[] = [];
  for (const [i, label] of labels.entries()) {
    if (label === "")
      issues.push({ path: [...path, i], message: "the name of a label must not be empty" });
    if (labels.indexOf(label) < i)
      issues.push({
        path: [...path, i],
        message: `the label ${JSON.stringify(label)} is there twice`,
      });
  }
  if (labels.includes("...") && labels.length > 1)
    issues.push({ path, message: "'...' (all labels) can't stand beside other labels" });
  return issues;
}

function isSet(value: unknown): boolean {
  return typeof value === "object" && value !== null && Object.keys(value).length > 0;
}
