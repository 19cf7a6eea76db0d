import { expect, test } from "bun:test";
import { fuzzSeed, mutated, randomOf } from "#test/support/mutator.ts";
import { JsonTextDecoder, jsonTextEnd } from "./json_text.ts";

const samples = [
  String.raw`plain`,
  String.raw`\"\\\/\b\f\n\r\t`,
  String.raw`\u0041\u00e9\u20ac\ud83d\ude00\ud83d\udc00x\udc00`,
  String.raw`a\ud83dA\\"`,
  "höst €",
  String.raw`\x\u12`,
];

/** The text by JSON.parse(); undefined where it is none. */
function parsed(text: string): Buffer | undefined {
  try {
    const value: unknown = JSON.parse(`"${text}"`);
    return typeof value === "string" ? Buffer.from(value) : undefined;
  } catch {
    return undefined;
  }
}

test("texts of JSON are decoded as JSON.parse() does", () => {
  const random = randomOf(fuzzSeed());
  const decoder = new JsonTextDecoder();
  for (let round = 0; round < 20_000; round++) {
    const sample = Buffer.from(samples[random(samples.length)] ?? "");
    const text = Buffer.from(mutated(sample, random)).toString("utf8");
    const bytes = Buffer.from(`x${text}"y`);
    const end = jsonTextEnd(bytes, 1, bytes.length);
    const isWhole = end === bytes.length - 2;
    const isText = isWhole && decoder.decode(bytes, 1, end);
    const told = isText ? decoder.bytes.toString("hex", decoder.start, decoder.end) : undefined;
    if (isWhole || parsed(text) !== undefined) expect(told).toEqual(parsed(text)?.toString("hex"));
  }
});
