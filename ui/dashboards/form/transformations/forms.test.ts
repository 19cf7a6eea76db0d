import { expect, test } from "bun:test";
import { done, number, frame, servers, text } from "../../model/transform_fixture.ts";
import { controlsOf, type Member } from "../control.ts";
import { formOptions, formValues } from "./form_of.ts";
import { organizedFields, organizeOptions } from "./organize.ts";
import { transformationForms } from "./registry.ts";

const limits = frame("B", number("limit", 5, 7), text("unit", "s", "ms"));

/** What a form makes of Grafana's options as it shows them and writes them back; undefined where it can't show them. */
function through(id: string, options: Record<string, unknown>) {
  const form = transformationForms[id];
  if (form === undefined) throw new Error(`${id} has no form`);
  const values = formValues(form, options);
  return values === undefined ? undefined : formOptions(form, values, options);
}

test("each option of a form has a control of its own", () => {
  const shapes = (members: readonly Member[]): string[] =>
    members.flatMap(([, { shape }]) => [
      shape.kind,
      ...(shape.kind === "object" ? shapes(shape.members) : []),
      ...(shape.kind === "list" ? shapes([["", shape.item]]) : []),
    ]);
  for (const { schema } of Object.values(transformationForms)) {
    expect(shapes(controlsOf(schema))).not.toContain("json");
  }
});

const grafanas: readonly (readonly [id: string, options: Record<string, unknown>])[] = [
  ["limit", { limitField: "1" }],
  ["sortBy", { sort: [{ field: "CPU", desc: true }] }],
  ["reduce", { reducers: ["max", "mean"] }],
  ["filterFieldsByName", { include: { names: ["CPU"], pattern: "^S" } }],
  ["renameByRegex", { regex: "^(.)", renamePattern: "$1-" }],
  ["convertFieldType", { conversions: [{ targetField: "CPU", destinationType: "string" }] }],
  ["groupingToMatrix", { columnField: "Server", rowField: "Status", valueField: "CPU" }],
  ["partitionByValues", { fields: ["Server"] }],
  ["calculateField", { mode: "reduceRow", reduce: { reducer: "sum" }, alias: "all" }],
  [
    "calculateField",
    {
      mode: "binary",
      binary: {
        left: { matcher: { id: "byName", options: "CPU" } },
        operator: "*",
        right: { fixed: "2" },
      },
    },
  ],
  [
    "groupBy",
    {
      fields: {
        Server: { operation: "groupby", aggregations: [] },
        CPU: { operation: "aggregate", aggregations: ["mean", "max"] },
        Status: { aggregations: [] },
      },
    },
  ],
  [
    "configFromData",
    {
      configRefId: "B",
      mappings: [
        { fieldName: "limit", handlerKey: "max", reducerId: "first" },
        { fieldName: "CPU", handlerKey: null },
      ],
      applyTo: { id: "byName", options: "CPU" },
    },
  ],
  ["configFromData", { configRefId: "B", mappings: [] }],
  [
    "rowsToFields",
    {
      mappings: [
        { fieldName: "Status", handlerKey: "field.name" },
        { fieldName: "CPU", handlerKey: "field.value" },
        { fieldName: "Server", handlerKey: "__ignore" },
      ],
    },
  ],
  ["heatmap", { xBuckets: { mode: "size", value: "1m" }, yBuckets: { mode: "count", value: 4 } }],
  ["heatmap", {}],
  ["timeSeriesTable", { A: { stat: "max" }, B: { stat: "min" } }],
  ...(["greater", "lowerOrEqual", "equal", "notEqual"] as const).map(
    (id) =>
      [
        "filterByValue",
        {
          type: "include",
          match: "any",
          filters: [{ fieldName: "CPU", config: { id, options: { value: 20 } } }],
        },
      ] as const,
  ),
  [
    "filterByValue",
    {
      type: "exclude",
      match: "all",
      filters: [
        { fieldName: "CPU", config: { id: "between", options: { from: 15, to: 40 } } },
        { fieldName: "Status", config: { id: "substring", options: { value: "k" } } },
        { fieldName: "Status", config: { id: "isNotNull", options: {} } },
      ],
    },
  ],
];

test("Grafana's options do the same after a form showed them and wrote them back", () => {
  for (const [id, options] of grafanas) {
    const written = through(id, options);
    expect(written).toBeDefined();
    expect(done(id, written ?? {}, [servers, limits])).toEqual(
      done(id, options, [servers, limits]),
    );
    // Written once, a form changes nothing more.
    expect(through(id, written ?? {})).toEqual(written);
  }
});

test("options that a form has no field for are not shown in it, and others beside the form's stay", () => {
  const byType = { matcher: { id: "byType", options: "number" } };
  expect(
    through("calculateField", { mode: "binary", binary: { left: byType, right: "1" } }),
  ).toBeUndefined();
  expect(through("sortBy", { sort: [{ field: "a", later: 1 }], other: true })).toEqual({
    sort: [{ field: "a", desc: false, later: 1 }],
    other: true,
  });
});

test("organize lists fields in their order, also those that are not there now, and writes Grafana's options", () => {
  const options = {
    excludeByName: { Status: true },
    indexByName: { CPU: 0, Server: 1 },
    renameByName: { CPU: "cpu", Gone: "x" },
  };
  const fields = organizedFields(options, ["Server", "CPU", "Status"]);
  expect(fields).toEqual([
    { field: "CPU", isShown: true, name: "cpu" },
    { field: "Server", isShown: true, name: "" },
    { field: "Status", isShown: false, name: "" },
    { field: "Gone", isShown: true, name: "x" },
  ]);
  const written = { ...organizeOptions(options, fields) };
  expect(done("organize", written, [servers])).toEqual(done("organize", options, [servers]));
  const onlyOne = organizedFields({ includeByName: { CPU: true } }, ["Server", "CPU"]);
  expect(onlyOne.map(({ isShown }) => isShown)).toEqual([false, true]);
  const table = frame("A", text("Server", "a"), number("CPU", 1));
  expect(done("organize", { ...organizeOptions({}, onlyOne) }, [table])).toEqual([{ CPU: [1] }]);
});
