import { expect, setDefaultTimeout, test } from "bun:test";
import { integrationBoards } from "#agent/integrations/boards.ts";
import { integrations } from "#agent/integrations/registry.ts";
import { metricsOf } from "#agent/integrations/report.ts";
import { ownBoards } from "#aggregator/dashboards/boards/own_boards.ts";
import { parseLogql } from "#aggregator/log_pipeline/parse_query.ts";
import {
  type BoardQuery,
  labelsLeft,
  metricNames,
  queriesOfBoard,
  withoutVariables,
} from "#test/support/board_queries.ts";

// Thousands of queries are read: on a busy machine that takes longer than five seconds.
setDefaultTimeout(60_000);

const boards = [...(await ownBoards()), ...integrationBoards()];
const queries = boards.flatMap(({ name, board }) =>
  queriesOfBoard(board).map((query) => ({
    ...query,
    where: `${name}: ${query.panel.title}`,
    text: withoutVariables(query.expr),
  })),
);
const ofMetrics = queries.filter(({ datasource }) => datasource === "metrics");
/** Drawn with a name for each series. */
const named = new Set(["timeseries", "bargauge", "state_timeline"]);
/** What the agent says of every target. */
const givenMetrics = /^(up$|scrape_)/;
/** What a service that is scraped tells besides, of its process and its libraries. */
const librariesMetrics = /^(process|go|grpc)_/;

const isNameless = ({ panel, legend, expr }: BoardQuery) =>
  named.has(panel.type) && legend === undefined && labelsLeft(withoutVariables(expr))?.size !== 0;
const isWordless = ({ panel }: BoardQuery) =>
  panel.type === "state_timeline" && Object.keys(panel.words).length === 0;
const hasColumnsInVain = ({ panel }: BoardQuery) =>
  panel.type !== "table" && panel.columns.length > 0;
/** increase() gives fractions of events that were whole, and "short" says thousands by the letter. */
const isFraction = ({ panel: { type, unit }, expr }: BoardQuery) =>
  type === "stat" && /\b(?:increase|delta)\(/.test(expr) && unit === "short";
/** As wide as it is on a screen of 1440 pixels; a description takes the room of its sign. */
const isCut = ({ panel: { type, title, width = 4, description } }: BoardQuery) =>
  (type === "stat" || type === "gauge") &&
  width <= 4 &&
  title.length > (description === undefined ? 18 : 12);

test("queries of all boards are in their language", () => {
  expect(queries.length).toBeGreaterThan(700);
  for (const { where, text, datasource } of queries) {
    const parse = datasource === "logs" ? parseLogql : metricNames;
    expect(() => [where, parse(text)]).not.toThrow();
  }
});

test("boards of integrations use the metrics that these say they collect", () => {
  const strangers = ofMetrics.flatMap(({ where, text }) => {
    const [, integration] =
      Object.entries(integrations).find(([name]) => where.startsWith(`${name}:`)) ?? [];
    const prefixes = integration === undefined ? [] : metricsOf(integration);
    // Of scripts and the like only their users know; Lapwing's own boards are of no integration.
    if (integration === undefined || prefixes.length === 0) return [];
    const isOwn = (name: string) =>
      name === integration.up?.name ||
      prefixes.some((prefix) => name.startsWith(prefix)) ||
      (integration.scrape !== undefined && librariesMetrics.test(name));
    return [...metricNames(text)]
      .filter((name) => !givenMetrics.test(name) && !isOwn(name))
      .map((name) => `${where}: ${name}`);
  });
  expect(strangers).toEqual([]);
});

test("legends and columns name labels that the query leaves", () => {
  const lost = ofMetrics.flatMap(({ where, text, legend = "", panel }) => {
    const labels = labelsLeft(text);
    if (labels === undefined) return [];
    const inLegend = [...legend.matchAll(/\{\{\s*(\w+)\s*\}\}/g)].map(([, label = ""]) => label);
    const inColumns = panel.columns
      .map(({ from }) => from)
      .filter((from) => !/^Value\b/.test(from));
    return [...inLegend, ...(panel.queries.length === 1 ? inColumns : [])]
      .filter((label) => !labels.has(label))
      .map((label) => `${where}: ${label}`);
  });
  expect(lost).toEqual([]);
});

test("series that may be several have names, and states have words", () => {
  expect(ofMetrics.filter(isNameless).map(({ where }) => where)).toEqual([]);
  expect(queries.filter(isWordless).map(({ where }) => where)).toEqual([]);
});

test("columns are those of tables, and the titles of figures fit their panels", () => {
  expect(queries.filter(hasColumnsInVain).map(({ where }) => where)).toEqual([]);
  expect(queries.filter(isCut).map(({ where }) => where)).toEqual([]);
});

function known(query: string): string[] | undefined {
  const labels = labelsLeft(query);
  return labels === undefined ? undefined : [...labels].toSorted();
}

test("events of a time are told in whole numbers", () => {
  expect(queries.filter(isFraction).map(({ where }) => where)).toEqual([]);
});

test("labelsLeft() knows what aggregations and matching leave, and says nothing where data decide", () => {
  expect(known("topk(3, sum by (a, b) (rate(x[5m])))")).toEqual(["a", "b"]);
  expect(known("sum(x) / 100 or vector(0)")).toEqual([]);
  expect(known("time() - max by (a) (x)")).toEqual(["a"]);
  expect(known("sum by (a, b) (x) / on (a) group_left (c) sum by (a) (y)")).toEqual([
    "a",
    "b",
    "c",
  ]);
  expect(known("histogram_quantile(0.9, sum by (le, a) (x))")).toEqual(["a", "le"]);
  expect(known("x / on (a) y")).toEqual(["a"]);
  expect(known("sum without (a) (x)")).toBeUndefined();
});
