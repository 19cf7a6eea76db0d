// Hot: guarded by `bench codec`.
import type { Compression } from "../gen/v1/frame_pb.js";

/** One frame's worth: body as stored, with what the header needs to say of it. */
export type EncodedBody = {
  readonly body: Uint8Array;
  readonly compression: Compression;
  /** Length before compression. */
  readonly bodySize: number;
  readonly bodyVersion: number;
  readonly items: number;
};

/** Several batches in the same bodies, with the items of each batch. */
export type EncodedTogether = {
  readonly bodies: readonly EncodedBody[];
  readonly items: readonly number[];
};

/** The body of a metrics frame: a list of operations, drawn in docs/formats/frame.md. */
export const metricsBodyVersion = 1;
/** Of a body with histograms: decoders that don't know them refuse it as a whole. */
export const histogramsBodyVersion = 2;
/** Of a body with exemplars or start timestamps, likewise. */
export const exemplarsBodyVersion = 3;
/** Of a body with fine rows, likewise. */
export const fineBodyVersion = 4;
export const operation = {
  series: 1,
  families: 2,
  row: 3,
  sparse: 4,
  forget: 5,
  histograms: 6,
  exemplars: 7,
  starts: 8,
  fineRow: 9,
} as const;

/** Series that a decoder remembers in an epoch. */
export const epochSeriesMax = 4_000_000;
/** Values of all rows of one frame, absent ones included. */
export const frameCellsMax = 2 ** 22;
