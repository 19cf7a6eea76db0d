import { expect, test } from "bun:test";
import { messageOf } from "#shared/errors.ts";
import { documentBytesMax, readDocument } from "./document.ts";

const panel = { id: 2, kind: "stat", title: "Up", place: { x: 0, y: 0, w: 6, h: 4 } };
const document = {
  title: "Mine",
  description: "What is mine",
  tags: ["a"],
  rows: [{ id: 1, panels: [panel] }],
};

function refusal(text: string, kind: "json" | "yaml" = "json"): string {
  try {
    readDocument(text, kind, "mine");
    return "";
  } catch (thrown) {
    return messageOf(thrown);
  }
}

test("readDocument() takes Lapwing's as it is written, in JSON and YAML alike", () => {
  const facts = { format: "lapwing", title: "Mine", description: "What is mine", panels: 1 };
  const json = readDocument(JSON.stringify(document), "json", "mine");
  expect(json).toMatchObject({ ...facts, tags: ["a"], json: JSON.stringify(document) });
  const yaml = "title: Mine\nrows:\n  - {id: 1, panels: []}\n";
  expect(readDocument(yaml, "yaml", "mine")).toMatchObject({ title: "Mine", panels: 0 });
});

test("readDocument() names all mistakes, each with its path, its value and what was expected", () => {
  const wrong = {
    ...document,
    rows: [{ id: 1, panels: [{ ...panel, place: { ...panel.place, w: 30 }, colour: "red" }] }],
    refresh: 5,
  };
  const lines = refusal(JSON.stringify(wrong)).split("\n");
  expect(lines).toHaveLength(3);
  expect(lines.join("\n")).toContain("mine: rows[0].panels[0].place.w is 30: ");
  expect(lines.join("\n")).toContain("mine: rows[0].panels[0].colour: no such key");
  expect(lines.join("\n")).toContain("mine: refresh is 5: ");
  const rows = Array.from({ length: 100 }, () => ({ id: 0 }));
  expect(refusal(JSON.stringify({ title: "x", rows }))).toEndWith("and 149 more");
});

test("readDocument() says so where the text is none, too long, or no dashboard at all", () => {
  expect(refusal("{")).toStartWith("mine: no JSON: ");
  expect(refusal("a: [", "yaml")).toStartWith("mine: no YAML: ");
  expect(refusal(`"${"x".repeat(documentBytesMax)}"`)).toContain("expected at most 4194304");
  expect(refusal("[]")).toStartWith("mine: (document) is []: ");
  expect(refusal("{}")).toStartWith("mine: title is absent: ");
});

test("readDocument() keeps Grafana's as they are, and takes from them what a list shows", () => {
  const grafana = {
    uid: "abc",
    title: "Theirs",
    tags: ["x", 5],
    schemaVersion: 39,
    panels: [{ type: "row", panels: [{ type: "graph" }] }, { type: "stat" }, "nonsense"],
  };
  expect(readDocument(JSON.stringify(grafana), "json", "theirs")).toEqual({
    format: "grafana",
    json: JSON.stringify(grafana),
    title: "Theirs",
    description: "",
    tags: ["x"],
    panels: 2,
    uid: "abc",
  });
  const old = { title: "Old", schemaVersion: 12, rows: [{ panels: [{ type: "graph" }, {}] }] };
  expect(readDocument(JSON.stringify(old), "json", "old").panels).toBe(2);
});
