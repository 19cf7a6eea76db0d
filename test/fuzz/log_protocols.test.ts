import { expect, test } from "bun:test";
import { gzipSync } from "node:zlib";
import { encode } from "@msgpack/msgpack";
import { readBulk } from "#agent/collect/receivers/elasticsearch/bulk_items.ts";
import {
  decodeValue,
  optionsOf,
  readEntry,
  readForwardMessage,
} from "#agent/collect/receivers/fluent/forward_message.ts";
import { atOnce } from "#agent/collect/receivers/transport/decode_turns.ts";
import { Handshake } from "#agent/collect/receivers/fluent/handshake.ts";
import { MessageScanner } from "#agent/collect/receivers/fluent/message_scanner.ts";
import { GelfChunks } from "#agent/collect/receivers/gelf/chunks.ts";
import { gelfSteps } from "#agent/collect/receivers/gelf/message.ts";
import { PackedMessages } from "#agent/collect/receivers/gelf/packed_messages.ts";
import { linesOf, parseDocument } from "#agent/collect/receivers/records/json_documents.ts";
import { UnshapedRecordError, shapeRecord } from "#agent/collect/receivers/records/json_record.ts";
import { MemoryBudget } from "#agent/collect/receivers/transport/memory_budget.ts";
import { SyslogFraming } from "#agent/collect/receivers/syslog/framing.ts";
import { readSyslog } from "#agent/collect/receivers/syslog/message.ts";
import { zoneOffsets } from "#agent/collect/receivers/syslog/zone_offsets.ts";
import { OperatingError } from "#shared/errors.ts";
import { fuzzSeed, mutated, randomOf } from "#test/support/mutator.ts";

// What senders of logs put on the wire, mutated: a value or an error of ours, and soon; and no byte of memory stays taken.
// FUZZ_SEED and FUZZ_ROUNDS choose others.

const seed = fuzzSeed();
const rounds = Number(process.env["FUZZ_ROUNDS"] ?? 1_500);
const inputMsMax = 2_000;
const bytesMax = 100_000;
const budget = 10_000_000;
const memory = new MemoryBudget(budget);
const reading = { nowMs: 1_760_000_000_000, zone: zoneOffsets("Europe/Berlin") };
const ignore = (): void => {};
const nothingTaken = (): undefined => undefined;
const shape = {
  messageKeys: ["log"],
  levelKeys: ["level"],
  labelKeys: new Map([["k.p", "pod"]]),
  usedKeys: new Set<string>(),
};

const syslogs = [
  '<165>1 2003-10-11T22:14:15.003Z host app 12 ID47 [a@1 k="v" l="\\"x\\]"][b@2 m="n"] \ufeffbody',
  "<34>Oct 11 22:14:15 mymachine su[77]: failed",
  "<189>45: *Mar  1 2025 18:46:11.123 UTC: %SYS-5-CONFIG_I: Configured",
];
const framed = syslogs.map((line) => `${Buffer.byteLength(line)} ${line}${line}\n`).join("");
const entry = encode([1_760_000_000, { log: "x", level: "warn", k: { p: "q", l: [1, null] } }]);
const forwards = [
  encode(["tag", 1_760_000_000, { log: "x" }, { chunk: "abc", size: 1 }]),
  encode(["tag", [[1_760_000_000, { log: "x" }]], { chunk: "abc" }]),
  encode(["tag", Buffer.concat([entry, entry]), { chunk: "abc", size: 2 }]),
  encode(["tag", gzipSync(entry), { compressed: "gzip" }]),
];
const ping = encode(["PING", "host", "salt", "0".repeat(128), "user", "0".repeat(128)]);
const gelf = Buffer.from(
  '{"version":"1.1","host":"h","short_message":"s","full_message":"s\\nt","timestamp":1.5,"level":3,"_a":{"b":[1]}}',
);
const ndjson = Buffer.from('{"create":{"_index":"a","_id":"1"}}\n{"log":"x","k":{"p":1}}\n');

const cases: Readonly<
  Record<
    string,
    { seeds: readonly Uint8Array[]; read: (bytes: Uint8Array) => void | Promise<void> }
  >
