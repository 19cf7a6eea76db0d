import { expect, test } from "bun:test";
import { systemClock } from "#shared/runtime/clock.ts";
import { BatchBuilder } from "./batch_builder.ts";
import { batchBytesMax } from "./config.ts";

const told = (n: number) => ({ time: { ms: 1_000 + n, nanos: n }, severity: n % 24 });

/** Adds lines until there is no room, and gives them. */
function fill(builder: BatchBuilder, textOf: (n: number) => string): string[] {
  const lines: string[] = [];
  for (;;) {
    const line = textOf(lines.length);
    const bytes = Buffer.from(`<${line}>`);
    if (!builder.hasRoom(bytes.length - 2)) return lines;
    builder.add({}, bytes, 1, bytes.length - 1, false, undefined, told(lines.length));
    lines.push(line);
  }
}

test("BatchBuilder keeps every line while its room grows to the bounds, and when it is used again", () => {
  const builder = new BatchBuilder(systemClock);
  const forms = [
    (n: number) => `short ${n}`,
    (n: number) => `${n} `.repeat(1_000),
    () => "x".repeat(batchBytesMax),
  ];
  for (const textOf of forms) {
    const lines = fill(builder, textOf);
    const { bodies, bodyEnds, timestampsMs, nanos, severities } = builder.take();
    expect(Buffer.from(bodies).toString()).toBe(lines.join(""));
    const ends: number[] = [];
    for (const line of lines) ends.push((ends.at(-1) ?? 0) + line.length);
    expect([...bodyEnds]).toEqual(ends);
    const all = lines.map((_, n) => told(n));
    expect([...timestampsMs]).toEqual(all.map(({ time }) => time.ms));
    expect([...(nanos ?? [])]).toEqual(all.map(({ time }) => time.nanos));
    expect([...severities]).toEqual(all.map(({ severity }) => severity));
  }
});
