import { expect, test } from "bun:test";
import { agentRow } from "../../client/agent_row.fixture.ts";
import type { RangeSet } from "../../queries/ranges.ts";
import { figures, hostRows } from "./host_rows.ts";

type Answer = RangeSet["answers"][number];

const agents = (...names: string[]) => names.map((name) => agentRow({ agent: name, name }));

/** An answer in which each host has a series of these values. */
function answer(values: Readonly<Record<string, readonly number[]>>): Answer {
  const series = Object.entries(values).map(([instance, column]) => ({
    labels: { instance },
    values: Float64Array.from(column),
  }));
  return { timesMs: new Float64Array(), series, warnings: [] };
}

/** A set in which CPU alone was answered. */
function set(onGrid: Answer, newest: Answer): RangeSet {
  const cpu = figures.indexOf("cpu");
  return {
    window: { startMs: 0, endMs: 1 },
    stepMs: 1,
    timesMs: new Float64Array(),
    answers: figures.map((_, i) => (i === cpu ? onGrid : undefined)),
    newest: figures.map((_, i) => (i === cpu ? newest : undefined)),
    complaints: [],
  };
}

const gap = Number.NaN;

test("a host's present figure is the newest, however old the last point of its course is", () => {
  const onGrid = answer({ web: [1, 2], gone: [3, 4] });
  const rows = hostRows(agents("web", "new", "gone"), set(onGrid, answer({ web: [9], new: [5] })));
  const cpu = rows.map((row) => row.figures.cpu);
  expect(cpu.map((figure) => figure?.current)).toEqual([9, 5, gap]);
  expect(cpu.map((figure) => [...(figure?.values ?? [])])).toEqual([[1, 2], [5], [3, 4]]);
});

test("where the newest could not be had, it is among the last points of the course", () => {
  const onGrid = answer({ web: [1, 2, gap], gone: [3, gap, gap, gap] });
  const rows = hostRows(agents("web", "gone"), set(onGrid, undefined));
  expect(rows.map((row) => row.figures.cpu?.current)).toEqual([2, gap]);
});
