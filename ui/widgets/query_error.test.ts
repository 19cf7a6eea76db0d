import { expect, test } from "bun:test";
import { markedQuery, queryErrorText, readQueryError } from "./query_error.ts";

test("readQueryError() takes the reason out of what Prometheus's API says", () => {
  const error = new Error(
    `/api/v1/query_range: 1:9: parse error: unexpected "}" in label matching (400)`,
  );
  expect(readQueryError(error)).toEqual({
    reason: `unexpected "}" in label matching`,
    position: { line: 1, column: 9 },
  });
});

test("readQueryError() takes the reason out of what Loki's API says", () => {
  const error = new Error(
    "/loki/api/v1/query_range: parse error at line 2, col 3: syntax error: unexpected } (400)",
  );
  expect(readQueryError(error)).toEqual({
    reason: "syntax error: unexpected }",
    position: { line: 2, column: 3 },
  });
});

test("readQueryError() says who gave no answer, not where it was asked", () => {
  const error = new Error("/api/v1/query_range gave no answer within 15 s");
  expect(queryErrorText(error)).toBe("the aggregator gave no answer within 15 s");
});

test("queryErrorText() has the reason and the place in one line", () => {
  const error = new Error("/api/v1/query: 1:5: parse error: unexpected end of input (400)");
  expect(queryErrorText(error)).toBe("unexpected end of input (line 1, column 5)");
});

test("readQueryError() leaves a failure without a position as it is", () => {
  expect(readQueryError(new Error("the aggregator does not answer"))).toEqual({
    reason: "the aggregator does not answer",
    position: undefined,
  });
});

test("markedQuery() cuts out the word at the position, and the last character where the query ends early", () => {
  expect(markedQuery("sum(rat(x))", { line: 1, column: 5 })).toEqual(["sum(", "rat", "(x))"]);
  expect(markedQuery("a +\nb b", { line: 2, column: 3 })).toEqual(["a +\nb ", "b", ""]);
  expect(markedQuery("sum(", { line: 1, column: 5 })).toEqual(["sum", "(", ""]);
  expect(markedQuery("up", undefined)).toEqual(["up", "", ""]);
});
