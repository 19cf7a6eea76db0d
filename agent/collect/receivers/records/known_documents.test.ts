import { expect, test } from "bun:test";
import { OperatingError } from "#shared/errors.ts";
import { fuzzSeed, mutated, randomOf } from "#test/support/mutator.ts";
import { gelf } from "../gelf/receiver.ts";
import { DocumentIntake } from "./json_documents.ts";
import { KeptRecords } from "./kept_records.ts";
import { Held } from "../receiver.fixture.ts";

const shape = {
  messageKeys: ["message", "log.text"],
  timeKeys: ["time", "@timestamp"],
  levelKeys: ["level"],
  labelKeys: new Map([["k.pod", "pod"]]),
};
const documents = [
  '{"time":"2025-10-09T08:00:00.123456Z","level":"warn","message":"it failed","k":{"pod":"a","x":1}}',
  '{"message":"said \\"ERROR\\":\\n\\u00e9\\ud83d\\ude00\\ud800\\/","@timestamp":1760000000123,"n":1.50}',
  '{ "message" : "plain\\r\\n" , "time" : 1760000000 , "list":[1,{"message":"inner"}], "none":null}',
  '{"time":"2025-10-09T10:00:00+02:00","message":"höst","time2":"x","message2":"y"}',
  '{"@timestamp":"1760000000123456789","log.text":"dotted","log":{"text":"nested"}}',
  '{"time":"no time","message":""}',
  '{"message":7,"time":null}',
  '{"level":"info"}',
].map((text) => Buffer.from(text));

/** What becomes of each text, one after another. */
async function told(
  texts: readonly Buffer[],
  held: Held,
  add: (text: Buffer, records: KeptRecords) => void,
): Promise<unknown[]> {
  const answers: unknown[] = [];
  for (const text of texts) {
    const records = new KeptRecords(held.context(), 1_000);
    try {
      add(text, records);
    } catch (thrown) {
      if (!(thrown instanceof OperatingError)) throw thrown;
      answers.push(thrown.message);
    }
    if (records.length === 0) continue;
    await records.emit((batch) => held.context().emitLogs(batch));
    answers.push(held.logs.at(-1));
  }
  return [...answers, held.drops, held.notStored];
}

function mutations(samples: readonly Buffer[], count: number): Buffer[] {
  const random = randomOf(fuzzSeed());
  return Array.from({ length: count }, () => {
    const sample = samples[random(samples.length)] ?? Buffer.alloc(0);
    return random(2) === 0 ? sample : Buffer.from(mutated(sample, random));
  });
}

function addTo(intake: DocumentIntake, text: Buffer, records: KeptRecords): void {
  intake.addText(text, intake.common({ job: "json" }), records, () => {});
}

test("documents are read alike whether others like them came before or not", async () => {
  const texts = mutations(documents, 1_500);
  const one = new DocumentIntake(shape);
  const known = await told(texts, new Held(), (text, records) => addTo(one, text, records));
  const alone = await told(texts, new Held(), (text, records) =>
    addTo(new DocumentIntake(shape), text, records),
  );
  expect(known).toEqual(alone);
});

const messages = [
  '{"version":"1.1","host":"h","short_message":"it failed","timestamp":1760000000.123456,"level":3,"_app":"a","_x":1}',
  '{"version":"1.1","host":"h","short_message":"short","full_message":"short and long","timestamp":"1760000000"}',
  '{"host":"h","short_message":"ERROR said","_short_message":"another"}',
  '{"short_message":"dropped","host":"h","level":99,"_drop":"yes","timestamp":0}',
].map((text) => Buffer.from(text));

test("messages of GELF are read alike whether others like them came before or not", async () => {
  const rules = [{ source_labels: ["__gelf_message_drop"], regex: "yes", action: "drop" }];
  const config = gelf.config.parse({ relabel_configs: rules });
  const texts = mutations(messages, 150);
  const post = async (held: Held, isOne: boolean) => {
    const answers: unknown[] = [];
    let receiver = gelf.open(config, held.context());
    for (const body of texts) {
      if (!isOne) receiver = gelf.open(config, held.context());
      const text = new Uint8Array(body);
      const answer = await receiver.routes.request("/gelf", { method: "POST", body: text });
      answers.push(answer.status, await answer.text());
    }
    return [answers, held.logs, held.drops, held.notStored];
  };
  expect(await post(new Held(), true)).toEqual(await post(new Held(), false));
});
