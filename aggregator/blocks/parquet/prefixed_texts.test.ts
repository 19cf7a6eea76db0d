import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { ByteSink } from "./byte_sink.ts";
import { encodings } from "./column_pages.ts";
import { readPrefixed, writePrefixed } from "./prefixed_texts.ts";

function pageOf(texts: readonly string[]) {
  const all = texts.map((text) => Buffer.from(text));
  const bytes = new Uint8Array(Buffer.concat(all));
  const lengths = Uint32Array.from(all, ({ length }) => length);
  const [head, rests] = [new ByteSink(0), new ByteSink(0)];
  writePrefixed({ bytes, lengths }, head, rests);
  const page = Buffer.concat([head.written(), rests.written()]);
  return { encoding: encodings.deltaByteArray, count: texts.length, bytes: new Uint8Array(page) };
}

test("readPrefixed() gives back what writePrefixed() wrote", () => {
  const text = fc.tuple(fc.nat(3), fc.nat(300)).map(([a, b]) => `${"ab".repeat(a)}${b}`);
  fc.assert(
    fc.property(
      fc.array(fc.oneof(text, fc.string()), { minLength: 1, maxLength: 400 }),
      (texts) => {
        const wanted = texts.map((one) => one.toWellFormed());
        const { bytes, ends } = readPrefixed(pageOf(wanted));
        const found = Array.from(ends, (end, i) =>
          Buffer.from(bytes.subarray(i === 0 ? 0 : ends[i - 1], end)).toString(),
        );
        expect(found).toEqual(wanted);
      },
    ),
  );
});

test("readPrefixed() refuses pages that are cut off or lie", () => {
  const page = pageOf(Array.from({ length: 200 }, (_, i) => `10:00:${100 + i}`));
  expect(() => readPrefixed({ ...page, count: 199 })).toThrow("cut off");
  for (const length of [page.bytes.length - 1, 40, 9, 1])
    expect(() => readPrefixed({ ...page, bytes: page.bytes.slice(0, length) })).toThrow();
  // The first text shares nothing with another one: there is none before it.
  const [head, rests] = [new ByteSink(0), new ByteSink(0)];
  writePrefixed({ bytes: Buffer.from("ab"), lengths: Uint32Array.of(2) }, head, rests);
  const bytes = new Uint8Array(Buffer.concat([head.written(), rests.written()]));
  bytes[4] = 2;
  expect(() => readPrefixed({ encoding: 7, count: 1, bytes })).toThrow("begins as none does");
});
