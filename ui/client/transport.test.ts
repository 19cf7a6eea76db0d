import { afterAll, afterEach, expect, spyOn, test } from "bun:test";
import { fetchText } from "./transport.ts";

const fetching = spyOn(globalThis, "fetch");
afterEach(() => fetching.mockReset());
afterAll(() => fetching.mockRestore());

test("fetchText() puts long parameters into a form where the path takes one, and others into the address", async () => {
  const query = `sum(up{host=~"${"web-1|".repeat(500)}"})`;
  const asked: [string, boolean | undefined][] = [
    ["up", true],
    [query, true],
    [query, undefined],
  ];
  for (const [expr, isForm] of asked) {
    fetching.mockResolvedValueOnce(new Response("answer"));
    const request = { path: "/api/v1/query", params: { query: expr, time: "1" } };
    const text = await fetchText(isForm === undefined ? request : { ...request, isForm });
    expect(text).toBe("answer");
  }
  const [short, long, only] = fetching.mock.calls;
  expect(short?.[0]).toBe("/api/v1/query?query=up&time=1");
  expect(short?.[1]?.method).toBeUndefined();
  expect(long?.[0]).toBe("/api/v1/query");
  expect(long?.[1]?.method).toBe("POST");
  expect(long?.[1]?.body).toEqual(new URLSearchParams({ query, time: "1" }));
  expect(only?.[0]).toMatch(/^\/api\/v1\/query\?query=sum/);
});
