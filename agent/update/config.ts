import { z } from "zod";
import { byteSize } from "#shared/text/byte_size.ts";
import { duration } from "#shared/text/duration.ts";

/** By its form alone: what reads it is loaded only where it is needed. */
const publicKey = /^RW[A-Za-z0-9+/]{54}$/;

/** Whether this agent brings itself up to date with releases that the aggregator rolls out. Off: a host's programs are its owner's. */
export const SelfUpdateConfig = z
  .strictObject({
    enabled: z.boolean().default(false),
    /** Of those who may sign releases; minisign's "RW...". More than one, so that they can be exchanged. */
    public_keys: z
      .array(z.string().regex(publicKey, 'expected a public key of minisign ("RW...")'))
      .max(10)
      .default([]),
    /** How often it asks what to run. */
    check_interval: duration.prefault("30s"),
    /** A new release that is not well within it is given up. */
    healthy_within: duration.prefault("2m"),
    /** Larger ones are not downloaded; some 100 MB are usual. */
    size_max: byteSize.prefault("256MiB"),
  })
  .refine((update) => !update.enabled || update.public_keys.length > 0, {
    path: ["public_keys"],
    error: "expected at least one, where enabled is true",
  });
export type SelfUpdateConfig = z.output<typeof SelfUpdateConfig>;
