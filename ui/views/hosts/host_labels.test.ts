import { expect, test } from "bun:test";
import { agentRow } from "../../client/agent_row.fixture.ts";
import { hostLines } from "./host_list.ts";
import {
  filterByLabels,
  filterByState,
  groupByLabel,
  labelChoices,
  parseChips,
  printChips,
  summaryOf,
} from "./host_labels.ts";
import type { HostRow } from "./host_rows.ts";

function row(name: string, labels: Record<string, string>, live = true, down = 0): HostRow {
  return {
    agent: agentRow({
      agent: name,
      name,
      live,
      facts: { os: "Debian", memory_bytes: "1" },
      labels,
      targetCounts: { down },
    }),
    account: {
      collected: 0,
      stored: 0,
      inFlight: 0,
      dropped: 0,
      reasons: [],
      unexplained: 0,
      behindMs: 0,
    },
    figures: {},
  };
}

const rows = [
  row("a", { env: "prod", site: "north" }),
  row("b", { env: "prod", site: "south" }, true, 1),
  row("c", { env: 'sta"ging', site: "south" }, false, 2),
  row("d", {}),
];
const names = (some: readonly HostRow[]) => some.map(({ agent }) => agent.name).join("");

test("chips come back from the URL, whatever their values hold, and a cut one is left out", () => {
  const chips = [
    { name: "env", value: 'sta"ging = x' },
    { name: "os", value: "" },
  ];
  expect(parseChips(printChips(chips))).toEqual(chips);
  expect(parseChips('env="prod" site="no')).toEqual([{ name: "env", value: "prod" }]);
});

test("values of one label are alternatives, and labels must all hold", () => {
  const chips = parseChips('env="prod" env="x" site="south"');
  expect(names(filterByLabels(rows, chips))).toBe("b");
  expect(names(filterByLabels(rows, []))).toBe("abcd");
});

test("states: of a silent host nobody knows its targets", () => {
  expect(names(filterByState(rows, "silent"))).toBe("c");
  expect(names(filterByState(rows, "down"))).toBe("b");
  expect(names(filterByState(rows, "live"))).toBe("abd");
  expect(summaryOf(4, rows)).toBe("4 hosts, 1 silent, 1 with targets down");
});

test("groups are in order, hosts without the label last; lines hold as many as there is room for", () => {
  expect(groupByLabel(rows, "site").map(({ value, rows: some }) => [value, names(some)])).toEqual([
    ["north", "a"],
    ["south", "bc"],
    [undefined, "d"],
  ]);
  expect(hostLines(rows, 3, "").length).toBe(2);
  expect(hostLines(rows, 2, "site").map(({ heading }) => heading ?? "-")).toEqual([
    "site north",
    "-",
    "site south",
    "-",
    "without site",
    "-",
  ]);
});

test("there is to choose what hosts say, with how many say it", () => {
  expect(labelChoices(rows).find(({ chip }) => chip.value === "prod")?.hosts).toBe(2);
  expect(labelChoices(rows).some(({ chip }) => chip.name === "memory_bytes")).toBe(false);
});
