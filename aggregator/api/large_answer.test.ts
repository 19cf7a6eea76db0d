import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { jsonPieces } from "./large_answer.ts";

test("jsonPieces() gives what JSON.stringify() gives", () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 4 }), (value) => {
      expect([...jsonPieces(value)].join("")).toBe(JSON.stringify(value));
    }),
  );
  const answer = { status: "success", left: undefined, data: { result: [{ values: [[1, "a"]] }] } };
  expect([...jsonPieces(answer)].join("")).toBe(JSON.stringify(answer));
});

test("a long list comes in many pieces, at whatever depth", () => {
  const values = Array.from({ length: 5_000 }, (_, i) => [
    String(i),
    "line ".repeat(20),
    { a: "b" },
  ]);
  const answer = { data: { result: [{ stream: {}, values }] } };
  const pieces = [...jsonPieces(answer)];
  expect(Math.max(...pieces.map(({ length }) => length))).toBeLessThan(10_000);
  expect(pieces.join("")).toBe(JSON.stringify(answer));
});
