import type { Frame } from "#proto/codec/envelope.ts";
import { decodeFrame, encodeFrame, newHeader, toWireSignal } from "#proto/codec/envelope.ts";
import { encodeLogs } from "#proto/codec/logs.ts";
import type { EncodedBody } from "#proto/codec/metrics_body.ts";
import type { MetricsEncoder } from "#proto/codec/metrics_encoder.ts";
import { createMetricsEncoder } from "#proto/codec/metrics_encoder.ts";
import { FrameKind } from "#proto/gen/v1/frame_pb.js";
import type { LogsBatch } from "#shared/model/logs.ts";
import type { SeriesSchema } from "#shared/model/metrics.ts";
import type { Head } from "../read/head.ts";

export const id = { tenant: "default", agent: "a1", signal: "metrics" } as const;
export const startMs = 1_700_000_000_000;
const schema: SeriesSchema = { series: [{ __name__: "n" }], families: [] };

/** A lane as an agent makes it: each frame is one sample, whose value is its number. */
export class Sender {
  #epoch = startMs;
  #sequence = 0;
  #items = 0;
  #encoder: MetricsEncoder = createMetricsEncoder();
  readonly #signal: "metrics" | "logs";

  constructor(signal: "metrics" | "logs" = "metrics") {
    this.#signal = signal;
  }

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

  /** The same of logs: each frame is one line, its number. */
  line(): Frame {
    const text = new TextEncoder().encode(String(this.#items + 1));
    const batch: LogsBatch = {
      streams: [{ app: "a" }],
      streamOf: Uint32Array.of(0),
      timestampsMs: Float64Array.of(startMs + (this.#items + 1) * 1_000),
      nanos: Uint32Array.of(0),
      severities: Uint8Array.of(9),
      bodies: text,
      bodyEnds: Uint32Array.of(text.length),
      attributes: [undefined],
    };
    const [body] = encodeLogs(batch);
    return this.#frame({ kind: FrameKind.DATA, createdMs: startMs }, body);
  }

  #frame(fields: Parameters<typeof newHeader>[0], body: EncodedBody | undefined): Frame {
    this.#sequence++;
    this.#items += body?.items ?? 0;
    const header = newHeader({
      tenant: id.tenant,
      agent: id.agent,
      signal: toWireSignal(this.#signal),
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
