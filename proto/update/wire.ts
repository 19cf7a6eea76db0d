import { z } from "zod";
import { Platform, SignedManifest } from "./manifest.ts";

/** Bytes of a binary in one message; NATS takes a MiB. */
export const chunkBytesMax = 256 * 1_024;

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);

/** What an agent asks on `lapwing.<tenant>.release.<agent>`, as JSON. */
export const ReleaseRequest = z.discriminatedUnion("kind", [
  /** What am I to run? Answered by WantedRelease. */
  z.strictObject({ kind: z.literal("wanted"), platform: Platform }),
  /** A piece of a compressed binary (zstd). Answered by its bytes alone, none at the end; or by a header `Lapwing-Error`. */
  z.strictObject({
    kind: z.literal("chunk"),
    sha256,
    offset: z.number().int().nonnegative(),
  }),
]);
export type ReleaseRequest = z.output<typeof ReleaseRequest>;

export const WantedRelease = z.union([
  z.strictObject({
    ...SignedManifest.shape,
    rollout: z.string().min(1).max(100),
    /** Size of the compressed binary for the platform that was asked for; 0 where there is none. */
    transfer_bytes: z.number().int().nonnegative(),
  }),
  /** The one that was installed on the host. */
  z.strictObject({ installed: z.literal(true) }),
  /** It can't tell now: stay as you are. */
  z.strictObject({ unknown: z.string() }),
]);
export type WantedRelease = z.output<typeof WantedRelease>;

export const errorHeader = "Lapwing-Error";
