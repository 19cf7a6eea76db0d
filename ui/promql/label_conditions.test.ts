import { expect, test } from "bun:test";
import { readConditions } from "./label_conditions.ts";

const labels = { severity: "critical", team: "db", "service.name": "shop, eu" };

test.each([
  ["", true],
  [" ", true],
  ['severity="critical"', true],
  ['severity="critical", team!="db"', false],
  ['severity=~"crit.*", team!~"web|ui"', true],
  ["severity=critical,team=db", true],
  ["team != web,", true],
  ['"service.name"="shop, eu"', true],
  ['service.name="shop, eu"', true],
  ['missing=""', true],
  ['missing!=""', false],
])("conditions %j hold for a line of the list: %p", (text, holds) => {
  expect(readConditions(text)?.(labels)).toBe(holds);
});

test.each(["severity", "a b", '="x"', 'a=~"("', 'a="b"} or {c="d"'])(
  "%j is no list of conditions",
  (text) => expect(readConditions(text)).toBeUndefined(),
);
