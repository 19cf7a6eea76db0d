import { expect, test } from "bun:test";
import { messageOf } from "#shared/errors.ts";
import { newCatalogFile, openStoredRules } from "./stored_rules.fixture.ts";

const group = (name: string, expr = "up == 0") =>
  `name: ${name}\nrules:\n  - alert: Down\n    expr: ${expr}\n`;
const defaults = { evaluation_interval: 60_000, query_offset: 0 };

test("groups survive a restart as they were written, and are replaced by name", async () => {
  const file = newCatalogFile();
  const before = await openStoredRules(file);
  await before.put("team a/b", group("one"), "auto");
  await before.put("team a/b", `---\n${group("two")}`, "auto");
  await before.put("other", group("one", "vector(1)"), "auto");
  await before.put("team a/b", group("one", "up == 1"), "auto");
  const after = await openStoredRules(file);
  expect(after.all.map(({ namespace, group: { name } }) => [namespace, name])).toEqual([
    ["other", "one"],
    ["team a/b", "one"],
    ["team a/b", "two"],
  ]);
  expect(after.find("team a/b", "one")?.text).toBe(group("one", "up == 1"));
  expect(after.groups(defaults)[1]).toMatchObject({
    file: "team a/b",
    name: "one",
    intervalMs: 60_000,
    rules: [{ name: "Down", expr: "up == 1" }],
  });
});

test("removing takes a group, or all of a namespace, and says whether there was one", async () => {
  const stored = await openStoredRules();
  let changes = 0;
  stored.onChange(() => void changes++);
  for (const name of ["one", "two", "three"]) await stored.put("a", group(name), "auto");
  await stored.put("b", group("one"), "auto");
  expect(await stored.remove("a", "two")).toBe(true);
  expect(await stored.remove("a", "two")).toBe(false);
  expect(await stored.remove("a")).toBe(true);
  expect(stored.all.map(({ namespace }) => namespace)).toEqual(["b"]);
  expect(changes).toBe(6);
});

test.each([
  ["name: x\nrules:\n  - alert: A\n    expr: sum(\n    foo: 1\n", "line 4"],
  ["rules: []", "line 1"],
  ["name: x\nrules:\n  - record: 'a b'\n    expr: up\n", "line 3"],
  ["- 1", "line 1"],
  ["", "line 1"],
])("the group %j is refused with its line", async (text, line) => {
  const stored = await openStoredRules();
  const refused: unknown = await stored.put("a", text, "auto").catch((thrown: unknown) => thrown);
  expect(messageOf(refused)).toContain(line);
  expect(stored.all).toEqual([]);
});
