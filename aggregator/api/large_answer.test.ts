import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { QueryMemory, currentShare } from "#aggregator/read/memory/query_memory.ts";
import { jsonPieces, streamed } from "./large_answer.ts";

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

test("an answer that its client does not read is given up, and its memory is free", async () => {
  const memory = new QueryMemory({ bytesMax: 100 });
  const answer = await memory.run(new AbortController().signal, () => {
    currentShare()?.hold(80);
    return Promise.resolve(streamed(["first", "second", "third"], 5));
  });
  const reader = answer.body?.getReader();
  expect(Buffer.from((await reader?.read())?.value ?? []).toString()).toBe("first");
  expect(memory.bytes).toBe(80);
  while (memory.bytes > 0) await Bun.sleep(1);
  expect(reader?.closed).rejects.toThrow("the client has read nothing for 5 ms");
});

test("an answer that is read is whole, and its memory is free at its end", async () => {
  const memory = new QueryMemory({ bytesMax: 100 });
  const answer = await memory.run(new AbortController().signal, () => {
    currentShare()?.hold(80);
    return Promise.resolve(streamed(["first", "second", "third"]));
  });
  expect(await answer.text()).toBe("firstsecondthird");
  expect(memory.bytes).toBe(0);
});
