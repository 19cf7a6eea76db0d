import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { Compression } from "../gen/v1/frame_pb.js";
import { type Frame, newHeader } from "./envelope.ts";
import { pack, rawBytesMax, unpack } from "./packing.ts";

const kinds = [Compression.LZ4, Compression.ZSTD] as const;
const text = Buffer.from("a frame holds what changed, and what changed is short. ".repeat(40));

function frameOf(body: Uint8Array, compression: Compression, bodySize: number): Frame {
  return { header: newHeader({ compression, bodySize }), body, bytes: body };
}

test("unpack() gives back what pack() took", () => {
  fc.assert(
    fc.property(fc.constantFrom(...kinds), fc.uint8Array({ maxLength: 300 }), (kind, bytes) => {
      const raw = new Uint8Array(Buffer.concat([bytes, bytes]));
      const { body, compression } = pack(raw, kind);
      expect(body.length).toBeLessThanOrEqual(raw.length);
      expect(new Uint8Array(unpack(frameOf(body, compression, raw.length)))).toEqual(raw);
    }),
  );
});

test("unpack() of damaged bytes throws OperatingError(corrupt), or gives the size that was claimed", () => {
  const edit = fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 }));
  const edits = fc.array(edit, { minLength: 1, maxLength: 5 });
  const size = fc.oneof(fc.constant(text.length), fc.nat({ max: 2 * rawBytesMax }));
  fc.assert(
    fc.property(fc.constantFrom(...kinds), edits, size, (kind, changes, bodySize) => {
      const body = new Uint8Array(pack(text, kind).body);
      for (const [at, byte] of changes) body[at % body.length] = byte;
      try {
        expect(unpack(frameOf(body, kind, bodySize)).length).toBe(bodySize);
      } catch (error) {
        expect(error).toMatchObject({ code: "corrupt" });
      }
    }),
    { numRuns: 3_000 },
  );
});
