import { expect, test } from "bun:test";
import { create, toBinary } from "@bufbuild/protobuf";
import { PushRequestSchema } from "#proto/gen/foreign/loki_push_pb.js";
import { messageOf } from "#shared/errors.ts";
import { fuzzSeed, mutated, randomOf } from "#test/support/mutator.ts";
import { atOnce } from "../transport/decode_turns.ts";
import { LabelNames } from "../otlp/label_names.ts";
import { Held } from "../receiver.fixture.ts";
import { KnownPush } from "./known_push.ts";
import { addStreams, readProtobufPush } from "./push_request.ts";
import { PushedLines } from "./pushed_lines.ts";
import { RecentLines } from "./recent_lines.ts";

const seconds = BigInt(new Held().nowMs) / 1_000n;
const timestamp = { seconds, nanos: 123_456_789 };
const structuredMetadata = [{ name: "http.method", value: "GET" }];

function push(...streams: { labels: string; entries: object[] }[]): Uint8Array {
  return toBinary(PushRequestSchema, create(PushRequestSchema, { streams }));
}

const seeds = [
  push(
    {
      labels: '{app="a"}',
      entries: [
        { timestamp, line: "ERROR one" },
        { timestamp, line: "" },
      ],
    },
    { labels: '{app="b", level="warn"}', entries: [{ timestamp, line: "höst" }] },
  ),
  push({ labels: '{app="a"}', entries: [{ timestamp, line: "with", structuredMetadata }] }),
  push({ labels: "none", entries: [{ timestamp, line: "x" }] }),
  push({ labels: '{app="a"}', entries: [{ line: "timeless" }, { timestamp, line: "two" }] }),
  push({ labels: '{app="a"}', entries: [] }),
  push(),
];

/** What becomes of each push, read by its bytes where that can be done, or decoded; each as the first. */
async function told(pushes: readonly Uint8Array[], byBytes: boolean): Promise<unknown[]> {
  const held = new Held();
  const known = new KnownPush();
  const names = new LabelNames({
    escapes: true,
    sanitizesUnderscore: false,
    preservesUnderscores: false,
  });
  const recent = new RecentLines();
  const parts = { lineBytesMax: 1_000, multiline: undefined, recent, names };
  const answers: unknown[] = [];
  for (const bytes of pushes) {
    const newLines = () => new PushedLines({ ...parts, context: held.context() });
    let lines = newLines();
    try {
      if (!byBytes || !atOnce(known.read(bytes, lines))) {
        lines.forget();
        lines = newLines();
        const streams = atOnce(readProtobufPush(bytes, () => {}));
        atOnce(addStreams(streams, lines));
      }
      const answer = await lines.store();
      answers.push(answer.status, await answer.text());
    } catch (thrown) {
      answers.push(messageOf(thrown));
    }
    lines.forget();
  }
  return [answers, held.logs, held.drops, held.notStored];
}

test("pushes are read by their bytes as they are decoded", async () => {
  const random = randomOf(fuzzSeed());
  const pushes = Array.from({ length: 1_500 }, () => {
    const seed = seeds[random(seeds.length)] ?? new Uint8Array();
    return random(2) === 0 ? seed : mutated(seed, random);
  });
  expect(await told(pushes, true)).toEqual(await told(pushes, false));
});
test("what all senders send is read by its bytes", () => {
  const held = new Held();
  const names = new LabelNames({
    escapes: true,
    sanitizesUnderscore: false,
    preservesUnderscores: false,
  });
  const parts = { lineBytesMax: 1_000, multiline: undefined, recent: new RecentLines(), names };
  const lines = new PushedLines({ ...parts, context: held.context() });
  for (const seed of seeds) expect(atOnce(new KnownPush().read(seed, lines))).toBe(true);
  expect(lines.entries).toBe(7);
});
