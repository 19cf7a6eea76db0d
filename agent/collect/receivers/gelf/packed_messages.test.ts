import { expect, test } from "bun:test";
import { deflateSync, gzipSync } from "node:zlib";
import { isTurnOver, nextTurn } from "#shared/async/turns.ts";
import { MemoryBudget } from "../transport/memory_budget.ts";
import { PackedMessages } from "./packed_messages.ts";

const megabyte = 1024 ** 2;

function open(memoryBytes = 64 * megabyte, messageBytesMax = 8 * megabyte) {
  const memory = new MemoryBudget(memoryBytes);
  const taken: string[] = [];
  const lost: string[] = [];
  const packed = new PackedMessages({
    memory,
    messageBytesMax,
    take: (message) => {
      taken.push(`${message.length} ${String.fromCharCode(message[0] ?? 0)}`);
      return undefined;
    },
    onLost: (reason) => void lost.push(reason),
  });
  return { packed, memory, taken, lost };
}
const zeros = (bytes: number, pack = deflateSync) => pack(Buffer.alloc(bytes, "0"));

test("PackedMessages takes plain and small messages at once, and large ones one after another", async () => {
  const { packed, taken, lost } = open();
  packed.add(Buffer.from("{plain}"));
  packed.add(zeros(1_000));
  packed.add(zeros(1_000, gzipSync));
  expect(taken).toEqual(["7 {", "1000 0", "1000 0"]);
  packed.add(zeros(2 * megabyte));
  packed.add(zeros(3 * megabyte, gzipSync));
  expect(taken).toHaveLength(3);
  await packed.done();
  expect(taken.slice(3)).toEqual([`${2 * megabyte} 0`, `${3 * megabyte} 0`]);
  expect(lost).toEqual([]);
});

test("PackedMessages loses what is larger than a message may be, or no packed message", async () => {
  const { packed, memory, taken, lost } = open();
  packed.add(zeros(8 * megabyte + 1));
  packed.add(Buffer.from([0x78, 0x9c, 1, 2, 3]));
  packed.add(zeros(2 * megabyte).subarray(0, 1_000));
  await packed.done();
  expect({ taken, lost }).toEqual({
    taken: [],
    lost: ["invalid_record", "invalid_record", "invalid_record"],
  });
  // All of it was given back.
  memory.take(64 * megabyte);
});

test("PackedMessages unpacks no more than fits the memory of the receivers, and counts the rest", async () => {
  const { packed, memory, taken, lost } = open(4 * megabyte);
  packed.add(zeros(5 * megabyte));
  packed.add(zeros(2 * megabyte));
  await packed.done();
  expect({ taken, lost }).toEqual({ taken: [`${2 * megabyte} 0`], lost: ["rate_limit"] });
  memory.take(4 * megabyte);
});

test("PackedMessages unpacks in one turn no more than takes its time, and loses nothing of a flood", async () => {
  const { packed, taken, lost } = open();
  const small = Array.from({ length: 400 }, (_, i) => zeros(60_000 + i));
  // Others of this turn have used it up.
  await nextTurn();
  while (!isTurnOver());
  for (const bytes of small) packed.add(bytes);
  const atOnce = taken.length;
  await packed.done();
  expect(atOnce).toBe(0);
  expect(taken.toSorted()).toEqual(small.map((_, i) => `${60_000 + i} 0`));
  expect(lost).toEqual([]);
});

test("PackedMessages lets a plain message of megabytes wait for its turn", async () => {
  const { packed, taken } = open();
  packed.add(Buffer.alloc(2 * megabyte, "{"));
  const before = taken.length;
  await packed.done();
  expect({ before, taken }).toEqual({ before: 0, taken: [`${2 * megabyte} {`] });
});

test("PackedMessages holds a bounded number of bytes that wait, and reports when there is room", async () => {
  const { packed, taken, lost } = open(256 * megabyte, megabyte);
  // Random bytes hardly pack: some 200 KB each.
  const random = Buffer.from(crypto.getRandomValues(new Uint8Array(65_536)));
  const large = deflateSync(Buffer.concat([random, Buffer.alloc(65_536)]));
  for (let i = 0; i < 100; i++) packed.add(large);
  expect(packed.isFull).toBe(true);
  expect(lost.length).toBeGreaterThan(10);
  expect(new Set(lost)).toEqual(new Set(["rate_limit"]));
  await packed.room();
  expect(packed.isFull).toBe(false);
  await packed.done();
  expect(taken.length + lost.length).toBe(100);
});
