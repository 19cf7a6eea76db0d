import type { AddedLane } from "#agent/spool/spool.ts";
import { Compression } from "#proto/gen/v1/frame_pb.js";
import { assert } from "#shared/assert.ts";
import { encodeSpans, spans, SpansBatch } from "./span.ts";

/** How an agent writes spans. */
export const spansLane: AddedLane = {
  descriptor: spans,
  form: {
    createEncoder() {
      let number = 0;
      return {
        encode(batch) {
          const all = spansOf(batch);
          const body = encodeSpans(number++, all);
          const size = { bodySize: body.length, bodyVersion: 1, items: all.length };
          return [{ body, compression: Compression.NONE, ...size }];
        },
      };
    },
    groupMax: 1,
    whenRefused: "wait",
    tooLarge: { reason: "invalid_record", count: (batch) => spansOf(batch).length },
  },
};

function spansOf(batch: unknown) {
  assert(batch instanceof SpansBatch, "a batch of spans");
  return batch.spans;
}
