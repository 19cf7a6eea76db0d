import { readdirSync } from "node:fs";
import { expect, test } from "bun:test";
import { toGrafana } from "#shared/dashboards/to_grafana.ts";
import { parseLogql } from "../../log_pipeline/parse_query.ts";
import { parsePromql } from "#shared/query_language/promql/parse.ts";
import { builtInDashboards } from "../built_in.ts";
import { ownBoardNames, ownBoards } from "./own_boards.ts";

const withoutVariables = (query: string) =>
  query.replaceAll(/\$__(rate_interval|interval|range)\b/g, "5m").replaceAll(/\$\w+/g, "x");

test("every board of the folder is listed, sorted, and a dashboard in Lapwing's format and Grafana's", async () => {
  const files = readdirSync(import.meta.dir).filter((name) => name.endsWith(".yaml"));
  expect<string[]>([...ownBoardNames]).toEqual(files.map((name) => name.slice(0, -5)).toSorted());
  const boards = await ownBoards();
  const dashboards = await builtInDashboards(async () => boards)();
  expect([...dashboards.keys()]).toEqual(ownBoardNames.map((name) => `lapwing-${name}`));
  for (const { board } of boards) {
    const panels = board.rows.reduce((sum, row) => sum + row.panels.length, 0);
    expect(toGrafana(board, "x").panels).toHaveLength(panels + board.rows.length);
  }
});

test("queries of the boards are in their language", async () => {
  const queries = (await ownBoards()).flatMap(({ board }) =>
    board.rows.flatMap(({ panels }) => panels.flatMap((panel) => panel.queries)),
  );
  expect(queries.length).toBeGreaterThan(60);
  for (const { expr, datasource } of queries)
    if (datasource === "logs") parseLogql(withoutVariables(expr));
    else parsePromql(withoutVariables(expr));
});
