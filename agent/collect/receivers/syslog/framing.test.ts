import { expect, test } from "bun:test";
import { MemoryBudget } from "../transport/memory_budget.ts";
import { SyslogFraming } from "./framing.ts";

/** The messages of `bytes` when they come in pieces of `size`; what was cut ends with "…". */
function framed(bytes: string, size: number, bytesMax = 20): string[] {
  const messages: string[] = [];
  const memory = new MemoryBudget(64 * 1024);
  const framing = new SyslogFraming(bytesMax, memory, (message, start, end, wasCut) =>
    messages.push(message.toString("latin1", start, end) + (wasCut ? "…" : "")),
  );
  const all = Buffer.from(bytes, "latin1");
  for (let at = 0; at < all.length; at += size) framing.push(all.subarray(at, at + size));
  framing.end();
  memory.take(64 * 1024);
  return messages;
}

const cases: readonly (readonly [name: string, bytes: string, messages: readonly string[]])[] = [
  ["newlines", "<1>a\n<2>b\r\n\n<3>c", ["<1>a", "<2>b", "<3>c"]],
  ["NULs", "<1>a\0<2>b\0", ["<1>a", "<2>b"]],
  ["octet counting", "4 <1>a7 <2>b\nc\n4 <3>d", ["<1>a", "<2>b\nc", "<3>d"]],
  ["both in turn", "4 <1>a<2>b\n4 <3>c12 apples\n", ["<1>a", "<2>b", "<3>c", "12 apples"]],
  ["numbers that are no lengths", "2024-01-01 x\n0 <1>\n", ["2024-01-01 x", "0 <1>"]],
  ["long lines", `<1>${"x".repeat(50)}\n<2>b\n`, [`<1>${"x".repeat(17)}…`, "<2>b"]],
  ["a line as long as it may be", `<1>${"x".repeat(17)}\n<2>b\n`, [`<1>${"x".repeat(17)}`, "<2>b"]],
  ["no newline ever", "y".repeat(1_000), [`${"y".repeat(20)}…`]],
  ["long counted messages", `30 <1>${"x".repeat(27)}4 <2>b`, [`<1>${"x".repeat(17)}…`, "<2>b"]],
  ["a claim of a gigabyte", `999999999 <1>${"x".repeat(100)}`, [`<1>${"x".repeat(17)}…`]],
  ["a counted message that breaks off", "100 <1>a", ["<1>a…"]],
];
for (const [name, bytes, messages] of cases)
  test(`SyslogFraming reads ${name}, cut anywhere, and gives its memory back`, () => {
    for (let size = 1; size <= Math.min(bytes.length, 60); size++)
      expect(framed(bytes, size)).toEqual([...messages]);
  });
test("SyslogFraming holds no more than the receivers may", () => {
  const memory = new MemoryBudget(16 * 1024);
  const framing = new SyslogFraming(1024 ** 2, memory, () => {});
  expect(() => framing.push(Buffer.alloc(64 * 1024, 97))).toThrow("would pass the limit");
  framing.end();
  memory.take(16 * 1024);
});

test("SyslogFraming takes megabytes of message ends in time, where it searched on to the next newline from each", () => {
  for (const unit of ["\0", "a\0", "\n"]) {
    const framing = new SyslogFraming(256 * 1024, new MemoryBudget(64 * 1024 ** 2), () => {});
    const startMs = performance.now();
    framing.push(Buffer.alloc(4_000_000, unit));
    framing.end();
    // Some 400 ms for two million messages; by the square of the bytes it would be minutes.
    expect(performance.now() - startMs).toBeLessThan(10_000);
  }
});
