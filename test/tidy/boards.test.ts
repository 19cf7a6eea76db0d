import { expect, test } from "bun:test";
import { integrationFolder, readAssets } from "#agent/integrations/assets.ts";
import { integrations } from "#agent/integrations/registry.ts";
import { Dashboard } from "#shared/dashboards/dashboard.ts";
import { fromBoard } from "#shared/dashboards/from_board.ts";
import { toGrafana } from "#shared/dashboards/to_grafana.ts";
import { importGrafana } from "#ui/dashboards/grafana/import.ts";
import { panelKindOf } from "#ui/panels/registry.ts";

const boards = Object.keys(integrations).map((name) => ({
  name,
  board: readAssets(integrationFolder(name)).board,
}));

test("every board is a dashboard, with options that its kinds of panels take", () => {
  for (const { name, board } of boards) {
    const dashboard = fromBoard(board);
    expect(Dashboard.safeParse(dashboard).success).toBe(true);
    for (const { kind, title, options, field } of dashboard.rows.flatMap(({ panels }) => panels)) {
      const own = panelKindOf(kind);
      const where = `${name}: ${title} (${kind})`;
      expect([where, own?.options.safeParse(options).error?.message]).toEqual([where, undefined]);
      expect([where, own?.fieldOptions.safeParse(field.custom ?? {}).error?.message]).toEqual([
        where,
        undefined,
      ]);
    }
  }
});

/** What a panel shows, as far as the way through Grafana's form has to keep it. */
const panelsOf = (one: Dashboard) =>
  one.rows.flatMap((row) =>
    row.panels.map(({ title, place, queries, field, transformations, overrides }) => [
      row.title,
      title,
      place,
      queries.map(({ expr, legend, source, instant }) => [expr, legend, source, instant ?? false]),
      field.unit,
      field.mappings ?? [],
      // What Loki's data source does not do by itself.
      transformations.filter(({ id }) => id !== "labelsToFields"),
      overrides.map(({ match, set }) => [match, set.unit, set.mappings, set.thresholds, set.color]),
    ]),
  );

test("what a board exports to Grafana comes back with its panels, queries and variables", () => {
  for (const { name, board } of boards) {
    const { dashboard, notes } = importGrafana(JSON.parse(JSON.stringify(toGrafana(board, name))));
    expect([name, notes]).toEqual([name, []]);
    const own = fromBoard(board);
    expect(panelsOf(dashboard)).toEqual(panelsOf(own));
    const queries = dashboard.variables.filter(({ kind }) => kind === "query");
    expect(queries.map((each) => each.name)).toEqual(own.variables.map((each) => each.name));
  }
}, 30_000);
