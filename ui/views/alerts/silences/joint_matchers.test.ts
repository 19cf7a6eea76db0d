import { expect, test } from "bun:test";
import { jointMatchers } from "./joint_matchers.ts";
import { matchersText, silenceMatchers, silences } from "./silence_draft.ts";

const a = { alertname: "Full", host: "db.1", zone: "eu" };
const b = { alertname: "Full", host: "db(2", zone: "eu", disk: "sda" };

test("jointMatchers() shares what is equal, lists what differs, and drops what not all have", () => {
  expect(matchersText(jointMatchers([a, b]))).toBe(
    'alertname="Full", host=~"db\\\\(2|db\\\\.1", zone="eu"',
  );
  expect(matchersText(jointMatchers([a]))).toBe('alertname="Full", host="db.1", zone="eu"');
  expect(jointMatchers([{ x: "1" }, { y: "1" }])).toEqual([]);
  expect(jointMatchers([])).toEqual([]);
});

test("joint matchers match all chosen alerts, also after the form has read their text", () => {
  const read = silenceMatchers(matchersText(jointMatchers([a, b])));
  const matches = silences("matchers" in read ? read.matchers : []);
  expect([matches(a), matches(b), matches({ ...a, host: "dbx1" })]).toEqual([true, true, false]);
});

test("a label with too many values is left out", () => {
  const many = Array.from({ length: 500 }, (_, i) => ({ alertname: "Full", host: `host-${i}` }));
  expect(matchersText(jointMatchers(many))).toBe('alertname="Full"');
});
