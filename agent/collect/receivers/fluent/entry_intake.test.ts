import { expect, test } from "bun:test";
import { encode } from "@msgpack/msgpack";
import { costlyLine, costlyPattern } from "#test/support/costly_line.ts";
import { fuzzSeed, mutated, randomOf } from "#test/support/mutator.ts";
import { recordRelabelling, UnshapedRecordError } from "../records/json_record.ts";
import { KeptRecords } from "../records/kept_records.ts";
import { Held } from "../receiver.fixture.ts";
import { RelabelConfig } from "#shared/relabel/relabel_config.ts";
import { EntryIntake } from "./entry_intake.ts";
import { valueEnd } from "./message_scanner.ts";

const rules = [{ source_labels: ["__fluent_record_k_drop"], regex: "yes", action: "drop" }];
const shape = {
  messageKeys: ["log", "message"],
  levelKeys: ["level"],
  labelKeys: new Map([["k.pod", "pod"]]),
  usedKeys: new Set<string>(),
  relabelling: recordRelabelling(
    rules.map((rule) => RelabelConfig.parse(rule)),
    "__fluent_record_",
  ),
};

/** What becomes of each entry, one after another, by one intake or by one each. */
async function told(entries: readonly Uint8Array[], isOne: boolean): Promise<unknown[]> {
  const answers: unknown[] = [];
  const held = new Held();
  const drop = () => void answers.push("dropped");
  let intake = new EntryIntake(shape, drop);
  for (const entry of entries) {
    if (!isOne) intake = new EntryIntake(shape, drop);
    const records = new KeptRecords(held.context(), 1_000);
    try {
      valueEnd(entry, 0);
      intake.add(entry, { job: "fluent", tag: "t" }, records);
    } catch {
      answers.push("refused");
    }
    if (records.length === 0) continue;
    await records.emit((batch) => held.context().emitLogs(batch));
    answers.push(held.logs.at(-1));
  }
  return [...answers, held.drops, held.notStored];
}

function entryOf(time: string, record: unknown): Buffer {
  return Buffer.concat([Uint8Array.of(0x92), Buffer.from(time, "hex"), encode(record)]);
}
const eventTime = "d700684ee18000000005";
const samples = [
  entryOf(eventTime, { log: "ERROR: it failed\n", stream: "stderr", k: { pod: "a", host: "h" } }),
  entryOf(eventTime, { stream: "stdout", log: Buffer.from("raw\xff", "latin1"), k: { pod: "a" } }),
  entryOf(eventTime, { message: "warn: x", log: "y", level: "warn" }),
  entryOf("ce684ee180", { log: "dropped", k: { drop: "yes" } }),
  entryOf("92d700684ee1800000000580", { log: "metadata" }),
  entryOf(eventTime, { nothing: 1, list: [1, "a", null] }),
];

test("entries are read alike whether others like them came before or not", async () => {
  const random = randomOf(fuzzSeed());
  const entries = Array.from({ length: 1_500 }, () => {
    const sample = samples[random(samples.length)] ?? Buffer.alloc(0);
    return random(2) === 0 ? sample : mutated(sample, random);
  });
  expect(await told(entries, true)).toEqual(await told(entries, false));
});
test("what stands beside the message is the same object for entries that are alike", async () => {
  const held = new Held();
  const intake = new EntryIntake(shape, () => {});
  const records = new KeptRecords(held.context(), 1_000);
  const [sample = Buffer.alloc(0)] = samples;
  for (let i = 0; i < 4; i++) intake.add(sample, { job: "fluent", tag: "t" }, records);
  await records.emit(async ({ attributes = [] }) => {
    expect(attributes[3]).toEqual({ stream: "stderr", k_host: "h" });
    expect(attributes[3]).toBe(attributes[2]);
  });
  expect.assertions(2);
});

test("an entry on which a relabelling rule takes too many steps is refused", () => {
  const rule = { source_labels: ["__r_x"], regex: `.*${costlyPattern}`, action: "drop" };
  const relabelling = recordRelabelling([RelabelConfig.parse(rule)], "__r_");
  const intake = new EntryIntake({ ...shape, relabelling }, () => {});
  const records = new KeptRecords(new Held().context(), 1_000);
  const entry = entryOf(eventTime, { log: "line", x: costlyLine(1_048_576) });
  expect(() => intake.add(entry, { job: "fluent", tag: "t" }, records)).toThrow(
    UnshapedRecordError,
  );
});
