import type { Compression } from "../gen/v1/frame_pb.js";
import type { Frame } from "./envelope.ts";
import type { Labels } from "#shared/model/labels.ts";
import type { MetricFamily, MetricsBatch, SparseSamples } from "#shared/model/metrics.ts";

/** A schema as the decoder knows it: one object for its life (identity may be used as a key), growing at the end. */
export type DecodedSchema = { readonly series: readonly Labels[] };

export type DecodedMetrics = {
  /** Rows in the order of the frame. `values` is fresh memory owned by the receiver, as long as the schema was then. */
  readonly rows: readonly {
    readonly schema: DecodedSchema;
    readonly timestampMs: number;
    readonly values: Float64Array;
  }[];
  readonly sparse: readonly { readonly schema: DecodedSchema; readonly samples: SparseSamples }[];
  /** Metric families that are new in this frame. */
  readonly families: readonly MetricFamily[];
};

/** One frame's worth: body as stored, with what the header needs to say of it. */
export type EncodedBody = {
  readonly body: Uint8Array;
  readonly compression: Compression;
  /** Length before compression. */
  readonly bodySize: number;
  readonly bodyVersion: number;
  readonly items: number;
};

/**
 * Encoder state is one epoch's: make a new one when the epoch changes. A batch gives one body or, where it would pass
 * frameBytesMax, several; all of them must be written, in order.
 */
export type MetricsEncoder = { encode(batch: MetricsBatch): EncodedBody[] };

/** Decoder state is one epoch's. Bodies must come in sequence; a throw (OperatingError "corrupt") leaves the state as it was. */
export type MetricsDecoder = { decode(frame: Frame): DecodedMetrics };
