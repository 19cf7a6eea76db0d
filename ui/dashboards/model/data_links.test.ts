import { expect, test } from "bun:test";
import type { Field, Frame } from "../../frames/frame.ts";
import { interpolateLink, safeAddress, type DataScope } from "./data_links.ts";
import type { VariableValue } from "./interpolate.ts";

const field: Field = {
  name: "Value of it",
  type: "number",
  labels: { host: "a&b", "x.y": "dots" },
  values: Float64Array.of(0.5, 0.75),
  options: {},
};
const frame: Frame = {
  ref: "A",
  name: "cpu a",
  length: 2,
  notices: [],
  fields: [
    { name: "Time", type: "time", labels: {}, values: Float64Array.of(1, 2), options: {} },
    field,
  ],
};
const scope: DataScope = {
  frame,
  field,
  row: 1,
  displayName: "CPU",
  display: () => "75 %",
  range: { from: "now-1h", to: "now" },
};
const variables = new Map<string, VariableValue>([
  ["job", { values: ["a", "b"], texts: ["a", "b"], all: false, multi: true }],
  ["all", { values: ["1", "2"], texts: ["1", "2"], all: true, multi: true }],
  ["__interval", { values: ["15s"], texts: ["15s"], all: false }],
]);
const filled = (text: string) => interpolateLink(text, variables, scope);

test("interpolateLink() fills in what belongs to the cell", () => {
  expect(filled("${__value.raw}|${__value.text}|${__value}|${__value.time}")).toBe(
    "0.75|75 %|75 %|2",
  );
  expect(filled("${__field.name}|${__field.displayName}|${__series.name}")).toBe(
    "Value of it|CPU|cpu a",
  );
  expect(
    filled("${__field.labels.host:percentencode}|${__field.labels['x.y']}|${__field.labels.no}"),
  ).toBe("a%26b|dots|");
  expect(
    filled('${__data.fields[0].numeric}|${__data.fields["Value of it"]}|${__data.fields.Time.raw}'),
  ).toBe("2|75 %|2");
  expect(filled("/d/x?${__url_time_range}&${__all_variables}")).toBe(
    "/d/x?from=now-1h&to=now&var-job=a&var-job=b&var-all=%24__all",
  );
});

test("safeAddress() lets addresses through and scripts not", () => {
  for (const good of ["https://a/b", "/d/x", "mailto:a@b", "d/x?y=a:b", "#here"])
    expect(safeAddress(good)).toBe(good);
  for (const bad of [
    "javascript:alert(1)",
    " JavaScript:x",
    "java\nscript:x",
    "data:text/html,x",
    "vbscript:x",
    "",
    "\u0001javascript:x",
  ])
    expect(safeAddress(bad)).toBeUndefined();
});
