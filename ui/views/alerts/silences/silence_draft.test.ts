import { expect, test } from "bun:test";
import { matchersText, silenceMatchers, silences, textOfLabels } from "./silence_draft.ts";

function read(text: string) {
  const found = silenceMatchers(text);
  if ("fault" in found) throw new Error(found.fault);
  return found.matchers;
}

test.each([
  'alertname="Down", instance=~"db.*"',
  'a="x", b!="y", c!~"d|e"',
  '"service.name"="x, y"',
])("matchers %j come back as they were written", (text) =>
  expect(matchersText(read(text))).toBe(text),
);

test("labels make matchers for exactly one alert", () => {
  const labels = { alertname: "Down", path: 'C:\\a "b"' };
  const matches = silences(read(textOfLabels(labels)));
  expect(matches(labels)).toBe(true);
  expect(matches({ ...labels, path: "C:" })).toBe(false);
});

test.each([
  ["", "expected at least one matcher"],
  ['a=~".*"', "one matcher must require a label: these match alerts without any"],
  ["nothing here", 'expected name="value", joined by commas'],
])("%j is refused: %s", (text, fault) => {
  expect(silenceMatchers(text)).toEqual({ fault });
});

test("a bad regular expression is refused", () => {
  expect(silenceMatchers('a=~"("')).toHaveProperty("fault");
});
