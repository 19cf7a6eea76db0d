import type { Frame } from "#proto/codec/envelope.ts";
import { decodeFrame, encodeFrame, newHeader, toWireSignal } from "#proto/codec/envelope.ts";
import type { EncodedBody } from "#proto/codec/metrics_body.ts";
import { createMetricsEncoder } from "#proto/codec/metrics_encoder.ts";
import { FrameKind } from "#proto/gen/v1/frame_pb.js";
import type { SeriesSchema } from "#shared/model/metrics.ts";
import type { HostSeries } from "./node_hosts.ts";

/** The lane of a host's agent: a frame a scrape, as its own encoder makes them. */
export class HostFrames {
  readonly #agent: string;
  readonly #epoch: number;
  readonly #encoder = createMetricsEncoder();
  #schema: SeriesSchema | undefined;
  #sequence = 0;
  #items = 0;

  constructor(agent: string, epoch: number) {
    this.#agent = agent;
    this.#epoch = epoch;
  }

  /** What a window of a host holds, which is the same series each time. */
  frames(series: readonly HostSeries[]): Frame[] {
    this.#schema ??= { series: series.map(({ labels }) => labels), families: [] };
    const schema = this.#schema;
    const frames =
      this.#sequence === 0
        ? [this.#frame({ kind: FrameKind.OPEN, previousEpoch: 0, previousSequence: 0 }, undefined)]
        : [];
    const times = series[0]?.timestampsMs ?? new Float64Array(0);
    for (let i = 0; i < times.length; i++) {
      const timestampMs = times[i] ?? 0;
      const values = Float64Array.from(series, (one) => one.values[i] ?? 0);
      for (const body of this.#encoder.encode({ schema, rows: [{ timestampMs, values }] }))
        frames.push(this.#frame({ kind: FrameKind.DATA, createdMs: timestampMs }, body));
    }
    return frames;
  }

  #frame(fields: Parameters<typeof newHeader>[0], body: EncodedBody | undefined): Frame {
    this.#items += body?.items ?? 0;
    const header = newHeader({
      tenant: "default",
      agent: this.#agent,
      signal: toWireSignal("metrics"),
      epoch: this.#epoch,
      sequence: ++this.#sequence,
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
