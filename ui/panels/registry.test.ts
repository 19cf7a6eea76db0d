import { expect, test } from "bun:test";
import { z } from "zod";
import { Panel } from "#shared/dashboards/dashboard.ts";
import { panelKinds } from "./registry.ts";

test("every kind has an id, a name and Grafana types of its own", () => {
  const ids = panelKinds.map(({ kind }) => kind);
  expect(new Set(ids).size).toBe(ids.length);
  expect(new Set(panelKinds.map(({ name }) => name)).size).toBe(ids.length);
  const types = panelKinds.flatMap(({ grafanaTypes }) => grafanaTypes);
  expect(new Set(types).size).toBe(types.length);
});

for (const { kind, options, fieldOptions, fromGrafana, sample } of panelKinds) {
  test(`${kind}: nothing given gives every default, and what is unknown is refused`, () => {
    for (const schema of [options, fieldOptions]) {
      expect(schema.safeParse({}).success).toBe(true);
      expect(schema.safeParse({ "no such option": 1 }).success).toBe(false);
    }
  });

  test(`${kind}: every option has a title`, () => {
    for (const schema of [options, fieldOptions]) {
      const json = z.toJSONSchema(schema, { io: "input", unrepresentable: "any" });
      for (const [name, option] of Object.entries(json.properties ?? {})) {
        const title = typeof option === "object" ? option.title : undefined;
        expect({ name, title: typeof title }).toEqual({ name, title: "string" });
      }
    }
  });

  test(`${kind}: Grafana's panel without options, or with options of wrong types, gives valid ones`, () => {
    const wrong = { legend: 7, content: [], sortOrder: {}, mode: 3, orientation: null, limit: "x" };
    for (const given of [{}, wrong]) {
      const source = { type: kind, options: given, custom: given, panel: given };
      const made = fromGrafana(source, () => undefined);
      expect(options.safeParse(made.options).error?.message).toBeUndefined();
      expect(fieldOptions.safeParse(made.custom).error?.message).toBeUndefined();
    }
  });

  test(`${kind}: its sample's columns have one length and options that a dashboard can keep`, () => {
    for (const frame of sample()) {
      for (const field of frame.fields) {
        expect(field.values.length).toBe(frame.length);
        const panel = {
          id: 1,
          kind,
          place: { x: 0, y: 0, w: 1, h: 1 },
          field: field.options,
        };
        expect(Panel.safeParse(panel).error?.message).toBeUndefined();
        expect(fieldOptions.safeParse(field.options.custom ?? {}).success).toBe(true);
      }
    }
  });
}
