import { expect, test } from "bun:test";
import { readLabels } from "./alert_labels.ts";

test.each([
  ["", { labels: undefined }],
  [' severity="critical", team="a,b" ', { labels: { severity: "critical", team: "a,b" } }],
  ["severity=critical", { labels: { severity: "critical" } }],
  ["severity", { fault: 'expected name="value", joined by commas' }],
  ['team=~"a"', { fault: "team=~: an alert has values, expected team=" }],
])("%j is read as %j", (text, expected) => {
  expect(readLabels(text)).toEqual(expected);
});