> = {
  "syslog messages": {
    seeds: syslogs.map((line) => Buffer.from(line)),
    read: (bytes) => {
      const { body } = readSyslog(Buffer.from(bytes), reading);
      expect(body.length).toBeLessThanOrEqual(bytes.length);
    },
  },
  "syslog frames": {
    seeds: [Buffer.from(framed)],
    read: (bytes) => {
      const messages: string[] = [];
      for (const size of [bytes.length + 1, 3]) {
        let text = "";
        const framing = new SyslogFraming(200, memory, (message, start, end, wasCut) => {
          expect(end - start).toBeLessThanOrEqual(200);
          text += `${message.toString("hex", start, end)} ${wasCut}\n`;
        });
        for (let at = 0; at < bytes.length; at += size) framing.push(bytes.subarray(at, at + size));
        framing.end();
        messages.push(text);
      }
      expect(messages[1]).toBe(messages[0] ?? "");
    },
  },
  "Forward messages": {
    seeds: forwards,
    read: (bytes) => {
      optionsOf(bytes);
      if (new MessageScanner().scan(bytes) === undefined) return;
      for (const one of readForwardMessage(bytes, bytesMax, ignore).entries) {
        const { record, bytesOf } = readEntry(one);
        shapeRecord({ fields: record, whole: () => Buffer.from(one), bytesOf }, shape, {});
      }
    },
  },
  "MessagePack values": {
    seeds: [...forwards, entry],
    read: (bytes) => {
      const length = new MessageScanner().scan(bytes);
      if (length === undefined) expect(() => decodeValue(bytes)).toThrow();
      else decodeValue(bytes.subarray(0, length));
    },
  },
  "PING messages": {
    seeds: [ping],
    read: (bytes) => {
      const users = new Map([["user", "password"]]);
      const handshake = new Handshake({ sharedKey: "key", users, hostname: "h" });
      expect(handshake.answer(decodeValue(bytes)).isWelcome).toBe(false);
    },
  },
  "GELF messages": {
    seeds: [gelf],
    read: (bytes) => {
      atOnce(gelfSteps(bytes, { labels: {}, shape, take: ignore, lineBytesMax: bytesMax }));
    },
  },
  "packed GELF messages": {
    seeds: [gelf, gzipSync(gelf)],
    read: (bytes) => {
      const parts = { memory, messageBytesMax: bytesMax, take: nothingTaken, onLost: ignore };
      const packed = new PackedMessages(parts);
      packed.add(Buffer.from(bytes));
      return packed.done();
    },
  },
  "GELF chunks": {
    seeds: [Buffer.concat([Buffer.from("1e0f000000000000000100", "hex"), Buffer.of(2), gelf])],
    read: (bytes) => {
      const clock = { monotonic: () => reading.nowMs };
      const chunks = new GelfChunks({ clock, memory, messageBytesMax: 1_000, onLost: ignore });
      chunks.add(Buffer.from(bytes), "a");
      const other = Buffer.from(bytes);
      if (other.length > 10) other[10] = 1;
      chunks.add(other, "a");
      chunks.close();
    },
  },
  "bulk requests": {
    seeds: [ndjson],
    read: (bytes) => {
      for (const { source } of atOnce(readBulk(bytes, "i")))
        if (source !== undefined) parseDocument(source, ignore);
    },
  },
  "JSON lines": {
    seeds: [ndjson],
    read: (bytes) => {
      for (const line of linesOf(bytes)) {
        const fields = parseDocument(line, ignore);
        shapeRecord({ fields, whole: () => Buffer.from(line) }, shape, {});
      }
    },
  },
};

for (const [name, { seeds, read }] of Object.entries(cases))
  test(`${name}: ${rounds} mutations give a value or an error of ours (FUZZ_SEED=${seed})`, async () => {
    for (const good of seeds) await read(good);
    const random = randomOf(seed);
    for (let round = 0; round < rounds; round++) {
      const bytes = mutated(seeds[round % seeds.length] ?? Buffer.alloc(0), random);
      const startMs = performance.now();
      try {
        await read(bytes);
      } catch (thrown) {
        if (!(thrown instanceof OperatingError) && !(thrown instanceof UnshapedRecordError))
          throw new Error(`round ${round}, ${Buffer.from(bytes).toString("hex")}`, {
            cause: thrown,
          });
      }
      if (performance.now() - startMs > inputMsMax)
        throw new Error(`round ${round} is slow: ${Buffer.from(bytes).toString("hex")}`);
    }
    memory.take(budget);
    memory.giveBack(budget);
  });
