import type { Frame } from "#proto/codec/envelope.ts";
import { decodeFrame, encodeFrame, newHeader } from "#proto/codec/envelope.ts";
import type { EncodedBody } from "#proto/codec/metrics_body.ts";
import type { MetricsEncoder } from "#proto/codec/metrics_encoder.ts";
import { createMetricsEncoder } from "#proto/codec/metrics_encoder.ts";
import { FrameKind, Signal } from "#proto/gen/v1/frame_pb.js";
import type { SeriesSchema } from "#shared/model/metrics.ts";
import type { Head } from "../head/contract.ts";

export const id = { tenant: "default", agent: "a1", signal: "metrics" } as const;
export const startMs = 1_700_000_000_000;
const schema: SeriesSchema = { series: [{ __name__: "n" }], families: [] };

/** A lane as an agent makes it: each frame is one sample, whose value is its number. */
export class Sender {
  #epoch = startMs;
  #sequence = 0;
  #items = 0;
  #encoder: MetricsEncoder = createMetricsEncoder();

  open({ drops = {}, ahead = false }: OpenOptions = {}): Frame {
    const before = {
      previousEpoch: this.#sequence === 0 ? 0 : this.#epoch,
      previousSequence: this.#sequence,
    };
    this.#epoch++;
    this.#sequence = 0;
    this.#encoder = createMetricsEncoder();
    return this.#frame({ kind: FrameKind.OPEN, drops, ahead, ...before }, undefined);
  }

  sample(timestampMs = startMs + (this.#items + 1) * 1_000, createdMs = timestampMs): Frame {
    const row = { timestampMs, values: Float64Array.of(this.#items + 1) };
    const [body] = this.#encoder.encode({ schema, rows: [row] });
    return this.#frame({ kind: FrameKind.DATA, createdMs }, body);
  }

  #frame(fields: Parameters<typeof newHeader>[0], body: EncodedBody | undefined): Frame {
    this.#sequence++;
    this.#items += body?.items ?? 0;
    const header = newHeader({
      tenant: id.tenant,
      agent: id.agent,
      signal: Signal.METRICS,
      epoch: this.#epoch,
      sequence: this.#sequence,
      items: body?.items ?? 0,
      itemsTotal: this.#items,
      ...(body === undefined
        ? {}
        : {
            compression: body.compression,
            bodySize: body.bodySize,
            bodyVersion: body.bodyVersion,
          }),
      ...fields,
    });
    return decodeFrame(encodeFrame(header, body?.body ?? new Uint8Array()));
  }
}

type OpenOptions = { readonly drops?: Record<string, number>; readonly ahead?: boolean };

/** Values in the head, in the order of their times. */
export function samplesIn(head: Head): number[] {
  const all = head.selectSamples({
    tenant: id.tenant,
    matchers: [{ name: "__name__", op: "=", value: "n" }],
    startMs: 0,
    endMs: Number.MAX_SAFE_INTEGER,
    samplesMax: 1_000_000,
  });
  return all.flatMap(({ values }) => [...values]);
}
