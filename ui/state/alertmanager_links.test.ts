import { expect, test } from "bun:test";
import { alertmanagerPage } from "./alertmanager_links.ts";

function paramsOf(hash: string): object | undefined {
  const page = alertmanagerPage(hash);
  return page === undefined
    ? undefined
    : Object.fromEntries(new URL(page, "http://lapwing").searchParams);
}

test.each([
  [
    "#/silences/new?filter=%7Balertname%3D%22Down%22%2C%20host%3D%22a%22%7D",
    { tab: "silences", open: "new", matchers: 'alertname="Down", host="a"' },
  ],
  ["#/silences/7f-1/edit", { tab: "silences", open: "7f-1" }],
  ["#/silences", { tab: "silences" }],
  ["#/alerts?receiver=team%2Fpager", { receiver: "team/pager" }],
  ["#/alerts?silenced=false&filter={team=%22a%22}", { q: 'team="a"' }],
  ["#/status", { tab: "receivers" }],
])("%s opens the page of alerts", (hash, params) => {
  expect(alertmanagerPage(hash)).toStartWith("/alerts");
  expect(paramsOf(hash)).toEqual(params);
});

test("other fragments stay as they are", () => {
  expect(["", "#alerts", "#/silencesx", "#/settings"].map(alertmanagerPage)).toEqual(
    Array.from({ length: 4 }),
  );
});
