import { expect, test } from "bun:test";
import { logqlPlace } from "./logql_place.ts";

const all = '{service_name=~".+"}';
/** The cursor is at "^". */
const at = (marked: string) => logqlPlace(marked.replace("^", ""), marked.indexOf("^"));

test.each([
  ["^", "start", all],
  ["ra^", "start", all],
  ["{^", "label", all],
  ["{jo^", "label", all],
  ['{job="a", h^', "label", '{job="a"}'],
  ['{job="a", ho^}', "label", '{job="a"}'],
  ["{job=^", "value", all],
  ['{job="fi^', "value", all],
  ['{job="a"} | json | user="^', "value", '{job="a"}'],
  ['{job="a"} ^', "stage", '{job="a"}'],
  ['{job="a"} | ^', "pipe", '{job="a"}'],
  ['{job="a"} |= "x" | js^', "pipe", '{job="a"}'],
  ['sum by (us^) (rate({job="a"}[5m]))', "grouping", all],
  ['rate({job="a"}[^', "range", '{job="a"}'],
])("logqlPlace() at %p is %p", (marked, kind, selector) => {
  expect(at(marked)).toMatchObject({ kind, selector });
});

test("within a text that is looked for nothing is offered", () => {
  expect(at('{job="a"} |= "err^')).toBeUndefined();
  expect(at('{job="a"^')).toBeUndefined();
});

test("a value knows its name, whether it is a stream's, and whether its quote is open", () => {
  expect(at('{job="a", host="b^')).toMatchObject({
    name: "host",
    of: "label",
    isQuoted: true,
    from: 16,
  });
  expect(at('{job="a"} | level=^')).toMatchObject({ name: "level", of: "field", isQuoted: false });
});
