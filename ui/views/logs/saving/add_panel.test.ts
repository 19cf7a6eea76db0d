import { expect, test } from "bun:test";
import { Dashboard } from "#shared/dashboards/dashboard.ts";
import { withLogPanel } from "./add_panel.ts";

test("withLogPanel() adds panels below each other that the dashboard's own schema takes", () => {
  const range = { from: "now-1h", to: "now" };
  const request = { query: '{a="b"}', isMetric: false, title: "Errors", uid: "", range };
  const one = withLogPanel(Dashboard.parse({ title: "Logs" }), request);
  const two = withLogPanel(one, { ...request, isMetric: true });
  const { rows } = Dashboard.parse(JSON.parse(JSON.stringify(two)));
  expect(rows.flatMap(({ panels }) => panels.map(({ kind, place }) => [kind, place.y]))).toEqual([
    ["logs", 0],
    ["timeseries", 12],
  ]);
  expect(
    new Set(rows.flatMap(({ id, panels }) => [id, ...panels.map((each) => each.id)])).size,
  ).toBe(3);
});
