import { expect, test } from "bun:test";
import { type ExplainedRoute, explainRoute } from "./explain_route.ts";
import { createMatcher } from "./matcher.ts";
import { type RouteNode, createRoute, routesOf } from "./route.ts";

function node(receiver: string, part: Partial<RouteNode> = {}): RouteNode {
  return {
    receiver,
    groupBy: undefined,
    groupWaitMs: undefined,
    groupIntervalMs: undefined,
    repeatIntervalMs: undefined,
    matchers: [],
    continues: false,
    muteTimeIntervals: [],
    activeTimeIntervals: [],
    labels: {},
    routes: [],
    ...part,
  };
}
const of = (name: string, value: string) => [createMatcher(name, "=", value)];
const root = createRoute(
  node("root", {
    groupBy: ["alertname"],
    routes: [
      node("pager", { matchers: of("severity", "critical"), continues: true }),
      node("infra", {
        matchers: of("team", "infra"),
        groupBy: ["host"],
        routes: [node("dba", { matchers: of("host", "db") })],
      }),
      node("late", { matchers: of("team", "infra") }),
    ],
  }),
);

function outcomes({ route, outcome, routes }: ExplainedRoute): string[] {
  return [`${route.receiver} ${outcome ?? "-"}`, ...routes.flatMap(outcomes)];
}

test.each([
  [{}, ["root takes", "pager differs", "infra differs", "dba unreached", "late differs"]],
  [
    { severity: "critical", team: "infra" },
    ["root passes", "pager takes", "infra takes", "dba differs", "late unreached"],
  ],
  [
    { team: "infra", host: "db" },
    ["root passes", "pager differs", "infra passes", "dba takes", "late unreached"],
  ],
  [undefined, ["root -", "pager -", "infra -", "dba -", "late -"]],
])("labels %j go this way", (labels, expected) => {
  expect(outcomes(explainRoute(root, labels))).toEqual(expected);
});

test("what takes an alert is what the dispatcher would choose, with its group", () => {
  const taking = ({ route, outcome, routes }: ExplainedRoute): string[] => [
    ...(outcome === "takes" ? [route.id] : []),
    ...routes.flatMap(taking),
  ];
  for (const severity of ["critical", "info"])
    for (const team of ["infra", "web"])
      for (const host of ["db", "a"]) {
        const labels = { alertname: "Down", severity, team, host };
        expect(taking(explainRoute(root, labels)).toSorted()).toEqual(
          routesOf(root, labels)
            .map(({ id }) => id)
            .toSorted(),
        );
      }
  const [, infra] = explainRoute(root, { team: "infra", host: "a", x: "y" }).routes;
  expect(infra?.groupLabels).toEqual({ host: "a" });
});
