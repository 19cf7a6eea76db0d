import { expect, test } from "bun:test";
import { Dashboard } from "#shared/dashboards/dashboard.ts";
import { resolveVariables } from "../../../dashboards/model/variables.ts";
import { headParts } from "./variables_summary.ts";

const dashboard = Dashboard.parse({
  title: "Shop",
  variables: [
    {
      kind: "custom",
      name: "host",
      label: "Host",
      multi: true,
      options: [
        { text: "first", value: "web-1" },
        { text: "second", value: "web-2" },
      ],
      current: ["web-1", "web-2"],
    },
    { kind: "text", name: "words" },
    { kind: "constant", name: "site", value: "fra-1" },
    { kind: "datasource", name: "source", type: "prometheus" },
    { kind: "filters", name: "only", current: [{ label: "env", op: "=", value: "prod" }] },
    { kind: "text", name: "secret", hide: "all" },
  ],
  annotations: [
    { name: "Deployments", source: "stored" },
    { name: "Restarts", source: "metrics" },
    { name: "Off", source: "metrics", enabled: false },
    { name: "Always", source: "metrics", hidden: true },
  ],
  links: [{ title: "Run book", url: "/run" }],
});

test("headParts() names what is chosen, and leaves out what can't be", async () => {
  const scope = { chosen: new Map(), globals: new Map(), window: { startMs: 0, endMs: 1 } };
  const states = await resolveVariables(dashboard.variables, scope, async () => []);
  const parts = headParts(dashboard, states.values(), new Set(["Restarts"]));
  expect(parts).toEqual([
    "Host: first + second",
    "words: None",
    "only: env = prod",
    "Deployments shown",
    "Restarts hidden",
    "Run book",
  ]);
});
